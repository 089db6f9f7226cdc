/** What all processes of a server have counted: totals by minute, totals since ever, the newest exchanges. One SQLite file. */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openDatabase } from '../../core/database.ts';
import type { Counts, ExchangeEntry, FormatterCounts, TotalKey, TrafficBatch, WorkerState } from './counts.ts';

const MIGRATIONS = [
  `CREATE TABLE total (
     minute INTEGER NOT NULL, class TEXT NOT NULL, mode TEXT NOT NULL, presentation TEXT NOT NULL, status INTEGER NOT NULL,
     failure TEXT NOT NULL, requests INTEGER NOT NULL, original INTEGER NOT NULL, sent INTEGER NOT NULL, saved INTEGER NOT NULL,
     origin_asked INTEGER NOT NULL, origin_hits INTEGER NOT NULL, variant_asked INTEGER NOT NULL, variant_hits INTEGER NOT NULL,
     ms REAL NOT NULL, PRIMARY KEY (minute, class, mode, presentation, status, failure)) STRICT, WITHOUT ROWID;
   CREATE TABLE exchange (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
   CREATE TABLE formatter (name TEXT PRIMARY KEY, runs INTEGER NOT NULL, ms REAL NOT NULL, faults INTEGER NOT NULL,
     refusals INTEGER NOT NULL) STRICT;
   CREATE TABLE worker (id TEXT PRIMARY KEY, seen INTEGER NOT NULL, body TEXT NOT NULL) STRICT;`,
];
/** The minute under which totals since ever are kept: they only grow, as Prometheus wants its counters. */
const EVER = 0;
const MAX_EXCHANGES = 1_000;
const KEPT_MINUTES = 30 * 24 * 60;
/** Rows of minutes that are kept, whatever their age: some tens of megabytes. */
const MAX_ROWS = 400_000;
/** A worker that has said nothing for so long is gone. */
const WORKER_MS = 20_000;

/** By what totals can be told apart. */
export type Dimension = 'class' | 'mode' | 'presentation' | 'status' | 'failure';

export interface TrafficStore {
  /** Adds what a process has counted; all of it or nothing. @throws GatewayError STORE_FULL, SHED. */
  write(batch: TrafficBatch, now: number): void;
  /** Drops what is older than 30 days. */
  sweep(now: number): void;
  /** Totals from a time on, milliseconds since 1970; since ever without one. */
  total(since?: number): Counts;
  totalsBy(dimension: Dimension, since?: number): Readonly<Record<string, Counts>>;
  /** Totals since ever, each with all that tells it apart. */
  allTotals(): readonly (TotalKey & Counts)[];
  /** Totals by minute from a time on, oldest first; minutes without traffic are missing. */
  minutes(since: number): readonly (Counts & { readonly minute: number })[];
  /** The newest exchanges, newest first. */
  recent(limit: number): readonly ExchangeEntry[];
  /** Exchanges noted after the one with this id, oldest first. */
  after(id: number, limit: number): readonly ExchangeEntry[];
  formatters(): Readonly<Record<string, FormatterCounts>>;
  /** The processes that have been heard of lately. */
  workers(now: number): readonly WorkerState[];
  forgetWorker(id: string): void;
  close(): void;
}

const SUMS = [
  'requests',
  'original',
  'sent',
  'saved',
  'origin_asked',
  'origin_hits',
  'variant_asked',
  'variant_hits',
  'ms',
] as const;
const SUM_COLUMNS = SUMS.map((name) => `coalesce(sum(${name}), 0) AS ${name}`).join(', ');
const COUNT_COLUMNS = `${SUM_COLUMNS}, coalesce(sum(CASE WHEN failure = '' THEN 0 ELSE requests END), 0) AS failures`;

export function openTrafficStore(file: string): TrafficStore {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: false });
  // Counts of the last moments may be lost with the machine: waiting for the disk every second would cost more.
  database.exec('PRAGMA synchronous = OFF');
  const sql = prepareStatements(database);
  return {
    write: (batch, now) => inTransaction(database, () => writeBatch(sql, batch, now)),
    sweep(now) {
      const minute = Math.floor(now / 60_000) - KEPT_MINUTES;
      sql.dropOld.run(minute);
      sql.dropExcess.run(MAX_ROWS);
      sql.dropWorkers.run(now - WORKER_MS);
    },
    total: (since) => toCounts((since === undefined ? sql.ever.get() : sql.since.get(minuteOf(since))) as Row),
    totalsBy(dimension, since) {
      const rows = (
        since === undefined ? sql.everBy[dimension].all() : sql.sinceBy[dimension].all(minuteOf(since))
      ) as Row[];
      return Object.fromEntries(rows.map((row) => [String(row['name']), toCounts(row)]));
    },
    allTotals: () => (sql.all.all() as Row[]).map((row) => ({ ...toKey(row), ...toCounts(row) })),
    minutes: (since) =>
      (sql.minutes.all(minuteOf(since)) as Row[]).map((row) => ({
        minute: Number(row['minute']) * 60_000,
        ...toCounts(row),
      })),
    recent: (limit) => (sql.recent.all(limit) as Row[]).map(toEntry),
    after: (id, limit) => (sql.after.all(id, limit) as Row[]).map(toEntry),
    formatters: () =>
      Object.fromEntries(
        (sql.formatters.all() as Row[]).map(({ name, runs, ms, faults, refusals }) => [
          String(name),
          { runs: Number(runs), ms: Number(ms), faults: Number(faults), refusals: Number(refusals) },
        ]),
      ),
    workers: (now) =>
      (sql.workers.all(now - WORKER_MS) as Row[]).map((row) => JSON.parse(String(row['body'])) as WorkerState),
    forgetWorker: (id) => void sql.dropWorker.run(id),
    close: () => database.close(),
  };
}

