/** Fewer greys, with what is lost spread over the neighbours: Floyd and Steinberg, every other row backwards. */
import type { GreyPicture } from './wbmp.ts';

/** Sets every pixel to the nearest level in place: flat areas stay flat. Parameters and result as of `dither`. */
export function toNearestLevels({ pixels }: GreyPicture, levels: number): Uint8Array {
  const scale = (levels - 1) / 255;
  return pixels.map((grey, at) => {
    const index = Math.round(grey * scale);
    pixels[at] = Math.round(index / scale);
    return index;
  });
}

/**
 * Dithers in place to evenly spaced levels from black to white.
 *
 * @param levels 2 to 256
 * @returns the level of each pixel, 0 (black) to `levels - 1` (white); the pixels become the grey of their level
 */
export function dither({ width, height, pixels }: GreyPicture, levels: number): Uint8Array {
  const indexes = new Uint8Array(width * height);
  const scale = (levels - 1) / 255;
  // Errors of this row and the next, with a margin of one on both sides.
  let here = new Float32Array(width + 2);
  let below = new Float32Array(width + 2);
  for (let y = 0; y < height; y++) {
    const step = y % 2 === 0 ? 1 : -1;
    for (let count = 0, x = step === 1 ? 0 : width - 1; count < width; count++, x += step) {
      const at = y * width + x;
      const wanted = Math.min(255, Math.max(0, pixels[at]! + here[x + 1]!));
      const index = Math.round(wanted * scale);
      const grey = index / scale;
      const error = (wanted - grey) / 16;
      here[x + 1 + step]! += error * 7;
      below[x + 1 - step]! += error * 3;
      below[x + 1]! += error * 5;
      below[x + 1 + step]! += error;
      indexes[at] = index;
      pixels[at] = Math.round(grey);
    }
    [here, below] = [below, here];
    below.fill(0);
  }
  return indexes;
}
