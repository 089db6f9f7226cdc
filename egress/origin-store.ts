/** Where the origin cache keeps originals. */
import { cacheStores } from 'undici';

/** What the cache asks of a store; undici's memory and SQLite stores both are one. */
export type OriginStore = Pick<
  InstanceType<typeof cacheStores.MemoryCacheStore>,
  'get' | 'createWriteStream' | 'delete'
>;

/** A store in memory of at most `maxBytes`; one original takes at most an eighth of it. */
export function makeMemoryStore(maxBytes: number): OriginStore {
  return new cacheStores.MemoryCacheStore({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes / 8),
    maxCount: Math.max(16, Math.floor(maxBytes / 4096)),
  });
}

/**
 * A store in an SQLite database, which processes of one machine may share.
 *
 * @param location path of the database file, or `:memory:`.
 * @param maxEntries entries kept; the oldest go first.
 * @param maxEntryBytes largest body kept.
 */
export function openSqliteStore(
  location: string,
  maxEntries: number,
  maxEntryBytes: number,
): OriginStore & { close(): void } {
  return new cacheStores.SqliteCacheStore({ location, maxCount: maxEntries, maxEntrySize: maxEntryBytes });
}
