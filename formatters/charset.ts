/** Bytes to text by the WHATWG encoding standard (threat 45). UTF-7 has no label there and is never honoured. */
import sniffEncoding from 'html-encoding-sniffer';
import iconv from 'iconv-lite';

/** Text and the WHATWG name, in lower case, of the encoding it was decoded from. */
export interface DecodedText {
  readonly text: string;
  readonly charset: string;
}

/**
 * Decodes a body: byte order mark, then the Content-Type's charset, then what an HTML or XML document declares of
 * itself, then UTF-8 where it is valid, else windows-1252. Invalid sequences become U+FFFD; nothing throws.
 *
 * @param mediaType essence of the body's type
 * @param label charset parameter of its Content-Type, if any
 */
export function decodeText(bytes: Uint8Array, mediaType: string, label: string | undefined): DecodedText {
  const own = findEncoding(bytes, mediaType, label);
  if (own !== undefined) return decodeAs(bytes, own);
  const utf8 = readStrictUtf8(bytes);
  return utf8 === undefined ? decodeAs(bytes, 'windows-1252') : { text: utf8, charset: 'utf-8' };
}

function findEncoding(bytes: Uint8Array, mediaType: string, label: string | undefined): string | undefined {
  const marker = 'x-user-defined';
  const isXml = /[+/]xml$/.test(mediaType);
  const isHtml = mediaType === 'text/html';
  // The fallback is a name that no page can have meant, so that "found nothing" can be told from a finding.
  const found = sniffEncoding(bytes, {
    xml: isXml,
    transportLayerEncodingLabel: label,
    defaultEncoding: marker,
    ...(isXml ? {} : { maxPrescanBytes: isHtml ? 1024 : 0 }),
  }).toLowerCase();
  // RFC 8259 8.1: JSON has no charset parameter; it is UTF-8.
  if (found === marker) return /[+/]json$/.test(mediaType) ? 'utf-8' : undefined;
  return found;
}

function decodeAs(bytes: Uint8Array, charset: string): DecodedText {
  // The replacement encoding stands for unsafe ones: a decoder of it gives one U+FFFD for any input that is not empty.
  if (charset === 'replacement') return { text: bytes.length === 0 ? '' : '\ufffd', charset };
  return { text: new TextDecoder(charset).decode(bytes), charset };
}

function readStrictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: that is the answer asked for, not a fault.
    return undefined;
  }
}

/** Bytes of a character in a charset that there is; `undefined` where it is not among them. */
export function encodeCharacter(character: string, charset: string): Buffer | undefined {
  const bytes = iconv.encode(character, charset);
  return iconv.decode(bytes, charset) === character ? bytes : undefined;
}
