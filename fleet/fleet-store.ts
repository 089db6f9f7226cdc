/**
 * What a server knows of its fleet, on disk: the last known good plan and assignments, its members, editions of data sets,
 * and the view that its processes share. With it a server starts where no engine answers.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../core/clock.ts';
import { inTransaction, openDatabase } from '../core/database.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { emptyView, type FleetView } from './fleet-view.ts';

/** An edition of a data set of a function set. */
export interface Edition {
  readonly set: string;
  readonly name: string;
  /** From 1 on, the one that the plan names. */
  readonly edition: number;
  readonly digest: Digest;
}

/** When an updater last ran. */
export interface UpdaterRun {
  readonly set: string;
  readonly updater: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface FleetStore {
  /** A kept text by name. */
  read(name: string): string | undefined;
  write(name: string, body: string): void;
  /** The view; the same object until it changes. */
  view(): FleetView;
  writeView(view: FleetView): void;
  editions(): readonly Edition[];
  /** Keeps an edition where it is the newest; false where it is not. */
  putEdition(edition: Edition): boolean;
  /** Takes the next number for new bytes, durably. */
  nextEdition(set: string, name: string, digest: Digest): Edition;
  runs(): readonly UpdaterRun[];
  putRun(run: UpdaterRun): void;
  /** Calls back when another process, or this one, has written. Looked at every 20 ms. */
  watch(onChange: () => void): void;
  close(): void;
}

const MIGRATIONS = [
  `CREATE TABLE texts (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE editions (set_name TEXT, name TEXT, edition INTEGER NOT NULL, digest TEXT NOT NULL,
     PRIMARY KEY (set_name, name)) STRICT;
   CREATE TABLE runs (set_name TEXT, updater TEXT, at INTEGER NOT NULL, PRIMARY KEY (set_name, updater)) STRICT;`,
];
const VIEW = 'view';
const LOOK_MS = 20;

export function openFleetStore(file: string, self: string, clock: Clock): FleetStore {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  // SQLite tells a connection of the writes of others alone: this one never writes.
  const reader = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const version = reader.prepare('PRAGMA data_version');
  const readView = reader.prepare('SELECT body FROM texts WHERE name = ?');
  let seen: unknown;
  let body: unknown;
  let view = emptyView(self);
  const look = () => {
    const current = version.get()?.['data_version'];
    if (current === seen) return false;
    seen = current;
    const text = readView.get(VIEW)?.['body'];
    if (text === body) return true;
    body = text;
    view = typeof text === 'string' ? { ...(JSON.parse(text) as FleetView), self } : emptyView(self);
    return true;
  };
  const listeners: (() => void)[] = [];
  const tell = () => {
    if (!look()) return;
    for (const listener of listeners) listener();
  };
  const timer = clock.every(LOOK_MS, tell);
  look();
  const texts = makeTexts(database);
  return {
    ...texts,
    view() {
      tell();
      return view;
    },
    writeView(next) {
      texts.write(VIEW, JSON.stringify(next));
      tell();
    },
    ...makeEditions(database),
    ...makeRuns(database),
    watch: (listener) => void listeners.push(listener),
    close() {
      timer.cancel();
      reader.close();
      database.close();
    },
  };
}

function makeTexts(database: DatabaseSync): Pick<FleetStore, 'read' | 'write'> {
  const read = database.prepare('SELECT body FROM texts WHERE name = ?');
  const write = database.prepare('INSERT OR REPLACE INTO texts VALUES (?, ?)');
  return {
    read: (name) => read.get(name)?.['body'] as string | undefined,
    write(name, body) {
      inTransaction(database, () => write.run(name, body));
    },
  };
}

function makeEditions(database: DatabaseSync): Pick<FleetStore, 'editions' | 'putEdition' | 'nextEdition'> {
  const all = database.prepare('SELECT set_name, name, edition, digest FROM editions');
  const one = database.prepare('SELECT edition FROM editions WHERE set_name = ? AND name = ?');
  const put = database.prepare('INSERT OR REPLACE INTO editions VALUES (?, ?, ?, ?)');
  const newest = (set: string, name: string) => Number(one.get(set, name)?.['edition'] ?? 0);
  return {
    editions: () =>
      all.all().flatMap((row) => {
        const { set_name: set, name, edition, digest } = row;
        return isDigest(digest) ? [{ set: String(set), name: String(name), edition: Number(edition), digest }] : [];
      }),
    putEdition: ({ set, name, edition, digest }) =>
      inTransaction(database, () => {
        if (newest(set, name) >= edition) return false;
        put.run(set, name, edition, digest);
        return true;
      }),
    nextEdition: (set, name, digest) =>
      inTransaction(database, () => {
        const edition = newest(set, name) + 1;
        put.run(set, name, edition, digest);
        return { set, name, edition, digest };
      }),
  };
}

function makeRuns(database: DatabaseSync): Pick<FleetStore, 'runs' | 'putRun'> {
  const all = database.prepare('SELECT set_name, updater, at FROM runs');
  const put = database.prepare('INSERT INTO runs VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)');
  return {
    runs: () =>
      all
        .all()
        .map((row) => ({ set: String(row['set_name']), updater: String(row['updater']), at: Number(row['at']) })),
    putRun({ set, updater, at }) {
      inTransaction(database, () => put.run(set, updater, at));
    },
  };
}
