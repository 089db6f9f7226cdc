/** The SQLite file that is answered from: which one, opened for reading alone, and what tells one state of it from the next. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { ComponentData } from '../../core/component.ts';
import { Refusal } from './refusal.ts';

/** An open database. */
export interface DataFile {
  readonly name: string;
  readonly database: DatabaseSync;
  /** Changes with every change of the data. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

const MAGIC = 'SQLite format 3\0';
/** Bytes of one value or row; what one query can make of nothing is bounded by it. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;
const MAX_SQL_BYTES = 100_000;
// https://sqlite.org/c3ref/c_alter_table.html
const [READ, SELECT, FUNCTION, RECURSIVE] = [20, 21, 31, 33];
const READING: ReadonlySet<number> = new Set([READ, SELECT, FUNCTION, RECURSIVE]);
const OK = 0;
const DENY = 1;

/** Databases that stay open, by path. */
const open = new Map<string, { readonly database: DatabaseSync; readonly version: string }>();
const MAX_OPEN = 8;

/**
 * Opens a data set.
 *
 * @param wanted Its name; without it the first that is a SQLite file, the service's own before others.
 * @throws Refusal 404
 */
export function openDataFile(data: ComponentData, wanted: string | undefined): DataFile {
  const names = data.names().filter((name) => isSqlite(data.path(name)));
  const name = wanted ?? names[0];
  if (name === undefined || !names.includes(name)) {
    const known = names.length === 0 ? 'there are none' : `there are: ${names.join(', ')}`;
    throw new Refusal(
      404,
      name === undefined ? 'There is no SQLite data set.' : `No SQLite data set \`${name}\`; ${known}.`,
    );
  }
  const path = data.path(name);
  const { version, changed } = stateOf(path);
  return { name, database: databaseAt(path, version), version, changed };
}

/** Opens anew what has changed: another file may be in its place. */
function databaseAt(path: string, version: string): DatabaseSync {
  const held = open.get(path);
  if (held?.version === version) return held.database;
  held?.database.close();
  open.delete(path);
  for (const [oldest, { database }] of open) {
    if (open.size < MAX_OPEN) break;
    database.close();
    open.delete(oldest);
  }
  const limits = { attach: 0, length: MAX_VALUE_BYTES, sqlLength: MAX_SQL_BYTES };
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2_000, limits } as object);
  // Reading alone, whatever the statement says: no PRAGMA, no ATTACH, no transaction, no extension.
  database.setAuthorizer((action, _, name) =>
    READING.has(action) && !(action === FUNCTION && name === 'load_extension') ? OK : DENY,
  );
  open.set(path, { database, version });
  return database;
}

function isSqlite(path: string): boolean {
  const head = Buffer.alloc(MAGIC.length);
  try {
    const file = openSync(path, 'r');
    try {
      return readSync(file, head, 0, MAGIC.length, 0) === MAGIC.length && head.toString('latin1') === MAGIC;
    } finally {
      closeSync(file);
    }
  } catch {
    // Gone since it was listed: no data set any more.
    return false;
  }
}

/** Of the file and of the log beside it, where others write to it as we read. */
function stateOf(path: string): { version: string; changed: number } {
  const parts = [path, `${path}-wal`].map((each) => statSync(each, { bigint: true, throwIfNoEntry: false }));
  const text = parts.map((each) => (each === undefined ? '-' : `${each.ino} ${each.size} ${each.mtimeNs}`));
  const changed = Math.max(...parts.map((each) => Number(each?.mtimeMs ?? 0n)));
  // The file itself counts its changes, which tells two of one moment apart (https://sqlite.org/fileformat.html#file_change_counter).
  const version = createHash('sha256').update(JSON.stringify([path, ...text, changeCounterOf(path)]));
  return { version: version.digest('base64url').slice(0, 22), changed };
}

function changeCounterOf(path: string): number {
  const bytes = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, 4, 24);
    return bytes.readUInt32BE();
  } finally {
    closeSync(file);
  }
}
