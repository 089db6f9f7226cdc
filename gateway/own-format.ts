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

/** Of the formats that Accept names, the one it wants most; `undefined` where it names none of them. */
export function chooseNamedFormat(read: VaryRecorder, among: readonly OwnFormat[]): OwnFormat | undefined {
  const accept = parseAccept(read.get('accept'));
  // Of equals the order in the field decides, as for the resource itself.
  return TYPES.filter(([format, type]) => among.includes(format) && asks(accept, type))
    .map(([format, type]) => ({ format, ...qualityOf(accept, type) }))
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q || a.index - b.index)[0]?.format;
}

export function chooseOwnFormat(read: VaryRecorder): OwnFormat {
  const agent = read.get('user-agent') ?? '';
  const named = chooseNamedFormat(read, ['html', 'wml', 'markdown', 'json', 'text']);
  return named ?? (/mozilla|opera|links|lynx|w3m/i.test(agent) ? 'html' : 'text');
}
