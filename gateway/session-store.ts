/** What the gateway remembers of clients in prefix mode: sign-ins and the cookies origins set, bounded, forgotten on request. */
import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../core/clock.ts';
import { openDatabase } from '../core/database.ts';

const MIGRATIONS = [
  `CREATE TABLE session (id BLOB PRIMARY KEY, user TEXT NOT NULL, ends INTEGER NOT NULL) STRICT;
   CREATE TABLE cookie (
     owner TEXT NOT NULL, site TEXT NOT NULL, domain TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL,
     value TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (owner, site, domain, path, name)) STRICT;
   CREATE INDEX cookie_used ON cookie (used);`,
];

export interface SessionStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Most cookies kept for all clients together. */
  readonly maxCookies: number;
  /** Cookies unused for so long are forgotten. */
  readonly maxIdleMs: number;
}

/** One stored cookie: `value` is the cookie library's own JSON. */
export interface CookieRow {
  readonly domain: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

export interface SessionStore {
  /** Starts a sign-in; gives the bearer secret, of which only a digest is kept. */
  signIn(user: string, lifeMs: number): string;
  /** The user of a sign-in, or `undefined` when there is none or it has ended. */
  userOf(secret: string): string | undefined;
  signOut(secret: string): void;
  cookies(owner: string, site: string): CookieRow[];
  putCookie(owner: string, site: string, row: CookieRow): void;
  removeCookie(owner: string, site: string, row: Omit<CookieRow, 'value'>): void;
  /** Drops all cookies of an owner. */
  forget(owner: string): void;
  close(): void;
}

const MAX_COOKIES_OF_SITE = 60;

export function openSessionStore(options: SessionStoreOptions): SessionStore {
  const { clock } = options;
  const database = openDatabase({ file: options.file, migrations: MIGRATIONS, durable: false });
  const sql = prepareStatements(database);
  const sweep = () => {
    sql.endSessions.run(clock.now());
    sql.dropIdle.run(clock.now() - options.maxIdleMs);
    sql.dropExcess.run(options.maxCookies);
  };
  const timer = clock.every(60_000, sweep);
  sweep();
  return {
    signIn(user, lifeMs) {
      const secret = randomBytes(24).toString('base64url');
      sql.addSession.run(digest(secret), user, clock.now() + lifeMs);
      return secret;
    },
    userOf(secret) {
      const row = sql.findSession.get(digest(secret), clock.now());
      return row === undefined ? undefined : String(row['user']);
    },
    signOut: (secret) => void sql.dropSession.run(digest(secret)),
    cookies(owner, site) {
      const rows = sql.listCookies.all(owner, site) as unknown as CookieRow[];
      if (rows.length > 0) sql.touch.run(clock.now(), owner, site);
      return rows;
    },
    putCookie(owner, site, row) {
      sql.putCookie.run(owner, site, row.domain, row.path, row.name, row.value, clock.now());
      sql.boundSite.run(owner, site, owner, site, MAX_COOKIES_OF_SITE);
    },
    removeCookie: (owner, site, row) => void sql.removeCookie.run(owner, site, row.domain, row.path, row.name),
    forget: (owner) => void sql.forget.run(owner),
    close() {
      timer.cancel();
      database.close();
    },
  };
}

function prepareStatements(database: DatabaseSync) {
  const prepare = (text: string): StatementSync => database.prepare(text);
  return {
    addSession: prepare('INSERT INTO session (id, user, ends) VALUES (?, ?, ?)'),
    findSession: prepare('SELECT user FROM session WHERE id = ? AND ends > ?'),
    dropSession: prepare('DELETE FROM session WHERE id = ?'),
    endSessions: prepare('DELETE FROM session WHERE ends <= ?'),
    listCookies: prepare('SELECT domain, path, name, value FROM cookie WHERE owner = ? AND site = ? ORDER BY rowid'),
    touch: prepare('UPDATE cookie SET used = ? WHERE owner = ? AND site = ?'),
    putCookie: prepare(
      'INSERT OR REPLACE INTO cookie (owner, site, domain, path, name, value, used) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    removeCookie: prepare('DELETE FROM cookie WHERE owner = ? AND site = ? AND domain = ? AND path = ? AND name = ?'),
    boundSite: prepare(`DELETE FROM cookie WHERE owner = ? AND site = ? AND rowid IN (
      SELECT rowid FROM cookie WHERE owner = ? AND site = ? ORDER BY used DESC, rowid DESC LIMIT -1 OFFSET ?)`),
    dropIdle: prepare('DELETE FROM cookie WHERE used < ?'),
    dropExcess: prepare(
      'DELETE FROM cookie WHERE rowid IN (SELECT rowid FROM cookie ORDER BY used DESC LIMIT -1 OFFSET ?)',
    ),
    forget: prepare('DELETE FROM cookie WHERE owner = ?'),
  };
}

// A stolen database must not hold usable bearer secrets.
function digest(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
