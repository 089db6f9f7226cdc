/** A database of what can be made again: whatever is wrong with it costs speed, never a reply (threat 65). */
import { renameSync, rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import { openDatabase } from '../database.ts';
import type { Log } from '../log.ts';

export interface CacheDatabaseOptions<S> {
  /** File, or `:memory:`. */
  readonly file: string;
  readonly migrations: readonly string[];
  /** Prepares the statements, once for each opening. */
  readonly prepare: (database: DatabaseSync) => S;
  readonly clock: Clock;
  readonly log: Log;
}

export interface CacheDatabase<S> {
  /** What `work` gives; `undefined` where the database could not do it: locked, full, damaged, not to be opened. */
  attempt<T>(work: (sql: S, database: DatabaseSync) => T): T | undefined;
  /** Changes when another process has written. */
  edition(): string;
  close(): void;
}

interface Opened<S> {
  readonly database: DatabaseSync;
  readonly sql: S;
  readonly version: { get(): unknown };
  /** Tells this file from one that another process has put in its place. */
  readonly inode: number | undefined;
}

/** A writer waits so long for another; a cache had better be left out than hold up every socket of the process. */
const BUSY_MS = 100;
/** A database that could not be opened is tried again after so long. */
const RETRY_MS = 60_000;
// https://sqlite.org/rescode.html, primary codes.
const BUSY: ReadonlySet<number> = new Set([5, 6]);
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

export function openCacheDatabase<S>(options: CacheDatabaseOptions<S>): CacheDatabase<S> {
  const { file, clock, log } = options;
  let openings = 0;
  let triedAt = clock.now();
  let hasToldFault = false;
  const tell = (error: unknown) => {
    // A full disk fails at every write: said once, until a write has worked again.
    if (!hasToldFault) log.error('a cache cannot be used', { file, error });
    hasToldFault = true;
  };
  let opened = openOrReplace(options, tell);
  const renew = (error: unknown) => {
    log.error('a cache is damaged: set aside, begun anew', { file, error });
    opened?.database.close();
    setAside(file, opened?.inode);
    opened = openOrReplace(options, tell);
    openings += 1;
  };
  return {
    attempt(work) {
      if (opened === undefined && clock.now() - triedAt >= RETRY_MS) {
        triedAt = clock.now();
        opened = openOrReplace(options, tell);
        openings += 1;
      }
      if (opened === undefined) return undefined;
      try {
        const result = work(opened.sql, opened.database);
        hasToldFault = false;
        return result;
      } catch (error) {
        if (opened.database.isTransaction) rollBack(opened.database);
        const code = codeOf(error);
        if (code === undefined) throw error;
        if (DAMAGED.has(code)) renew(error);
        else if (!BUSY.has(code)) tell(error);
        return undefined;
      }
    },
    edition() {
      const version = this.attempt(() => (opened!.version.get() as { data_version: number }).data_version);
      return `${openings} ${version ?? 0}`;
    },
    close() {
      opened?.database.close();
      opened = undefined;
      triedAt = Number.POSITIVE_INFINITY;
    },
  };
}

function openOrReplace<S>(options: CacheDatabaseOptions<S>, tell: (error: unknown) => void): Opened<S> | undefined {
  try {
    return open(options);
  } catch (error) {
    tell(error);
  }
  try {
    setAside(options.file, undefined);
    return open(options);
  } catch (error) {
    tell(error);
    return undefined;
  }
}

function open<S>({ file, migrations, prepare }: CacheDatabaseOptions<S>): Opened<S> {
  const inode = inodeOf(file);
  const database = openDatabase({ file, migrations, durable: false });
  try {
    // No waiting for the disk: a power cut may damage the file, which is then found out by its digests and begun anew.
    database.exec(`PRAGMA synchronous = OFF; PRAGMA busy_timeout = ${BUSY_MS}`);
    const version = database.prepare('PRAGMA data_version');
    return { database, sql: prepare(database), version, inode: inode ?? inodeOf(file) };
  } catch (error) {
    database.close();
    throw error;
  }
}

// Of several processes that find the same damage one moves the file: the others find another in its place.
function setAside(file: string, inode: number | undefined): void {
  if (file === ':memory:') return;
  const current = inodeOf(file);
  if (current === undefined || (inode !== undefined && current !== inode)) return;
  renameSync(file, `${file}.damaged`);
  for (const ending of ['-wal', '-shm']) rmSync(`${file}${ending}`, { force: true });
}

function inodeOf(file: string): number | undefined {
  return file === ':memory:' ? undefined : statSync(file, { throwIfNoEntry: false })?.ino;
}

function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // The fault that led here has ended the transaction already, or the database is beyond it.
  }
}

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
}
