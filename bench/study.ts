/** A benchmark that gives figures instead of comparing two subjects: how long, how many lost. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'requests' | 'bytes' | 'rounds' | '%' | 'examples' | 'MB/s' | '';
  /** At most so much is wanted. */
  readonly aim?: number;
  /** At least so much is wanted. */
  readonly atLeast?: number;
}

/** One repetition, in plain values. */
export type Round = Readonly<Record<string, string | number>>;

export interface StudyResult {
  /** What the figures are about: sizes, settings. */
  readonly about: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
  readonly rounds: readonly Round[];
}

export interface StudyOptions {
  /** A short run only shows that it works. */
  readonly isShort: boolean;
  /** What follows the name on the command line. */
  readonly args: readonly string[];
  /** `undefined` where nobody said. */
  readonly rounds: number | undefined;
  /** Folder of pages to measure with, where one was named. */
  readonly corpus: string | undefined;
}

export interface Study {
  readonly name: string;
  run(options: StudyOptions): Promise<StudyResult>;
}

/** The value that this share of values does not exceed; 0 of none. @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
}

/** The value in the middle; of an even number the mean of the two there, 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : round2(((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2);
}

/** Two digits behind the point. */
export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
