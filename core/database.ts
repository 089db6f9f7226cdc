/** Embedded databases: one file each, opened the same way everywhere, migrated step by step. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from './errors.ts';
import { Fields } from './fields.ts';

export interface DatabaseOptions {
  /** File, or `:memory:`. */
  readonly file: string;
  /** SQL scripts, oldest first; each runs once, in a transaction of its own. Never change one that has shipped. */
  readonly migrations: readonly string[];
  /** True when an acknowledged write must outlive a power cut; false for what may be made again. */
  readonly durable: boolean;
}

/**
 * Opens a database in WAL mode and brings its schema up to date. Several processes may hold it.
 *
 * @throws Error when the file was written by a newer version of the program.
 */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  if (options.file !== ':memory:') mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(options.file);
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    enterWal(database);
    database.exec(`PRAGMA synchronous = ${options.durable ? 'FULL' : 'NORMAL'}`);
    database.exec('PRAGMA foreign_keys = ON');
    migrate(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Runs `work` in a transaction that no other writer can come between; all of it is stored or nothing.
 *
 * @throws GatewayError STORE_FULL where the database cannot be written (threat 65), SHED where others write for longer
 * than the busy timeout; whatever else `work` throws.
 */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw toStoreError(error);
  }
}

/**
 * As `inTransaction`, in a durable database, of what a power cut may take: whoever writes does not wait for the disk
 * (https://sqlite.org/pragma.html#pragma_synchronous). The next durable write takes it along.
 *
 * @throws GatewayError as `inTransaction` does.
 */
export function inRelaxedTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return inTransaction(database, work);
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}

// https://sqlite.org/rescode.html: the low byte is the primary code.
const BUSY: ReadonlySet<number> = new Set([5, 6]);
const CANNOT_WRITE: ReadonlySet<number> = new Set([8, 10, 13, 14]);

function toStoreError(error: unknown): unknown {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (code === undefined) return error;
  if (CANNOT_WRITE.has(code)) return new GatewayError('STORE_FULL', {}, { cause: error });
  if (!BUSY.has(code)) return error;
  return new GatewayError('SHED', { seconds: 1 }, { cause: error, fields: Fields.from({ 'retry-after': '1' }) });
}

const WAL_TRIES = 250;
const WAL_PAUSE_MS = 20;

// The busy timeout does not cover this change of mode, and several processes may make it at once at a first start.
function enterWal(database: DatabaseSync): void {
  for (let tries = 1; ; tries++) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (tries === WAL_TRIES || !/locked|busy/.test((error as Error).message)) throw error;
      // Opening is synchronous, and happens at the start alone.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_PAUSE_MS);
    }
  }
}

function migrate(database: DatabaseSync, { file, migrations }: DatabaseOptions): void {
  if (versionOf(database) > migrations.length)
    throw new Error(`${file} was written by a newer version of this program`);
  while (versionOf(database) < migrations.length) {
    // Of several processes that start at once, one migrates and the others find it done.
    inTransaction(database, () => {
      const version = versionOf(database);
      if (version >= migrations.length) return;
      database.exec(migrations[version]!);
      database.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}

function versionOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}
