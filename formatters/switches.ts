/** Which formatters an admin has switched off: kept over restarts, seen by all processes of a server at their next request. */
import { openDatabase } from '../core/database.ts';

const MIGRATIONS = ['CREATE TABLE formatter_off (name TEXT PRIMARY KEY) STRICT;'];

export interface FormatterSwitches {
  /** Names switched off; the same object until something changes. */
  off(): ReadonlySet<string>;
  /** Durable. */
  set(name: string, enabled: boolean): void;
  close(): void;
}

/** @param file Database file, or `:memory:`. */
export function openSwitches(file: string): FormatterSwitches {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const version = database.prepare('PRAGMA data_version');
  const list = database.prepare('SELECT name FROM formatter_off ORDER BY name');
  const add = database.prepare('INSERT OR IGNORE INTO formatter_off (name) VALUES (?)');
  const remove = database.prepare('DELETE FROM formatter_off WHERE name = ?');
  let seen: unknown;
  let held: ReadonlySet<string> | undefined;
  return {
    off() {
      const now = version.get()?.['data_version'];
      if (held === undefined || now !== seen) held = new Set(list.all().map((row) => String(row['name'])));
      seen = now;
      return held;
    },
    set(name, enabled) {
      (enabled ? remove : add).run(name);
      held = undefined;
    },
    close: () => database.close(),
  };
}
