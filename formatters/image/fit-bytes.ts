/** A picture within a number of bytes, found by a few encodings: lower quality first, then fewer pixels. */
import type { EncodeWants } from './encode-picture.ts';

/** One encoding that was tried. */
export interface Attempt {
  readonly body: Buffer;
  readonly quality: number;
  /** Share of the width that was wanted, 0 to 1. */
  readonly scale: number;
}

/** The first encoding counts, and so does the last resort. */
export const MAX_ENCODES = 5;
/** Where the search has found nothing: flat drawings, exact in few bytes, grow at first when pixels go. */
const LAST_RESORT = 0.5;
/** Below that fewer pixels look better than worse ones. */
const MIN_QUALITY = 30;
/** A bound that is met with that much to spare is not tried again. */
const ENOUGH = 0.75;
/** Aimed below the bound, each time lower, since estimates may be wrong. */
const AIMS = [0.93, 0.88, 0.8];
/** How bytes grow with quality and with width, as exponents. */
interface Growth {
  readonly byQuality: number;
  readonly byScale: number;
}

/** Fitted to photographs: where nothing better is known. */
const USUAL: Growth = { byQuality: 1.1, byScale: 1.7 };
/** What a step has shown is believed within these. */
const BELIEVED = { byQuality: [0.05, 2.5], byScale: [0.7, 2.4] } as const;
/** The least step by which a growth can be told. */
const MIN_STEP = 0.05;
const MIN_SCALE = 0.05;

/**
 * The best attempt of at most five that has at most `maxBytes`, else the smallest.
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
  let [best, last, growth] = [first, first, USUAL];
  for (let count = 1; count < MAX_ENCODES - 1 && !isEnough(best, maxBytes, first); count++) {
    const { quality, scale } = next(last, { aim: maxBytes * AIMS[count - 1]!, isLossy, first, growth });
    if (quality === last.quality && scale === last.scale) break;
    const tried = { body: await encode(quality, scale), quality, scale };
    growth = growthBetween(last, tried, { growth, maxBytes });
    last = tried;
    best = better(best, last, maxBytes);
  }
  if (best.body.length <= maxBytes) return best;
  const resort = { quality: last.quality, scale: Math.max(MIN_SCALE, last.scale * LAST_RESORT) };
  return better(best, { body: await encode(resort.quality, resort.scale), ...resort }, maxBytes);
}

/** What two attempts tell of the encoder. Where they differ in both, and the second is still too large, width is blamed. */
function growthBetween(a: Attempt, b: Attempt, { growth, maxBytes }: { growth: Growth; maxBytes: number }): Growth {
  const byBytes = Math.log(a.body.length / b.body.length);
  const [quality, scale] = [Math.log(a.quality / b.quality), Math.log(a.scale / b.scale)];
  // Flat areas and sharp edges cost less than the same in fewer pixels.
  if (byBytes <= 0 && scale !== 0) return { ...growth, byScale: BELIEVED.byScale[0] };
  const mayBlame = quality === 0 || b.body.length > maxBytes;
  if (Math.abs(scale) >= MIN_STEP && mayBlame)
    return { ...growth, byScale: believe('byScale', (byBytes - growth.byQuality * quality) / scale) };
  if (scale !== 0 || Math.abs(quality) < MIN_STEP) return growth;
  return { ...growth, byQuality: believe('byQuality', byBytes / quality) };
}

function believe(of: keyof Growth, value: number): number {
  const [least, most] = BELIEVED[of];
  return Math.min(most, Math.max(least, value));
}

function isEnough({ body, quality, scale }: Attempt, maxBytes: number, first: Attempt): boolean {
  if (body.length > maxBytes) return false;
  return body.length >= maxBytes * ENOUGH || (quality === first.quality && scale === first.scale);
}

/** What should come out at the aim, by the last attempt. */
function next(
  { body, quality, scale }: Attempt,
  { aim, isLossy, first, growth }: { aim: number; isLossy: boolean; first: Attempt; growth: Growth },
): { quality: number; scale: number } {
  const ratio = aim / body.length;
  const floor = isLossy ? Math.min(first.quality, MIN_QUALITY) : first.quality;
  // Pixels come back before quality does, and go after it.
  const wholeRatio = ratio * (quality / floor) ** growth.byQuality * scale ** growth.byScale;
  const scaleAtFloor = Math.min(1, wholeRatio ** (1 / growth.byScale));
  if (scaleAtFloor < 1) return { quality: floor, scale: Math.max(MIN_SCALE, scaleAtFloor) };
  const wanted = floor * wholeRatio ** (1 / growth.byQuality);
  return { quality: Math.round(Math.min(first.quality, Math.max(floor, wanted))), scale: 1 };
}

function better(best: Attempt, last: Attempt, maxBytes: number): Attempt {
  const isIn = last.body.length <= maxBytes;
  if (isIn !== best.body.length <= maxBytes) return isIn ? last : best;
  return isIn === last.body.length > best.body.length ? last : best;
}
