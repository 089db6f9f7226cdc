/**
 * Icon files (ICO): several pictures of one thing, each a PNG or a bitmap without its file header. The one that fits is
 * taken out as a picture of its own.
 */
import { loadSharp } from '../pictures/sharp-library.ts';
import { hostile } from './refusals.ts';

interface Entry {
  readonly width: number;
  readonly bits: number;
  readonly start: number;
  readonly end: number;
}

/** Directory of six bytes, then sixteen for each picture. */
const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
const MAX_ENTRIES = 64;
/** A side is said in a byte, 0 for 256; bitmaps that say more are no icons. */
const MAX_SIDE = 256;
const INFO_HEADER_BYTES = 40;

/**
 * The icon as PNG: the smallest that is as wide as wanted, else the largest; of equals the most colourful.
 *
 * @param wanted width in pixels. Default: the largest
 * @throws FormatFailure hostile where there is none that can be read
 */
export async function readIcon(bytes: Buffer, wanted = MAX_SIDE): Promise<Buffer> {
  const fits = (entry: Entry) => (entry.width >= wanted ? entry.width : 2 * MAX_SIDE + MAX_SIDE - entry.width);
  const [best] = readEntries(bytes).sort((a, b) => fits(a) - fits(b) || b.bits - a.bits);
  if (best === undefined) throw hostile('an icon file without icons');
  const picture = bytes.subarray(best.start, best.end);
  return picture.toString('latin1', 0, 4) === '\x89PNG' ? picture : await readBitmap(picture);
}

function readEntries(bytes: Buffer): Entry[] {
  const count = bytes.length < HEADER_BYTES ? 0 : Math.min(bytes.readUInt16LE(4), MAX_ENTRIES);
  const entries: Entry[] = [];
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > bytes.length) break;
    const start = bytes.readUInt32LE(at + 12);
    const end = start + bytes.readUInt32LE(at + 8);
    if (end <= bytes.length && end - start >= INFO_HEADER_BYTES)
      entries.push({ width: bytes[at] || MAX_SIDE, bits: bytes.readUInt16LE(at + 6), start, end });
  }
  return entries;
}

/** BITMAPINFOHEADER, palette, rows from the bottom, then a mask of one bit a pixel: 1 is transparent. */
async function readBitmap(bitmap: Buffer): Promise<Buffer> {
  const headerBytes = bitmap.readUInt32LE(0);
  const width = bitmap.readInt32LE(4);
  // It counts the mask too.
  const height = bitmap.readInt32LE(8) / 2;
  const bits = bitmap.readUInt16LE(14);
  const isPlain = headerBytes >= INFO_HEADER_BYTES && bitmap.readUInt32LE(16) === 0 && [1, 4, 8, 24, 32].includes(bits);
  const isSmall = width > 0 && width <= MAX_SIDE && height > 0 && height <= MAX_SIDE && Number.isInteger(height);
  if (!isPlain || !isSmall) throw hostile('an icon whose bitmap cannot be read');
  const colours = bits > 8 ? 0 : bitmap.readUInt32LE(32) || 2 ** bits;
  const rows = { width, height, bits, paletteAt: headerBytes, dataAt: headerBytes + 4 * colours };
  const data = readPixels(bitmap, rows);
  const sharp = await loadSharp();
  return await sharp(data, { raw: { width, height, channels: 4 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
}

interface Rows {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly paletteAt: number;
  readonly dataAt: number;
}

function readPixels(bitmap: Buffer, { width, height, bits, paletteAt, dataAt }: Rows): Uint8Array {
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const maskBytes = Math.ceil(width / 32) * 4;
  const maskAt = dataAt + rowBytes * height;
  if (maskAt > bitmap.length || dataAt > bitmap.length) throw hostile('an icon that ends too early');
  // Some writers leave the mask out where there is transparency proper.
  const hasMask = maskAt + maskBytes * height <= bitmap.length;
  const rgba = new Uint8Array(width * height * 4);
  let isSeen = false;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [row, mask] = [dataAt + (height - 1 - y) * rowBytes, maskAt + (height - 1 - y) * maskBytes];
      const at = bits >= 24 ? row + (x * bits) / 8 : paletteAt + 4 * indexAt(bitmap, row, { x, bits });
      const isMasked = hasMask && ((bitmap[mask + (x >> 3)]! >> (7 - (x & 7))) & 1) === 1;
      const alpha = bits === 32 ? bitmap[at + 3]! : isMasked ? 0 : 255;
      rgba.set([bitmap[at + 2] ?? 0, bitmap[at + 1] ?? 0, bitmap[at] ?? 0, alpha], (y * width + x) * 4);
      isSeen ||= alpha > 0;
    }
  // 32 bits with no transparency said at all: the fourth byte was never used.
  if (!isSeen && bits === 32) for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
  return rgba;
}

function indexAt(bitmap: Buffer, row: number, { x, bits }: { x: number; bits: number }): number {
  const byte = bitmap[row + ((x * bits) >> 3)]!;
  return (byte >> (8 - bits - ((x * bits) & 7))) & (2 ** bits - 1);
}
