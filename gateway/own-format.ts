/** In which format we speak to a client ourselves: by its Accept, else by what it is. */
import { asks, parseAccept, qualityOf } from '../core/accept.ts';
import type { VaryRecorder } from '../core/vary.ts';

export type OwnFormat = 'html' | 'wml' | 'markdown' | 'json' | 'text';

const TYPES: readonly (readonly [OwnFormat, mediaType: string])[] = [
  ['html', 'text/html'],
  ['html', 'application/xhtml+xml'],
  ['wml', 'text/vnd.wap.wml'],
  ['markdown', 'text/markdown'],
  ['json', 'application/json'],
  ['json', 'application/problem+json'],
  ['text', 'text/plain'],
];

export function chooseOwnFormat(read: VaryRecorder): OwnFormat {
  const accept = parseAccept(read.get('accept'));
  const agent = read.get('user-agent') ?? '';
  // Of equals the order in the field decides, as for the resource itself.
  const best = TYPES.filter(([, type]) => asks(accept, type))
    .map(([format, type]) => ({ format, ...qualityOf(accept, type) }))
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q || a.index - b.index)[0];
  if (best !== undefined) return best.format;
  return /mozilla|opera|links|lynx|w3m/i.test(agent) ? 'html' : 'text';
}
