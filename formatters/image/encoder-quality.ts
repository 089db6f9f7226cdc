/**
 * One perceptual quality for all formats. Each encoder's own number means something else: WebP 70 looks like mozjpeg 67
 * and AVIF 50 (`tune: iq`) on photographs, like mozjpeg 85 and AVIF 51 on drawings. Fitted so that SSIMULACRA 2 loses as
 * much as in WebP of that number, in the mean of the logarithms: ten photographs at 320 to 1,080 pixels; screens, text,
 * charts and line art, which want nearly the same numbers, at 640 and 1,280. Between the points linear. What is left is
 * measured by `npm run bench -- picture-quality`.
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
      [1, 14],
      [5, 18],
      [20, 28],
      [40, 44],
      [50, 53],
      [70, 67],
      [80, 78],
      [90, 90],
      [95, 94],
      [100, 97],
    ],
    avif: [
      [1, 8],
      [5, 13],
      [20, 27],
      [40, 39],
      [50, 43],
      [60, 46],
      [70, 50],
      [80, 58],
      [90, 76],
      [95, 87],
      [100, 94],
    ],
  },
  graphic: {
    webp: SAME,
    jpeg: [
      [1, 23],
      [5, 27],
      [20, 48],
      [30, 61],
      [40, 72],
      [50, 78],
      [70, 85],
      [80, 90],
      [90, 94],
      [100, 97],
    ],
    avif: [
      [1, 10],
      [5, 16],
      [20, 31],
      [30, 37],
      [40, 41],
      [50, 45],
      [70, 51],
      [80, 58],
      [90, 69],
      [95, 75],
      [100, 84],
    ],
  },
};

/**
 * The encoder's own number for a perceptual quality from 1 to 100.
 *
 * @example encoderQuality('avif', 70) // 50
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
