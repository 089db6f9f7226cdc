/** From a table to what is drawn: columns chosen, rows gathered where they share a place or are too many to be seen. */
import { numberOf, textOf, timeOf } from '../data/cell-values.ts';
import type { Cell, Column, Table } from '../data/table.ts';
import { stripControls } from '../document/control-sequences.ts';
import type { Aggregate, ChartRequest, Mark } from './chart-request.ts';
import { type ChosenColumns, chooseColumns } from './choose-columns.ts';
import { gather, gatherInGrid, type Reading } from './gather.ts';
import type { Place, Plot, PlotAxis, PlotNote, PlotPoint } from './plot.ts';
import { quoteName, unprocessable } from './refusal.ts';
import { labelOf, startOf, unitOf, unitWithin } from './time-unit.ts';

/** Series beyond these cannot be told apart. */
const MAX_SERIES = 8;
const MAX_SLICES = 10;
/** Places on the axis of a line; more are finer than pixels. */
const MAX_LINE_PLACES = 1_000;
const MAX_POINTS = 1_500;
const MIN_BARS = 12;
const MAX_BARS = 150;
/** Pixels a bar needs. */
const BAR_PIXELS = 5;
const GRID = { columns: 40, rows: 25 };
/** Stands for what has no name of its own. */
const OTHERS = '(others)';
const MISSING = '(none)';
/** Whole numbers up to so many different ones are bars of their own. */
const MAX_WHOLE_BARS = 40;

/**
 * Makes the plot.
 *
 * @param width CSS pixels there are: bars need room
 * @throws FormatFailure unprocessable, naming what is wrong
 */
export function makePlot(table: Table, request: ChartRequest, width: number): Plot {
  const columns = chooseColumns(table, request);
  const notes: PlotNote[] = [];
  const { readings, axis } = readRows(table, columns, notes);
  const maxPlaces = placesFor(columns.mark, width);
  const series = limitSeries(readings, columns, table, notes);
  const placed = placeAxis(series.readings, axis, { mark: columns.mark, maxPlaces });
  const gathered = gatherAll(placed, columns, readings.length);
  notes.push(...placed.notes, ...gathered.notes);
  const measured = columns.y === undefined ? 'rows' : oneLine(table.columns[columns.y]!.name);
  const limited =
    placed.axis.kind === 'category' ? limitCategories(gathered, columns.mark, maxPlaces, notes) : gathered.points;
  const points = limited.filter(({ y }) => Number.isFinite(y));
  if (columns.mark === 'arc' && points.some(({ y }) => y < 0))
    throw unprocessable(`slices cannot be negative, but ${quoteName(measured)} is in places; try \`mark=bar\``);
  return {
    mark: columns.mark,
    x: placed.axis,
    measure: gathered.aggregate === undefined ? measured : `${gathered.aggregate} of ${measured}`,
    series:
      series.values === undefined
        ? undefined
        : { name: oneLine(table.columns[columns.series!]!.name), values: series.values },
    aggregate: gathered.aggregate,
    points: inOrder(points, placed.axis, columns.mark),
    notes,
  };
}

function placesFor(mark: Mark, width: number): number {
  if (mark === 'arc') return MAX_SLICES;
  if (mark === 'bar') return Math.max(MIN_BARS, Math.min(MAX_BARS, Math.floor(width / BAR_PIXELS)));
  return MAX_LINE_PLACES;
}

interface Rows {
  readonly readings: Reading[];
  readonly axis: PlotAxis;
}

function readRows(table: Table, { x, y, series }: ChosenColumns, notes: PlotNote[]): Rows {
  const column = x === undefined ? undefined : table.columns[x]!;
  const place = placeReader(column);
  const readings: Reading[] = [];
  for (const [index, row] of table.rows.entries()) {
    const at = x === undefined ? index + 1 : place(row[x] ?? null);
    const value = y === undefined ? 1 : numberOf(row[y] ?? null);
    if (at === undefined || value === undefined) continue;
    readings.push({ x: at, y: value, series: series === undefined ? undefined : nameOf(row[series] ?? null) });
  }
  const left = table.rows.length - readings.length;
  if (readings.length === 0)
    throw unprocessable(`no row has both ${quoteName(column?.name ?? 'row')} and a number to draw`);
  if (left > 0)
    notes.push({
      event: 'chart.rows-left',
      fields: { rows: left },
      sentence: `${left} rows without a value are left out.`,
    });
  const kind =
    column === undefined || column.type === 'number' ? 'number' : column.type === 'date' ? 'time' : 'category';
  return { readings, axis: { name: oneLine(column?.name ?? 'row'), kind } };
}

