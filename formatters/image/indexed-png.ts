/** Writes PNG pictures of few colours exactly, at the fewest bits a pixel (W3C PNG 5 and 11). */
import { deflateSync } from 'node:zlib';
import { makePngChunk } from './png-chunks.ts';

export interface IndexedPicture {
  readonly width: number;
  readonly height: number;
  /** Index into `palette` of every pixel. */
  readonly indexes: Uint8Array;
  /** RGBA, 1 to 256 entries. */
  readonly palette: readonly (readonly [number, number, number, number])[];
}

/** Encodes with the palette as given. */
export function makeIndexedPng(picture: IndexedPicture): Buffer {
  const { palette } = picture;
  const bits = bitsFor(palette.length);
  const colours = Buffer.from(palette.flatMap((colour) => colour.slice(0, 3)));
  const alphas = Buffer.from(palette.map(([, , , alpha]) => alpha));
  // tRNS may be shorter than the palette: the rest is opaque.
  const translucent = alphas.findLastIndex((alpha) => alpha < 255) + 1;
  const transparency = translucent > 0 ? [makePngChunk('tRNS', alphas.subarray(0, translucent))] : [];
  return assemble(picture, { bits, colourType: 3, before: [makePngChunk('PLTE', colours), ...transparency] });
}

/** Numbers of levels that are a bit depth of their own. */
type GreyDepth = 2 | 4 | 16 | 256;

export function isGreyDepth(levels: number): levels is GreyDepth {
  return levels === 2 || levels === 4 || levels === 16 || levels === 256;
}

/** Encodes evenly spaced greys, which need no palette. */
export function makeGreyPng(picture: Omit<IndexedPicture, 'palette'>, levels: GreyDepth): Buffer {
  return assemble(picture, { bits: bitsFor(levels), colourType: 0, before: [] });
}

function bitsFor(colours: number): 1 | 2 | 4 | 8 {
  if (colours <= 2) return 1;
  if (colours <= 4) return 2;
  return colours <= 16 ? 4 : 8;
}

function assemble(
  { width, height, indexes }: Omit<IndexedPicture, 'palette'>,
  form: { bits: 1 | 2 | 4 | 8; colourType: number; before: readonly Buffer[] },
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = form.bits;
  header[9] = form.colourType;
  const data = deflateSync(packRows({ width, height, indexes }, form.bits), { level: 9, memLevel: 9 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    makePngChunk('IHDR', header),
    ...form.before,
    makePngChunk('IDAT', data),
    makePngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Rows with filter type 0 in front: the others do not help where a number is a name (PNG 12.7). */
function packRows({ width, height, indexes }: Omit<IndexedPicture, 'palette'>, bits: number): Buffer {
  const perByte = 8 / bits;
  const rowBytes = 1 + Math.ceil(width / perByte);
  const rows = Buffer.alloc(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const start = y * rowBytes + 1;
    for (let x = 0; x < width; x++) {
      const shift = 8 - bits - (x % perByte) * bits;
      rows[start + Math.floor(x / perByte)]! |= indexes[y * width + x]! << shift;
    }
  }
  return rows;
}
