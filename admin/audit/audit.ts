/** The audit log: who changed what, from what to what, and what came of it. Nothing is changed that is not written here first. */
import type { Clock } from '../../core/clock.ts';
import { inTransaction, openDatabase } from '../../core/database.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Actor } from '../actions/actor.ts';

const MIGRATIONS = [
  `CREATE TABLE change (
     id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, kind TEXT NOT NULL,
     name TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, result TEXT NOT NULL, size INTEGER NOT NULL) STRICT;
   CREATE INDEX change_of ON change (kind, name, id);`,
];
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64_000_000;

/** Kinds of things that can be changed. */
export type ChangedKind = 'profile' | 'client' | 'formatter' | 'sites' | 'view' | 'fleet';

export type Action = 'create' | 'replace' | 'remove' | 'undo' | 'assign' | 'switch' | 'push' | 'apply' | 'drain';

/** A change somebody wants to make. */
export interface WantedChange {
  readonly actor: Actor;
  readonly action: Action;
  readonly kind: ChangedKind;
  readonly name: string;
  /** As it is now; `null` where there is nothing. Plain data without secrets. */
  readonly before: unknown;
}

export interface AuditEntry extends WantedChange {
  /** Rises with every change. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** As it is since; `null` where there is nothing, and where the change was not made. */
  readonly after: unknown;
  /** `done`, the code of the error that kept it from being made, or `begun`: the program ended in between. */
  readonly result: string;
}

export interface AuditQuery {
  /** 1 to 1,000. */
  readonly limit: number;
  /** Only entries before this id. */
  readonly before?: number | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
}

export interface Audit {
  /**
   * Makes a change, written down durably before and after.
   *
   * @param work Makes it; gives what it comes to and how the thing is since.
   * @throws GatewayError STORE_FULL where it cannot be written down: then nothing is changed; whatever `work` throws.
   */
  record<T>(change: WantedChange, work: () => { readonly value: T; readonly after: unknown }): T;
  /** As `record`, for work that another server does. */
  recordLater<T>(change: WantedChange, work: () => Promise<{ readonly value: T; readonly after: unknown }>): Promise<T>;
  /** Newest first. */
  list(query: AuditQuery): readonly AuditEntry[];
  /** The last change that was made to a thing. */
  last(kind: ChangedKind, name: string): AuditEntry | undefined;
  close(): void;
}

/** @param file Database file, or `:memory:`. */
export function openAudit(file: string, clock: Clock): Audit {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const begin = database.prepare(`INSERT INTO change (at, actor, action, kind, name, before, after, result, size)
    VALUES (?, ?, ?, ?, ?, ?, 'null', 'begun', ?)`);
  const end = database.prepare('UPDATE change SET after = ?, result = ?, size = size + ? WHERE id = ?');
  const dropOld = database.prepare('DELETE FROM change WHERE id <= (SELECT max(id) FROM change) - ?');
  const dropLarge = database.prepare(`DELETE FROM change WHERE id IN (SELECT id FROM
    (SELECT id, sum(size) OVER (ORDER BY id DESC) AS bytes FROM change) WHERE bytes > ?)`);
  const list =
    database.prepare(`SELECT * FROM change WHERE id < ? AND (? IS NULL OR kind = ?) AND (? IS NULL OR name = ?)
    ORDER BY id DESC LIMIT ?`);
  const last = database.prepare(
    "SELECT * FROM change WHERE kind = ? AND name = ? AND result = 'done' ORDER BY id DESC LIMIT 1",
  );
  const finish = (id: number | bigint, after: unknown, result: string) => {
    const text = JSON.stringify(after ?? null);
    inTransaction(database, () => end.run(text, result, text.length, id));
  };
  const start = ({ actor, action, kind, name, before }: WantedChange) => {
    const text = JSON.stringify(before ?? null);
    return inTransaction(database, () => {
      dropOld.run(MAX_ENTRIES);
      dropLarge.run(MAX_BYTES);
      return begin.run(clock.now(), JSON.stringify(actor), action, kind, name, text, text.length).lastInsertRowid;
    });
  };
  return {
    async recordLater(change, work) {
      const id = start(change);
      try {
        const { value, after } = await work();
        finish(id, after, 'done');
        return value;
      } catch (error) {
        finish(id, null, error instanceof GatewayError ? error.code : 'INTERNAL');
        throw error;
      }
    },
    record(change, work) {
      const id = start(change);
      try {
        const { value, after } = work();
        finish(id, after, 'done');
        return value;
      } catch (error) {
        finish(id, null, error instanceof GatewayError ? error.code : 'INTERNAL');
        throw error;
      }
    },
    list({ limit, before = Number.MAX_SAFE_INTEGER, kind = null, name = null }) {
      return list.all(before, kind, kind, name, name, limit).map(toEntry);
    },
    last(kind, name) {
      const row = last.get(kind, name);
      return row === undefined ? undefined : toEntry(row);
    },
    close: () => database.close(),
  };
}

function toEntry(row: Record<string, unknown>): AuditEntry {
  return {
    id: Number(row['id']),
    at: Number(row['at']),
    actor: JSON.parse(String(row['actor'])) as Actor,
    action: String(row['action']) as Action,
    kind: String(row['kind']) as ChangedKind,
    name: String(row['name']),
    before: JSON.parse(String(row['before'])),
    after: JSON.parse(String(row['after'])),
    result: String(row['result']),
  };
}
