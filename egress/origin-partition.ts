/** A view of the origin cache's store: told apart for what must not mix, and telling what it did. */
import { currentExchange } from './exchange.ts';
import type { OriginStore } from './origin-store.ts';

/** How long a stale original is kept where a condition can renew it. */
const REVALIDATION_MS = 86_400_000;

type Value = Parameters<OriginStore['createWriteStream']>[1];
type Key = Parameters<OriginStore['get']>[0];

/**
 * A view of a store for one partition, which also tells each exchange what was found and kept.
 *
 * What was fetched by a grant (a private server named in SITES) must not answer those who only guess its address, and a
 * `Host` field of its own selects another site on the same server (threats 27, 28): both go into the key.
 *
 * @param changed told of an address that has become invalid, or has a new whole
 */
export function partitionStore(store: OriginStore, partition: string, changed: (url: string) => void): OriginStore {
  const keyOf = (key: Key): Key => {
    const host = key.headers?.['host'];
    return { ...key, origin: JSON.stringify([partition, key.origin, host ?? null]) };
  };
  return {
    get(key) {
      const exchange = currentExchange.getStore();
      const found = store.get(keyOf(key));
      if (exchange === undefined) return found;
      if (!(found instanceof Promise)) {
        exchange.entry = found;
        return found;
      }
      return found.then((entry) => {
        exchange.entry = entry;
        return entry;
      });
    },
    createWriteStream(key, value) {
      if (key.method === 'GET') changed(key.origin + key.path);
      const stream = store.createWriteStream(keyOf(key), keepForRevalidation(value));
      const exchange = currentExchange.getStore();
      if (exchange !== undefined && stream !== undefined) exchange.storedUntil = value.staleAt;
      return stream;
    },
    delete(key) {
      changed(key.origin + key.path);
      return store.delete(keyOf(key));
    },
  };
}

// undici drops an entry one freshness lifetime after it went stale: what was fresh for a second would be fetched whole
// again. When it may be served stale does not depend on this.
function keepForRevalidation(value: Value): Value {
  if (value.etag === undefined && !Object.hasOwn(value.headers, 'last-modified')) return value;
  return { ...value, deleteAt: Math.max(value.deleteAt, value.cachedAt + REVALIDATION_MS) };
}
