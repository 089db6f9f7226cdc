/** Who uses a data folder: servers share it, a restore wants it alone. The system lets go when a process ends, killed or not. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Name of the lock in the folder. */
export const LOCK_FILE = 'lock';

/**
 * Takes a folder until the function that is given back is called.
 *
 * @param use `shared` for those who work with it side by side, `alone` for who replaces what is in it.
 * @throws Error when others hold it in a way that does not go with this.
 */
export function holdFolder(folder: string, use: 'shared' | 'alone'): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // SQLite's file locks are shared or exclusive, and the system's own: nothing is left behind by a process that dies.
  const database = new DatabaseSync(join(folder, LOCK_FILE));
  try {
    database.exec('PRAGMA busy_timeout = 2000');
    if (use === 'alone') database.exec('BEGIN EXCLUSIVE');
    else database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    database.close();
    const holder = use === 'alone' ? 'a server is using it' : 'it is being restored';
    throw new Error(`the folder ${folder} cannot be used: ${holder}`, { cause: error });
  }
  return () => database.close();
}
