/** Large tables in pages, and what the demand `table` asks for. */
import type { PlainData } from '../../core/component.ts';
import type { Table } from './table.ts';
import { MAX_PAGE_ROWS } from './table-options.ts';

/** What `demands.table` may hold. */
export interface TableDemand {
  /** Rows of a page, 1 to 10,000. Default 200. */
  readonly rows: number;
  /** Page, from 1. Default 1. */
  readonly page: number;
  /** Address of the table, to which `?page=2` is added; empty where there are no pages to go to. */
  readonly address: string;
  /** Address of the whole data; empty where it has none. */
  readonly original: string;
  /** True where JSON that is no table is wanted as an outline. */
  readonly outline: boolean;
}

export interface TablePage {
  readonly table: Table;
  /** Number of the first row shown, from 1; 0 when there are none. */
  readonly first: number;
  readonly last: number;
  readonly total: number;
  /** Addresses of the pages beside this one. */
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

const DEFAULT_ROWS = 200;

/** Reads the demand; what is missing or of another type gets its default. */
export function readTableDemand(value: PlainData | undefined, defaultRows = DEFAULT_ROWS): TableDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { rows, page, address, original, outline } = given;
  return {
    rows: wholeNumber(rows, defaultRows, MAX_PAGE_ROWS),
    page: wholeNumber(page, 1, Number.MAX_SAFE_INTEGER),
    address: typeof address === 'string' ? address : '',
    original: typeof original === 'string' ? original : '',
    outline: outline === true || value === undefined,
  };
}

/** The rows of one page; the last one where there are not so many. */
export function pageOf(table: Table, demand: TableDemand): TablePage {
  const total = table.rows.length;
  const pages = Math.max(1, Math.ceil(total / demand.rows));
  const page = Math.min(demand.page, pages);
  const from = (page - 1) * demand.rows;
  const rows = table.rows.slice(from, from + demand.rows);
  const link = (to: number) =>
    demand.address === '' || to < 1 || to > pages ? undefined : `${demand.address}?page=${to}&rows=${demand.rows}`;
  return {
    table: { columns: table.columns, rows },
    first: rows.length === 0 ? 0 : from + 1,
    last: from + rows.length,
    total,
    previous: link(page - 1),
    next: link(page + 1),
  };
}

/** @example rowsSentence({ first: 1, last: 200, total: 100_000 }) // 'Rows 1–200 of 100,000' */
export function rowsSentence({ first, last, total }: Pick<TablePage, 'first' | 'last' | 'total'>): string {
  const isWhole = first <= 1 && last === total;
  return isWhole
    ? `${grouped(total)} ${total === 1 ? 'row' : 'rows'}`
    : `Rows ${grouped(first)}–${grouped(last)} of ${grouped(total)}`;
}

function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function wholeNumber(value: PlainData | undefined, fallback: number, max: number): number {
  return typeof value === 'number' && value >= 1 ? Math.min(Math.floor(value), max) : fallback;
}
