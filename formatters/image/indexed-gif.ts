/** Writes still GIF pictures of few colours exactly: the library's own writer chooses colours anew (GIF89a, appendix F). */
import type { IndexedPicture } from './indexed-png.ts';

/** A code may not be longer than that; then the table begins anew. */
const MAX_CODES = 4096;

/** Encodes; what is less than half opaque becomes the one transparent colour. */
export function makeIndexedGif({ width, height, indexes, palette }: IndexedPicture): Buffer {
  const bits = Math.max(1, Math.ceil(Math.log2(palette.length)));
  const transparent = palette.findIndex(([, , , alpha]) => alpha < 128);
  const names = palette.map(([, , , alpha], index) => (alpha < 128 ? transparent : index));
  const header = Buffer.from('GIF89a\0\0\0\0\0\0\0', 'latin1');
  header.writeUInt16LE(width, 6);
  header.writeUInt16LE(height, 8);
  header[10] = 0xf0 | (bits - 1);
  const table = Buffer.alloc(3 * 2 ** bits);
  for (const [index, [red, green, blue]] of palette.entries()) table.set([red, green, blue], index * 3);
  const control = transparent === -1 ? [] : [Buffer.from([0x21, 0xf9, 4, 1, 0, 0, transparent, 0])];
  const descriptor = Buffer.alloc(10);
  descriptor[0] = 0x2c;
  descriptor.writeUInt16LE(width, 5);
  descriptor.writeUInt16LE(height, 7);
  const codeSize = Math.max(2, bits);
  const data = compress(
    indexes.map((index) => names[index]!),
    codeSize,
  );
  return Buffer.concat([
    header,
    table,
    ...control,
    descriptor,
    Buffer.from([codeSize]),
    subBlocks(data),
    Buffer.from([0, 0x3b]),
  ]);
}

function compress(indexes: Uint8Array, codeSize: number): Buffer {
  const clear = 2 ** codeSize;
  const out = new BitWriter(indexes.length + 16);
  let table = new Map<number, number>();
  let [next, size] = [clear + 2, codeSize + 1];
  out.put(clear, size);
  let prefix = indexes[0]!;
  for (let at = 1; at < indexes.length; at++) {
    const index = indexes[at]!;
    const key = prefix * 256 + index;
    const known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    out.put(prefix, size);
    prefix = index;
    if (next === MAX_CODES) {
      out.put(clear, size);
      table = new Map();
      [next, size] = [clear + 2, codeSize + 1];
      continue;
    }
    // A decoder learns a code one step later: it grows after the code that fills its size.
    if (next === 2 ** size) size += 1;
    table.set(key, next++);
  }
  out.put(prefix, size);
  if (next === 2 ** size && size < 12) size += 1;
  out.put(clear + 1, size);
  return out.finish();
}

/** Bits from the lowest up. */
class BitWriter {
  #bytes: Buffer;
  #length = 0;
  #bits = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.alloc(capacity);
  }

  put(value: number, size: number): void {
    this.#bits |= value << this.#count;
    this.#count += size;
    while (this.#count >= 8) this.#flushByte();
  }

  finish(): Buffer {
    if (this.#count > 0) this.#flushByte();
    return this.#bytes.subarray(0, this.#length);
  }

  #flushByte(): void {
    if (this.#length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#length)]);
    this.#bytes[this.#length++] = this.#bits & 255;
    this.#bits >>>= 8;
    this.#count = Math.max(0, this.#count - 8);
  }
}

function subBlocks(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255);
    parts.push(Buffer.from([block.length]), block);
  }
  return Buffer.concat(parts);
}
