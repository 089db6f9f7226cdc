/** An animation with fewer of its frames. */
import type { Sharp } from 'sharp';
import { loadSharp } from '../pictures/sharp-library.ts';
import { type Drawing, decoding } from './drawing.ts';
import type { PictureKind } from './picture-kind.ts';
import { MIN_GIF_DELAY_MS, playingMs, shownMotion, thinFrames } from './thin-frames.ts';
import type { PictureWants } from './wants.ts';

/** Decoded at once: four bytes each, beside those that stay. */
const MAX_STRETCH_PIXELS = 12_000_000;
/** Where bytes matter five frames a second show what moves; a flip book shows it still. */
const LIGHT_FRAME_MS = 200;
const MAX_LIGHT_FRAMES = 60;
export const SLOWEST_FRAME_MS = 500;

/**
 * Frames that an animation may have: all where there is room for them.
 *
 * @param maxPixels that can be encoded over all frames
 * @returns below 2 where it cannot move at all
 */
export function frameBudget(
  { width, height, frames, motion }: Drawing,
  { target, wants, maxPixels }: { target: PictureKind; wants: PictureWants; maxPixels: number },
): number {
  if (motion === undefined) return frames;
  const ms = playingMs(shownMotion(motion));
  const affordable = Math.floor(maxPixels / (width * height));
  const light = wants.light ? Math.min(MAX_LIGHT_FRAMES, Math.max(2, Math.ceil(ms / LIGHT_FRAME_MS))) : frames;
  const isTooQuick = target === 'gif' && motion.delays.some((delay) => delay > 10 && delay < MIN_GIF_DELAY_MS);
  const tellable = isTooQuick ? Math.max(2, Math.floor(ms / MIN_GIF_DELAY_MS / 2)) : frames;
  return Math.min(frames, affordable, light, tellable);
}

/**
 * The drawing with at most `count` frames that play as long as all did.
 *
 * @param count at least 2
 * @throws FormatFailure hostile
 */
export async function thinDrawing(drawing: Drawing, count: number): Promise<Drawing> {
  const { motion, stretch } = drawing;
  if (motion === undefined || stretch === undefined || drawing.frames <= count) return drawing;
  const { frames, ...thinned } = thinFrames(shownMotion(motion), count);
  const { data, width, height } = await pickFrames(drawing, stretch, frames);
  const sharp = await loadSharp();
  const some = (from: number, count: number) => {
    const raw = { width, height: height * count, channels: 4, pageHeight: height } as const;
    return sharp(data.subarray(from * width * height * 4, (from + count) * width * height * 4), { raw });
  };
  const pipeline = () => some(0, frames.length);
  return { ...drawing, width, height, frames: frames.length, motion: thinned, stretch: some, pipeline };
}

/** A frame is only to be had by decoding those before it: all are, in stretches that memory holds, and few are kept. */
async function pickFrames(
  { width, height, frames: total }: Drawing,
  stretch: (from: number, count: number) => Sharp,
  frames: readonly number[],
): Promise<{ data: Uint8Array; width: number; height: number }> {
  const length = Math.max(1, Math.floor(MAX_STRETCH_PIXELS / (width * height)));
  const parts: Uint8Array[] = [];
  let size = { width, height };
  for (let from = 0; from < total; from += length) {
    const wanted = frames.filter((frame) => frame >= from && frame < from + length);
    const count = (wanted.at(-1) ?? from - 1) - from + 1;
    if (count === 0) continue;
    const { data, info } = await decoding(() =>
      stretch(from, count).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true }),
    );
    size = { width: info.width, height: info.height / count };
    const frameBytes = data.length / count;
    // Copies, so that what was decoded beside them is let go.
    for (const frame of wanted)
      parts.push(Uint8Array.prototype.slice.call(data, (frame - from) * frameBytes, (frame - from + 1) * frameBytes));
  }
  return { data: Buffer.concat(parts), ...size };
}
