/** Embedded databases: one file each, opened the same way everywhere, migrated step by step. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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
  database.exec('PRAGMA busy_timeout = 5000');
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(`PRAGMA synchronous = ${options.durable ? 'FULL' : 'NORMAL'}`);
  database.exec('PRAGMA foreign_keys = ON');
  migrate(database, options);
  return database;
}

function migrate(database: DatabaseSync, { file, migrations }: DatabaseOptions): void {
  if (versionOf(database) > migrations.length)
    throw new Error(`${file} was written by a newer version of this program`);
  while (versionOf(database) < migrations.length) {
    // IMMEDIATE: of several processes that start at once, one migrates and the others find it done.
    database.exec('BEGIN IMMEDIATE');
    try {
      const version = versionOf(database);
      if (version < migrations.length) {
        database.exec(migrations[version]!);
        database.exec(`PRAGMA user_version = ${version + 1}`);
      }
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }
}

function versionOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}
