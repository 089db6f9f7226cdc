/** Which frames of an animation stay when it may not have all, and how long each is shown then. */

/** How an animation plays. */
export interface Motion {
  /** Milliseconds each frame is shown. */
  readonly delays: readonly number[];
  /** How often it plays; 0 for ever. */
  readonly loop: number;
}

export interface ThinnedMotion extends Motion {
  /** Indexes of the frames that stay, rising. */
  readonly frames: readonly number[];
}

/** What programs of 1990 wrote for as fast as they could: every browser shows such a frame for a tenth of a second. */
const HURRIED_MS = 10;
const SHOWN_FOR_MS = 100;
/** GIF counts hundredths, and one of them is hurried. */
const GIF_STEP_MS = 10;
export const MIN_GIF_DELAY_MS = 20;

/** Delays as browsers show them. */
export function shownMotion({ delays, loop }: Motion): Motion {
  return { delays: delays.map((delay) => (delay <= HURRIED_MS ? SHOWN_FOR_MS : delay)), loop };
}

/** Milliseconds of one play. */
export function playingMs({ delays }: Motion): number {
  return delays.reduce((sum, delay) => sum + delay, 0);
}

/**
 * At most `count` frames, evenly spaced in time, the first and the last among them. A frame that stays is shown for those
 * that went after it, so that the whole plays as long as it did.
 *
 * @param count at least 2
 * @example thinFrames({ delays: [50, 50, 50, 50], loop: 0 }, 2) // { frames: [0, 3], delays: [150, 50], loop: 0 }
 */
export function thinFrames(motion: Motion, count: number): ThinnedMotion {
  const { delays, loop } = motion;
  const last = delays.length - 1;
  if (delays.length <= count) return { frames: [...delays.keys()], delays, loop };
  const lastAt = playingMs(motion) - delays[last]!;
  const frames = [0];
  let [frame, endsAt] = [0, delays[0]!];
  for (let step = 1; step < count - 1; step++) {
    const at = (lastAt * step) / (count - 1);
    while (frame < last - 1 && endsAt <= at) endsAt += delays[++frame]!;
    if (frame !== frames.at(-1)) frames.push(frame);
  }
  frames.push(last);
  const until = (index: number) => frames[index + 1] ?? delays.length;
  const sums = frames.map((from, index) => playingMs({ delays: delays.slice(from, until(index)), loop }));
  return { frames, delays: sums, loop };
}

/**
 * Delays in whole hundredths of a second, as GIF tells them, none of them hurried; what is rounded off one is given to
 * the next.
 *
 * @example wholeHundredths([33, 33, 33]) // [30, 40, 30]
 */
export function wholeHundredths(delays: readonly number[]): number[] {
  let [exact, written] = [0, 0];
  return delays.map((delay) => {
    exact += delay;
    const rounded = Math.max(MIN_GIF_DELAY_MS, Math.round((exact - written) / GIF_STEP_MS) * GIF_STEP_MS);
    written += rounded;
    return rounded;
  });
}
