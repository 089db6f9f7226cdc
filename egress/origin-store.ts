/** Where the origin cache keeps originals: in memory, or on disk, shared by the processes of a server and kept by restarts. */
import { Writable } from 'node:stream';
import { cacheStores } from 'undici';
import type { DiskCache, DiskEntry, HeldEntry } from '../core/cache/disk-cache.ts';
import { selectingValue } from '../core/selecting-value.ts';
import { joinChunks } from '../core/whole-body.ts';

type MemoryStore = InstanceType<typeof cacheStores.MemoryCacheStore>;
type Key = Parameters<MemoryStore['get']>[0];
type Value = Parameters<MemoryStore['createWriteStream']>[1];
type Found = Awaited<ReturnType<MemoryStore['get']>>;

/** What the cache asks of a store. */
export interface OriginStore {
  get(key: Key): Found | Promise<Found>;
  createWriteStream(key: Key, value: Value): Writable | undefined;
  delete(key: Key): void | Promise<void>;
}

/** A store in memory of at most `maxBytes`; one original takes at most an eighth of it. */
export function makeMemoryStore(maxBytes: number): OriginStore {
  return new cacheStores.MemoryCacheStore({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes / 8),
    maxCount: Math.max(16, Math.floor(maxBytes / 4096)),
  });
}

/** An original without its body, as JSON keeps it. */
type Description = Omit<Value, 'body'>;

/** A store on disk. Small originals are given at once, large ones when their file has been read. */
export function makeDiskStore(cache: DiskCache, maxEntryBytes: number): OriginStore {
  // What is on its way to the disk, newest first: who asks meanwhile need not ask the origin again (C-6).
  const writing = new Map<string, readonly DiskEntry[]>();
  const put = (entry: DiskEntry): void => {
    const written = cache.put(entry);
    if (written === undefined) return;
    const others = () => (writing.get(entry.key) ?? []).filter((each) => each !== entry);
    writing.set(entry.key, [entry, ...others()]);
    void written.finally(() => {
      const left = others();
      if (left.length > 0) writing.set(entry.key, left);
      else writing.delete(entry.key);
    });
  };
  return {
    get(key) {
      for (const entry of writing.get(addressOf(key)) ?? []) {
        const description = readMatching(entry, key);
        if (description !== undefined) return toFound(description, entry.body);
      }
      for (const held of cache.find(addressOf(key))) {
        const description = readMatching(held, key);
        if (description === undefined) continue;
        const body = cache.bodyOf(held);
        return body instanceof Promise ? body.then((bytes) => toFound(description, bytes)) : toFound(description, body);
      }
      return undefined;
    },
    createWriteStream(key, value) {
      // What says that it is too large is not gathered at all.
      if (Number(value.headers['content-length'] ?? 0) > maxEntryBytes) return undefined;
      const chunks: Buffer[] = [];
      let size = 0;
      return new Writable({
        write(chunk: Buffer, _encoding, done) {
          size += chunk.byteLength;
          chunks.push(chunk);
          if (size > maxEntryBytes) {
            chunks.length = 0;
            this.destroy();
          }
          done();
        },
        final(done) {
          const { vary, deleteAt } = value;
          const body = joinChunks(chunks);
          // A stream that is done is kept until the next full collection (its state holds a pretenured function).
          chunks.length = 0;
          // Whoever reads the reply does not wait for the disk.
          put({
            key: addressOf(key),
            selector: JSON.stringify([key.method, sortedEntries(vary)]),
            meta: JSON.stringify(value),
            body,
            ends: deleteAt,
          });
          done();
        },
      });
    },
    delete(key) {
      writing.delete(addressOf(key));
      cache.drop(addressOf(key));
    },
  };
}

// All methods of an address go together when it is invalidated (C-4).
function addressOf({ origin, path }: Key): string {
  return JSON.stringify([origin, path]);
}

function readMatching(held: Pick<HeldEntry, 'selector' | 'meta'>, key: Key): Description | undefined {
  const [method] = JSON.parse(held.selector) as [string];
  if (method !== key.method) return undefined;
  const description = JSON.parse(held.meta) as Description;
  const isSelected = Object.entries(description.vary ?? {}).every(([name, value]) =>
    isSameValue(name, key.headers?.[name], value),
  );
  return isSelected ? description : undefined;
}

function toFound(description: Description, body: Uint8Array | undefined): Found {
  return body === undefined ? undefined : ({ ...description, body: [body] } as Found);
}

function sortedEntries(vary: Value['vary']): unknown {
  return Object.entries(vary ?? {})
    .map(([name, value]) => [name, selectingValue(name, value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

type FieldValue = Parameters<typeof selectingValue>[1];

function isSameValue(name: string, asked: FieldValue, stored: FieldValue): boolean {
  return asked === stored || selectingValue(name, asked) === selectingValue(name, stored);
}
