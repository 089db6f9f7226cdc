/** Who asks, in which mode, and what they send. */
import { type Asker, agentOf } from './resource-origin.ts';

/** One sort of client: what it says of itself. */
export interface ClientSort {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export const SORTS: readonly ClientSort[] = [
  { name: 'browser', fields: { 'user-agent': BROWSER, accept: HTML } },
  {
    name: 'phone',
    fields: {
      'user-agent': 'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5 agent/a1',
      accept: HTML,
    },
  },
  {
    name: 'text',
    fields: { 'user-agent': 'Lynx/2.9.0dev.10 libwww-FM/2.14 agent/a2', accept: 'text/html, text/plain' },
  },
  { name: 'agent', fields: { 'user-agent': 'Claude-User agent/a3', accept: 'text/markdown, text/html, */*' } },
  { name: 'tool', fields: { 'user-agent': 'curl/8.0 agent/a4', accept: '*/*' } },
  {
    name: 'wap',
    fields: {
      'user-agent': 'Nokia6230/2.0 (05.24) Profile/MIDP-2.0 Configuration/CLDC-1.1 agent/a5',
      accept: 'text/vnd.wap.wml, application/vnd.wap.xhtml+xml',
    },
  },
  { name: 'browser with a profile', fields: { 'user-agent': BROWSER, accept: HTML, 'format-profile': 'text-browser' } },
  {
    name: 'tool with a profile',
    fields: { 'user-agent': 'curl/8.0', accept: '*/*', 'format-profile': 'screen-reader' },
  },
  { name: 'saver', fields: { 'user-agent': BROWSER, accept: HTML, 'save-data': 'on' } },
];

/** The same language, written in several ways. */
export const LANGUAGES = ['de', 'DE', 'de, en;q=0.5', 'de ,en; q=0.5', 'en', 'en-GB,en;q=0.8', 'fr'] as const;
export const CODINGS = [undefined, 'gzip', 'br', 'zstd, gzip;q=0.5', 'gzip, br', 'identity'] as const;
export const MODES = ['prefix', 'reverse', 'personal', 'forward'] as const;
export type Mode = (typeof MODES)[number];

/** How many users the site has. */
export const USERS = 12;

export function userName(number: number): string {
  return `u${String(number).padStart(2, '0')}`;
}

/** As whom the origin knows a client. */
export function askerOf(sort: ClientSort, user: string, language: string): Asker {
  const agent = agentOf(sort.fields['user-agent'] ?? '');
  return { user, language: language.slice(0, 2).toLowerCase(), agent };
}
