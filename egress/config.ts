/** Settings of the way out: where clients may go, and how long and how much is waited for. */
import { parseList, parseWhole, type Setting, type SettingTable, type Values } from '../core/config.ts';
import { type AllowedUpstream, parseAllowedUpstream } from './allowed-upstream.ts';

/** A rule of TARGETS_ALLOW: one host, or all below a suffix. */
export interface TargetRule {
  readonly host: string;
  readonly below: boolean;
}

function parseTargetRule(text: string): TargetRule {
  const below = /^\*?\./.test(text);
  const host = text.replace(/^\*?\./, '').toLowerCase();
  const url = URL.parse(`http://${host}/`);
  if (url === null || url.port !== '' || url.pathname !== '/' || url.hostname === '')
    throw new RangeError('must be `any`, host names, or suffixes such as `.example.org`, by commas');
  return { host: url.hostname.replace(/\.$/, ''), below };
}

function parseTargets(text: string): 'any' | readonly TargetRule[] {
  return text.toLowerCase() === 'any' ? 'any' : parseList(parseTargetRule)(text);
}

const parsePorts = parseList(parseWhole(1, 65_535));

function limit(variable: string, fallback: number, range: readonly [number, number], help: string): Setting<number> {
  return { variable, fallback, help, group: 'limit', parse: parseWhole(...range) };
}

export const egressSettings = {
  targetsAllow: {
    variable: 'TARGETS_ALLOW',
    fallback: 'any',
    help: 'Hosts clients may go to: `any`, or host names and suffixes such as `.example.org`, by commas.',
    group: 'main',
    parse: parseTargets,
  } satisfies Setting<'any' | readonly TargetRule[]>,
  upstreamPorts: {
    variable: 'UPSTREAM_PORTS',
    fallback: [80, 443, 8080, 8443],
    fallbackText: '80,443,8080,8443',
    help: 'Ports of upstream servers clients may go to.',
    group: 'main',
    parse: parsePorts,
  } satisfies Setting<readonly number[]>,
  connectPorts: {
    variable: 'CONNECT_PORTS',
    fallback: [443],
    fallbackText: '443',
    help: 'Ports to which CONNECT opens a tunnel.',
    group: 'main',
    parse: parsePorts,
  } satisfies Setting<readonly number[]>,
  upstreamAllow: {
    variable: 'UPSTREAM_ALLOW',
    fallback: [],
    fallbackText: 'none',
    help: '`host:port`, `host` or address ranges that may be fetched although private; without a port every port.',
    group: 'main',
    parse: parseList(parseAllowedUpstream),
  } satisfies Setting<readonly AllowedUpstream[]>,
  connectTimeoutMs: limit(
    'CONNECT_TIMEOUT_MS',
    3000,
    [50, 60_000],
    'Longest wait for a connection upstream, name look-up included.',
  ),
  headersTimeoutMs: limit('HEADERS_TIMEOUT_MS', 10_000, [50, 300_000], 'Longest wait for the fields of an answer.'),
  idleTimeoutMs: limit('IDLE_TIMEOUT_MS', 5000, [50, 300_000], 'Longest pause within a body that is to be formatted.'),
  totalTimeoutMs: limit(
    'TOTAL_TIMEOUT_MS',
    30_000,
    [50, 600_000],
    'Longest time for an exchange whose body is to be formatted.',
  ),
  passIdleTimeoutMs: limit(
    'PASS_IDLE_TIMEOUT_MS',
    60_000,
    [50, 600_000],
    'Longest pause within a body that is passed through.',
  ),
  originConnections: limit('ORIGIN_CONNECTIONS', 16, [1, 1024], 'Connections to one origin.'),
  originQueue: limit('ORIGIN_QUEUE', 64, [0, 10_000], 'Requests that may wait for a connection to one origin.'),
  maxUpstreamFieldBytes: limit(
    'MAX_UPSTREAM_FIELD_BYTES',
    65_536,
    [4096, 1_048_576],
    'Largest header section of an answer.',
  ),
  breakerFailures: limit(
    'BREAKER_FAILURES',
    5,
    [1, 1000],
    'Failures in a row after which an origin is left alone for a while.',
  ),
  breakerOpenMs: limit(
    'BREAKER_OPEN_MS',
    10_000,
    [100, 600_000],
    'How long an origin that failed is left alone before it is tried again.',
  ),
  originCacheBytes: limit(
    'ORIGIN_CACHE_BYTES',
    1_073_741_824,
    [0, 17_592_186_044_416],
    'Disk for originals in DATA_DIR/cache, shared by all workers and kept by restarts; the longest unused go first. An original stays while it is fresh, a day at least where it can be revalidated; 0 turns the origin cache off.',
  ),
  originCacheEntryBytes: limit(
    'ORIGIN_CACHE_ENTRY_BYTES',
    16_777_216,
    [0, 1_073_741_824],
    'Largest original that is kept in the origin cache.',
  ),
} satisfies SettingTable;

export type EgressSettings = Values<typeof egressSettings>;
