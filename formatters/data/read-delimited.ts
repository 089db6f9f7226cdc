/** CSV (RFC 4180 and its many dialects) and TSV as tables. What is not quite right is read all the same. */
import { CsvError, type Options, parse } from 'csv-parse/sync';
import { FormatFailure } from '../../core/executor.ts';
import { numberOf } from './cell-values.ts';
import { MAX_COLUMNS, makeTable } from './make-table.ts';
import type { Cell, Table } from './table.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const SNIFFED_LINES = 20;
const SNIFFED_CHARACTERS = 20_000;
const MAX_RECORD = 1_000_000;

/**
 * Reads delimited text.
 *
 * The first record names the columns unless it holds a number and nothing is named. Empty cells are missing.
 *
 * @param delimiter `undefined`: found by looking at the first lines
 * @throws FormatFailure too-large
 */
export function readDelimited(text: string, delimiter: string | undefined): Table {
  const records = parseRecords(text, delimiter ?? sniffDelimiter(text));
  const first = records[0] ?? [];
  const hasHead = first.some((cell) => cell.trim() !== '') && !first.every((cell) => numberOf(cell) !== undefined);
  const rows = (hasHead ? records.slice(1) : records).map((record) =>
    record.map((cell): Cell => (cell.trim() === '' ? null : cell)),
  );
  return makeTable(hasHead ? first : [], rows);
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
  try {
    return parse(text, options) as unknown as string[][];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === 'CSV_MAX_RECORD_SIZE')
      throw new FormatFailure('too-large', 'data', `a row has over ${MAX_RECORD} characters`, { cause: error });
    // A quotation mark that nothing closes is a character like any other.
    return parse(text, { ...options, quote: null }) as unknown as string[][];
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
