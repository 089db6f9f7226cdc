/**
 * `node:sqlite` as third-party code may have it. The permission model does not see what the real one does to files
 * (measured: it reads and writes any), so files are opened for reading alone where the model lets them be read, and no
 * statement can reach another. Databases in memory may be written, and serialised for `env.data.put`.
 */
import { resolve } from 'node:path';
import type { DatabaseSync, DatabaseSyncOptions, StatementSync } from 'node:sqlite';

type Authorizer = Parameters<DatabaseSync['setAuthorizer']>[0];
type Sqlite = { DatabaseSync: typeof DatabaseSync; StatementSync: unknown; Session: unknown; backup: unknown };

const MEMORY = ':memory:';
// https://sqlite.org/c3ref/c_alter_table.html
const PRAGMA = 19;
const ATTACH = 24;
const DENY = 1;
/** PRAGMAs that name folders to write to. */
const FOLDER_PRAGMAS = ['temp_store_directory', 'data_store_directory'];
const OPTIONS = [
  'timeout',
  'enableForeignKeyConstraints',
  'readBigInts',
  'returnArrays',
  'allowBareNamedParameters',
  'allowUnknownNamedParameters',
  'defensive',
] as const;

/** To be called before third-party code is imported. Does nothing where the module is barred. */
export function guardSqlite(): void {
  const sqlite = process.getBuiltinModule?.('node:sqlite') as unknown as Sqlite | undefined;
  if (sqlite === undefined) return;
  // Taken now: third-party code may replace them later.
  const mayRead = process.permission?.has.bind(process.permission);
  sqlite.DatabaseSync = makeGuarded(sqlite.DatabaseSync, (path) => mayRead?.('fs.read', path) ?? false);
  // Statements come from databases alone; the others write files.
  for (const name of ['Session', 'backup'] as const) sqlite[name] = undefined;
}

function makeGuarded(Real: typeof DatabaseSync, mayRead: (path: string) => boolean): typeof DatabaseSync {
  class GuardedDatabase {
    readonly #real: DatabaseSync;

    constructor(location: unknown, options: DatabaseSyncOptions = {}) {
      this.#real = new Real(placeOf(location, mayRead), safeOptions(location === MEMORY, options));
      this.setAuthorizer(null);
    }

    get isOpen(): boolean {
      return this.#real.isOpen;
    }

    get isTransaction(): boolean {
      return this.#real.isTransaction;
    }

    prepare(sql: string): StatementSync {
      return this.#real.prepare(sql);
    }

    exec(sql: string): void {
      this.#real.exec(sql);
    }

    location(): string | null {
      return this.#real.location();
    }

    serialize(name?: string): Uint8Array {
      return (this.#real as unknown as { serialize(name?: string): Uint8Array }).serialize(name);
    }

    function(name: string, ...rest: readonly unknown[]): void {
      (this.#real.function as (name: string, ...rest: readonly unknown[]) => void).call(this.#real, name, ...rest);
    }

    aggregate(name: string, options: object): void {
      this.#real.aggregate(name, options as Parameters<DatabaseSync['aggregate']>[1]);
    }

    setAuthorizer(own: Authorizer): void {
      this.#real.setAuthorizer(guardAuthorizer(own));
    }

    close(): void {
      this.#real.close();
    }

    [Symbol.dispose](): void {
      this.#real.close();
    }
  }
  return GuardedDatabase as unknown as typeof DatabaseSync;
}

function placeOf(location: unknown, mayRead: (path: string) => boolean): string {
  if (location === MEMORY) return MEMORY;
  // A whole path is no URI, whose parameters would say more than where the file is.
  const path = typeof location === 'string' && location !== '' ? resolve(location) : undefined;
  if (path === undefined) throw new TypeError('a database is opened by the path of its file');
  if (mayRead(path)) return path;
  throw Object.assign(new Error('this database is not for components'), { code: 'ERR_ACCESS_DENIED' });
}

/** Without a prototype: what third-party code adds to `Object.prototype` must not become an option. */
function safeOptions(isMemory: boolean, given: DatabaseSyncOptions): DatabaseSyncOptions {
  const options: Record<string, unknown> = Object.create(null);
  for (const name of OPTIONS) {
    const value = (given as Record<string, unknown>)[name];
    if (value !== undefined) options[name] = value;
  }
  const limits: Record<string, unknown> = Object.create(null);
  const wanted = (given as { limits?: Record<string, unknown> }).limits;
  for (const name of ['length', 'sqlLength', 'column', 'exprDepth', 'compoundSelect', 'vdbeOp', 'likePatternLength'])
    if (wanted?.[name] !== undefined) limits[name] = wanted[name];
  limits['attach'] = 0;
  options['limits'] = limits;
  options['readOnly'] = !isMemory;
  options['allowExtension'] = false;
  return options;
}

function guardAuthorizer(own: Authorizer): Authorizer {
  return (action, first, second, database, trigger) => {
    if (action === ATTACH) return DENY;
    if (action === PRAGMA && (first === FOLDER_PRAGMAS[0] || first === FOLDER_PRAGMAS[1])) return DENY;
    return typeof own === 'function' ? own(action, first, second, database, trigger) : 0;
  };
}
