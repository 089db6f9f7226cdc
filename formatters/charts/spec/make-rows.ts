/** Rows of a table as the objects that specifications read. */
import { meaningOf } from '../../data/cell-values.ts';
import type { Table } from '../../data/table.ts';
import { asKey } from '../reserved-names.ts';

type Row = Record<string, unknown>;

const MAX_CELLS = 1_000_000;
const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Objects by name of column; a dotted name is there as it is and as a path, for that is how specifications read it.
 *
 * @returns as many rows as a million cells hold
 */
export function makeRows({ columns, rows }: Table): Row[] {
  const kept = rows.slice(0, Math.floor(MAX_CELLS / Math.max(1, columns.length)));
  const names = columns.map(({ name }) => name);
  return kept.map((cells) => {
    const row: Row = Object.create(null);
    for (const [i, name] of names.entries()) {
      const meaning = meaningOf(cells[i] ?? null, columns[i]!.type);
      const value = typeof meaning === 'string' ? asKey(meaning) : meaning;
      if (!UNSAFE.has(name)) row[name] = value;
      if (name.includes('.')) setPath(row, name.split('.'), value);
    }
    return row;
  });
}

function setPath(row: Row, path: readonly string[], value: unknown): void {
  if (path.some((part) => part === '' || UNSAFE.has(part))) return;
  let at = row;
  for (const part of path.slice(0, -1)) {
    const next = at[part] ?? Object.create(null);
    if (typeof next !== 'object') return;
    at[part] = next;
    at = next as Row;
  }
  at[path.at(-1)!] ??= value;
}
