/** Reads raw data of any type we know. */

import { readDelimited } from './read-delimited.ts';
import { readJson, readJsonLines } from './read-json.ts';
import type { DataSet } from './table.ts';

/** Media types that hold raw data. */
export const DATA_TYPES = [
  'text/csv',
  'text/tab-separated-values',
  'application/json',
  'application/x-ndjson',
] as const;

export type DataType = (typeof DATA_TYPES)[number];

/**
 * Reads data as a table.
 *
 * @param mediaType one of `DATA_TYPES`; any other is read as CSV
 * @throws FormatFailure hostile for what cannot be read, too-large
 */
export function readData(mediaType: string, text: string): DataSet {
  if (mediaType === 'application/json') return readJson(text);
  if (mediaType === 'application/x-ndjson') return readJsonLines(text);
  const delimiter = mediaType === 'text/tab-separated-values' ? '\t' : undefined;
  return { table: readDelimited(text, delimiter), isTabular: true };
}
