/** Whether the first record of a file names its columns. */
import { isDateText, numberOf } from './cell-values.ts';

/** Records looked at to see what a column holds. */
const LOOKED_AT = 100;

/**
 * True unless the first record looks like the others: something in it is a number or a date, and so is what stands below,
 * and nothing in it is of another kind than what stands below. Years and other numbers in order (`country, 2023, 2024`)
 * are names all the same. A record of numbers alone is never a head unless they are in such an order.
 */
export function hasHead(records: readonly (readonly string[])[]): boolean {
  const [first = [], ...rest] = records;
  const below = rest.slice(0, LOOKED_AT);
  const kinds = first.map(kindOf);
  if (kinds.every((kind) => kind === 'empty')) return false;
  const values = kinds.filter((kind) => kind === 'number' || kind === 'date');
  if (values.length === 0 || isSeries(first, below)) return true;
  if (below.length === 0) return values.length < kinds.length;
  return kinds.some((kind, column) => {
    const common = commonKind(below, column);
    return kind !== 'empty' && common !== 'empty' && kind !== common;
  });
}

type Kind = 'empty' | 'number' | 'date' | 'text';

function kindOf(cell: string): Kind {
  if (cell.trim() === '') return 'empty';
  if (numberOf(cell) !== undefined) return 'number';
  return isDateText(cell) ? 'date' : 'text';
}

function commonKind(records: readonly (readonly string[])[], column: number): Kind {
  let common: Kind = 'empty';
  for (const record of records) {
    const kind = kindOf(record[column] ?? '');
    if (kind === 'empty' || kind === common) continue;
    if (common !== 'empty') return 'text';
    common = kind;
  }
  return common;
}

/** Beside at least one name: years above what are not all years, or two numbers or more in a row, or dates in order. */
function isSeries(first: readonly string[], below: readonly (readonly string[])[]): boolean {
  const kinds = first.map(kindOf);
  const at = kinds.flatMap((kind, i) => (kind === 'number' || kind === 'date' ? [i] : []));
  if (at.length === first.length) return false;
  const values = at.map((i) => first[i]!.trim());
  if (at.every((i) => kinds[i] === 'date'))
    return at.length > 1 && values.every((value, i) => i === 0 || value > values[i - 1]!);
  if (values.every(isYear)) return at.some((i) => below.some((record) => !isYear((record[i] ?? '').trim())));
  const numbers = values.map(Number);
  return at.length > 1 && numbers.every((number, i) => Number.isInteger(number) && number === numbers[0]! + i);
}

function isYear(text: string): boolean {
  return /^(?:1[5-9]|20|21)\d\d$/.test(text);
}