type Row = Record<string, unknown>;

function prepareStatements(database: DatabaseSync) {
  const by = (where: string) => {
    const prepare = (name: Dimension) =>
      database.prepare(`SELECT ${name} AS name, ${COUNT_COLUMNS} FROM total WHERE ${where} GROUP BY ${name}`);
    return {
      class: prepare('class'),
      mode: prepare('mode'),
      presentation: prepare('presentation'),
      status: prepare('status'),
      failure: prepare('failure'),
    };
  };
  return {
    add: database.prepare(`INSERT INTO total VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET ${SUMS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`),
    addExchange: database.prepare('INSERT INTO exchange (body) VALUES (?)'),
    dropExchanges: database.prepare('DELETE FROM exchange WHERE id <= (SELECT max(id) FROM exchange) - ?'),
    addRuns: database.prepare(`INSERT INTO formatter VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      runs = runs + excluded.runs, ms = ms + excluded.ms, faults = faults + excluded.faults,
      refusals = refusals + excluded.refusals`),
    putWorker: database.prepare('INSERT OR REPLACE INTO worker VALUES (?, ?, ?)'),
    dropWorker: database.prepare('DELETE FROM worker WHERE id = ?'),
    dropWorkers: database.prepare('DELETE FROM worker WHERE seen < ?'),
    dropOld: database.prepare(`DELETE FROM total WHERE minute < ? AND minute <> ${EVER}`),
    dropExcess: database.prepare(`DELETE FROM total WHERE minute <> ${EVER} AND minute <= (SELECT minute FROM total
      WHERE minute <> ${EVER} ORDER BY minute DESC LIMIT 1 OFFSET ?)`),
    ever: database.prepare(`SELECT ${COUNT_COLUMNS} FROM total WHERE minute = ${EVER}`),
    since: database.prepare(`SELECT ${COUNT_COLUMNS} FROM total WHERE minute > ${EVER} AND minute >= ?`),
    everBy: by(`minute = ${EVER}`),
    sinceBy: by(`minute > ${EVER} AND minute >= ?`),
    all: database.prepare(`SELECT class, mode, presentation, status, failure, ${COUNT_COLUMNS} FROM total
      WHERE minute = ${EVER} GROUP BY class, mode, presentation, status, failure`),
    minutes: database.prepare(
      `SELECT minute, ${COUNT_COLUMNS} FROM total WHERE minute > ${EVER} AND minute >= ? GROUP BY minute ORDER BY minute`,
    ),
    recent: database.prepare('SELECT id, body FROM exchange ORDER BY id DESC LIMIT ?'),
    after: database.prepare('SELECT id, body FROM exchange WHERE id > ? ORDER BY id LIMIT ?'),
    formatters: database.prepare('SELECT * FROM formatter ORDER BY name'),
    workers: database.prepare('SELECT body FROM worker WHERE seen >= ? ORDER BY id'),
  };
}

function writeBatch(sql: ReturnType<typeof prepareStatements>, batch: TrafficBatch, now: number): void {
  const minute = Math.floor(now / 60_000);
  for (const { key, counts } of batch.totals)
    for (const at of [minute, EVER])
      sql.add.run(
        at,
        key.class,
        key.mode,
        key.presentation,
        key.status,
        key.failure,
        counts.requests,
        counts.bytesOriginal,
        counts.bytesSent,
        counts.bytesSaved,
        counts.origin.asked,
        counts.origin.hits,
        counts.variant.asked,
        counts.variant.hits,
        counts.ms,
      );
  for (const entry of batch.exchanges) sql.addExchange.run(JSON.stringify(entry));
  if (batch.exchanges.length > 0) sql.dropExchanges.run(MAX_EXCHANGES);
  for (const [name, { runs, ms, faults, refusals }] of batch.formatters)
    sql.addRuns.run(name, runs, ms, faults, refusals);
  sql.putWorker.run(batch.worker.id, now, JSON.stringify(batch.worker));
}

function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}

function toKey(row: Row): TotalKey {
  return {
    class: String(row['class']),
    mode: String(row['mode']),
    presentation: String(row['presentation']),
    status: Number(row['status']),
    failure: String(row['failure']),
  };
}

function toCounts(row: Row): Counts {
  const number = (name: string) => Number(row[name]);
  return {
    requests: number('requests'),
    failures: number('failures'),
    bytesOriginal: number('original'),
    bytesSent: number('sent'),
    bytesSaved: number('saved'),
    origin: { asked: number('origin_asked'), hits: number('origin_hits') },
    variant: { asked: number('variant_asked'), hits: number('variant_hits') },
    ms: number('ms'),
  };
}

function toEntry({ id, body }: Row): ExchangeEntry {
  return { id: Number(id), ...(JSON.parse(String(body)) as Omit<ExchangeEntry, 'id'>) };
}
