/** CSV (RFC 4180 and its many dialects) and TSV as tables. What is not quite right is read all the same. */
import { CsvError, type Options, parse } from 'csv-parse/sync';
import { FormatFailure } from '../../core/executor.ts';
import { readDecimalCommas } from './decimal-comma.ts';
import { hasHead } from './has-head.ts';
import { MAX_CELLS, MAX_COLUMNS, MAX_ROWS, makeTable } from './make-table.ts';
import type { Cell, Table } from './table.ts';

// Of two that part alike, the one less likely within text.
const DELIMITERS = ['\t', '|', ';', ','] as const;
const SNIFFED_LINES = 20;
const SNIFFED_CHARACTERS = 20_000;
const MAX_RECORD = 1_000_000;

/**
 * Reads delimited text.
 *
 * The first record names the columns unless it looks like the others. Empty cells are missing. Where the delimiter is no
 * comma, numbers with a decimal comma are understood and written with a point.
 *
 * @param delimiter `undefined`: found by looking at the first lines, or named by a first line `sep=;`
 * @throws FormatFailure too-large
 */
export function readDelimited(text: string, delimiter: string | undefined): Table {
  const named = delimiter === undefined ? /^\ufeff?sep=([,;\t|])\r?\n/i.exec(text) : null;
  const body = named === null ? text : text.slice(named[0].length);
  const used = delimiter ?? named?.[1] ?? sniffDelimiter(body);
  checkBulk(body, used);
  const records = parseRecords(body, used);
  const headed = hasHead(records);
  const rows = (headed ? records.slice(1) : records).map((record) =>
    record.map((cell): Cell => (cell.trim() === '' ? null : cell)),
  );
  if (used !== ',') readDecimalCommas(rows);
  return makeTable(headed ? records[0]! : [], rows);
}

// Before anything is made of it: a body of delimiters alone would cost a hundred times its size (threat 44).
function checkBulk(text: string, delimiter: string): void {
  if (countOf(text, '\n') > MAX_ROWS || countOf(text, '\r') > MAX_ROWS)
    throw new FormatFailure('too-large', 'data', `the data have over ${MAX_ROWS} lines`);
  if (countOf(text, delimiter) > MAX_CELLS)
    throw new FormatFailure('too-large', 'data', `the data have over ${MAX_CELLS} cells`);
}

function countOf(text: string, char: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at !== -1; at = text.indexOf(char, at + 1)) count++;
  return count;
}

function parseRecords(text: string, delimiter: string): string[][] {
  const options = {
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    on_record: (record: string[]) => {
      if (record.length > MAX_COLUMNS)
        throw new FormatFailure('too-large', 'data', `a row has over ${MAX_COLUMNS} cells`);
      return record;
    },
  } as Options;
  return parseWith(text, options) ?? parseUnquoted(text, options);
}

// A quotation mark that nothing closes is a character like any other.
function parseUnquoted(text: string, options: Options): string[][] {
  const records = parseWith(text, { ...options, quote: null });
  if (records === undefined)
    throw new FormatFailure('too-large', 'data', `a row has over ${MAX_RECORD} characters, or cannot be told`);
  return records;
}

function parseWith(text: string, options: Options): string[][] | undefined {
  try {
    return parse(text, options) as unknown as string[][];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return undefined;
  }
}

/** The delimiter that parts most of the first lines into equally many cells, and into more than one. */
function sniffDelimiter(text: string): string {
  const lines = text
    .slice(0, SNIFFED_CHARACTERS)
    .replace(/"[^"]*"/g, '')
    .split(/\r\n?|\n/);
  const looked = lines.filter((line) => line.trim() !== '').slice(0, SNIFFED_LINES);
  let best = { delimiter: ',' as string, score: 0 };
  for (const delimiter of DELIMITERS) {
    const counts = looked.map((line) => line.split(delimiter).length - 1);
    const usual = counts[0] ?? 0;
    const score = usual === 0 ? 0 : counts.filter((count) => count === usual).length * 100 + Math.min(usual, 99);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}
