/** Rows as CSV (RFC 4180) or as a JSON array of objects. */

/** A value as SQLite gives it, whole numbers as `bigint`. */
export type Value = null | number | bigint | string | Uint8Array;

/** Turns columns and rows into pieces of text. */
export interface RowWriter {
  readonly mediaType: string;
  readonly begin: (columns: readonly string[]) => string;
  readonly row: (values: readonly Value[], index: number) => string;
  readonly end: string;
}

/** Lines end as RFC 4180 says; bytes are written as base64, what is NULL as nothing. */
export function makeCsvWriter(): RowWriter {
  const line = (cells: readonly string[]) => `${cells.join(',')}\r\n`;
  return {
    mediaType: 'text/csv; charset=utf-8; header=present',
    begin: (columns) => line(columns.map(quoted)),
    // A row of one empty cell would be an empty line, which readers skip.
    row: (values) => (values.length === 1 && values[0] === null ? '""\r\n' : line(values.map(csvCell))),
    end: '',
  };
}

/** Whole numbers of any size are written digit by digit; equal column names are told apart by a number. */
export function makeJsonWriter(): RowWriter {
  let keys: string[] = [];
  return {
    mediaType: 'application/json',
    begin(columns) {
      keys = uniqueNames(columns).map((name) => JSON.stringify(name));
      return '[';
    },
    row: (values, index) =>
      `${index === 0 ? '\n' : ',\n'}{${values.map((value, at) => `${keys[at]}:${jsonValue(value)}`).join(',')}}`,
    end: '\n]\n',
  };
}

function csvCell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return quoted(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value);
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonValue(value: Value): string {
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value);
}

/** @example uniqueNames(['a', 'b', 'a']) // ['a', 'b', 'a_2'] */
function uniqueNames(columns: readonly string[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let name = column;
    for (let number = 2; taken.has(name); number++) name = `${column}_${number}`;
    taken.add(name);
    return name;
  });
}
