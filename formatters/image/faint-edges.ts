/** Black and white of a drawing: ink and paper, and lines where two papers or two inks meet that would be one area. */
import type { GreyPicture } from './wbmp.ts';

/** Greys that are ink and paper in a drawing: dots in a pale ground would drown its lines. */
const INK = 48;
const PAPER = 220;
/** From here on few dots are left of a grey: too few for a shape. */
const PALE = 195;
/** Greys that two areas differ by, seen two pixels apart; a coder's noise is less. */
const LEAST_EDGE = 12;

/** Draws in greys between ink and paper, which are then dithered; a pale sail on white keeps its outline. */
export function inkOnPaper({ width, height, pixels }: GreyPicture): GreyPicture {
  const shown = pixels.map((grey) => Math.min(255, Math.max(0, Math.round(((grey - INK) * 255) / (PAPER - INK)))));
  const steps = stepsOf({ width, height, pixels });
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      if (isFaintEdge(at, { pixels, steps, width })) shown[at] = pixels[at]! >= PALE ? 0 : 255;
    }
  return { width, height, pixels: shown };
}

/** How much the picture changes at each pixel, across and down; at its rim not at all. */
interface Steps {
  readonly across: Uint8Array;
  readonly down: Uint8Array;
}

function stepsOf({ width, height, pixels }: GreyPicture): Steps {
  const [across, down] = [new Uint8Array(pixels.length), new Uint8Array(pixels.length)];
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      across[at] = Math.abs(pixels[at + 1]! - pixels[at - 1]!);
      down[at] = Math.abs(pixels[at + width]! - pixels[at - width]!);
    }
  return { across, down };
}

/** Where the change is strongest, and what meets there would look alike. */
function isFaintEdge(
  at: number,
  { pixels, steps, width }: { pixels: Uint8Array; steps: Steps; width: number },
): boolean {
  const isAcross = steps.across[at]! >= steps.down[at]!;
  const [step, offset] = isAcross ? [steps.across, 1] : [steps.down, width];
  if (step[at]! < LEAST_EDGE || step[at]! < step[at - offset]! || step[at]! <= step[at + offset]!) return false;
  const sides = [pixels[at - offset]!, pixels[at]!, pixels[at + offset]!];
  return sides.every((grey) => grey >= PALE) || sides.every((grey) => grey <= INK);
}
