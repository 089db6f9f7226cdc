/**
 * One perceptual quality for all formats. Each encoder's own number means something else: WebP 70 looks like mozjpeg
 * 83 and AVIF 53 (`tune: ssim`) on photographs, like mozjpeg 90 and AVIF 43 on drawings. Fitted to the SSIM of WebP on
 * photographs at 320 to 800 pixels, and on screens and line art at 480 and 800; between the points linear. Photographs in
 * AVIF are held a little below what equal SSIM needs on average, since it fails more gently, drawings a little above,
 * since SSIM sees no colours; drawings in JPEG a little below, where the last points cost most.
 */

export type LossyKind = 'jpeg' | 'webp' | 'avif';

/** What a picture is of: drawings, screens and letters show faults that photographs hide, and hide others. */
export type Content = 'photograph' | 'graphic';

type Points = readonly (readonly [quality: number, encoderQuality: number])[];

const SAME: Points = [
  [1, 1],
  [100, 100],
];

const POINTS: Readonly<Record<Content, Readonly<Record<LossyKind, Points>>>> = {
  photograph: {
    webp: SAME,
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
      [20, 32],
      [35, 41],
      [50, 46],
      [70, 53],
      [85, 68],
      [95, 80],
      [100, 92],
    ],
  },
  graphic: {
    webp: SAME,
    jpeg: [
      [1, 30],
      [20, 64],
      [35, 77],
      [50, 84],
      [70, 88],
      [85, 93],
      [95, 97],
      [100, 98],
    ],
    avif: [
      [1, 10],
      [20, 27],
      [35, 34],
      [50, 40],
      [70, 45],
      [85, 55],
      [95, 74],
      [100, 92],
    ],
  },
};

/**
 * The encoder's own number for a perceptual quality from 1 to 100.
 *
 * @example encoderQuality('avif', 70) // 53
 */
export function encoderQuality(kind: LossyKind, quality: number, content: Content = 'photograph'): number {
  const points = POINTS[content][kind];
  const above = Math.max(
    1,
    points.findIndex(([at]) => at >= quality),
  );
  const [fromQuality, from] = points[above - 1]!;
  const [toQuality, to] = points[above]!;
  return Math.round(from + ((quality - fromQuality) / (toQuality - fromQuality)) * (to - from));
}
