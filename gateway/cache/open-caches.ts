/** The caches on disk, below DATA_DIR/cache: all of it may be removed while no server runs, at the price of making it again. */
import { join } from 'node:path';
import { type DiskCache, openDiskCache } from '../../core/cache/disk-cache.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { makeDiskStore, type OriginStore } from '../../egress/origin-store.ts';

export interface CacheSettings {
  readonly dataDir: string;
  readonly originCacheBytes: number;
  readonly originCacheEntryBytes: number;
  readonly variantDiskBytes: number;
}

export interface Caches {
  /** Where the origin cache keeps originals; `undefined` when it is off. */
  readonly store: OriginStore | undefined;
  /** What is known of originals, and what was made of them; `undefined` where both stay in memory. */
  readonly formatted: { readonly originals: DiskCache; readonly variants: DiskCache } | undefined;
  close(): Promise<void>;
}

/** Facts of an original are about 1 kB: some 50,000 of them. */
const ORIGINALS_BYTES = 67_108_864;

export function openCaches(settings: CacheSettings, parts: { clock: Clock; log: Log }): Caches {
  const open = (name: string, maxBytes: number, maxEntryBytes: number) =>
    openDiskCache({ file: join(settings.dataDir, 'cache', `${name}.db`), maxBytes, maxEntryBytes, ...parts });
  const { originCacheBytes, originCacheEntryBytes, variantDiskBytes } = settings;
  const origin = originCacheBytes === 0 ? undefined : open('origin', originCacheBytes, originCacheEntryBytes);
  const formatted =
    variantDiskBytes === 0
      ? undefined
      : {
          originals: open('originals', ORIGINALS_BYTES, 0),
          variants: open('variants', variantDiskBytes, Math.floor(variantDiskBytes / 8)),
        };
  return {
    store: origin === undefined ? undefined : makeDiskStore(origin, originCacheEntryBytes),
    formatted,
    async close() {
      await Promise.all([origin?.close(), formatted?.originals.close(), formatted?.variants.close()]);
    },
  };
}
