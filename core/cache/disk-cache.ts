/**
 * A cache on disk that processes of one machine share: what is known of each entry in SQLite, small bodies beside it, large
 * ones as files, so that reading them does not hold up the event loop. Bounded in bytes, the longest unused going first.
 * Every part is checked by its digest when it is read (threat 66); a fault is a miss, never an error.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { sha256Of } from '../whole-body.ts';
import { type BodyFiles, makeBodyFiles } from './body-files.ts';
import { type CacheDatabase, openCacheDatabase } from './cache-database.ts';
import { diskCacheMigrations, prepareStatements, type Sql } from './disk-cache-schema.ts';

export interface DiskCacheOptions {
  /** Database file; larger bodies go into a folder of the same name without its ending. `:memory:` keeps all in memory. */
  readonly file: string;
  /** Bytes of all entries together. */
  readonly maxBytes: number;
  /** Bytes of one body; larger ones are not kept. */
  readonly maxEntryBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is kept. Of a key there is one entry for each selector. */
export interface DiskEntry {
  readonly key: string;
  readonly selector: string;
  /** Whatever the owner wants to know before the body is read. */
  readonly meta: string;
  readonly body: Uint8Array;
  /** Milliseconds since 1970 at which it is dropped. */
  readonly ends: number;
}

/** An entry that was found; its body is yet to be read. */
export interface HeldEntry {
  readonly id: number;
  readonly key: string;
  readonly selector: string;
  readonly meta: string;
  readonly file: string | null;
  readonly digest: Uint8Array;
}

export interface DiskCache {
  /** Entries of a key that have not ended, newest first. */
  find(key: string): readonly HeldEntry[];
  /** The body; `undefined` where it is gone or damaged. At once where it is small. */
  bodyOf(held: HeldEntry): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Keeps an entry in place of the one with the same key and selector. At once where the body is small. */
  put(entry: DiskEntry): void | Promise<void>;
  /** Drops all entries of a key, in every process, also those that are being written by this one. */
  drop(key: string): void;
  /** Changes when another process has written. */
  edition(): string;
  close(): Promise<void>;
}

/** Bodies up to this size are in the database: one read of a page or two costs less than three calls of the file system. */
const INLINE_BYTES = 32_768;
/** What an entry costs beside its body and meta: its row in four B-trees. */
const ROW_BYTES = 512;
const EVICTED_AT_ONCE = 64;
const DROP_TRIES = 20;
const TOUCH_MS = 10_000;
const SWEEP_MS = 60_000;
/** A file is written before its entry: younger ones may have it still to come. */
const ORPHAN_MS = 600_000;
/** Bodies on their way to the disk at one moment; what comes beyond is not kept. */
const MAX_WRITING_BYTES = 67_108_864;

interface Row extends HeldEntry {
  readonly check_meta: Uint8Array;
  readonly ends: number;
}

export function openDiskCache(options: DiskCacheOptions): DiskCache {
  return new SharedDiskCache(options);
}

class SharedDiskCache implements DiskCache {
  readonly #options: DiskCacheOptions;
  readonly #database: CacheDatabase<Sql>;
  /** `undefined` where all is in memory. */
  readonly #files: BodyFiles | undefined;
  readonly #touched = new Map<number, number>();
  readonly #timers: readonly { cancel(): void }[];
  /** Writes under way by key; dropping the key voids them. */
  readonly #writing = new Map<string, Set<{ void: boolean }>>();
  readonly #pending = new Set<Promise<void>>();
  #writingBytes = 0;
  #hasToldFault = false;

