/** What a written cell means. */
import type { Cell, ColumnType } from './table.ts';

// Groups of three after the first: commas, spaces of any width, apostrophes.
const GROUPED = /^[+-]?\d{1,3}(?:[,'’ \u00a0\u2009\u202f]\d{3})+(?:\.\d+)?$/;
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const SEPARATORS = /[,'’ \u00a0\u2009\u202f]/g;
// ISO 8601 calendar dates, to the month at least, with or without a time.
const DATE =
  /^\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-][01]\d:?[0-5]\d)?)?)?$/;
const MAX_DIGITS = 15;

/**
 * The number a cell stands for, `undefined` when it stands for none. What begins with a zero (a postcode) or has more
 * digits than a number keeps (an identifier) is none, nor is what is beyond all numbers (`1e999`, threat 44).
 *
 * @example numberOf('1,234.50') // 1234.5
 */
export function numberOf(cell: Cell): number | undefined {
  if (typeof cell === 'number') return cell;
  if (typeof cell !== 'string') return undefined;
  const text = cell.trim();
  if (/^[+-]?0\d/.test(text)) return undefined;
  const isGrouped = GROUPED.test(text);
  if (!isGrouped && !PLAIN.test(text)) return undefined;
  const plain = isGrouped ? text.replace(SEPARATORS, '') : text;
  if (plain.length > MAX_DIGITS && plain.replace(/e.*$|\D/gi, '').length > MAX_DIGITS && !plain.includes('.'))
    return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

export function isDateText(text: string): boolean {
  const plain = text.trim();
  if (!DATE.test(plain)) return false;
  const [year, month, day = 1] = plain.slice(0, 10).split('-').map(Number) as [number, number, number?];
  return day <= 28 || day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/** Milliseconds since 1970, in UTC where the text names no zone; `undefined` for what is no date. */
export function timeOf(cell: Cell): number | undefined {
  if (typeof cell !== 'string' || !isDateText(cell)) return undefined;
  const text = cell.trim().replace(' ', 'T');
  const hasZone = text.length <= 10 || /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  const time = Date.parse(hasZone ? text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2') : `${text}Z`);
  return Number.isFinite(time) ? time : undefined;
}

/** The value as programs want it: a number, a boolean or a text. */
export function meaningOf(cell: Cell, type: ColumnType): Cell {
  if (typeof cell !== 'string') return cell;
  if (type === 'number') return numberOf(cell) ?? cell;
  return type === 'boolean' ? cell.trim().toLowerCase() === 'true' : cell;
}

/** The cell as people read it; empty when it is missing. */
export function textOf(cell: Cell): string {
  return cell === null ? '' : String(cell);
}
