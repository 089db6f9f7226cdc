/** Charsets of replies for clients that do not take UTF-8 (N-7): character references stand in where markup allows them. */
import iconv from 'iconv-lite';
import type { FormatOutcome } from '../core/executor.ts';
import { isTextual } from '../core/media-type.ts';
import { encodeCharacter } from '../formatters/charset.ts';
import type { ChoiceContext } from './steps/choose.ts';

/** Charset in which a type is sent to this client, a WHATWG label in lower case. */
export function replyCharsetOf(
  mediaType: string,
  { negotiation, read }: Pick<ChoiceContext, 'negotiation' | 'read'>,
): string {
  if (!isTextual(mediaType)) return 'utf-8';
  const preferred = negotiation.preferences.text.charset.toLowerCase();
  if (mediaType !== 'text/vnd.wap.wml' || preferred !== 'utf-8')
    return iconv.encodingExists(preferred) ? preferred : 'utf-8';
  // WAP phones say what they can show; UTF-8 is not always among it.
  const accepted = read.get('accept-charset')?.toLowerCase();
  return accepted === undefined || /utf-?8|\*/.test(accepted) || !/iso-8859-1/.test(accepted) ? 'utf-8' : 'iso-8859-1';
}

/** The outcome in another charset. */
export function encodeReply(outcome: FormatOutcome, charset: string): FormatOutcome {
  const isUnicode = outcome.charset === undefined || outcome.charset.toLowerCase() === 'utf-8';
  if (charset === 'utf-8' || !isUnicode || !isTextual(outcome.mediaType)) return outcome;
  const text = Buffer.from(outcome.body.buffer, outcome.body.byteOffset, outcome.body.byteLength).toString('utf8');
  return {
    ...outcome,
    charset,
    body: iconv.encode(
      escapeMissing(withCharsetDeclared(text, charset), charset, isMarkup(outcome.mediaType)),
      charset,
    ),
  };
}

function isMarkup(mediaType: string): boolean {
  return /html|xml|wml/.test(mediaType);
}

// A declaration within the document must not contradict the field.
function withCharsetDeclared(text: string, charset: string): string {
  return text
    .replace(/^(<\?xml[^>]*encoding=["'])[^"']*/i, `$1${charset}`)
    .replace(
      /<meta\s+charset=["']?[\w-]+["']?\s*\/?>/i,
      `<meta http-equiv="Content-Type" content="text/html; charset=${charset}">`,
    );
}

function escapeMissing(text: string, charset: string, markup: boolean): string {
  const cache = new Map<string, string>();
  return text.replace(/[^\u0000-\u007f]/gu, (character) => {
    const held = cache.get(character);
    if (held !== undefined) return held;
    const isThere = encodeCharacter(character, charset) !== undefined;
    const written = isThere ? character : markup ? `&#${character.codePointAt(0)};` : plainFor(character);
    cache.set(character, written);
    return written;
  });
}

const PLAIN: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '‚': ',',
  '“': '"',
  '”': '"',
  '„': '"',
  '–': '-',
  '—': '--',
  '…': '...',
  '•': '*',
  '€': 'EUR',
  '™': '(TM)',
  '→': '->',
  '←': '<-',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
};

function plainFor(character: string): string {
  return PLAIN[character] ?? (character.normalize('NFKD').replace(/[^\u0000-\u007f]/g, '') || '?');
}
