/** The registry of a fleet of one: a database on this server's disk, shared by its processes. */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Timer } from '../../core/clock.ts';
import { inTransaction, openDatabase } from '../../core/database.ts';
import { type Log, silentLog } from '../../core/log.ts';
import { LocalLease } from './local-lease.ts';
import type { Lease, LeaseWish, Registry, RegistryChange, RegistryEntry } from './registry.ts';
import { checkEntry, checkKey, checkLease } from './registry-entry.ts';
import { Watchers } from './watchers.ts';

export interface LocalRegistryOptions {
  /** Database; made where there is none. Leases lie beside it. */
  readonly file: string;
  readonly clock: Clock;
  /** Where listeners that throw are told of. Default: nowhere. */
  readonly log?: Log;
}

// A removed key stays as a row without a value, so that other processes learn of it.
const MIGRATIONS = [
  `CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT, revision INTEGER NOT NULL UNIQUE) STRICT;
   CREATE TABLE counter (revision INTEGER NOT NULL) STRICT;
   INSERT INTO counter VALUES (0);`,
];
/** Other processes look at least this often, so removals older than this many writes were seen. */
const KEPT_REMOVALS = 100_000;
const LOOK_MS = 200;

interface Row {
  readonly key: string;
  readonly value: string | null;
  readonly revision: number;
}

/**
 * Opens the registry of a fleet of one. Changes made by this process are told before a call resolves, those of others a
 * fifth of a second later.
 *
 * @throws Error when the file was written by a newer version of the program.
 */
export function openLocalRegistry(options: LocalRegistryOptions): Registry {
  return new LocalRegistry(options);
}

class LocalRegistry implements Registry {
  readonly kind = 'local';
  readonly isConnected = true;
  readonly #database: DatabaseSync;
  readonly #options: Required<LocalRegistryOptions>;
  readonly #watchers: Watchers;
  readonly #leases = new Set<Lease>();
  readonly #looks: Timer;
  #toldRevision: number;
  #isTelling = false;
  #isClosed = false;

  constructor(options: LocalRegistryOptions) {
    this.#options = { log: silentLog, ...options };
    this.#database = openDatabase({ file: options.file, migrations: MIGRATIONS, durable: true });
    this.#watchers = new Watchers(this.#options.log);
    this.#toldRevision = this.#lastRevision();
    this.#looks = options.clock.every(LOOK_MS, () => this.#tell());
  }

  async get(key: string): Promise<RegistryEntry | undefined> {
    checkKey(key);
    return this.#read(key);
  }

  async list(prefix: string): Promise<readonly RegistryEntry[]> {
    return this.#readAll(prefix);
  }

  async put(key: string, value: string): Promise<number> {
    checkEntry(key, value);
    return this.#write(() => this.#store(key, value));
  }

  async compareAndSet(key: string, value: string, revision: number | undefined): Promise<number | undefined> {
    checkEntry(key, value);
    return this.#write(() => (this.#read(key)?.revision === revision ? this.#store(key, value) : undefined));
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    this.#write(() => {
      if (this.#read(key) === undefined) return;
      const revision = this.#store(key, null);
      this.#database.prepare('DELETE FROM entry WHERE value IS NULL AND revision < ?').run(revision - KEPT_REMOVALS);
    });
  }

  async watch(prefix: string, onChange: (change: RegistryChange) => void): Promise<() => void> {
    const since = this.#lastRevision();
    const present = this.#readAll(prefix);
    const end = this.#alone(() => this.#watchers.add({ prefix, since, onChange }, present));
    this.#tell();
    return end;
  }

  lease(name: string, wish: LeaseWish): Lease {
    checkLease(name, wish.ttlMs);
    const { file, clock, log } = this.#options;
    const nextToken = () => inTransaction(this.#database, () => this.#nextRevision());
    const lease = new LocalLease({ ...wish, file, name, clock, log, nextToken });
    this.#leases.add(lease);
    return lease;
  }

  onConnection(): void {
    // A database on this server's disk is always there.
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#looks.cancel();
    await Promise.all([...this.#leases].map((each) => each.release()));
    this.#database.close();
  }

  #read(key: string): RegistryEntry | undefined {
    return this.#database
      .prepare('SELECT key, value, revision FROM entry WHERE key = ? AND value IS NOT NULL')
      .get(key) as RegistryEntry | undefined;
  }

  #readAll(prefix: string): RegistryEntry[] {
    return this.#database
      .prepare(
        `SELECT key, value, revision FROM entry
         WHERE substr(key, 1, ?) = ? AND value IS NOT NULL ORDER BY revision`,
      )
      .all(prefix.length, prefix) as unknown as RegistryEntry[];
  }

  #write<T>(work: () => T): T {
    const result = inTransaction(this.#database, work);
    this.#tell();
    return result;
  }

  #store(key: string, value: string | null): number {
    const revision = this.#nextRevision();
    this.#database
      .prepare(
        `INSERT INTO entry VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision`,
      )
      .run(key, value, revision);
    return revision;
  }

  #nextRevision(): number {
    const row = this.#database.prepare('UPDATE counter SET revision = revision + 1 RETURNING revision').get();
    return (row as { revision: number }).revision;
  }

  #lastRevision(): number {
    return (this.#database.prepare('SELECT revision FROM counter').get() as { revision: number }).revision;
  }

  #tell(): void {
    if (this.#isTelling || this.#isClosed) return;
    this.#alone(() => {
      for (let next = this.#changes(); next.length > 0; next = this.#changes()) {
        for (const { key, value, revision } of next) {
          this.#toldRevision = revision;
          this.#watchers.tell({ key, value: value ?? undefined, revision });
        }
      }
    });
  }

  // A listener that writes is told of it after the others have heard what it was told of.
  #alone<T>(work: () => T): T {
    const wasTelling = this.#isTelling;
    this.#isTelling = true;
    try {
      return work();
    } finally {
      this.#isTelling = wasTelling;
    }
  }

  #changes(): Row[] {
    if (this.#isClosed) return [];
    return this.#database
      .prepare('SELECT key, value, revision FROM entry WHERE revision > ? ORDER BY revision')
      .all(this.#toldRevision) as unknown as Row[];
  }
}
