/** Raw data as rows and typed columns: what the readers of CSV, TSV, JSON and NDJSON make, and all writers and charts take. */

/** What the values of a column are. */
export type ColumnType = 'number' | 'date' | 'boolean' | 'text';

/**
 * A value as it was written: `1,234.50` of a CSV file stays that in a number column, for people to read; `numberOf` and
 * `meaningOf` say what it means. `null` is missing. Dates are ISO 8601.
 */
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

/** A table and how it was found. */
export interface DataSet {
  readonly table: Table;
  /** False where the original is no table: its values are listed by their paths. */
  readonly isTabular: boolean;
}
