/** JSON that is no table, as an outline: every value with the path that leads to it. */

import { toCell } from './json-rows.ts';
import { makeTable } from './make-table.ts';
import type { Cell, Table } from './table.ts';

const MAX_LISTED = 10_000;

/** Two columns, `path` and `value`. The value itself has the path `$`. At most 10,000 values are listed. */
export function listPaths(value: unknown): Table {
  const rows: Cell[][] = [];
  const stack: { path: string; value: unknown }[] = [{ path: '', value }];
  while (stack.length > 0 && rows.length < MAX_LISTED) {
    const next = stack.pop()!;
    const parts = partsOf(next.value);
    if (parts === undefined) rows.push([next.path || '$', toCell(next.value)]);
    else
      for (const [name, part] of parts.slice(0, MAX_LISTED).reverse())
        stack.push({ path: next.path === '' ? name : `${next.path}.${name}`, value: part });
  }
  return makeTable(['path', 'value'], rows);
}

function partsOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const parts = Object.entries(value);
  const isPlainList = Array.isArray(value) && value.every((part) => typeof part !== 'object' || part === null);
  return parts.length === 0 || isPlainList ? undefined : parts;
}
