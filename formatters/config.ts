/** Settings of the formatters and of the processes they run in. */
import { availableParallelism, totalmem } from 'node:os';
import type { Setting, SettingTable } from '../core/config.ts';
import { parseList, parseText, parseWhole } from '../core/config.ts';
import { readMediaType } from '../core/media-type.ts';

const MEBIBYTE = 1024 * 1024;

function limit(variable: string, fallback: number, range: readonly [number, number], help: string): Setting<number> {
  return { variable, fallback, help, group: 'limit', parse: parseWhole(...range) };
}

export const formatterSettings = {
  pool: {
    variable: 'POOL',
    fallback: () => availableParallelism(),
    fallbackText: 'cores',
    help: 'Formatter processes that share the built-in formatters.',
    group: 'main',
    parse: parseWhole(1, 256),
  } satisfies Setting<number>,
  pluginsDir: {
    variable: 'PLUGINS_DIR',
    fallback: undefined,
    fallbackText: 'none',
    help: 'Folder of extra components: modules (`.ts`, `.mjs`, `.js`) or folders with an index.',
    group: 'main',
    parse: parseText,
  } satisfies Setting<string | undefined>,
  formatsOff: {
    variable: 'FORMATS_OFF',
    fallback: [],
    fallbackText: 'none',
    help: 'Kill switch: media types that are passed through untouched.',
    group: 'main',
    parse: parseList((item) => {
      const essence = readMediaType(item)?.essence;
      if (essence === undefined) throw new RangeError('must be media types like image/avif');
      return essence;
    }),
  } satisfies Setting<readonly string[]>,
  timeoutMs: limit(
    'FORMAT_TIMEOUT_MS',
    8000,
    [100, 120_000],
    'Milliseconds a chain may run before its process is killed.',
  ),
  svgTimeoutMs: limit('SVG_TIMEOUT_MS', 6000, [100, 120_000], 'Milliseconds a step that reads SVG may run.'),
  memoryMb: limit(
    'FORMAT_MEMORY_MB',
    512,
    [64, 65_536],
    'MiB a formatter process may grow beyond its idle size before it is killed.',
  ),
  budgetMb: {
    variable: 'FORMAT_BUDGET_MB',
    fallback: () => Math.max(512, Math.floor(totalmem() / MEBIBYTE / 2)),
    fallbackText: 'half of the memory of the machine',
    help: 'MiB that the jobs running at one time may be estimated to need together.',
    group: 'limit',
    parse: parseWhole(64, 1_048_576),
  } satisfies Setting<number>,
  queuePerProcess: limit('FORMAT_QUEUE', 8, [0, 1024], 'Jobs that may wait for each formatter process; more are shed.'),
  recycleJobs: limit('FORMAT_RECYCLE_JOBS', 2000, [1, 1_000_000], 'Jobs after which a formatter process is replaced.'),
  recycleMb: limit(
    'FORMAT_RECYCLE_MB',
    320,
    [32, 65_536],
    'MiB of growth after a job at which its process is replaced.',
  ),
  maxInputBytes: limit('FORMAT_MAX_INPUT', 32 * MEBIBYTE, [1024, 1024 * MEBIBYTE], 'Bytes a formatter may be given.'),
  maxOutputBytes: limit('FORMAT_MAX_OUTPUT', 32 * MEBIBYTE, [1024, 1024 * MEBIBYTE], 'Bytes a formatter may return.'),
  maxPixels: limit(
    'FORMAT_MAX_PIXELS',
    50_000_000,
    [10_000, 1_000_000_000],
    'Pixels of a picture, over all frames; formats that need more memory for each have lower limits of their own.',
  ),
  maxFetches: limit('FORMAT_FETCHES', 32, [0, 1024], 'Requests that the components of one job may make.'),
  maxFetchedBytes: limit(
    'FORMAT_FETCHED_BYTES',
    16 * MEBIBYTE,
    [0, 1024 * MEBIBYTE],
    'Bytes that the components of one job may fetch together.',
  ),
  breakerFaults: limit('FORMAT_FAULTS', 5, [1, 1000], 'Faults within a minute that suspend a formatter for a minute.'),
} as const satisfies SettingTable;
