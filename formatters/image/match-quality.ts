/**
 * Tables make photographs look alike in all formats; one drawing is not like another. Of drawings the error is measured:
 * brightness at half the size, where eyes see coding in lines and letters, with a tenth of that at full size. Chosen from
 * a dozen measures as the one that follows SSIMULACRA 2 best across formats (docs/decisions/picture-quality.md).
 */
import type { Sharp } from 'sharp';
import { loadSharp } from '../pictures/sharp-library.ts';

/** What coding has made of a drawing, to be held against it. */
interface Greys {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The table's guess is the first. */
const MAX_TRIALS = 3;
/** Nearer than that in logarithm nobody tells apart. */
const NEAR = 0.04;
/** By what the logarithm of the error falls for a step of the encoder's number (measured on drawings). */
const USUAL_SLOPE = 0.035;
const SLOPES = [0.008, 0.06] as const;
const FULL_SIZE_SHARE = 0.1;
/** No error to speak of: the table will do. */
const MIN_ERROR = 0.3;
/** A guess that is so far off is not believed in one step. */
const STEPS = [-20, 20] as const;
const ENCODER_QUALITIES = [3, 97] as const;

/**
 * A drawing coded so that it shows about the error that it has in another format: the nearest of a few trials.
 *
 * @param coded the drawing in the other format
 * @param leniency by what the error may differ from the other's
 * @param start the encoder's number to try first
 * @param encode codes it with a number
 */
export async function matchQuality(
  drawn: () => Sharp,
  { coded, leniency }: { coded: Buffer; leniency: number },
  { start, encode }: { start: number; encode: (encoderQuality: number) => Promise<Buffer> },
): Promise<Buffer> {
  const sharp = await loadSharp();
  const original = await toGreys(drawn());
  const wanted = errorOf(original, await toGreys(sharp(coded))) * leniency;
  const trials: { number: number; body: Buffer; error: number }[] = [];
  let [number, slope] = [start, USUAL_SLOPE];
  while (trials.length < MAX_TRIALS) {
    const body = await encode(number);
    if (wanted < MIN_ERROR) return body;
    const found = Math.max(MIN_ERROR, errorOf(original, await toGreys(sharp(body))));
    const trial = { number, body, error: Math.log(found / wanted) };
    const before = trials.at(-1);
    trials.push(trial);
    if (before !== undefined) slope = within((before.error - trial.error) / (number - before.number), SLOPES);
    number = Math.round(within(number + within(trial.error / slope, STEPS), ENCODER_QUALITIES));
    if (Math.abs(trial.error) < NEAR || trials.some((each) => each.number === number)) break;
  }
  return trials.sort((a, b) => Math.abs(a.error) - Math.abs(b.error))[0]!.body;
}

function within(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}

async function toGreys(pipeline: Sharp): Promise<Greys> {
  const grey = pipeline.flatten({ background: '#ffffff' }).greyscale().toColourspace('b-w');
  const { data, info } = await grey.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Root of the mean square, in 255ths. */
function errorOf({ data: a, width, height }: Greys, { data: b }: Greys): number {
  let [full, half] = [0, 0];
  const [columns, rows] = [width >> 1, height >> 1];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = row * 2 * width + column * 2;
      const [d0, d1] = [a[at]! - b[at]!, a[at + 1]! - b[at + 1]!];
      const [d2, d3] = [a[at + width]! - b[at + width]!, a[at + width + 1]! - b[at + width + 1]!];
      full += d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
      half += (d0 + d1 + d2 + d3) ** 2 / 16;
    }
  const blocks = Math.max(1, columns * rows);
  return Math.sqrt((FULL_SIZE_SHARE * full) / (blocks * 4) + half / blocks);
}
