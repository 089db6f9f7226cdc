/** What a front-end holds, on disk: there again after a new start, with what was known of the link. */
import { openDatabase } from '../../core/database.ts';
import { Fields } from '../../core/fields.ts';
import type { Log } from '../../core/log.ts';
import type { HeldReply } from './held-replies.ts';

/** A held reply and whose it is. */
export interface StoredReply {
  readonly client: string;
  /** Name among the client's. */
  readonly name: string;
  readonly held: HeldReply;
}

export interface HeldStore {
  /** All of it, the oldest first. */
  all(): readonly StoredReply[];
  put(stored: StoredReply): void;
  /** The same body with other fields. */
  renew(stored: StoredReply): void;
  remove(client: string, name: string): void;
  /** Megabits a second of the link when it was last judged; `undefined` where it never was. */
  mbps(): number | undefined;
  putMbps(mbps: number): void;
  close(): void;
}

const MIGRATIONS = [
  `CREATE TABLE held (client TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL,
     PRIMARY KEY (client, name)) STRICT;
   CREATE TABLE link (one INTEGER PRIMARY KEY CHECK (one = 1), mbps REAL NOT NULL) STRICT;`,
];

interface Row {
  readonly client: string;
  readonly name: string;
  readonly head: string;
  readonly body: Uint8Array;
}

/** @param file in the data folder; what is in it may be lost: it can be had again */
export function openHeldStore(file: string, log: Log): HeldStore {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: false });
  const put = database.prepare('INSERT OR REPLACE INTO held (client, name, at, head, body) VALUES (?, ?, ?, ?, ?)');
  const renew = database.prepare('UPDATE held SET at = ?, head = ? WHERE client = ? AND name = ?');
  const remove = database.prepare('DELETE FROM held WHERE client = ? AND name = ?');
  // A disk that is full costs what a new start would find, not the reply.
  const attempt = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      log.warn('what is held could not be written down', { error: error as Error });
    }
  };
  return {
    all() {
      const rows = database.prepare('SELECT client, name, head, body FROM held ORDER BY at').all() as unknown as Row[];
      return rows.map(({ client, name, head, body }) => ({ client, name, held: { ...openHead(head), body } }));
    },
    put: ({ client, name, held }) => attempt(() => put.run(client, name, held.receivedAt, closeHead(held), held.body)),
    renew: ({ client, name, held }) => attempt(() => renew.run(held.receivedAt, closeHead(held), client, name)),
    remove: (client, name) => attempt(() => remove.run(client, name)),
    mbps: () => (database.prepare('SELECT mbps FROM link').get() as { mbps: number } | undefined)?.mbps,
    putMbps: (mbps) =>
      attempt(() => database.prepare('INSERT OR REPLACE INTO link (one, mbps) VALUES (1, ?)').run(mbps)),
    close: () => database.close(),
  };
}

type Head = Omit<HeldReply, 'body'>;

function closeHead({ body: _, fields, selected, ...rest }: HeldReply): string {
  const known = selected.map(([name, value]) => [name, value ?? null]);
  return JSON.stringify({ ...rest, fields: fields.entries(), selected: known });
}

function openHead(text: string): Head {
  const { fields, selected, ...rest } = JSON.parse(text) as Omit<Head, 'fields' | 'selected'> & {
    readonly fields: readonly (readonly [string, string])[];
    readonly selected: readonly (readonly [string, string | null])[];
  };
  return {
    ...rest,
    fields: Fields.from(fields),
    selected: selected.map(([name, value]) => [name, value ?? undefined] as const),
  };
}
