/** Files of the admin UI: its icon, its styles and its one script. */
import { readFileSync } from 'node:fs';
import type { Reply } from '../../gateway/reply.ts';
import { makeUiReply } from './page.ts';

const TYPES = {
  'icon.svg': 'image/svg+xml',
  'style.css': 'text/css; charset=utf-8',
  'live-traffic.js': 'text/javascript; charset=utf-8',
} as const;

const files = new Map(
  Object.entries(TYPES).map(([name, type]) => [
    `/ui/static/${name}`,
    { type, body: readFileSync(new URL(`./static/${name}`, import.meta.url)) },
  ]),
);

/** A file by its path; they hold nothing that needs a sign-in. */
export function readStaticFile(path: string): Reply | undefined {
  const file = files.get(path);
  return file === undefined ? undefined : makeUiReply(200, file.type, file.body);
}
