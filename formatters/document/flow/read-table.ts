/** Tables of data to rows of cells; tables that only arrange to what they hold. */
import { type Element, isTag } from 'domhandler';
import { isGutter } from './code-blocks.ts';
import { isConcealed } from './concealment.ts';
import type { Alignment, Block, Inline, TableCell } from './model.ts';
import type { InlineReader } from './read-inlines.ts';

/** What reads the content of cells. */
export interface TableHost {
  readonly inlines: InlineReader;
  blocksOf(parent: Element): Block[];
}

/** Paragraphs of a cell in a table that compares things. */
const MAX_CELL_LINES = 4;
/** Places a page may fill by spans; beyond, spans count as one. */
const MAX_SPANNED = 20_000;
const MAX_SPAN = 1000;
const SECTIONS = new Set(['tbody', 'tfoot', 'thead']);

interface Row {
  readonly cells: Element[];
  readonly inHead: boolean;
}

/** Reads a table into `blocks`. */
export function readTable(table: Element, host: TableHost, blocks: Block[]): void {
  const captions = table.children.filter((child): child is Element => isTag(child) && child.name === 'caption');
  const rows = rowsOf(table);
  const caption = captions.flatMap((each): Inline[] => host.inlines.line(each));
  const read = rows.map((row) => row.cells.map((cell) => ({ cell, blocks: host.blocksOf(cell) })));
  if (arranges(table, rows, read.flat())) {
    if (caption.length > 0) blocks.push({ kind: 'paragraph', content: caption });
    blocks.push(...read.flat().flatMap((each) => each.blocks));
    return;
  }
  const grid = spread(read);
  const filled = grid
    .map((row, i) => ({ row, source: rows[i]! }))
    .filter(({ row }) => row.some((cell) => cell.blocks.length > 0));
  if (filled.length === 0) return;
  const first = filled[0]!;
  const hasHead = first.source.inHead || first.row.every((cell) => cell.isHead || cell.blocks.length === 0);
  const cells = filled.map(({ row }) => row);
  blocks.push({ kind: 'table', caption, hasHead, rows: cells, alignments: alignmentsOf(rows) });
}

function rowsOf(table: Element): Row[] {
  const rows: Row[] = [];
  const read = (parent: Element, inHead: boolean): void => {
    for (const child of parent.children) {
      if (!isTag(child) || isConcealed(child)) continue;
      if (SECTIONS.has(child.name)) read(child, child.name === 'thead');
      else if (child.name === 'tr') {
        const cells = child.children.filter(
          (cell): cell is Element =>
            isTag(cell) && (cell.name === 'td' || cell.name === 'th') && !isConcealed(cell) && !isGutter(cell),
        );
        if (cells.length > 0) rows.push({ cells, inHead });
      }
    }
  };
  read(table, false);
  return rows;
}

interface ReadCell {
  readonly cell: Element;
  readonly blocks: Block[];
}

/** True when the table has no rows and columns to speak of: it says so, or nothing names them and the cells hold pages. */
function arranges(table: Element, rows: readonly Row[], cells: readonly ReadCell[]): boolean {
  const role = table.attribs['role'];
  if (role === 'presentation' || role === 'none') return true;
  const isNamed = rows.some(({ cells: row, inHead }) => inHead || row.some((cell) => cell.name === 'th'));
  if (isNamed || table.children.some((child) => isTag(child) && child.name === 'caption')) return false;
  const columns = Math.max(0, ...rows.map((row) => row.cells.length));
  // Where each row has the same three things or more, a few lines in a cell are no page.
  const isRegular = columns >= 3 && rows.length >= 3 && rows.every((row) => row.cells.length === columns);
  const most = isRegular ? MAX_CELL_LINES : 1;
  const isBig = ({ blocks }: ReadCell) => blocks.length > most || blocks.some((block) => block.kind !== 'paragraph');
  const big = cells.filter(isBig).length;
  if (cells.some(({ blocks }) => blocks.some((block) => block.kind === 'heading' || block.kind === 'form')))
    return true;
  if (columns <= 1) return big > 0 || cells.length < 2;
  return big * 4 > cells.length;
}

/** Cells in their columns: those that a span covers are empty. */
function spread(rows: readonly (readonly ReadCell[])[]): TableCell[][] {
  const empty: TableCell = { isHead: false, blocks: [] };
  let spanned = 0;
  /** Rows that each column is still covered for. */
  const covered: number[] = [];
  return rows.map((row) => {
    const cells: TableCell[] = [];
    const skipCovered = (): void => {
      while ((covered[cells.length] ?? 0) > 0) {
        covered[cells.length]!--;
        cells.push(empty);
      }
    };
    for (const { cell, blocks } of row) {
      skipCovered();
      const wide = spanOf(cell, 'colspan');
      const high = spanOf(cell, 'rowspan');
      const fits = spanned + wide * high <= MAX_SPANNED;
      if (fits) spanned += wide * high - 1;
      for (let i = 0; i < (fits ? wide : 1); i++) {
        if (fits && high > 1) covered[cells.length] = high - 1;
        cells.push(i === 0 ? { isHead: cell.name === 'th', blocks } : empty);
      }
    }
    skipCovered();
    while (cells.length > 1 && cells.at(-1) === empty) cells.pop();
    return cells;
  });
}

function spanOf(cell: Element, name: 'colspan' | 'rowspan'): number {
  const span = Math.trunc(Number(cell.attribs[name] ?? 1));
  return span > 1 ? Math.min(span, MAX_SPAN) : 1;
}

/** Of each column: what its first cell with an alignment says. */
function alignmentsOf(rows: readonly Row[]): Alignment[] {
  const found: Alignment[] = [];
  for (const { cells } of rows.slice(0, 20))
    cells.forEach((cell, column) => {
      if (spanOf(cell, 'colspan') === 1) found[column] ??= alignmentOf(cell);
    });
  return Array.from(found, (each) => each);
}

function alignmentOf({ attribs }: Element): Alignment {
  const given = attribs['align'] ?? /text-align\s*:\s*(\w+)/i.exec(attribs['style'] ?? '')?.[1];
  const value = given?.toLowerCase();
  return value === 'center' || value === 'left' || value === 'right' ? value : undefined;
}
