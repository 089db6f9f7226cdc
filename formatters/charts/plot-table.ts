/** The numbers of a chart as a table: one row for each place, one column for each series. */
import type { Cell, Column, Table } from '../data/table.ts';
import type { Place, Plot } from './plot.ts';
import { labelOf } from './time-unit.ts';

const DIGITS = 6;

export function plotTable({ x, measure, series, points }: Plot): Table {
  const first: Column = { name: x.name, type: x.kind === 'number' ? 'number' : x.kind === 'time' ? 'date' : 'text' };
  if (series === undefined) {
    const sized = points.some(({ size }) => size !== undefined);
    return {
      columns: [
        first,
        { name: measure, type: 'number' },
        ...(sized ? [{ name: 'rows', type: 'number' } as const] : []),
      ],
      rows: points.map((point) => [placeText(point.x, x), rounded(point.y), ...(sized ? [point.size ?? 1] : [])]),
    };
  }
  const at = new Map(series.values.map((value, i) => [value, i]));
  const rows = new Map<Place, Cell[]>();
  for (const point of points) {
    const row = rows.get(point.x) ?? [placeText(point.x, x), ...series.values.map(() => null)];
    rows.set(point.x, row);
    row[1 + at.get(point.series!)!] = rounded(point.y);
  }
  return {
    columns: [first, ...series.values.map((name) => ({ name, type: 'number' }) as const)],
    rows: [...rows.values()],
  };
}

/** A place as people read it. */
export function placeText(place: Place, { kind, unit }: Plot['x']): string | number {
  if (typeof place === 'string') return place;
  return kind === 'time' && unit !== undefined ? labelOf(place, unit) : rounded(place);
}

/** Six digits, all of those before the point. */
export function rounded(value: number): number {
  return Math.abs(value) >= 10 ** DIGITS ? Math.round(value) : Number(value.toPrecision(DIGITS));
}
