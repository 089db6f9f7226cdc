/** The bound of bytes: what gives way of a still, and of an animation. */
import type { FormatEnv } from '../../core/component.ts';
import { type Drawing, draw, type Source } from './drawing.ts';
import { type EncodeWants, encodePicture } from './encode-picture.ts';
import { type Attempt, fitBytes } from './fit-bytes.ts';
import type { PictureKind } from './picture-kind.ts';
import { SLOWEST_FRAME_MS, thinDrawing } from './thin-drawing.ts';
import { playingMs, shownMotion } from './thin-frames.ts';

interface Parts {
  readonly drawing: Drawing;
  readonly target: PictureKind;
  readonly wants: EncodeWants;
  readonly env: FormatEnv;
}

/** Frames weigh less than their number says: the first is whole, the others what changed. */
const FRAMES_AIM = 0.85;
/** An animation of half the width is worth less than its first frame in full. */
const MIN_MOVING_SCALE = 0.5;

/**
 * Within `maxBytes`, as far as a few more encodings go: of an animation frames go first, then quality and pixels, then
 * motion.
 *
 * @param body what came out at the quality and size that are wanted
 */
export async function withinBytes(source: Source, body: Buffer, parts: Parts): Promise<Buffer> {
  const { drawing, wants, env } = parts;
  const { maxBytes, quality } = wants;
  if (maxBytes === undefined || body.length <= maxBytes) return body;
  const first = { body, quality, scale: 1 };
  const bounded = { ...parts, maxBytes };
  const best =
    drawing.motion === undefined
      ? await fitFrom(source, first, bounded)
      : ((await fitMoving(source, first, bounded)) ?? (await stopMoving(source, bounded)));
  const { scale } = best;
  env.note(best.body.length <= maxBytes ? 'bytes-met' : 'bytes-missed', { maxBytes, quality: best.quality, scale });
  return best.body;
}

async function fitFrom(
  source: Source,
  first: Attempt,
  { drawing, target, wants, env, maxBytes }: Parts & { maxBytes: number },
): Promise<Attempt> {
  const isLossy = wants.color === undefined && (target === 'jpeg' || target === 'webp' || target === 'avif');
  return await fitBytes(first, { maxBytes, isLossy }, async (quality, scale) => {
    env.signal.throwIfAborted();
    const side = (length: number) => Math.max(1, Math.round(length * scale));
    const scaled = { ...wants, quality, maxWidth: side(drawing.width), maxHeight: side(drawing.height) };
    if (scale === 1) return await encodePicture(target, drawing, scaled);
    const smaller = await draw(source, scaled);
    return await encodePicture(target, await thinDrawing(smaller, drawing.frames), scaled);
  });
}

/** An animation that is worth being one; `undefined` where none fits. */
async function fitMoving(
  source: Source,
  first: Attempt,
  parts: Parts & { maxBytes: number },
): Promise<Attempt | undefined> {
  const { drawing, target, wants, env, maxBytes } = parts;
  const ms = playingMs(shownMotion(drawing.motion!));
  const fewest = Math.max(2, Math.ceil(ms / SLOWEST_FRAME_MS));
  const affordable = Math.floor((drawing.frames * FRAMES_AIM * maxBytes) / first.body.length);
  const count = Math.min(drawing.frames, Math.max(fewest, affordable));
  const fewer = await thinDrawing(drawing, count);
  env.signal.throwIfAborted();
  const thinned = fewer === drawing ? first : { ...first, body: await encodePicture(target, fewer, wants) };
  const best = await fitFrom(source, thinned, { ...parts, drawing: fewer });
  if (best.body.length > maxBytes || best.scale < MIN_MOVING_SCALE) return undefined;
  if (fewer.frames < drawing.frames) env.note('animation-thinned', { frames: drawing.frames, kept: fewer.frames });
  return best;
}

/** The first frame, fitted like any still. */
async function stopMoving(source: Source, parts: Parts & { maxBytes: number }): Promise<Attempt> {
  const { drawing, target, wants, env } = parts;
  env.note('animation-lost', { frames: drawing.frames });
  const still = { ...source, animated: false };
  const one = await draw(still, wants);
  const first = { body: await encodePicture(target, one, wants), quality: wants.quality, scale: 1 };
  return await fitFrom(still, first, { ...parts, drawing: one });
}
