/** A picture within a number of bytes, found by a few encodings: lower quality first, then fewer pixels. */
import type { EncodeWants } from './encode-picture.ts';

/** One encoding that was tried. */
export interface Attempt {
  readonly body: Buffer;
  readonly quality: number;
  /** Share of the width that was wanted, 0 to 1. */
  readonly scale: number;
}

/** The first encoding counts. */
export const MAX_ENCODES = 4;
/** Below that fewer pixels look better than worse ones. */
const MIN_QUALITY = 30;
/** A bound that is met with that much to spare is not tried again. */
const ENOUGH = 0.75;
/** Aimed below the bound, each time lower, since estimates may be wrong. */
const AIMS = [0.93, 0.85, 0.65];
/** How bytes grow with quality and with width: exponents fitted to photographs. */
const BYTES_BY_QUALITY = 1.1;
const BYTES_BY_SCALE = 1.7;
const MIN_SCALE = 0.05;

/**
 * The best attempt of at most four that has at most `maxBytes`, else the smallest.
 *
 * @param first what came out at the quality and size that are wanted
 * @param encode encodes at a quality and a share of the width
 * @param isLossy false where quality changes nothing: only pixels can go
 */
export async function fitBytes(
  first: Attempt,
  { maxBytes, isLossy }: { maxBytes: number; isLossy: boolean },
  encode: (quality: EncodeWants['quality'], scale: number) => Promise<Buffer>,
): Promise<Attempt> {
  let [best, last] = [first, first];
  for (let count = 1; count < MAX_ENCODES && !isEnough(best, maxBytes, first); count++) {
    const { quality, scale } = next(last, { aim: maxBytes * AIMS[count - 1]!, isLossy, first });
    if (quality === last.quality && scale === last.scale) break;
    last = { body: await encode(quality, scale), quality, scale };
    best = better(best, last, maxBytes);
  }
  return best;
}

function isEnough({ body, quality, scale }: Attempt, maxBytes: number, first: Attempt): boolean {
  if (body.length > maxBytes) return false;
  return body.length >= maxBytes * ENOUGH || (quality === first.quality && scale === first.scale);
}

/** What should come out at the aim, by the last attempt. */
function next(
  { body, quality, scale }: Attempt,
  { aim, isLossy, first }: { aim: number; isLossy: boolean; first: Attempt },
): { quality: number; scale: number } {
  const ratio = aim / body.length;
  const floor = isLossy ? Math.min(first.quality, MIN_QUALITY) : first.quality;
  // Pixels come back before quality does, and go after it.
  const wholeRatio = ratio * (quality / floor) ** BYTES_BY_QUALITY * scale ** BYTES_BY_SCALE;
  const scaleAtFloor = Math.min(1, wholeRatio ** (1 / BYTES_BY_SCALE));
  if (scaleAtFloor < 1) return { quality: floor, scale: Math.max(MIN_SCALE, scaleAtFloor) };
  const wanted = floor * wholeRatio ** (1 / BYTES_BY_QUALITY);
  return { quality: Math.round(Math.min(first.quality, Math.max(floor, wanted))), scale: 1 };
}

function better(best: Attempt, last: Attempt, maxBytes: number): Attempt {
  const isIn = last.body.length <= maxBytes;
  if (isIn !== best.body.length <= maxBytes) return isIn ? last : best;
  return isIn === last.body.length > best.body.length ? last : best;
}
