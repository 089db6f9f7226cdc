/** The blocks of a GIF file (GIF89a 15 to 26). */

export interface GifBlock {
  readonly kind: 'header' | 'image' | 'extension' | 'trailer';
  /** Label of an extension; 0 for others. */
  readonly label: number;
  readonly start: number;
  readonly end: number;
  /** Right and bottom edge of an image. */
  readonly right: number;
  readonly bottom: number;
}

const IMAGE = 0x2c;
const EXTENSION = 0x21;
const TRAILER = 0x3b;

/** Blocks from the header to the trailer; ends early where the file is cut or malformed. */
export function* readGifBlocks(bytes: Buffer): Generator<GifBlock> {
  if (bytes.length < 13) return;
  let at = 13 + tableBytes(bytes[10]!);
  if (at > bytes.length) return;
  const none = { label: 0, right: 0, bottom: 0 };
  yield { kind: 'header', start: 0, end: at, ...none };
  while (at < bytes.length) {
    const start = at;
    const introducer = bytes[at];
    if (introducer === TRAILER) {
      yield { kind: 'trailer', start, end: at + 1, ...none };
      return;
    }
    if (introducer === EXTENSION && at + 2 < bytes.length) {
      at = skipSubBlocks(bytes, at + 2);
      yield { kind: 'extension', start, end: at, ...none, label: bytes[start + 1]! };
    } else if (introducer === IMAGE && at + 10 < bytes.length) {
      const right = bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5);
      const bottom = bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7);
      at = skipSubBlocks(bytes, at + 10 + tableBytes(bytes[at + 9]!) + 1);
      yield { kind: 'image', start, end: at, label: 0, right, bottom };
    } else return;
  }
}

/** Bytes of the colour table that packed fields announce. */
function tableBytes(packed: number): number {
  return (packed & 0x80) === 0 ? 0 : 3 * 2 ** ((packed & 7) + 1);
}

function skipSubBlocks(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
  return Math.min(at + 1, bytes.length);
}
