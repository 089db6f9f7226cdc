/** Views that an admin has put here: Markdown documents by name, in a file that all processes share. */
import type { Clock } from '../core/clock.ts';
import { inTransaction, openDatabase } from '../core/database.ts';
import { GatewayError } from '../core/errors.ts';
import { checkIfMatch, editionTag, type IfMatch } from '../core/if-match.ts';

const MIGRATIONS = [
  'CREATE TABLE view (name TEXT PRIMARY KEY, markdown TEXT NOT NULL, changed INTEGER NOT NULL) STRICT;',
];
const NAME = /^[a-z0-9-]{1,64}$/;
const MAX_VIEWS = 1_000;

/** Most bytes of a view. */
export const MAX_VIEW_BYTES = 262_144;

export interface View {
  readonly name: string;
  readonly markdown: string;
  /** Strong entity tag of this edition, quoted. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

/** The views, as pages and the admin API use them. A change is seen by the next request in every process. */
export interface Views {
  get(name: string): View | undefined;
  /** By name, without their text. */
  list(): readonly (Omit<View, 'markdown'> & { readonly bytes: number })[];
  /** Creates or replaces a view, durably. @throws GatewayError BAD_INPUT, BODY_TOO_LARGE, STALE, STORE_FULL. */
  put(name: string, markdown: string, ifMatch?: IfMatch): View;
  /** @throws GatewayError NOT_FOUND, STALE, STORE_FULL. */
  remove(name: string, ifMatch?: IfMatch): void;
  close(): void;
}

/** @param file Database file, or `:memory:`. */
export function openViews(file: string, clock: Clock): Views {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const find = database.prepare('SELECT name, markdown, changed FROM view WHERE name = ?');
  const all = database.prepare('SELECT name, markdown, changed FROM view ORDER BY name');
  const count = database.prepare('SELECT count(*) AS count FROM view WHERE name <> ?');
  const put = database.prepare('INSERT OR REPLACE INTO view VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM view WHERE name = ?');
  const get = (name: string): View | undefined => {
    const row = find.get(name);
    return row === undefined ? undefined : toView(row);
  };
  return {
    get,
    list: () =>
      all.all().map((row) => {
        const { markdown, ...rest } = toView(row);
        return { ...rest, bytes: Buffer.byteLength(markdown) };
      }),
    put(name, markdown, ifMatch) {
      if (!NAME.test(name))
        throw new GatewayError('BAD_INPUT', { why: '`name` must be 1 to 64 of a to z, 0 to 9 and -' });
      if (Buffer.byteLength(markdown) > MAX_VIEW_BYTES)
        throw new GatewayError('BODY_TOO_LARGE', { max: MAX_VIEW_BYTES });
      return inTransaction(database, () => {
        checkIfMatch(get(name)?.etag, ifMatch);
        if (Number(count.get(name)?.['count']) >= MAX_VIEWS)
          throw new GatewayError('CONFLICT', { why: `there are ${MAX_VIEWS} views already` });
        put.run(name, markdown, clock.now());
        return get(name)!;
      });
    },
    remove(name, ifMatch) {
      inTransaction(database, () => {
        const held = get(name);
        checkIfMatch(held?.etag, ifMatch);
        if (held === undefined) throw new GatewayError('NOT_FOUND', { path: name });
        remove.run(name);
      });
    },
    close: () => database.close(),
  };
}

function toView(row: Record<string, unknown>): View {
  const markdown = String(row['markdown']);
  return { name: String(row['name']), markdown, etag: editionTag(markdown), changed: Number(row['changed']) };
}
