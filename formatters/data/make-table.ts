/** Rows of anything made a table: every column a name of its own and a type, every row as long as there are columns. */
import { FormatFailure } from '../../core/executor.ts';
import { isDateText, numberOf } from './cell-values.ts';
import type { Cell, Column, ColumnType, Table } from './table.ts';

/** Bounds of a table (threat 44). */
export const MAX_COLUMNS = 1_000;
export const MAX_ROWS = 1_000_000;
export const MAX_CELLS = 5_000_000;
const MAX_NAME = 200;

/**
 * Makes a table. Missing names become `column3`, repeated ones `name 2`; short rows are filled with what is missing.
 *
 * @throws FormatFailure too-large
 */
export function makeTable(names: readonly string[], rows: Cell[][]): Table {
  let width = names.length;
  for (const row of rows) if (row.length > width) width = row.length;
  checkTableSize(width, rows.length);
  for (const row of rows) while (row.length < width) row.push(null);
  const unique = uniqueNames(Array.from({ length: width }, (_, i) => names[i] ?? ''));
  const columns = unique.map((name, i): Column => ({ name, type: typeOf(rows, i) }));
  return { columns, rows };
}

/** @throws FormatFailure too-large */
export function checkTableSize(columns: number, rows: number): void {
  if (columns > MAX_COLUMNS) throw new FormatFailure('too-large', 'data', `the table has over ${MAX_COLUMNS} columns`);
  if (rows > MAX_ROWS) throw new FormatFailure('too-large', 'data', `the table has over ${MAX_ROWS} rows`);
  if (columns * rows > MAX_CELLS) throw new FormatFailure('too-large', 'data', `the table has over ${MAX_CELLS} cells`);
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((given, i) => {
    const plain = given.replace(/\s+/g, ' ').trim().slice(0, MAX_NAME).toWellFormed();
    const wanted = plain === '' ? `column${i + 1}` : plain;
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted} ${n}`;
    taken.add(name);
    return name;
  });
}

/** The one type that all values have; `text` where they differ or there are none. */
function typeOf(rows: readonly (readonly Cell[])[], column: number): ColumnType {
  let found: ColumnType | undefined;
  for (const row of rows) {
    const cell = row[column]!;
    if (cell === null) continue;
    const type = cellType(cell, found);
    if (found === undefined) found = type;
    if (type !== found || type === 'text') return 'text';
  }
  return found ?? 'text';
}

function cellType(cell: Exclude<Cell, null>, expected: ColumnType | undefined): ColumnType {
  if (typeof cell !== 'string') return typeof cell === 'number' ? 'number' : 'boolean';
  if (expected !== 'date' && numberOf(cell) !== undefined) return 'number';
  if (isDateText(cell)) return 'date';
  return /^\s*(?:true|false)\s*$/i.test(cell) ? 'boolean' : 'text';
}
