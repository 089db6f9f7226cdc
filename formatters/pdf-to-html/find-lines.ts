/** Runs of text that stand beside each other as lines, in the order they are read. */
import type { Piece, Run } from './pdf-page.ts';

export interface Line {
  readonly left: number;
  readonly right: number;
  readonly baseline: number;
  readonly size: number;
  readonly isFixed: boolean;
  readonly pieces: readonly Piece[];
  /** Its text, trimmed. */
  readonly text: string;
}

interface OpenLine {
  left: number;
  right: number;
  baseline: number;
  size: number;
  isFixed: boolean;
  pieces: Piece[];
}

/** Text further apart than this, in letters' heights, is of two lines: columns, or cells of a table. */
const MAX_GAP = 1.5;
/** More lines on a page are not put in another order. */
const MAX_ORDERED = 3000;
const MAX_CUTS = 60;

/** Lines of a page, in the order in which people read them. */
export function findLines(runs: readonly Run[]): Line[] {
  const lines: OpenLine[] = [];
  let isSpaced = false;
  for (const run of runs) {
    // A space may be as wide as the gap between columns: it parts words, and does not bridge.
    if (run.text.trim() === '') {
      isSpaced = true;
      continue;
    }
    const line = lines.at(-1);
    if (line !== undefined && isSameLine(line, run)) append(line, run, isSpaced);
    else lines.push({ ...run, pieces: [{ text: run.text.trimStart(), address: run.address }] });
    isSpaced = false;
  }
  const closed = lines.map((line) => ({ ...line, text: textOf(line.pieces) })).filter(({ text }) => text !== '');
  return closed.length <= MAX_ORDERED && isDisordered(closed) ? cutApart(closed, 0) : closed;
}

/** The text of pieces, its white space in order. */
export function textOf(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text }) => text)
    .join('')
    .replace(/(?:\s?\.){5,}/g, ' …')
    .replace(/\s+/g, ' ')
    .trim();
}

function isSameLine(line: OpenLine, run: Run): boolean {
  const size = Math.max(line.size, run.size);
  const isRaised = Math.min(line.size, run.size) < 0.85 * size;
  if (Math.abs(line.baseline - run.baseline) > (isRaised ? 0.6 : 0.35) * size) return false;
  const after = run.left - line.right;
  // Text from right to left goes on to the left.
  const before = line.left - run.right;
  return (after > -0.5 * size && after < MAX_GAP * size) || (before > -0.5 * size && before < MAX_GAP * size);
}

function append(line: OpenLine, run: Run, isSpaced: boolean): void {
  const last = line.pieces.at(-1)!;
  const gap = Math.max(run.left - line.right, line.left - run.right);
  const isApart = (isSpaced || gap > 0.15 * run.size) && !/\s$/.test(last.text) && !/^\s/.test(run.text);
  line.pieces.push({ text: isApart ? ` ${run.text}` : run.text, address: run.address });
  if (run.size > line.size) {
    line.size = run.size;
    line.baseline = run.baseline;
  }
  line.isFixed &&= run.isFixed;
  line.left = Math.min(line.left, run.left);
  line.right = Math.max(line.right, run.right);
}

/** True when the order of the file goes up the page, or to and fro between columns. */
function isDisordered(lines: readonly Line[]): boolean {
  let upward = 0;
  let across = 0;
  for (let i = 1; i < lines.length; i++) {
    const [before, line] = [lines[i - 1]!, lines[i]!];
    const overlap = Math.min(before.right, line.right) - Math.max(before.left, line.left);
    if (line.baseline < before.baseline - line.size && overlap > 0.3 * Math.min(widthOf(before), widthOf(line)))
      upward++;
    const isLevel = Math.abs(line.baseline - before.baseline) < 0.3 * line.size;
    if (isLevel && line.text.length >= 20 && before.text.length >= 20) across++;
  }
  return upward > Math.max(2, 0.1 * lines.length) || across > Math.max(4, 0.25 * lines.length);
}

function widthOf({ left, right }: Line): number {
  return right - left;
}

/** Cuts at the widest white gap: between columns where one goes through, else between what is above and below. */
function cutApart(lines: readonly Line[], depth: number): Line[] {
  const byPlace = [...lines].sort((a, b) => a.baseline - b.baseline || a.left - b.left);
  if (lines.length < 2 || depth >= MAX_CUTS) return byPlace;
  const across = widestGap(lines, ({ left, right }) => [left, right]);
  const size = Math.min(...lines.map((line) => line.size));
  if (across !== undefined && across.width > 0.8 * size)
    return [
      ...cutApart(
        lines.filter(({ left }) => left < across.at),
        depth + 1,
      ),
      ...cutApart(
        lines.filter(({ left }) => left >= across.at),
        depth + 1,
      ),
    ];
  const down = widestGap(lines, (line) => [line.baseline - 0.8 * line.size, line.baseline + 0.2 * line.size]);
  if (down === undefined || down.width < 0.1 * size) return byPlace;
  return [
    ...cutApart(
      lines.filter(({ baseline }) => baseline < down.at),
      depth + 1,
    ),
    ...cutApart(
      lines.filter(({ baseline }) => baseline >= down.at),
      depth + 1,
    ),
  ];
}

function widestGap(
  lines: readonly Line[],
  extent: (line: Line) => readonly [from: number, to: number],
): { at: number; width: number } | undefined {
  const extents = lines.map(extent).sort((a, b) => a[0] - b[0]);
  let widest: { at: number; width: number } | undefined;
  let end = extents[0]![1];
  for (const [from, to] of extents) {
    const width = from - end;
    if (width > (widest?.width ?? 0)) widest = { at: end + width / 2, width };
    end = Math.max(end, to);
  }
  return widest;
}
