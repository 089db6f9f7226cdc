/** One file that holds what a data folder keeps but for its caches: databases as of one moment each, keys, tokens, bundles. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { LOCK_FILE } from './folder-lock.ts';

/** A file of a backup, or of a data folder. */
export interface KeptFile {
  /** Path from the folder. */
  readonly name: string;
  readonly bytes: number;
  /** Version of its schema; `undefined` where it is no database. */
  readonly schema: number | undefined;
}

/** `FGWB`: tells our backups from other databases. */
const APPLICATION = 0x46_47_57_42;
const FORMAT = 1;
const SCHEMA = `
  PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${FORMAT};
  CREATE TABLE file (name TEXT PRIMARY KEY, mode INTEGER NOT NULL, bytes INTEGER NOT NULL, digest BLOB NOT NULL) STRICT;
  CREATE TABLE part (name TEXT NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (name, number)) STRICT;`;
const PART_BYTES = 4_194_304;
const REPLACED = 'replaced';
const LEFT_OUT: ReadonlySet<string> = new Set(['cache', REPLACED, LOCK_FILE]);
/** Made again from blobs. */
const MADE_AGAIN = /^fleet\/(?:components|data)\//;

/**
 * Files of a data folder that a backup takes: all but caches, what an earlier restore replaced, and what is half-written.
 *
 * @throws Error when a database is damaged.
 */
export function keptFiles(folder: string): KeptFile[] {
  return keptNames(folder).flatMap((name) => {
    const file = join(folder, name);
    const bytes = sizeOf(file);
    return bytes === undefined ? [] : [{ name, bytes, schema: schemaOf(file) }];
  });
}

function keptNames(folder: string): string[] {
  return namesBelow(folder, folder)
    .filter((name) => !LEFT_OUT.has(name.split('/')[0]!) && !MADE_AGAIN.test(name))
    .filter((name) => !/(?:^|\/)\.|-(?:wal|shm|journal)$|\.(?:damaged|new)$/.test(name))
    .sort();
}

/**
 * Writes a backup of a folder that servers may be using: each database as of one moment. The file appears whole, for its
 * owner's eyes only.
 */
