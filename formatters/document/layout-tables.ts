/** Tables that arrange a page, told from tables that hold data, and taken apart. */
import { type ChildNode, type Element, hasChildren, isTag, isText, type ParentNode } from 'domhandler';
import { makeElement, makeText } from './edit-tree.ts';

const PARTS = new Set(['table', 'thead', 'tbody', 'tfoot', 'tr', 'colgroup', 'col']);
const BLOCKS = new Set(
  `article aside blockquote center details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p
  pre section table ul`.split(/\s+/),
);
/** A cell with more text than this is a column of a page. */
const MAX_CELL_TEXT = 600;
/** Cells of a row with less text than this together, and no blocks, stand on one line. */
const MAX_LINE_TEXT = 120;

interface TableFacts {
  rows: Element[];
  /** Cells of the longest row. */
  columns: number;
  hasHeaders: boolean;
  hasNested: boolean;
  longestCell: number;
  /** Cells that hold a heading, a form or a part of a page. */
  blockCells: number;
  /** Cells of several paragraphs. */
  longCells: number;
  cells: number;
}

/** True when the table only arranges what it holds. */
export function isLayoutTable(table: Element): boolean {
  const { role, summary } = table.attribs;
  if (role === 'presentation' || role === 'none') return true;
  const facts = readTable(table);
  if (facts.hasNested) return true;
  if (role === 'table' || role === 'grid' || role === 'treegrid' || facts.hasHeaders) return false;
  if (facts.columns < 2) return true;
  if (summary) return false;
  if (facts.rows.length < 2) return true;
  if (facts.longestCell > MAX_CELL_TEXT || facts.blockCells * 3 >= facts.cells) return true;
  // What compares things has more columns.
  return facts.columns === 2 && facts.longCells * 3 > facts.cells;
}

/** What stands in the place of a layout table: its rows and cells in order, as lines or blocks. */
export function flattenTable(table: Element): ChildNode[] {
  const out: ChildNode[] = [];
  for (const child of table.children) {
    if (!isTag(child) || PARTS.has(child.name)) continue;
    // A caption, or a form that the parser could only leave here empty.
    if (child.name === 'caption') out.push(makeElement('div', {}, child.children));
    else out.push(child);
  }
  for (const row of readTable(table).rows) {
    const cells = cellsOf(row);
    const isLine =
      cells.every((cell) => !hasBlock(cell)) && cells.reduce((sum, cell) => sum + textLength(cell), 0) < MAX_LINE_TEXT;
    if (isLine) {
      const line = cells.flatMap((cell, i) => (i === 0 ? cell.children : [makeText(' '), ...cell.children]));
      if (line.length > 0) out.push(makeElement('div', {}, line));
    } else for (const cell of cells) out.push(makeElement('div', cellAttributes(cell), cell.children));
    for (const child of row.children) if (isTag(child) && !isCell(child)) out.push(child);
  }
  return out;
}

function readTable(table: Element): TableFacts {
  const facts = {
    rows: [] as Element[],
    columns: 0,
    hasHeaders: false,
    hasNested: false,
    longestCell: 0,
    blockCells: 0,
    longCells: 0,
    cells: 0,
  };
  visitParts(table, facts);
  return facts;
}

function visitParts(parent: ParentNode, facts: TableFacts): void {
  for (const child of parent.children) {
    if (!isTag(child)) continue;
    if (child.name === 'caption' || child.name === 'thead') facts.hasHeaders = true;
    if (child.name === 'tr') visitRow(child, facts);
    else if (PARTS.has(child.name) && child.name !== 'table') visitParts(child, facts);
  }
}

function visitRow(row: Element, facts: TableFacts): void {
  facts.rows.push(row);
  const cells = cellsOf(row);
  facts.columns = Math.max(facts.columns, cells.length);
  for (const cell of cells) {
    facts.cells++;
    if (cell.name === 'th' || cell.attribs['scope'] || cell.attribs['headers']) facts.hasHeaders = true;
    facts.longestCell = Math.max(facts.longestCell, textLength(cell));
    if (holds(cell, (each) => each.name === 'table')) facts.hasNested = true;
    if (holds(cell, isPartOfPage)) facts.blockCells++;
    if (hasParagraphs(cell)) facts.longCells++;
  }
}

function isPartOfPage({ name, attribs }: Element): boolean {
  return /^(?:h[1-6]|form|article|section|nav|main)$/.test(name) || attribs['role'] === 'heading';
}

function hasParagraphs(cell: Element): boolean {
  let count = 0;
  return holds(cell, ({ name }) => name === 'p' && ++count > 1);
}

function cellsOf(row: Element): Element[] {
  return row.children.filter((child): child is Element => isTag(child) && isCell(child));
}

function isCell(element: Element): boolean {
  return element.name === 'td' || element.name === 'th';
}

function cellAttributes(cell: Element): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['id', 'lang', 'dir']) if (cell.attribs[name] !== undefined) kept[name] = cell.attribs[name]!;
  return kept;
}

function hasBlock(element: Element): boolean {
  return holds(element, (each) => BLOCKS.has(each.name));
}

function holds(parent: ParentNode, test: (element: Element) => boolean): boolean {
  return parent.children.some((child) => (isTag(child) && test(child)) || (hasChildren(child) && holds(child, test)));
}

/** Characters of text below, spaces not counted twice. */
function textLength(node: ChildNode): number {
  if (isText(node)) return node.data.replace(/\s+/g, ' ').length;
  return hasChildren(node) ? node.children.reduce((sum, child) => sum + textLength(child), 0) : 0;
}
