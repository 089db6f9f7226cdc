/** Structural similarity of two pictures (Wang et al. 2004), over luma in windows of 8 by 8: 1 is equal. */
import sharp, { type Sharp } from 'sharp';

/** @param actual scaled to the size of `expected` where it differs */
export async function ssim(expected: Buffer, actual: Buffer): Promise<number> {
  const { data: a, info } = await luma(expected).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const b = await luma(actual).resize(width, height, { fit: 'fill' }).toBuffer();
  let [sum, windows] = [0, 0];
  for (let y = 0; y + 8 <= height; y += 4) {
    for (let x = 0; x + 8 <= width; x += 4) {
      sum += similarity(a, b, { x, y, width });
      windows += 1;
    }
  }
  return sum / windows;
}

function luma(picture: Buffer): Sharp {
  return sharp(picture).flatten({ background: '#fff' }).greyscale().toColourspace('b-w').raw();
}

function similarity(a: Buffer, b: Buffer, { x, y, width }: { x: number; y: number; width: number }): number {
  const [C1, C2] = [6.5025, 58.5225];
  let [sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0];
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      const at = (y + row) * width + x + column;
      const [p, q] = [a[at]!, b[at]!];
      sumA += p;
      sumB += q;
      squareA += p * p;
      squareB += q * q;
      product += p * q;
    }
  }
  const [meanA, meanB] = [sumA / 64, sumB / 64];
  const variances = squareA / 64 - meanA ** 2 + squareB / 64 - meanB ** 2;
  const covariance = product / 64 - meanA * meanB;
  return ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (variances + C2));
}
