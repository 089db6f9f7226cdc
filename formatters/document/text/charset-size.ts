/** What markup takes in the charset that a client gets it in: characters that this lacks are references by number. */
import iconv from 'iconv-lite';
import { encodeCharacter } from '../../charset.ts';

/** Bytes of a text. */
export type SizeOf = (text: string) => number;

/** @param charset a WHATWG label; without one, or with one that is not known, UTF-8 */
export function sizeIn(charset: string | undefined): SizeOf {
  if (charset === undefined || /^utf-?8$/i.test(charset) || !iconv.encodingExists(charset))
    return (text) => Buffer.byteLength(text);
  const known = new Map<string, number>();
  const sizeOf = (character: string): number => {
    let size = known.get(character);
    if (size === undefined) {
      size = encodeCharacter(character, charset)?.length ?? `&#${character.codePointAt(0)};`.length;
      known.set(character, size);
    }
    return size;
  };
  return (text) => {
    let size = 0;
    for (const character of text) size += character < '\u0080' ? 1 : sizeOf(character);
    return size;
  };
}