export async function writeBackup(folder: string, file: string): Promise<KeptFile[]> {
  const kept: KeptFile[] = [];
  const files = keptFiles(folder);
  if (!files.some((each) => each.schema !== undefined)) throw new Error(`there is nothing to keep in ${folder}`);
  const work = mkdtempSync(join(dirname(file), '.backup-'));
  try {
    const fresh = join(work, 'backup');
    writeFileSync(fresh, '', { mode: 0o600 });
    const container = new DatabaseSync(fresh);
    try {
      container.exec(SCHEMA);
      for (const each of files) {
        const { name, schema } = each;
        const source = join(folder, name);
        if (sizeOf(source) === undefined) continue;
        kept.push(each);
        const copy = schema === undefined ? source : await copyDatabase(source, join(work, 'copy'));
        putFile(container, name, { copy, mode: statSync(source).mode & 0o777 });
      }
    } finally {
      container.close();
    }
    flush(fresh);
    renameSync(fresh, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
}

/** An old edition of a data set may go while a server runs: what is gone is left out. */
function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/**
 * Puts a backup in place of what a folder keeps; that moves to `replaced`. The caller holds the folder alone.
 *
 * @param check Opens a database of the backup as the program would; throws where it cannot be used.
 * @throws Error when the file is no backup, damaged, of a newer format, or `check` throws: the folder is then as it was.
 */
export function restoreBackup(file: string, folder: string, check: (name: string, file: string) => void): KeptFile[] {
  const work = mkdtempSync(join(folder, '.restore-'));
  try {
    unpack(file, work);
    for (const { name, schema } of keptFiles(work))
      if (schema !== undefined) checkDatabase(name, join(work, name), check);
    const restored = keptFiles(work);
    rmSync(join(folder, REPLACED), { recursive: true, force: true });
    for (const name of keptNames(folder)) {
      settle(join(folder, name));
      move(join(folder, name), join(folder, REPLACED, name));
      // Recovered changes of the old database must never meet the new one.
      for (const ending of ['-wal', '-shm', '-journal']) rmSync(join(folder, name + ending), { force: true });
    }
    for (const { name } of restored) move(join(work, name), join(folder, name));
    return restored;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function unpack(file: string, folder: string): void {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) throw new Error(`there is no file ${file}`);
  const container = new DatabaseSync(file, { readOnly: true });
  try {
    checkContainer(container, file);
    for (const row of container.prepare('SELECT name, mode, digest FROM file').all()) {
      const name = String(row['name']);
      // Threat 54: nothing is written outside, whoever made the file.
      if (name.startsWith('/') || name.split('/').some((part) => part === '' || part.startsWith('.')))
        throw new Error(`${file} holds a file with the unsafe name ${JSON.stringify(name)}`);
      const digest = takeFile(container, name, { to: join(folder, name), mode: Number(row['mode']) });
      if (Buffer.compare(digest, row['digest'] as Uint8Array) !== 0) throw new Error(`${file} is damaged: ${name}`);
    }
  } finally {
    container.close();
  }
}

function checkContainer(container: DatabaseSync, file: string): void {
  const number = (name: string) => Number(Object.values(container.prepare(`PRAGMA ${name}`).get()!)[0]);
  try {
    if (number('application_id') !== APPLICATION) throw new Error('another application');
  } catch (cause) {
    throw new Error(`${file} is no backup of this program, or is damaged`, { cause });
  }
  if (number('user_version') > FORMAT) throw new Error(`${file} was written by a newer version of this program`);
  const [fault] = container.prepare('PRAGMA integrity_check(1)').all();
  if (fault?.['integrity_check'] !== 'ok') throw new Error(`${file} is damaged: ${fault?.['integrity_check']}`);
}

function checkDatabase(name: string, file: string, check: (name: string, file: string) => void): void {
  try {
    check(name, file);
  } catch (cause) {
    throw new Error(`the backup cannot be used: ${name}: ${(cause as Error).message}`, { cause });
  }
}

async function copyDatabase(source: string, copy: string): Promise<string> {
  rmSync(copy, { force: true });
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    await backup(database, copy);
  } finally {
    database.close();
  }
  return copy;
}

function putFile(container: DatabaseSync, name: string, { copy, mode }: { copy: string; mode: number }): void {
  const put = container.prepare('INSERT INTO part (name, number, body) VALUES (?, ?, ?)');
  const hash = createHash('sha256');
  const handle = openSync(copy, 'r');
  let bytes = 0;
  try {
    const part = Buffer.alloc(PART_BYTES);
    for (let number = 0; ; number++) {
      const length = readSync(handle, part, 0, PART_BYTES, null);
      if (length === 0) break;
      hash.update(part.subarray(0, length));
      put.run(name, number, part.subarray(0, length));
      bytes += length;
    }
  } finally {
    closeSync(handle);
  }
  const add = container.prepare('INSERT INTO file (name, mode, bytes, digest) VALUES (?, ?, ?, ?)');
  add.run(name, mode, bytes, hash.digest());
}

function takeFile(container: DatabaseSync, name: string, { to, mode }: { to: string; mode: number }): Buffer {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  const handle = openSync(to, 'wx', mode & 0o700);
  try {
    for (const row of container.prepare('SELECT body FROM part WHERE name = ? ORDER BY number').iterate(name)) {
      const body = row['body'] as Uint8Array;
      hash.update(body);
      writeSync(handle, body);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return hash.digest();
}

function namesBelow(folder: string, root: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
    const path = join(folder, each.name);
    if (each.isDirectory()) return LEFT_OUT.has(relative(root, path)) ? [] : namesBelow(path, root);
    return each.isFile() ? [relative(root, path)] : [];
  });
}

function schemaOf(file: string): number | undefined {
  if (!isDatabase(file)) return undefined;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(database.prepare('PRAGMA user_version').get()!['user_version']);
  } finally {
    database.close();
  }
}

// What a killed server left beside a database goes into it, so that what is replaced is whole.
function settle(file: string): void {
  if (!isDatabase(file)) return;
  try {
    const database = new DatabaseSync(file);
    try {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
  } catch {
    // Damaged: very likely why it is being replaced.
  }
}

function isDatabase(file: string): boolean {
  return file.endsWith('.db');
}

function flush(file: string): void {
  const handle = openSync(file, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  renameSync(from, to);
}
