/** Lines to headings, paragraphs, lists and tables, by size, distance and place. */
import { type Line, textOf } from './find-lines.ts';
import type { Block, Piece } from './pdf-page.ts';

/** Letters at least this much taller than those of the text are of a heading. */
const HEADING_RATIO = 1.12;
const MAX_HEADING = 250;
const BULLET = /^(?:[•‣◦▪▫●○■□–—∙·*-]|\u{f0b7}|\u{f0a7})\s*(?=\S)/u;
const NUMBER = /^(?:\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(?=\S)/i;

/** A line of a table of contents. */
const LEADER = /…\s*\S{0,6}$/;

/** The commonest height of letters: that of the text. */
export function bodySizeOf(pages: readonly (readonly Line[])[]): number {
  const counts = new Map<number, number>();
  for (const { size, text } of pages.flat()) {
    const rounded = Math.round(size * 2) / 2;
    counts.set(rounded, (counts.get(rounded) ?? 0) + text.length);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 0;
}

/** Heights of headings by level: the tallest is 1. */
export function headingSizes(pages: readonly (readonly Line[])[], bodySize: number): number[] {
  const sizes = pages.flat().map(({ size }) => Math.round(size * 2) / 2);
  return [...new Set(sizes.filter((size) => size >= HEADING_RATIO * bodySize))].sort((a, b) => b - a);
}

/** The blocks of a page. */
export function makeBlocks(lines: readonly Line[], page: number, sizes: readonly number[]): Block[] {
  const blocks: Block[] = [];
  const rows = rowsOf(lines);
  const leading = leadingOf(rows);
  let open: Line[] = [];
  const flush = (): void => {
    if (open.length > 0) blocks.push(toBlock(open, page, sizes));
    open = [];
  };
  for (let i = 0; i < rows.length; i++) {
    const table = tableFrom(rows, i);
    if (table > 0) {
      flush();
      blocks.push({
        kind: 'table',
        page,
        rows: rows.slice(i, i + table).map((row) => row.map(({ pieces }) => pieces)),
      });
      i += table - 1;
      continue;
    }
    for (const line of rows[i]!) {
      const before = open.at(-1);
      if (before !== undefined && startsBlock(before, line, { open, leading })) flush();
      open.push(line);
    }
  }
  flush();
  return blocks;
}

/** Lines in order, those on one level together. */
function rowsOf(lines: readonly Line[]): Line[][] {
  const rows: Line[][] = [];
  for (const line of lines) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    if (last !== undefined && Math.abs(last.baseline - line.baseline) < 0.35 * line.size && line.left > last.right)
      row!.push(line);
    else rows.push([line]);
  }
  return rows;
}

/** Number of rows from here that are a table: three at least, with cells below each other. */
function tableFrom(rows: readonly Line[][], start: number): number {
  const first = rows[start]!;
  if (first.length < 2 || first.every(({ isFixed }) => isFixed)) return 0;
  let end = start + 1;
  while (end < rows.length && isBelow(first, rows[end]!)) end++;
  return end - start >= 3 ? end - start : 0;
}

function isBelow(first: readonly Line[], row: readonly Line[]): boolean {
  return (
    row.length === first.length &&
    row.every((cell, i) => {
      const other = first[i]!;
      const near = 1.2 * cell.size;
      const middles = Math.abs(cell.left + cell.right - other.left - other.right) / 2;
      return Math.abs(cell.left - other.left) < near || Math.abs(cell.right - other.right) < near || middles < near;
    })
  );
}

/** The usual distance of lines. */
function leadingOf(rows: readonly Line[][]): number {
  const distances = rows
    .slice(1)
    .map((row, i) => row[0]!.baseline - rows[i]![0]!.baseline)
    .filter((distance) => distance > 0)
    .sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? 0;
}

function startsBlock(before: Line, line: Line, { open, leading }: { open: readonly Line[]; leading: number }): boolean {
  const distance = line.baseline - before.baseline;
  const size = Math.max(before.size, line.size);
  if (Math.min(before.size, line.size) < 0.9 * size || distance < -size) return true;
  if (Math.abs(distance) < 0.35 * size) return false;
  if (before.isFixed !== line.isFixed || LEADER.test(before.text)) return true;
  if (line.isFixed) return distance > 2.2 * size;
  if (distance > 1.9 * size || (leading > 0 && distance > 1.35 * leading)) return true;
  if (isItem(line.text)) return true;
  const [margin, edge] = [Math.min(...open.map(({ left }) => left)), Math.max(...open.map(({ right }) => right))];
  // An item's further lines stand below its words, not its bullet.
  if (isItem(open[0]!.text)) return line.left < open[0]!.left + 0.3 * size;
  const isIndented = line.left > margin + 0.8 * size && open.length > 1 && before.left < margin + 0.3 * size;
  const endsShort = before.right < edge - 0.2 * (edge - margin) && /[.!?:…]["”’)]?$/.test(before.text);
  return isIndented || endsShort;
}

function isItem(text: string): boolean {
  return BULLET.test(text) || NUMBER.test(text);
}

function toBlock(lines: readonly Line[], page: number, sizes: readonly number[]): Block {
  if (lines.every(({ isFixed }) => isFixed)) return { kind: 'code', page, text: codeOf(lines) };
  const pieces = joinLines(lines.map((line) => line.pieces));
  const text = textOf(pieces);
  const level = sizes.indexOf(Math.round(Math.max(...lines.map(({ size }) => size)) * 2) / 2) + 1;
  if (level > 0 && !LEADER.test(text) && text.length <= MAX_HEADING && /[\p{L}\p{N}]/u.test(text))
    return { kind: 'heading', page, level: Math.min(level, 6), pieces };
  const marker = BULLET.exec(text) ?? NUMBER.exec(text);
  if (marker === null) return { kind: 'paragraph', page, pieces };
  const ordered = !BULLET.test(text);
  // A number may be any: it stays in the words, where a list would count anew.
  return { kind: 'item', page, ordered, pieces: ordered ? pieces : withoutStart(pieces, marker[0].length) };
}

/** Lines of code, each as far to the right as it stands. */
function codeOf(lines: readonly Line[]): string {
  const margin = Math.min(...lines.map(({ left }) => left));
  return rowsOf(lines)
    .map((row) =>
      row.reduce((text, { left, right, text: words }) => {
        const width = Math.max((right - left) / words.length, 1);
        const column = Math.min(Math.round((left - margin) / width), 200);
        return `${text.padEnd(column)}${words}`;
      }, ''),
    )
    .join('\n');
}

function withoutStart(pieces: readonly Piece[], length: number): Piece[] {
  let left = length;
  return pieces.map((piece) => {
    const cut = Math.min(left, piece.text.length);
    left -= cut;
    return { ...piece, text: piece.text.slice(cut) };
  });
}

/** Lines as one text; a word that was divided at the end of a line is whole again. */
export function joinLines(lines: readonly (readonly Piece[])[]): Piece[] {
  const joined: Piece[] = [];
  for (const pieces of lines) {
    const last = joined.at(-1);
    const next = pieces[0]?.text.trimStart() ?? '';
    if (last !== undefined) {
      const text = last.text.trimEnd();
      const isDivided = /\p{Ll}[-\u00ad‐]$/u.test(text) && /^\p{Ll}/u.test(next);
      const isUnspaced = /[\u3040-\u30ff\u3400-\u9fff]$/.test(text) && /^[\u3040-\u30ff\u3400-\u9fff]/.test(next);
      joined[joined.length - 1] = { ...last, text: isDivided ? text.slice(0, -1) : isUnspaced ? text : `${text} ` };
    }
    joined.push(...pieces);
  }
  return joined;
}
