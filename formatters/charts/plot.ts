/** What a chart draws: a table reduced to points, few enough to be seen. */
import type { Aggregate, Mark } from './chart-request.ts';
import type { TimeUnit } from './time-unit.ts';

/** Where a point is: milliseconds since 1970, a number, or a name. */
export type Place = number | string;

export interface PlotPoint {
  readonly x: Place;
  readonly y: number;
  /** Series; absent where there is one only. */
  readonly series?: string;
  /** Rows that it stands for, where points were gathered. */
  readonly size?: number;
}

export interface PlotAxis {
  /** Name of the column. */
  readonly name: string;
  readonly kind: 'time' | 'number' | 'category';
  /** How fine times are told. */
  readonly unit?: TimeUnit;
}

/** Something done to the data that a reader should know. */
export interface PlotNote {
  readonly event: string;
  readonly fields: Readonly<Record<string, number | string>>;
  readonly sentence: string;
}

export interface Plot {
  readonly mark: Mark;
  readonly x: PlotAxis;
  /** What is measured: `sum of total`. */
  readonly measure: string;
  /** Name of the column that tells series apart, and its values in order. */
  readonly series: { readonly name: string; readonly values: readonly string[] } | undefined;
  readonly aggregate: Aggregate | undefined;
  /** In the order of x, then of the series. */
  readonly points: readonly PlotPoint[];
  readonly notes: readonly PlotNote[];
}
