/**
 * One perceptual quality for all formats. Each encoder's own number means something else: WebP 70 looks like mozjpeg
 * 83 and AVIF 53 (`tune: ssim`). Fitted to the SSIM of WebP on photographs at 320 and 800 pixels; between the points
 * linear. AVIF is held a little below what equal SSIM needs on average, since it fails more gently.
 */

export type LossyKind = 'jpeg' | 'webp' | 'avif';

const POINTS: Readonly<Record<LossyKind, readonly (readonly [quality: number, encoderQuality: number])[]>> = {
  webp: [
    [1, 1],
    [100, 100],
  ],
  jpeg: [
    [1, 10],
    [20, 42],
    [35, 62],
    [50, 74],
    [70, 83],
    [85, 92],
    [95, 96],
    [100, 98],
  ],
  avif: [
    [1, 10],
    [20, 31],
    [35, 39],
    [50, 46],
    [70, 53],
    [85, 67],
    [95, 80],
    [100, 92],
  ],
};

/**
 * The encoder's own number for a perceptual quality from 1 to 100.
 *
 * @example encoderQuality('avif', 70) // 53
 */
export function encoderQuality(kind: LossyKind, quality: number): number {
  const points = POINTS[kind];
  const above = Math.max(
    1,
    points.findIndex(([at]) => at >= quality),
  );
  const [fromQuality, from] = points[above - 1]!;
  const [toQuality, to] = points[above]!;
  return Math.round(from + ((quality - fromQuality) / (toQuality - fromQuality)) * (to - from));
}