  constructor(options: DiskCacheOptions) {
    const { file, clock, log } = options;
    this.#options = options;
    this.#database = openCacheDatabase({
      file,
      migrations: diskCacheMigrations,
      prepare: prepareStatements,
      clock,
      log,
    });
    this.#files =
      file === ':memory:' ? undefined : makeBodyFiles(join(dirname(file), basename(file).replace(/\.\w+$/, '')));
    this.#timers = [
      clock.every(TOUCH_MS, () => this.#flushTouched()),
      clock.every(SWEEP_MS, () => this.#follow(this.#sweep())),
    ];
    this.#follow(this.#sweep());
  }

  find(key: string): readonly HeldEntry[] {
    const rows = this.#database.attempt((sql) => sql.find.all(key, this.#options.clock.now())) ?? [];
    return (rows as unknown as Row[]).filter((row) => {
      if (equal(row.check_meta, digestOf(checked(row)))) return true;
      this.#discard(row, 'its description is damaged');
      return false;
    });
  }

  bodyOf(held: HeldEntry): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.#touched.set(held.id, this.#options.clock.now());
    if (held.file !== null) return this.#readFile(held, held.file);
    const row = this.#database.attempt((sql) => sql.body.get(held.id));
    return row === undefined ? undefined : this.#checkBody(held, toBuffer(row['body'] as Uint8Array));
  }

  put(entry: DiskEntry): void | Promise<void> {
    const size = entry.body.byteLength;
    if (size > this.#options.maxEntryBytes || entry.ends <= this.#options.clock.now()) return;
    if (size <= INLINE_BYTES || this.#files === undefined) {
      this.#insert(entry, { body: entry.body, file: null });
      return;
    }
    if (this.#writingBytes + size > MAX_WRITING_BYTES) return;
    const written = this.#write(entry, this.#files);
    this.#follow(written);
    return written;
  }

  drop(key: string): void {
    for (const writing of this.#writing.get(key) ?? []) writing.void = true;
    // What must not be given again has to go, however long others write.
    for (let tries = 0; tries < DROP_TRIES; tries++) {
      const rows = this.#database.attempt((sql) => sql.drop.all(key));
      this.#removeFiles(rows);
      if (rows !== undefined) return;
    }
  }

  edition(): string {
    return this.#database.edition();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    await Promise.all(this.#pending);
    this.#flushTouched();
    this.#database.close();
  }

  async #readFile(held: HeldEntry, file: string): Promise<Uint8Array | undefined> {
    try {
      return this.#checkBody(held, await this.#files!.read(file));
    } catch (error) {
      // Dropped by another process between the two reads, or lost with its folder.
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      this.#discard(held, isGone ? undefined : (error as Error).message);
      return undefined;
    }
  }

  #checkBody(held: HeldEntry, body: Uint8Array): Uint8Array | undefined {
    if (equal(held.digest, digestOf(body))) return body;
    this.#discard(held, 'its body is damaged');
    return undefined;
  }

  async #write(entry: DiskEntry, files: BodyFiles): Promise<void> {
    const writing = { void: false };
    const ofKey = this.#writing.get(entry.key) ?? new Set();
    this.#writing.set(entry.key, ofKey.add(writing));
    this.#writingBytes += entry.body.byteLength;
    try {
      const file = await files.write(entry.body);
      this.#hasToldFault = false;
      if (writing.void || !this.#insert(entry, { body: null, file })) await files.remove([file]);
    } catch (error) {
      // A full disk fails at every write: said once, until one has worked again (threat 65).
      if (!this.#hasToldFault)
        this.#options.log.error('a cache cannot be written', { file: this.#options.file, error });
      this.#hasToldFault = true;
    } finally {
      this.#writingBytes -= entry.body.byteLength;
      ofKey.delete(writing);
      if (ofKey.size === 0) this.#writing.delete(entry.key);
    }
  }

  #insert(entry: DiskEntry, place: { body: Uint8Array | null; file: string | null }): boolean {
    const { key, selector, meta, ends } = entry;
    const bytes = entry.body.byteLength + Buffer.byteLength(meta) + Buffer.byteLength(key) + ROW_BYTES;
    const digests = [digestOf(checked(entry)), sha256Of(entry.body)] as const;
    const gone = this.#database.attempt((sql, database) => {
      database.exec('BEGIN IMMEDIATE');
      const replaced = sql.dropOne.all(key, selector);
      sql.add.run(key, selector, meta, ...digests, bytes, place.body, place.file, this.#options.clock.now(), ends);
      const evicted = this.#evict(sql);
      database.exec('COMMIT');
      return [...replaced, ...evicted];
    });
    this.#removeFiles(gone);
    return gone !== undefined;
  }

  // Within the transaction of an insertion.
  #evict(sql: Sql): Record<string, unknown>[] {
    const evicted: Record<string, unknown>[] = [];
    for (;;) {
      const excess = (sql.tally.get()!['bytes'] as number) - this.#options.maxBytes;
      if (excess <= 0) return evicted;
      this.#writeTouched(sql);
      evicted.push(...sql.evict.all(EVICTED_AT_ONCE, excess));
    }
  }

  // The digests would tell again at every request: it is made anew instead.
  #discard(held: HeldEntry, why: string | undefined): void {
    if (why !== undefined) this.#options.log.warn('a cache entry is dropped', { file: this.#options.file, why });
    this.#removeFiles(this.#database.attempt((sql) => sql.dropId.all(held.id)));
  }

  #removeFiles(rows: readonly Record<string, unknown>[] | undefined): void {
    const files = (rows ?? []).flatMap((row) => (typeof row['file'] === 'string' ? [row['file']] : []));
    if (this.#files !== undefined && files.length > 0) this.#follow(this.#files.remove(files));
  }

  #flushTouched(): void {
    if (this.#touched.size === 0) return;
    this.#database.attempt((sql, database) => {
      database.exec('BEGIN IMMEDIATE');
      this.#writeTouched(sql);
      database.exec('COMMIT');
    });
    this.#touched.clear();
  }

  #writeTouched(sql: Sql): void {
    for (const [id, at] of this.#touched) sql.touch.run(at, id);
    this.#touched.clear();
  }

  async #sweep(): Promise<void> {
    const now = this.#options.clock.now();
    this.#removeFiles(this.#database.attempt((sql) => sql.end.all(now)));
    const isKnown = (file: string) => this.#database.attempt((sql) => sql.isKnown.get(file) !== undefined) ?? true;
    try {
      await this.#files?.sweep(isKnown, now - ORPHAN_MS);
    } catch (error) {
      this.#options.log.warn('a cache folder cannot be swept', { file: this.#options.file, error });
    }
  }

  #follow(work: Promise<void>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }
}

// What an entry says of itself; a flipped bit in any of it makes it another.
function checked({ key, selector, meta, ends }: Pick<DiskEntry, 'key' | 'selector' | 'meta' | 'ends'>): Buffer {
  return Buffer.from(JSON.stringify([key, selector, meta, ends]));
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
