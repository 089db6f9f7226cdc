/** Words of mail fields that are not ASCII (RFC 2047, RFC 2231), and bytes in a charset that a mail names. */

const ENCODED = /=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?([^?\s]{0,2000})\?=/gi;

/** Text of bytes; UTF-8 where the charset is missing or unknown, windows-1252 where they are none. */
export function decodeBytes(bytes: Uint8Array, charset: string | undefined): string {
  const label = charset?.toLowerCase() ?? '';
  if (label !== '' && label !== 'us-ascii') {
    try {
      return new TextDecoder(label).decode(bytes);
    } catch {
      // No charset that anyone knows: read as if none were named.
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** A field's value for people. @param value one character for each byte */
export function decodeField(value: string): string {
  const joined = value.replace(/(\?=)\s+(?==\?[^?\s]{1,60}\?[bq]\?)/gi, '$1');
  const plain = joined.replace(ENCODED, (_, charset: string, coding: string, text: string) => {
    const bytes =
      coding.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64')
        : decodeQuotedPrintable(Buffer.from(text.replaceAll('_', ' '), 'latin1'));
    return toLatin1(decodeBytes(bytes, charset));
  });
  return fromEither(plain);
}

/** RFC 2045 6.7; what is no code stays as it is. */
export function decodeQuotedPrintable(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const plain = text
    .replace(/[ \t]+(?=\r?\n|$)/g, '')
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(plain, 'latin1');
}

// Decoded words stand as UTF-8 among bytes that may be UTF-8 themselves (RFC 6532): one decoding reads both.
function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function fromEither(text: string): string {
  return decodeBytes(Buffer.from(text, 'latin1'), undefined);
}