function placeReader(column: Column | undefined): (cell: Cell) => Place | undefined {
  if (column?.type === 'number') return numberOf;
  if (column?.type === 'date') return timeOf;
  return nameOf;
}

function nameOf(cell: Cell): string {
  const text = oneLine(textOf(cell));
  return text === '' ? MISSING : text.slice(0, 200);
}

function oneLine(text: string): string {
  return stripControls(text).replace(/\s+/g, ' ').trim();
}

function limitSeries(
  readings: readonly Reading[],
  { series, y }: ChosenColumns,
  table: Table,
  notes: PlotNote[],
): { readings: readonly Reading[]; values: readonly string[] | undefined } {
  if (series === undefined) return { readings, values: undefined };
  const weights = new Map<string, number>();
  for (const reading of readings)
    weights.set(reading.series!, (weights.get(reading.series!) ?? 0) + (y === undefined ? 1 : Math.abs(reading.y)));
  if (weights.size <= MAX_SERIES) return { readings, values: [...weights.keys()] };
  const kept = new Set(
    [...weights]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_SERIES - 1)
      .map(([name]) => name),
  );
  notes.push({
    event: 'chart.series-gathered',
    fields: { series: weights.size },
    sentence: `Of ${weights.size} values of ${oneLine(table.columns[series]!.name)} the ${kept.size} largest are told apart.`,
  });
  return {
    readings: readings.map((each) => (kept.has(each.series!) ? each : { ...each, series: OTHERS })),
    values: [...[...weights.keys()].filter((name) => kept.has(name)), OTHERS],
  };
}

interface Placed {
  readonly readings: readonly Reading[];
  readonly axis: PlotAxis;
  readonly notes: readonly PlotNote[];
}

/** Times and numbers on the axis they need: gathered by units or steps where there are too many of them. */
function placeAxis(readings: readonly Reading[], axis: PlotAxis, room: { mark: Mark; maxPlaces: number }): Placed {
  if (axis.kind === 'category' || room.mark === 'point')
    return { readings, axis: axis.kind === 'time' ? { ...axis, unit: unitOf(timesOf(readings)) } : axis, notes: [] };
  const different = new Set(readings.map(({ x }) => x as number));
  if (axis.kind === 'time') return placeTimes(readings, axis, { ...room, times: different });
  const isWhole = different.size <= Math.min(MAX_WHOLE_BARS, room.maxPlaces);
  const hasBars = room.mark === 'bar' || room.mark === 'arc';
  if (hasBars ? isWhole : different.size <= room.maxPlaces)
    return { readings, axis: hasBars ? { ...axis, kind: 'category' } : axis, notes: [] };
  const step = stepFor(different, Math.min(room.maxPlaces, hasBars ? MAX_WHOLE_BARS : room.maxPlaces));
  const note = {
    event: 'chart.binned',
    fields: { column: axis.name.slice(0, 80), step },
    sentence: `${axis.name} is gathered in steps of ${step}.`,
  };
  const gathered = readings.map((each) => ({
    ...each,
    x: Number((Math.floor((each.x as number) / step) * step).toPrecision(12)),
  }));
  return { readings: gathered, axis: hasBars ? { ...axis, kind: 'category' } : axis, notes: [note] };
}

function placeTimes(
  readings: readonly Reading[],
  axis: PlotAxis,
  { maxPlaces, times, mark }: { mark: Mark; maxPlaces: number; times: ReadonlySet<number> },
): Placed {
  const exact = unitOf(times);
  const unit = unitWithin(times, exact, maxPlaces);
  const kind = mark === 'bar' || mark === 'arc' ? 'category' : 'time';
  if (unit === exact) return { readings, axis: { ...axis, kind, unit }, notes: [] };
  const note = {
    event: 'chart.binned',
    fields: { column: axis.name.slice(0, 80), unit },
    sentence: `${axis.name} is gathered by ${unit}.`,
  };
  const gathered = readings.map((each) => ({ ...each, x: startOf(each.x as number, unit) }));
  return { readings: gathered, axis: { ...axis, kind, unit }, notes: [note] };
}

function* timesOf(readings: readonly Reading[]): Iterable<number> {
  for (const { x } of readings) yield x as number;
}

