/** Tables and statements of a cache on disk. The tally is kept by triggers, so that it is right whoever writes. */
import type { DatabaseSync } from 'node:sqlite';

export const diskCacheMigrations: readonly string[] = [
  `CREATE TABLE entry (
     id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, selector TEXT NOT NULL, meta TEXT NOT NULL, check_meta BLOB NOT NULL,
     digest BLOB NOT NULL, bytes INTEGER NOT NULL, body BLOB, file TEXT, used INTEGER NOT NULL, ends INTEGER NOT NULL,
     UNIQUE (key, selector)) STRICT;
   CREATE INDEX entry_used ON entry (used);
   CREATE INDEX entry_ends ON entry (ends);
   CREATE INDEX entry_file ON entry (file) WHERE file IS NOT NULL;
   CREATE TABLE tally (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL) STRICT;
   INSERT INTO tally VALUES (1, 0);
   CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN UPDATE tally SET bytes = bytes + NEW.bytes; END;
   CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN UPDATE tally SET bytes = bytes - OLD.bytes; END;`,
];

export type Sql = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: DatabaseSync) {
  const columns = 'id, key, selector, meta, check_meta, file, digest, ends';
  return {
    find: database.prepare(`SELECT ${columns} FROM entry WHERE key = ? AND ends > ? ORDER BY id DESC`),
    body: database.prepare('SELECT body FROM entry WHERE id = ?'),
    add: database.prepare(
      'INSERT INTO entry (key, selector, meta, check_meta, digest, bytes, body, file, used, ends) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    dropOne: database.prepare('DELETE FROM entry WHERE key = ? AND selector = ? RETURNING file'),
    dropId: database.prepare('DELETE FROM entry WHERE id = ? RETURNING file'),
    drop: database.prepare('DELETE FROM entry WHERE key = ? RETURNING file'),
    end: database.prepare('DELETE FROM entry WHERE ends <= ? RETURNING file'),
    evict: database.prepare(
      `DELETE FROM entry WHERE id IN (SELECT id FROM (
         SELECT id, SUM(bytes) OVER (ORDER BY used, id) - bytes AS freed
         FROM (SELECT id, used, bytes FROM entry ORDER BY used, id LIMIT ?)) WHERE freed < ?) RETURNING file`,
    ),
    touch: database.prepare('UPDATE entry SET used = ? WHERE id = ?'),
    tally: database.prepare('SELECT bytes FROM tally'),
    isKnown: database.prepare('SELECT 1 FROM entry WHERE file = ?'),
  };
}
