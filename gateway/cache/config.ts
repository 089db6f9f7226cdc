/** Settings of the variant cache. */
import { parseWhole, type Setting, type SettingTable } from '../../core/config.ts';

export const cacheSettings = {
  variantCacheBytes: {
    variable: 'VARIANT_CACHE_BYTES',
    fallback: 128_000_000,
    help: 'Memory of the variant cache in each worker.',
    group: 'limit',
    parse: parseWhole(0, 100_000_000_000),
  } satisfies Setting<number>,
  variantDiskBytes: {
    variable: 'VARIANT_DISK_BYTES',
    fallback: 1_073_741_824,
    help: 'Disk of the variant cache in DATA_DIR/cache, shared by all workers and kept by restarts; the longest unused go first; 0 keeps variants in memory alone.',
    group: 'limit',
    parse: parseWhole(0, 17_592_186_044_416),
  } satisfies Setting<number>,
  variantDays: {
    variable: 'VARIANT_DAYS',
    fallback: 30,
    help: 'Days after which a variant on disk is dropped, however often it is used; only while the original is fresh, or found unchanged, is it given out.',
    group: 'limit',
    parse: parseWhole(1, 3_650),
  } satisfies Setting<number>,
} satisfies SettingTable;
