/** Settings of services and updaters. */
import { parseWhole, type Setting, type SettingTable } from '../../core/config.ts';

const MEBIBYTE = 1024 * 1024;

function limit(variable: string, fallback: number, range: readonly [number, number], help: string): Setting<number> {
  return { variable, fallback, help, group: 'limit', parse: parseWhole(...range) };
}

export const serviceSettings = {
  serviceTimeoutMs: limit(
    'SERVICE_TIMEOUT_MS',
    10_000,
    [100, 120_000],
    'Milliseconds a service may take over a request, its wait for a process included; one that hangs is killed.',
  ),
  updateTimeoutMs: limit(
    'UPDATE_TIMEOUT_MS',
    60_000,
    [100, 3_600_000],
    'Milliseconds one run of an updater may take before it is killed.',
  ),
  serviceMemoryMb: limit(
    'SERVICE_MEMORY_MB',
    256,
    [32, 65_536],
    'MiB that a process of a service or an updater may grow beyond its size when loaded.',
  ),
  serviceQueue: limit('SERVICE_QUEUE', 64, [0, 4096], 'Requests that may wait for each service; more are shed.'),
  maxServiceBytes: limit(
    'SERVICE_MAX_BYTES',
    32 * MEBIBYTE,
    [1024, 1024 * MEBIBYTE],
    'Bytes a request to a service, or its reply, may have.',
  ),
  maxDataSetBytes: limit(
    'DATA_SET_MAX_BYTES',
    64 * MEBIBYTE,
    [1024, 2047 * MEBIBYTE],
    'Bytes a data set may have that a component registers.',
  ),
} as const satisfies SettingTable;
