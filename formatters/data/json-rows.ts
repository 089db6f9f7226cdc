/** Objects and lists of JSON as rows of a table; what is nested gets a dotted path. */
import { checkTableSize, MAX_COLUMNS, makeTable } from './make-table.ts';
import type { Cell, Table } from './table.ts';

/** Nesting that is written as columns; what is deeper stays JSON text in a cell. */
const MAX_FLAT_DEPTH = 8;

/** Each object a row. A repeated name counts once, as the parser has it: the last one. */
export function recordsToTable(records: readonly { readonly [key: string]: unknown }[]): Table {
  checkTableSize(0, records.length);
  const places = new Map<string, number>();
  const rows = records.map((record) => {
    const row: Cell[] = [];
    flatten(record, '', 0, (path, cell) => {
      let place = places.get(path);
      if (place === undefined) {
        place = places.size;
        places.set(path, place);
        if (places.size > MAX_COLUMNS) checkTableSize(places.size, records.length);
      }
      while (row.length < place) row.push(null);
      row[place] = cell;
    });
    return row;
  });
  checkTableSize(places.size, records.length);
  return makeTable([...places.keys()], rows);
}

/** Each list a row; the first names the columns where it is all text. */
export function rowsToTable(lists: readonly (readonly unknown[])[]): Table {
  const [first = [], ...rest] = lists;
  const hasHead = lists.length > 1 && first.length > 0 && first.every((name) => typeof name === 'string');
  const widest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  checkTableSize(widest, lists.length);
  const rows = (hasHead ? rest : lists).map((list) => list.map(toCell));
  return makeTable(hasHead ? (first as string[]) : [], rows);
}

/** A value as a cell: lists of plain values are joined, other nested values are JSON text. */
export function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  // A number beyond all numbers (`1e999`) is missing: nothing finite stands for it (threat 44).
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string') return value === '' ? null : value.toWellFormed();
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value) && value.every((part) => typeof part !== 'object' || part === null))
    return value.map((part) => (part === null ? '' : String(part))).join(', ');
  return JSON.stringify(value).toWellFormed();
}

function flatten(
  object: { readonly [key: string]: unknown },
  path: string,
  depth: number,
  add: (path: string, cell: Cell) => void,
): void {
  for (const [name, value] of Object.entries(object)) {
    const here = path === '' ? name : `${path}.${name}`;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isObject && depth < MAX_FLAT_DEPTH && Object.keys(value).length > 0)
      flatten(value as { readonly [key: string]: unknown }, here, depth + 1, add);
    else add(here, isObject && Object.keys(value).length === 0 ? null : toCell(value));
  }
}
