/** Raw data as rows and typed columns: what the readers of CSV, TSV, JSON and NDJSON make, and all writers and charts take. */

/** What the values of a column are. */
export type ColumnType = 'number' | 'date' | 'boolean' | 'text';

/** `null`: missing. Dates stay as they were written, in ISO 8601. */
export type Cell = number | string | boolean | null;

export interface Column {
  /** Unique within its table. */
  readonly name: string;
  readonly type: ColumnType;
}

export interface Table {
  readonly columns: readonly Column[];
  /** As many cells as there are columns. */
  readonly rows: readonly (readonly Cell[])[];
}
