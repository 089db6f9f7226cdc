/** Figures of the traffic, of all processes of this server. */
import type { Clock } from '../../core/clock.ts';
import type { Counts, FormatterCounts, HitCounts } from '../../gateway/traffic/counts.ts';
import type { TrafficStore } from '../../gateway/traffic/traffic-store.ts';

const HOUR_MS = 3_600_000;

export interface Span {
  readonly counts: Counts;
  readonly byClass: Readonly<Record<string, Counts>>;
  readonly byMode: Readonly<Record<string, Counts>>;
  readonly byPresentation: Readonly<Record<string, Counts>>;
  readonly byStatus: Readonly<Record<string, Counts>>;
  /** Requests that failed, by error code. */
  readonly failures: Readonly<Record<string, number>>;
  /** 0 to 1; `null` where a cache was not asked. */
  readonly hitRatio: { readonly origin: number | null; readonly variant: number | null };
}

export interface Stats {
  /** Of the process that holds the admin listener. */
  readonly uptimeSeconds: number;
  /** Since the file of the counts was made. */
  readonly total: Span;
  readonly lastHour: Span;
  readonly lastDay: Span;
  /** By minute, milliseconds since 1970; minutes without traffic are missing. */
  readonly minutes: readonly (Counts & { readonly minute: number })[];
  readonly formatters: Readonly<Record<string, FormatterCounts & { readonly suspended: boolean }>>;
  /** Formatter processes of all workers together. */
  readonly pool: { readonly size: number; readonly busy: number; readonly queued: number };
  readonly workers: number;
}

export interface StatsParts {
  readonly store: TrafficStore;
  readonly clock: Clock;
  /** Monotonic milliseconds at which this process began to serve. */
  readonly startedAt: number;
}

/** @param minutesOf How far back `minutes` reaches. */
export function makeStats({ store, clock, startedAt }: StatsParts, minutesOf: 'hour' | 'day'): Stats {
  const now = clock.now();
  const workers = store.workers(now);
  const suspended = new Set(workers.flatMap((worker) => worker.suspended));
  const sum = (of: (pool: Stats['pool']) => number) => workers.reduce((total, { pool }) => total + of(pool), 0);
  return {
    uptimeSeconds: Math.floor((clock.monotonic() - startedAt) / 1_000),
    total: spanOf(store, undefined),
    lastHour: spanOf(store, now - HOUR_MS),
    lastDay: spanOf(store, now - 24 * HOUR_MS),
    minutes: store.minutes(now - (minutesOf === 'hour' ? HOUR_MS : 24 * HOUR_MS)),
    formatters: Object.fromEntries(
      Object.entries(store.formatters()).map(([name, counts]) => [name, { ...counts, suspended: suspended.has(name) }]),
    ),
    pool: { size: sum(({ size }) => size), busy: sum(({ busy }) => busy), queued: sum(({ queued }) => queued) },
    workers: workers.length,
  };
}

function spanOf(store: TrafficStore, since: number | undefined): Span {
  const counts = store.total(since);
  const { '': _none, ...failures } = store.totalsBy('failure', since);
  return {
    counts,
    byClass: store.totalsBy('class', since),
    byMode: store.totalsBy('mode', since),
    byPresentation: store.totalsBy('presentation', since),
    byStatus: store.totalsBy('status', since),
    failures: Object.fromEntries(Object.entries(failures).map(([code, { requests }]) => [code, requests])),
    hitRatio: { origin: ratioOf(counts.origin), variant: ratioOf(counts.variant) },
  };
}

function ratioOf({ asked, hits }: HitCounts): number | null {
  return asked === 0 ? null : Math.round((hits / asked) * 10_000) / 10_000;
}
