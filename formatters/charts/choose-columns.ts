/** Which columns a chart shows: those that were named, else those that fit. */
import type { ColumnType, Table } from '../data/table.ts';
import type { Aggregate, ChartRequest, Mark } from './chart-request.ts';
import { listNames, quoteName, unprocessable } from './refusal.ts';

/** Places of columns in their table. */
export interface ChosenColumns {
  readonly mark: Mark;
  /** `undefined`: rows are numbered. */
  readonly x: number | undefined;
  /** `undefined`: rows are counted. */
  readonly y: number | undefined;
  readonly series: number | undefined;
  /** What was asked for; `count` where there is nothing to measure. */
  readonly aggregate: Aggregate | undefined;
}

/**
 * Chooses: `x` by default the first column of dates or texts, `y` the first of numbers; where all are numbers, the first
 * two.
 *
 * @throws FormatFailure unprocessable for a column that is not there or cannot be measured, naming those that can
 */
export function chooseColumns(table: Table, request: ChartRequest): ChosenColumns {
  if (table.columns.length === 0 || table.rows.length === 0) throw unprocessable('there are no rows to draw');
  const mark = request.mark ?? 'bar';
  const named = (option: 'x' | 'y' | 'color') => findColumn(table, option, request[option]);
  const color = named('color');
  // Slices are told apart by what they are called.
  const x = named('x') ?? (mark === 'arc' ? color : undefined) ?? defaultX(table, named('y'), color);
  const counts = request.aggregate === 'count';
  const y = counts ? undefined : (named('y') ?? firstOf(table, ['number'], [x, color]));
  if (y !== undefined) checkMeasure(table, y);
  if (y === undefined && request.aggregate !== undefined && !counts) throw noMeasure(table, request.aggregate);
  return {
    mark,
    x,
    y,
    series: mark === 'arc' || color === x ? undefined : color,
    aggregate: y === undefined ? 'count' : request.aggregate,
  };
}

function findColumn({ columns }: Table, option: string, name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const found = columns.findIndex((column) => column.name === name);
  if (found === -1)
    throw unprocessable(
      `there is no column ${quoteName(name)} (\`${option}\`); there are: ${listNames(columns.map((each) => each.name))}`,
    );
  return found;
}

function defaultX(table: Table, y: number | undefined, color: number | undefined): number | undefined {
  const named = firstOf(table, ['date', 'text'], [y]) ?? firstOf(table, ['boolean'], [y]);
  if (named !== undefined && named !== color) return named;
  const other = firstOf(table, ['date', 'text'], [y, color]) ?? color;
  if (other !== undefined) return other;
  const numbers = table.columns.flatMap(({ type }, i) => (type === 'number' && i !== y ? [i] : []));
  return y !== undefined || numbers.length > 1 ? numbers[0] : undefined;
}

function firstOf(
  { columns }: Table,
  types: readonly ColumnType[],
  without: readonly (number | undefined)[],
): number | undefined {
  const found = columns.findIndex(({ type }, i) => types.includes(type) && !without.includes(i));
  return found === -1 ? undefined : found;
}

function checkMeasure(table: Table, at: number): void {
  const column = table.columns[at]!;
  if (column.type !== 'number')
    throw unprocessable(
      `the column ${quoteName(column.name)} (\`y\`) holds no numbers (${column.type}); ${numberColumns(table)}`,
    );
}

function noMeasure(table: Table, aggregate: Aggregate): Error {
  return unprocessable(`there is nothing to take the ${aggregate} of; ${numberColumns(table)}`);
}

function numberColumns({ columns }: Table): string {
  return `columns of numbers: ${listNames(columns.filter(({ type }) => type === 'number').map(({ name }) => name))}`;
}
