/** The first directory of a TIFF file (TIFF 6.0 part 1): what of it tells how much memory its pixels need. */

export interface TiffHeader {
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel when decoded. */
  readonly pixelBytes: number;
  /** Pixels that are decoded at once: of a tile or a strip. */
  readonly blockPixels: number;
}

const ENTRY_BYTES = 12;
const MAX_ENTRIES = 512;
const TAGS = { width: 256, height: 257, bits: 258, samples: 277, rows: 278, tileWidth: 322, tileHeight: 323 } as const;
const SHORT = 3;
const LONG = 4;

/** The header; `undefined` where it cannot be read. Files of over 4 GB (BigTIFF) are not read. */
export function readTiffHeader(bytes: Buffer): TiffHeader | undefined {
  const isLittle = bytes.toString('latin1', 0, 4) === 'II*\0';
  if (bytes.length < 8) return undefined;
  const short = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const directory = long(4);
  if (directory + 2 > bytes.length) return undefined;
  const values = new Map<number, number>();
  for (let index = 0; index < Math.min(short(directory), MAX_ENTRIES); index++) {
    const at = directory + 2 + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > bytes.length) return undefined;
    const [tag, type, count] = [short(at), short(at + 2), long(at + 4)];
    // What does not fit into four bytes is elsewhere: the first value stands for all.
    const isElsewhere = type === SHORT ? count > 2 : count > 1;
    const place = isElsewhere ? long(at + 8) : at + 8;
    if ((type === SHORT || type === LONG) && place + 4 <= bytes.length)
      values.set(tag, type === SHORT ? short(place) : long(place));
  }
  const { width = 0, height = 0, bits = 1, samples = 1, rows, tileWidth, tileHeight } = named(values);
  const isTiled = tileWidth !== undefined && tileHeight !== undefined;
  const blockPixels = isTiled ? tileWidth * tileHeight : width * Math.min(rows ?? height, height);
  return { width, height, pixelBytes: Math.ceil(Math.max(bits, 8) / 8) * samples, blockPixels };
}

function named(values: ReadonlyMap<number, number>): Partial<Record<keyof typeof TAGS, number>> {
  const entries = Object.entries(TAGS).flatMap(([name, tag]) => (values.has(tag) ? [[name, values.get(tag)!]] : []));
  return Object.fromEntries(entries) as Partial<Record<keyof typeof TAGS, number>>;
}
