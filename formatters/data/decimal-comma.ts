/** Numbers as half of Europe writes them: `1.234,50`. */
import type { Cell } from './table.ts';

const WITH_COMMA = /^\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+\s*$/;
const WHOLE = /^\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)\s*$/;
/** After a comma that parts groups there are three digits. */
const MAY_BE_GROUPS = /^\s*[+-]?\d{1,3}(?:,\d{3})+\s*$/;

/**
 * Writes the numbers of those columns with a point whose values are all whole or have a decimal comma, and where one at
 * least can be nothing else (`1,5`; `1,234` alone is a thousand and more).
 */
export function readDecimalCommas(rows: readonly Cell[][]): void {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  for (let column = 0; column < width; column++) {
    if (!hasDecimalCommas(rows, column)) continue;
    for (const row of rows) {
      const cell = row[column];
      if (typeof cell === 'string') row[column] = cell.trim().replaceAll('.', '').replace(',', '.');
    }
  }
}

function hasDecimalCommas(rows: readonly (readonly Cell[])[], column: number): boolean {
  let isSure = false;
  for (const row of rows) {
    const cell = row[column];
    if (typeof cell !== 'string') continue;
    const isComma = WITH_COMMA.test(cell);
    if (!isComma && !WHOLE.test(cell)) return false;
    isSure ||= isComma && !MAY_BE_GROUPS.test(cell);
  }
  return isSure;
}
