/** Tables as raw data again. */
import { meaningOf, textOf } from './cell-values.ts';
import type { DataType } from './read-data.ts';
import type { Table } from './table.ts';

/** The table as data of a type: CSV as RFC 4180 has it, TSV, JSON (a list of objects) or NDJSON. */
export function writeData(table: Table, mediaType: DataType): string {
  if (mediaType === 'text/csv') return writeLines(table, ',', '\r\n', quoted);
  if (mediaType === 'text/tab-separated-values') return writeLines(table, '\t', '\n', unbroken);
  return writeJson(writeRecords(table), mediaType);
}

/** Objects, already written, as a list or a line each. */
export function writeJson(records: readonly string[], mediaType: DataType): string {
  if (mediaType === 'application/x-ndjson') return records.map((record) => `${record}\n`).join('');
  return records.length === 0 ? '[]\n' : `[\n${records.join(',\n')}\n]\n`;
}

function writeLines(
  { columns, rows }: Table,
  delimiter: string,
  end: string,
  written: (text: string) => string,
): string {
  if (columns.length === 0) return '';
  const lines = [columns.map(({ name }) => written(name)).join(delimiter)];
  for (const row of rows) lines.push(row.map((cell) => written(textOf(cell))).join(delimiter));
  return lines.map((line) => line + end).join('');
}

// RFC 4180 2: what holds a delimiter, a quotation mark or a line's end is quoted.
function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

// IANA text/tab-separated-values: tabs and line ends cannot be had in a field.
function unbroken(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ');
}

// Written name by name: a column called `__proto__` is one like any other.
function writeRecords({ columns, rows }: Table): string[] {
  const names = columns.map(({ name }) => JSON.stringify(name));
  return rows.map(
    (row) => `{${row.map((cell, i) => `${names[i]}:${JSON.stringify(meaningOf(cell, columns[i]!.type))}`).join(',')}}`,
  );
}