/** 1, 2 or 5 times a power of ten, so that there are at most `max` steps. */
function stepFor(values: ReadonlySet<number>, max: number): number {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const needed = (most - least) / (max - 1);
  const power = 10 ** Math.floor(Math.log10(needed));
  return Number((power * [1, 2, 5, 10].find((each) => each * power >= needed)!).toPrecision(3));
}

interface Gathered {
  readonly points: PlotPoint[];
  readonly aggregate: Aggregate | undefined;
  readonly notes: readonly PlotNote[];
}

function gatherAll({ readings, axis }: Placed, { mark, aggregate }: ChosenColumns, rows: number): Gathered {
  if (mark === 'point' && aggregate === undefined) return gatherPoints(readings, axis);
  const byDefault: Aggregate = mark === 'line' ? 'mean' : 'sum';
  const points = gather(readings, aggregate ?? byDefault);
  const isShared = points.length < readings.length;
  const applied = aggregate ?? (isShared ? byDefault : undefined);
  const note = {
    event: 'chart.aggregated',
    fields: { rows, points: points.length, aggregate: applied ?? '' },
    sentence: `${points.length} values of ${rows} rows.`,
  };
  return { points, aggregate: applied, notes: applied !== undefined && isShared ? [note] : [] };
}

function gatherPoints(readings: readonly Reading[], axis: PlotAxis): Gathered {
  const plain = readings.map(({ x, y, series }) => ({ x, y, ...(series === undefined ? {} : { series }) }));
  if (plain.length <= MAX_POINTS) return { points: plain, aggregate: undefined, notes: [] };
  const note = {
    event: 'chart.binned',
    fields: { rows: readings.length },
    sentence: `${readings.length} rows are gathered: the larger a point, the more rows it stands for.`,
  };
  // Names have no middle: each is a column of its own.
  const places = axis.kind === 'category' ? [...new Set(readings.map(({ x }) => x))] : undefined;
  const index = new Map(places?.map((place, i) => [place, Math.min(i, MAX_WHOLE_BARS - 1)]));
  const numbered =
    places === undefined
      ? (readings as readonly (Reading & { x: number })[])
      : readings.map((each) => ({ ...each, x: index.get(each.x)! }));
  const points = gatherInGrid(
    numbered,
    places === undefined ? GRID.columns : Math.min(places.length, MAX_WHOLE_BARS),
    GRID.rows,
  );
  const named =
    places === undefined ? points : points.map((each) => ({ ...each, x: places[Math.round(each.x as number)]! }));
  return { points: named, aggregate: undefined, notes: [note] };
}

/** The largest of too many names; what is left is one more where it can be added up. */
function limitCategories({ points, aggregate }: Gathered, mark: Mark, max: number, notes: PlotNote[]): PlotPoint[] {
  const weights = new Map<Place, number>();
  for (const { x, y } of points) weights.set(x, (weights.get(x) ?? 0) + Math.abs(y));
  if (mark === 'point' || weights.size <= max) return points;
  const kept = new Set(
    [...weights]
      .sort(([, a], [, b]) => b - a)
      .slice(0, max - 1)
      .map(([place]) => place),
  );
  const rest = points.filter(({ x }) => !kept.has(x));
  const adds = aggregate === undefined || aggregate === 'sum' || aggregate === 'count';
  notes.push({
    event: 'chart.categories-gathered',
    fields: { places: weights.size, kept: kept.size },
    sentence: `The ${kept.size} largest of ${weights.size} are shown${adds ? '; the others are one' : ''}.`,
  });
  const others = adds
    ? gather(
        rest.map(({ y, series }) => ({ x: OTHERS, y, series })),
        'sum',
      )
    : [];
  return [...points.filter(({ x }) => kept.has(x)), ...others];
}

function inOrder(points: readonly PlotPoint[], axis: PlotAxis, mark: Mark): PlotPoint[] {
  const named =
    axis.kind === 'category' ? points.map((point) => ({ ...point, x: nameOfPlace(point.x, axis) })) : [...points];
  if (mark === 'arc') return named.sort((a, b) => Number(a.x === OTHERS) - Number(b.x === OTHERS) || b.y - a.y);
  if (points.some(({ x }) => typeof x === 'string')) return named;
  const order = new Map(points.map((point, i) => [named[i]!, point.x as number]));
  return named.sort((a, b) => order.get(a)! - order.get(b)!);
}

function nameOfPlace(place: Place, { unit }: PlotAxis): string {
  if (typeof place === 'string') return place;
  return unit === undefined ? String(place) : labelOf(place, unit);
}
