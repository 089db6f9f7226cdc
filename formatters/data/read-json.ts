/** JSON (RFC 8259) and NDJSON as tables. */
import { recordsToTable, rowsToTable } from './json-rows.ts';
import { listPaths } from './list-paths.ts';
import { checkTableSize, MAX_ROWS, makeTable } from './make-table.ts';
import { type Json, type JsonObject, parseJson } from './parse-json.ts';
import type { DataSet } from './table.ts';

/** Depth to which a table is looked for within objects. */
const MAX_SEARCH_DEPTH = 4;
const MAX_SEARCHED = 10_000;
/** Names under which services put the rows; they win where there are several lists. */
const ROW_NAMES = ['data', 'rows', 'records', 'items', 'results', 'values', 'features', 'entries'];

/**
 * Reads JSON: a list of objects, of plain values, or of rows (the first names the columns), an object of lists, or the
 * one such list within an object (`{"data": […]}`). Anything else is no table: its values are listed by their paths.
 *
 * @throws FormatFailure hostile for what is no JSON or nested too deeply, too-large
 */
export function readJson(text: string): DataSet {
  const value = parseJson(text, 'the JSON');
  const within = listWithin(value);
  return dataSetOf(tableOf(value) ?? (within === undefined ? undefined : tableOf(within)), value);
}

/** Reads one JSON value a line. @throws FormatFailure hostile naming the line, too-large */
export function readJsonLines(text: string): DataSet {
  const values = parseLines(text);
  return dataSetOf(tableOf(values), values);
}

/**
 * The objects that are the rows of a table, nested as they came; `undefined` where the rows are no objects.
 *
 * @throws FormatFailure hostile, too-large
 */
export function readRecords(text: string, isLines: boolean): readonly JsonObject[] | undefined {
  const value = isLines ? parseLines(text) : parseJson(text, 'the JSON');
  const list = Array.isArray(value) ? value : tableOf(value) === undefined ? listWithin(value) : undefined;
  return list?.every(isObject) ? list : undefined;
}

function parseLines(text: string): Json[] {
  const values: Json[] = [];
  const plain = text.replace(/^\ufeff/, '');
  for (let start = 0, line = 1; start < plain.length; line++) {
    const found = plain.indexOf('\n', start);
    const end = found === -1 ? plain.length : found;
    const written = plain.slice(start, end);
    if (written.trim() !== '') values.push(parseJson(written, `line ${line}`));
    if (values.length > MAX_ROWS) checkTableSize(0, values.length);
    start = end + 1;
  }
  return values;
}

function dataSetOf(table: DataSet['table'] | undefined, value: Json): DataSet {
  return table === undefined ? { table: listPaths(value), isTabular: false } : { table, isTabular: true };
}

function tableOf(value: Json): DataSet['table'] | undefined {
  if (!Array.isArray(value)) return isObject(value) ? (splitTable(value) ?? columnsToTable(value)) : undefined;
  if (value.length === 0) return makeTable([], []);
  if (value.every(isObject)) return recordsToTable(value);
  if (value.every(Array.isArray)) return rowsToTable(value as Json[][]);
  return value.some(isNested) ? undefined : rowsToTable([['value'], ...value.map((each) => [each])]);
}

/** `{"columns": ["a"], "data": [[1]]}`. */
function splitTable(value: JsonObject): DataSet['table'] | undefined {
  const { columns } = value;
  const rows = value['data'] ?? value['rows'];
  if (!Array.isArray(columns) || !Array.isArray(rows) || !rows.every(Array.isArray)) return undefined;
  return columns.every((name) => typeof name === 'string')
    ? rowsToTable([columns as Json[], ...(rows as Json[][])])
    : undefined;
}

/** `{"month": ["Jan", "Feb"], "total": [1, 2]}`: lists of plain values, all equally long. */
function columnsToTable(value: JsonObject): DataSet['table'] | undefined {
  const lists = Object.entries(value);
  const length = Array.isArray(lists[0]?.[1]) ? lists[0][1].length : 0;
  const isPlain = (list: Json) => Array.isArray(list) && list.length === length && !list.some(isNested);
  if (lists.length < 2 || length === 0 || !lists.every(([, list]) => isPlain(list))) return undefined;
  checkTableSize(lists.length, length);
  const names = lists.map(([name]) => name);
  return rowsToTable([names, ...Array.from({ length }, (_, i) => lists.map(([, list]) => (list as Json[])[i]!))]);
}

/** The one list of rows among an object's parts, or the one that has the name of rows. */
function listWithin(value: Json): Json[] | undefined {
  let level = isObject(value) ? [value] : [];
  for (let depth = 0, seen = 0; depth < MAX_SEARCH_DEPTH && level.length > 0; depth++) {
    const next: JsonObject[] = [];
    const lists: [string, Json[]][] = [];
    for (const object of level)
      for (const [name, part] of Object.entries(object)) {
        seen++;
        if (seen > MAX_SEARCHED) return undefined;
        if (Array.isArray(part) && part.length > 0 && (part.every(isObject) || part.every(Array.isArray)))
          lists.push([name, part]);
        else if (isObject(part)) next.push(part);
      }
    const named = ROW_NAMES.flatMap((name) => lists.filter((list) => list[0] === name));
    const chosen = named[0] ?? (lists.length === 1 ? lists[0] : undefined);
    if (chosen !== undefined) return chosen[1];
    if (lists.length > 1) return undefined;
    level = next;
  }
  return undefined;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNested(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}
