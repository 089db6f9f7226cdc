/** What the numbers of a picture mean, where its container says so by code points (ITU-T H.273) and no profile does. */
import type { SourceKind } from './picture-kind.ts';
import { readPngChunks } from './png-chunks.ts';

export type Primaries = 'srgb' | 'p3' | 'bt2020';
/** `pq` and `hlg` reach beyond the white of a page. */
export type Transfer = 'srgb' | 'pq' | 'hlg';

export interface ColourCoding {
  readonly primaries: Primaries;
  readonly transfer: Transfer;
}

/** H.273 table 2; what is not listed is shown as sRGB. */
const PRIMARIES: Readonly<Record<number, Primaries>> = { 9: 'bt2020', 12: 'p3' };
/** H.273 table 3. */
const TRANSFERS: Readonly<Record<number, Transfer>> = { 16: 'pq', 18: 'hlg' };
const MAX_BOX_BYTES = 65_536;

/** The coding of a picture whose colours the image library would take for sRGB; `undefined` where it is right. */
export function readColourCoding(bytes: Buffer, kind: SourceKind): ColourCoding | undefined {
  const points = kind === 'avif' ? readAvifPoints(bytes) : kind === 'png' ? readPngPoints(bytes) : undefined;
  if (points === undefined) return undefined;
  const [primaries, transfer] = [PRIMARIES[points[0]] ?? 'srgb', TRANSFERS[points[1]] ?? 'srgb'];
  return primaries === 'srgb' && transfer === 'srgb' ? undefined : { primaries, transfer };
}

/** ISO/IEC 14496-12 12.1.5: the first `colr` box is the picture's; others are of what belongs to it. */
function readAvifPoints(bytes: Buffer): [number, number] | undefined {
  const boxes = bytes.subarray(0, MAX_BOX_BYTES);
  // A profile says more, and the library reads it.
  if (boxes.includes('colrprof') || boxes.includes('colrrICC')) return undefined;
  const at = boxes.indexOf('colrnclx');
  return at === -1 || at + 12 > boxes.length ? undefined : [boxes.readUInt16BE(at + 8), boxes.readUInt16BE(at + 10)];
}

/** W3C PNG 11.3.2.6: primaries, transfer, matrix, range. */
function readPngPoints(bytes: Buffer): [number, number] | undefined {
  let points: [number, number] | undefined;
  for (const { type, start, end } of readPngChunks(bytes)) {
    if (type === 'IDAT') break;
    if (type === 'iCCP') return undefined;
    if (type === 'cICP' && end - start >= 16) points = [bytes[start + 8]!, bytes[start + 9]!];
  }
  return points;
}
