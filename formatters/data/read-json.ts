/** JSON (RFC 8259) and NDJSON as tables. */
import { FormatFailure } from '../../core/executor.ts';
import { recordsToTable, rowsToTable } from './json-rows.ts';
import { listPaths } from './list-paths.ts';
import { checkTableSize } from './make-table.ts';
import type { DataSet } from './table.ts';

/** Deeper nesting is not data (threat 44). */
const MAX_DEPTH = 200;
/** Depth to which a table is looked for within objects. */
const MAX_SEARCH_DEPTH = 4;
const MAX_SEARCHED = 10_000;
/** Names under which services put the rows; they win where there are several lists. */
const ROW_NAMES = ['data', 'rows', 'records', 'items', 'results', 'values', 'features', 'entries'];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/**
 * Reads JSON: a list of objects, a list of rows (the first names the columns), an object of lists, or the one such list
 * within an object (`{"data": […]}`). Anything else is no table: its values are listed by their paths.
 *
 * @throws FormatFailure hostile for what is no JSON or nested too deeply, too-large
 */
export function readJson(text: string): DataSet {
  const value = parseJson(text, 'the JSON');
  const table = tableOf(value) ?? tableWithin(value);
  return table === undefined ? { table: listPaths(value), isTabular: false } : { table, isTabular: true };
}

/** Reads one JSON value a line. @throws FormatFailure hostile naming the line, too-large */
export function readJsonLines(text: string): DataSet {
  const values: Json[] = [];
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries())
    if (line.trim() !== '') values.push(parseJson(line, `line ${i + 1}`));
  const table = tableOf(values);
  return table === undefined ? { table: listPaths(values), isTabular: false } : { table, isTabular: true };
}

function parseJson(text: string, what: string): Json {
  const plain = text.replace(/^\ufeff/, '');
  if (isTooDeep(plain)) throw new FormatFailure('hostile', 'data', `${what} is nested over ${MAX_DEPTH} deep`);
  try {
    return JSON.parse(plain) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/[\s"]+/g, ' ').slice(0, 120) : 'it cannot be read';
    throw new FormatFailure('hostile', 'data', `${what} is not well-formed (${reason})`, { cause: error });
  }
}

// Linear, before anything recursive sees the text; brackets within strings do not count.
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      depth++;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

function tableOf(value: Json): DataSet['table'] | undefined {
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined;
    if (value.every(isObject)) return recordsToTable(value);
    return value.every(Array.isArray) ? rowsToTable(value as Json[][]) : undefined;
  }
  return isObject(value) ? (splitTable(value) ?? columnsToTable(value)) : undefined;
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

/** The one table among an object's parts, or the one that has the name of rows. */
function tableWithin(value: Json): DataSet['table'] | undefined {
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
    if (chosen !== undefined) return tableOf(chosen[1]);
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
