/** Hosts of which one thing was found out: kept for a month, shared by the processes of a server. */
import { LRUCache } from 'lru-cache';
import type { DiskCache } from '../../core/cache/disk-cache.ts';
import type { Clock } from '../../core/clock.ts';

export interface RememberedHosts {
  /** @param host Host with its port, where that is not the default. */
  add(host: string): void;
  has(host: string): boolean;
}

const KEPT_MS = 30 * 86_400_000;
const MAX_HOSTS = 10_000;

/** @param what What was found out, in words: hosts of different things share a disk. */
export function makeRememberedHosts(what: string, clock: Clock, disk?: DiskCache): RememberedHosts {
  const known = new LRUCache<string, number>({ max: MAX_HOSTS });
  // No URL begins like this: the hosts share a cache with the facts of originals.
  const keyOf = (host: string) => JSON.stringify([what, host]);
  return {
    add(host) {
      const ends = clock.now() + KEPT_MS;
      if ((known.get(host) ?? 0) > ends - KEPT_MS / 2) return;
      known.set(host, ends);
      void disk?.put({ key: keyOf(host), selector: '', meta: '', body: new Uint8Array(), ends });
    },
    has: (host) => (known.get(host) ?? 0) > clock.now() || (disk?.find(keyOf(host)).length ?? 0) > 0,
  };
}
