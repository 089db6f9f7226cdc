/** Many rows as few points: what falls into one place is added up, averaged, or counted. */
import type { Aggregate } from './chart-request.ts';
import type { Place, PlotPoint } from './plot.ts';

/** One row as a chart reads it. */
export interface Reading {
  readonly x: Place;
  readonly y: number;
  readonly series: string | undefined;
}

interface Sum {
  readonly x: Place;
  readonly series: string | undefined;
  count: number;
  total: number;
  least: number;
  most: number;
  /** Kept for the median alone. */
  readonly values: number[];
}

/** Points in the order in which their places first appear. */
export function gather(readings: Iterable<Reading>, aggregate: Aggregate): PlotPoint[] {
  const places = new Map<Place, Map<string | undefined, Sum>>();
  for (const { x, y, series } of readings) {
    const there = places.get(x) ?? new Map<string | undefined, Sum>();
    places.set(x, there);
    const sum = there.get(series) ?? { x, series, count: 0, total: 0, least: y, most: y, values: [] };
    there.set(series, sum);
    sum.count += 1;
    sum.total += y;
    sum.least = Math.min(sum.least, y);
    sum.most = Math.max(sum.most, y);
    if (aggregate === 'median') sum.values.push(y);
  }
  return [...places.values()].flatMap((there) =>
    [...there.values()].map((sum) => ({
      x: sum.x,
      y: tidy(resultOf(sum, aggregate)),
      ...(sum.series === undefined ? {} : { series: sum.series }),
    })),
  );
}

/** Readings of two numbers in a grid: a point in the middle of each cell's readings, with how many they are. */
export function gatherInGrid(
  readings: readonly (Reading & { readonly x: number })[],
  columns: number,
  rows: number,
): PlotPoint[] {
  const [left, width] = spread(readings.map(({ x }) => x));
  const [low, height] = spread(readings.map(({ y }) => y));
  const cells = new Map<number, { x: number; y: number; size: number }>();
  for (const { x, y } of readings) {
    const column = Math.min(columns - 1, Math.floor(((x - left) / width) * columns));
    const row = Math.min(rows - 1, Math.floor(((y - low) / height) * rows));
    const key = column * rows + row;
    const cell = cells.get(key) ?? { x: 0, y: 0, size: 0 };
    cells.set(key, { x: cell.x + x, y: cell.y + y, size: cell.size + 1 });
  }
  return [...cells.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, { x, y, size }]) => ({ x: tidy(x / size), y: tidy(y / size), size }));
}

function spread(values: readonly number[]): [least: number, width: number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most - least || 1];
}

function resultOf({ count, total, least, most, values }: Sum, aggregate: Aggregate): number {
  if (aggregate === 'count') return count;
  if (aggregate === 'sum') return total;
  if (aggregate === 'mean') return total / count;
  if (aggregate === 'min') return least;
  if (aggregate === 'max') return most;
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Without the last digits, which differ by the order of additions. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
