/**
 * Masters: large photographs decoded once, at the width of a common screen, kept for the next size or format that is
 * asked. What is made of one is the same whether it was kept or decoded anew.
 */
import type { RawPicture } from './analyse-pixels.ts';

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The steps that pictures are asked for in: one of such a width costs no more for being kept. */
const WIDTHS = [640, 800, 1_080, 1_280, 1_600, 1_920];
/** A master nearly as large as the picture saves too little. */
const MAX_SHARE = 0.8;
/** Decoding anything smaller costs less than keeping it. */
const MIN_PIXELS = 1_000_000;
/** Of all kept masters of a process. */
const MAX_BYTES = 24_000_000;

const kept = new Map<string, RawPicture>();
let keptBytes = 0;

/**
 * The size of the master for a picture that is to be scaled; `undefined` where it is decoded whole.
 *
 * @param scale at most 1
 * @example masterSize({ width: 4000, height: 3000 }, 0.1) // { width: 640, height: 480 }
 */
export function masterSize({ width, height }: Size, scale: number): Size | undefined {
  const reduced = WIDTHS.find((each) => each >= Math.floor(width * scale));
  if (width * height < MIN_PIXELS || reduced === undefined || reduced > width * MAX_SHARE) return undefined;
  return { width: reduced, height: Math.max(1, Math.round((height * reduced) / width)) };
}

/**
 * The master of a picture in that size: kept, or decoded now and kept.
 *
 * @param digest sha256 of the picture's bytes: only who has the very bytes gets what they decode to
 */
export async function masterOf(
  digest: string,
  { width, height }: Size,
  decode: () => Promise<RawPicture>,
): Promise<RawPicture> {
  const key = `${digest} ${width} ${height}`;
  const held = kept.get(key);
  if (held !== undefined) {
    // The last used is evicted last.
    kept.delete(key);
    kept.set(key, held);
    return held;
  }
  const master = await decode();
  if (!kept.has(key)) keptBytes += master.data.length;
  kept.set(key, master);
  for (const [oldest, { data }] of kept) {
    if (keptBytes <= MAX_BYTES) break;
    kept.delete(oldest);
    keptBytes -= data.length;
  }
  return master;
}
