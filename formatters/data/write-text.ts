/** Tables as text: columns that line up on a terminal, by what characters take there; records where they do not fit. */
import { stripControls } from '../document/control-sequences.ts';
import { cutToWidth, displayWidth } from '../document/text/display-width.ts';
import { textOf } from './cell-values.ts';
import type { Cell, Table } from './table.ts';

const GAP = '  ';
/** Columns are not made narrower than this. */
const MIN_COLUMN = 5;

/** The table in lines of at most `width` columns of the screen. */
export function writeTextTable({ columns, rows }: Table, width: number): string {
  const names = columns.map(({ name }) => plain(name));
  const cells = rows.map((row) => row.map(plainCell));
  const wanted = names.map((name, i) =>
    cells.reduce((most, row) => Math.max(most, displayWidth(row[i]!)), displayWidth(name)),
  );
  const room = width - GAP.length * (columns.length - 1);
  // Numbers are never cut: a number that lost its end is another number.
  const least = wanted.map((each, i) => (columns[i]!.type === 'text' ? Math.min(each, MIN_COLUMN) : each));
  if (sum(least) > room) return writeRecords(names, cells, width);
  const widths = shareRoom(wanted, least, room);
  const isRight = columns.map(({ type }) => type === 'number');
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => aligned(text, widths[i]!, isRight[i]!))
      .join(GAP)
      .trimEnd();
  const lines = [line(names), widths.map((each) => '-'.repeat(each)).join(GAP), ...cells.map(line)];
  return `${lines.join('\n')}\n`;
}

/** Each row as lines of name and value. */
function writeRecords(names: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const records = rows.map((row) =>
    row
      .map((text, i) => (text === '' ? '' : `${names[i]}: ${text}`))
      .filter((text) => text !== '')
      .flatMap((text) => cutToWidth(text, width))
      .join('\n'),
  );
  return `${records.join('\n\n')}\n`;
}

/** Each column what it wants, the widest giving way first. */
function shareRoom(wanted: readonly number[], least: readonly number[], room: number): number[] {
  let limit = Math.max(...wanted, 1);
  const at = (bound: number) => wanted.map((each, i) => Math.max(least[i]!, Math.min(each, bound)));
  while (limit > 1 && sum(at(limit)) > room) limit--;
  return at(limit);
}

function aligned(text: string, width: number, isRight: boolean): string {
  const shown = displayWidth(text) > width ? `${cutToWidth(text, Math.max(1, width - 1))[0] ?? ''}…` : text;
  const space = ' '.repeat(Math.max(0, width - displayWidth(shown)));
  return isRight ? space + shown : shown + space;
}

function plainCell(cell: Cell): string {
  return plain(textOf(cell));
}

function plain(text: string): string {
  return stripControls(text).replace(/\s+/g, ' ').trim();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
