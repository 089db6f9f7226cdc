/** Tables in columns that line up; those too wide for the screen as records. */
import type { TableBlock } from '../document/flow/model.ts';
import { lineWidth } from '../document/text/fill-lines.ts';
import type { TextWriter } from './write-text.ts';

const GAP = ' | ';
/** Columns are not made narrower than this. */
const MIN_COLUMN = 6;
const MAX_COLUMNS = 60;

/** A table with its caption before it. */
export function writeTable(given: TableBlock, writer: TextWriter, width: number): string[] {
  const table = withoutEmptyColumns(given, writer, width);
  const columns = table.rows.reduce((most, row) => Math.max(most, row.length), 0);
  const caption = writer.line(table.caption, width);
  const inRows = columnsFit(columns, width) ? inColumns(table, columns, writer, width) : undefined;
  const lines = inRows ?? asRecords(table, writer, width);
  return caption.length === 0 ? lines : [...caption, '', ...lines];
}

/** Columns in which no row has a word only kept things apart on a screen. */
function withoutEmptyColumns(table: TableBlock, writer: TextWriter, width: number): TableBlock {
  const shown = new Set<number>();
  for (const row of table.rows)
    for (const [column, cell] of row.entries())
      if (!shown.has(column) && writer.blocks(cell.blocks, width).length > 0) shown.add(column);
  const isShown = (_: unknown, column: number): boolean => shown.has(column);
  return {
    ...table,
    rows: table.rows.map((row) => row.filter(isShown)),
    alignments: table.alignments.filter(isShown),
  };
}

function columnsFit(columns: number, width: number): boolean {
  return columns <= MAX_COLUMNS && columns * MIN_COLUMN + (columns - 1) * GAP.length <= width;
}

/** `undefined` when a cell holds what cannot be made narrow enough. */
function inColumns(table: TableBlock, columns: number, writer: TextWriter, width: number): string[] | undefined {
  const natural = table.rows.map((row) => row.map((cell) => writer.blocks(cell.blocks, width)));
  const wanted = Array.from({ length: columns }, (_, column) =>
    natural.reduce((most, row) => Math.max(most, widest(row[column] ?? [])), 1),
  );
  const widths = shareWidth(wanted, width - (columns - 1) * GAP.length);
  const lines: string[] = [];
  for (const [i, row] of table.rows.entries()) {
    const cells = widths.map((room, column) =>
      wanted[column]! <= room ? (natural[i]![column] ?? []) : writer.blocks(row[column]?.blocks ?? [], room),
    );
    if (cells.some((cell, column) => widest(cell) > widths[column]!)) return undefined;
    lines.push(...rowLines(cells, widths, table.alignments));
    if (i === 0 && table.hasHead) lines.push(widths.map((room) => '-'.repeat(room)).join('-+-'));
  }
  return lines;
}

function rowLines(
  cells: readonly (readonly string[])[],
  widths: readonly number[],
  alignments: TableBlock['alignments'],
): string[] {
  const height = Math.max(1, ...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, i) =>
    cells
      .map((cell, column) => aligned(cell[i] ?? '', widths[column]!, alignments[column]))
      .join(GAP)
      .trimEnd(),
  );
}

/** Width for each column: what it wants where that is little, the rest shared by the wide ones. */
function shareWidth(wanted: readonly number[], total: number): number[] {
  const widths = new Array<number>(wanted.length).fill(0);
  const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]!);
  let left = total;
  for (const [i, column] of order.entries()) {
    widths[column] = Math.max(1, Math.min(wanted[column]!, Math.floor(left / (order.length - i))));
    left -= widths[column]!;
  }
  return widths;
}

function aligned(text: string, width: number, alignment: TableBlock['alignments'][number]): string {
  const room = Math.max(0, width - lineWidth(text));
  if (alignment === 'right') return ' '.repeat(room) + text;
  if (alignment === 'center') return ' '.repeat(room >> 1) + text + ' '.repeat(room - (room >> 1));
  return text + ' '.repeat(room);
}

/** Each row as lines of name and value. */
function asRecords(table: TableBlock, writer: TextWriter, width: number): string[] {
  const names = table.hasHead ? table.rows[0]!.map((cell) => writer.blocks(cell.blocks, width).join(' ').trim()) : [];
  const records = (table.hasHead ? table.rows.slice(1) : table.rows).map((row) =>
    row.flatMap((cell, column) => {
      const [first, ...rest] = writer.blocks(cell.blocks, width - 2);
      if (first === undefined) return [];
      const name = names[column] ?? '';
      const lead = name === '' ? '' : `${name}: `;
      const fits = lineWidth(lead) + lineWidth(first) <= width;
      return [...(fits ? [lead + first] : [lead.trimEnd(), `  ${first}`]), ...rest.map((line) => `  ${line}`)];
    }),
  );
  return records.filter((record) => record.length > 0).flatMap((record, i) => (i > 0 ? ['', ...record] : record));
}

function widest(lines: readonly string[]): number {
  return lines.reduce((most, line) => Math.max(most, lineWidth(line)), 0);
}
