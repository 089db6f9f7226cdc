import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { DATA_TYPES, type DataType, readData } from '../data/read-data.ts';
import { readRecords } from '../data/read-json.ts';
import { writeData, writeJson } from '../data/write-data.ts';

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/x-ndjson']);

/**
 * Raw data from one form into another: CSV, TSV, JSON (a list of objects), NDJSON.
 *
 * Numbers and booleans of CSV become those of JSON, all else stays as it was written; empty cells are null. Objects
 * within objects get columns with dotted names, and stay objects between JSON and NDJSON. JSON that is no table cannot be
 * made CSV.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'data-convert',
  version: '1.0.0',
  title: 'Data in another form',
  reads: 'text',
  edges: DATA_TYPES.flatMap((from) =>
    DATA_TYPES.filter((to) => to !== from).map((to) => ({ from, to, keeps: 0.97, cost: 5 })),
  ),
  format: convert,
} satisfies Formatter;

function convert(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const to = want.mediaType as DataType;
  const text = String(input.body);
  const isLines = input.mediaType === 'application/x-ndjson';
  const records = JSON_TYPES.has(to) && JSON_TYPES.has(input.mediaType) ? readRecords(text, isLines) : undefined;
  if (records !== undefined)
    return {
      mediaType: to,
      body: writeJson(
        records.map((record) => JSON.stringify(record)),
        to,
      ),
    };
  const { table, isTabular } = readData(input.mediaType, text);
  if (!isTabular) env.cannot('the JSON is no table');
  return { mediaType: to, body: writeData(table, to) };
}
