/**
 * One perceptual quality for all formats. Each encoder's own number means something else: WebP 70 looks like mozjpeg 67
 * and AVIF 50 (`tune: iq`) on photographs, like mozjpeg 75 and AVIF 54 on drawings. Fitted so that SSIMULACRA 2 loses as
 * much as in WebP of that number, in the mean of the logarithms: ten photographs at 320 to 1,080 pixels; screens, text,
 * charts and line art, at 320 to 1,280. Between the points linear. What is left is
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
      [1, 16],
      [5, 20],
      [20, 38],
      [35, 53],
      [55, 67],
      [70, 75],
      [85, 88],
      [95, 95],
      [100, 97],
    ],
    avif: [
      [1, 11],
      [5, 18],
      [20, 33],
      [35, 42],
      [55, 49],
      [70, 54],
      [85, 65],
      [95, 76],
      [100, 86],
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
