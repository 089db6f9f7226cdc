/** Headers, footers and page numbers: what stands at the edge of page after page is not what the document says. */
import type { Line } from './find-lines.ts';

const PAGE_NUMBER =
  /^(?:page\s*)?[-–—[(]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–—\])]?(?:\s*(?:of|\/|von|sur|de)\s*\d{1,4})?$/i;
const NUMBER_AT_END = /^(\d{1,4})(?!\S)|(?<!\S)(\d{1,4})$/;
/** Rows at each edge that are looked at. */
const EDGE = 3;

interface Row {
  readonly lines: readonly Line[];
  readonly text: string;
  readonly baseline: number;
  /** 0 for the first and the last of a page. */
  readonly depth: number;
}

/** The lines of each page without those that run through the document. */
export function dropRunningLines(pages: readonly (readonly Line[])[]): Line[][] {
  if (pages.length < 2) return pages.map((lines) => [...lines]);
  const edges = pages.map(edgesOf);
  const counts = new Map<string, number>();
  edges.forEach((rows, page) => {
    for (const key of new Set(rows.flatMap((row) => keysOf(row, page)))) counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  const often = Math.max(3, 0.3 * pages.length);
  return pages.map((lines, page) => {
    const running = new Set<Line>();
    for (const row of edges[page]!)
      if (PAGE_NUMBER.test(row.text) || keysOf(row, page).some((key) => (counts.get(key) ?? 0) >= often))
        for (const line of row.lines) running.add(line);
    return lines.filter((line) => !running.has(line));
  });
}

function edgesOf(lines: readonly Line[]): Row[] {
  const rows: Line[][] = [];
  for (const line of [...lines].sort((a, b) => a.baseline - b.baseline || a.left - b.left)) {
    const row = rows.at(-1);
    if (row !== undefined && line.baseline - row[0]!.baseline < 0.35 * line.size) row.push(line);
    else rows.push([line]);
  }
  return rows
    .map((row, i) => ({
      lines: row,
      text: row.map(({ text }) => text).join(' '),
      baseline: row[0]!.baseline,
      depth: Math.min(i, rows.length - 1 - i),
    }))
    .filter(({ depth }) => depth < EDGE);
}

/** What a row would have in common with that of another page: its words and place, or a number that counts the pages. */
function keysOf({ text, baseline, depth }: Row, page: number): string[] {
  const keys = [`${Math.round(baseline / 4)} ${text.replace(/\d+/g, '#')}`];
  const number = NUMBER_AT_END.exec(text);
  if (depth === 0 && number !== null) keys.push(`page ${Number(number[1] ?? number[2]) - page}`);
  return keys;
}
