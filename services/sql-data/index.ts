/**
 * Tables of a SQLite data set as JSON and CSV, and queries of one reading statement each.
 *
 * - `GET /tables`: names, columns, types, numbers of rows.
 * - `GET /tables/NAME.csv` or `.json`: a whole table or view.
 * - `GET /query.csv?sql=…` or `.json`: what a statement gives. `p1`, `p2`, … are its `?`; others its `:name`.
 *
 * `data=NAME` picks the data set where there are several; `limit=N` bounds the rows, 250,000 at most. What is cut says so
 * in `Data-Truncated`. A query that takes longer than a service may is ended with its process.
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { ComponentEnv, Service } from '../../core/component.ts';
import { type DataFile, openDataFile } from './data-file.ts';
import { Refusal } from './refusal.ts';
import { prepareReading, type Query, runQuery } from './run-query.ts';
import { makeCsvWriter, makeJsonWriter, type RowWriter } from './write-rows.ts';

const VERSION = '1.0.0';
const MAX_ROWS = 250_000;
/** A changed row is seen after this; until then nobody asks again. */
const FRESH_SECONDS = 1;
/** Parameters of the address that are not the statement's. */
const RESERVED = new Set(['sql', 'data', 'limit']);
const WRITERS: Readonly<Record<string, () => RowWriter>> = { csv: makeCsvWriter, json: makeJsonWriter };

export default {
  contract: 1,
  kind: 'service',
  name: 'sql-data',
  version: VERSION,
  title: 'Tables of a SQLite data set',
  routes: ['/sql-data/*'],
  // SQLite holds the thread: one query at a time in each process, so that one that hangs is ended alone.
  concurrency: 1,
  processes: 2,
  async handle(request, env) {
    try {
      return await answer(request, env);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const problem = { type: 'about:blank', title: TITLES[error.status], status: error.status, detail: error.message };
      const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...error.fields };
      return new Response(JSON.stringify(problem), { status: error.status, headers });
    }
  },
} satisfies Service;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  404: 'Not found',
  405: 'Method not allowed',
  422: 'The statement cannot be run',
};

async function answer(request: Request, env: ComponentEnv): Promise<Response> {
  if (request.method !== 'GET') throw new Refusal(405, 'Only reading is done here.', { allow: 'GET, HEAD' });
  const url = new URL(request.url);
  const file = openDataFile(env.data, url.searchParams.get('data') ?? undefined);
  const etag = `"${tagOf(file, url)}"`;
  const fields = {
    etag,
    'last-modified': new Date(file.changed).toUTCString(),
    'cache-control': `public, max-age=${FRESH_SECONDS}`,
  };
  const reply = findReply(url, file);
  const wanted = (request.headers.get('if-none-match') ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  if (wanted.includes(etag)) return new Response(null, { status: 304, headers: fields });
  if (typeof reply === 'string')
    return new Response(reply, { headers: { ...fields, 'content-type': 'application/json' } });
  const { text, cutAt } = await runQuery(file.database, reply.query, { writer: reply.writer, signal: env.signal });
  const cut = cutAt === undefined ? {} : { 'data-truncated': `rows=${cutAt}` };
  return new Response(text, { headers: { ...fields, ...cut, 'content-type': reply.writer.mediaType } });
}

/** What is asked for: text that is known already, or a query. @throws Refusal */
function findReply(url: URL, { database }: DataFile): string | { query: Query; writer: RowWriter } {
  const path = url.pathname.replace(/\/+$/, '');
  if (path === '' || path === '/tables') return `${JSON.stringify(describeTables(database), null, 1)}\n`;
  const limit = readLimit(url);
  const asked = /^\/(?:(query)|tables\/([^/]+))\.(csv|json)$/.exec(path);
  if (asked === null)
    throw new Refusal(
      404,
      `There is nothing at ${path}; there are /tables, /tables/NAME.csv and /query.csv?sql=…, or .json.`,
    );
  const [, isQuery, encoded = '', ending] = asked;
  const writer = WRITERS[ending!]!();
  if (isQuery === undefined) {
    const sql = `SELECT * FROM ${identifier(findTable(database, decode(encoded)))}`;
    return { query: { sql, parameters: new Map(), limit }, writer };
  }
  const sql = url.searchParams.get('sql')?.trim() ?? '';
  if (sql === '') throw new Refusal(400, 'The statement is missing: /query.csv?sql=SELECT …');
  const parameters = new Map([...url.searchParams].filter(([name]) => !RESERVED.has(name)));
  // A statement that is wrong is told so, whatever the client holds already.
  prepareReading(database, sql);
  return { query: { sql, parameters, limit }, writer };
}

function describeTables(database: DatabaseSync) {
  return listTables(database).map(({ name, type }) => {
    try {
      const columns = database.prepare(`SELECT * FROM ${identifier(name)}`).columns();
      const count = database.prepare(`SELECT count(*) AS rows FROM ${identifier(name)}`).get();
      const typed = columns.map((column) => ({ name: column.name, type: column.type ?? '' }));
      return { name, type, rows: Number(count!['rows']), columns: typed };
    } catch (error) {
      // A view may name tables that are gone: the others are there all the same.
      return { name, type, rows: null, columns: [], fault: (error as Error).message };
    }
  });
}

function listTables(database: DatabaseSync): { name: string; type: string }[] {
  const rows = database
    .prepare(
      "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all();
  return rows.map(({ name, type }) => ({ name: String(name), type: String(type) }));
}

function findTable(database: DatabaseSync, wanted: string): string {
  const names = listTables(database).map(({ name }) => name);
  if (names.includes(wanted)) return wanted;
  throw new Refusal(404, `There is no table \`${wanted}\`; there are: ${names.join(', ') || 'none'}.`);
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'The name of the table is not encoded as UTF-8.');
  }
}

function readLimit({ searchParams }: URL): number {
  const text = searchParams.get('limit');
  if (text === null) return MAX_ROWS;
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit < 1 || limit > MAX_ROWS)
    throw new Refusal(400, `\`limit\` must be a whole number from 1 to ${MAX_ROWS}.`);
  return limit;
}

/** The data's version, what is asked of it, and who answers. */
function tagOf({ version }: DataFile, { pathname, search }: URL): string {
  const parts = JSON.stringify([VERSION, version, pathname, search]);
  return createHash('sha256').update(parts).digest('base64url').slice(0, 22);
}
