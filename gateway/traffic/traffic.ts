/**
 * Watches the traffic of this process: counts in memory, writes about once a second into the file that all processes
 * share. Nothing a client waits for touches the disk.
 */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Clients } from '../../profiles/clients.ts';
import type { Counts, ExchangeEntry, FormatterCounts, TotalKey, WorkerState } from './counts.ts';
import type { Trace } from './trace.ts';
import { openTrafficStore, type TrafficStore } from './traffic-store.ts';

/** A reply that has been sent. */
export interface DoneExchange {
  readonly trace: Trace | undefined;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  readonly ms: number;
  /** True when the connection ended before the body did. */
  readonly isBroken: boolean;
}

export interface Traffic {
  readonly store: TrafficStore;
  /** Notes an exchange: a look-up and a few additions. */
  note(done: DoneExchange): void;
  /** Notes a run of a formatter, or that it gave nothing. */
  noteRun(formatter: string, run: { readonly ms: number } | 'fault' | 'refusal'): void;
  /** Writes what has been counted. */
  flush(): void;
  close(): void;
}

export interface TrafficOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly clients: Pick<Clients, 'addSaved'>;
  /** Tells this process from the others of the server. */
  readonly worker: string;
  /** State of this process's formatters. */
  readonly state: () => Pick<WorkerState, 'pool' | 'suspended'>;
}

const FLUSH_MS = 1_000;
const SWEEP_MS = 3_600_000;
/** A process without traffic still says that it is there. */
const HEARTBEAT_MS = 5_000;
/** Exchanges of one process that are kept each second: under load a sample, the newest. */
const MAX_EXCHANGES = 250;
/** Different exchanges that are gathered before they are written without waiting for the timer. */
const MAX_TRACES = 5_000;

interface Tally {
  readonly status: number;
  readonly isBroken: boolean;
  requests: number;
  /** Replies that had a body. */
  bodies: number;
  bytes: number;
  ms: number;
}

interface Seen extends DoneExchange {
  readonly at: number;
}

const OWN_PAGE = 'own';

export function openTraffic(options: TrafficOptions): Traffic {
  const { clock, log, clients } = options;
  const store = openTrafficStore(options.file);
  const started = clock.now();
  let tallies = new Map<Trace | undefined, Tally[]>();
  let seen: Seen[] = [];
  let count = 0;
  let runs = new Map<string, FormatterCounts>();
  let writtenAt = Number.NEGATIVE_INFINITY;
  const reset = () => {
    tallies = new Map();
    seen = [];
    count = 0;
    runs = new Map();
  };
  const flush = () => {
    const now = clock.now();
    if (tallies.size === 0 && runs.size === 0 && now - writtenAt < HEARTBEAT_MS) return;
    const worker = { id: options.worker, started, ...options.state() };
    const exchanges = inOrder(seen, count).map(toEntry);
    try {
      store.write({ totals: sumUp(tallies), exchanges, formatters: runs, worker }, now);
    } catch (error) {
      // Counts are a convenience: a disk that takes none must not fill the memory, nor cost a reply (threat 65).
      if (tallies.size >= MAX_TRACES) reset();
      log.warn('traffic could not be written', { error });
      return;
    }
    const saved = savedByClient(tallies);
    reset();
    writtenAt = now;
    if (saved.size > 0) clients.addSaved(saved);
  };
  const timers = [clock.every(FLUSH_MS, flush), clock.every(SWEEP_MS, () => store.sweep(clock.now()))];
  return {
    store,
    note(done) {
      addTally(tallies, done);
      seen[count++ % MAX_EXCHANGES] = { ...done, at: clock.now() };
      if (tallies.size >= MAX_TRACES) flush();
    },
    noteRun(formatter, run) {
      const before = runs.get(formatter) ?? { runs: 0, ms: 0, faults: 0, refusals: 0 };
      runs.set(
        formatter,
        run === 'fault'
          ? { ...before, faults: before.faults + 1 }
          : run === 'refusal'
            ? { ...before, refusals: before.refusals + 1 }
            : { ...before, runs: before.runs + 1, ms: before.ms + run.ms },
      );
    },
    flush,
    close() {
      for (const timer of timers) timer.cancel();
      flush();
      store.forgetWorker(options.worker);
      store.close();
    },
  };
}

function addTally(
  tallies: Map<Trace | undefined, Tally[]>,
  { trace, status, isBroken, bytes, ms }: DoneExchange,
): void {
  let ofTrace = tallies.get(trace);
  if (ofTrace === undefined) {
    ofTrace = [];
    tallies.set(trace, ofTrace);
  }
  let tally = ofTrace.find((each) => each.status === status && each.isBroken === isBroken);
  if (tally === undefined) {
    tally = { status, isBroken, requests: 0, bodies: 0, bytes: 0, ms: 0 };
    ofTrace.push(tally);
  }
  tally.requests += 1;
  if (bytes > 0) tally.bodies += 1;
  tally.bytes += bytes;
  tally.ms += ms;
}

/** The bytes a client was spared, and those of the originals that this was measured by. */
function measure(trace: Trace | undefined, tally: Tally): { original: number; saved: number } {
  const isWhole = tally.status === 200 && !tally.isBroken && trace?.originalBytes !== undefined;
  const original = isWhole ? trace.originalBytes * tally.bodies : tally.bytes;
  return { original, saved: isWhole ? Math.max(0, original - tally.bytes) : 0 };
}

function sumUp(tallies: ReadonlyMap<Trace | undefined, readonly Tally[]>) {
  const totals = new Map<string, { key: TotalKey; counts: Omit<Counts, 'failures'> }>();
  for (const [trace, ofTrace] of tallies)
    for (const tally of ofTrace) {
      const key = keyOf(trace, tally);
      const text = JSON.stringify(key);
      const counts = countsOf(trace, tally);
      const held = totals.get(text);
      totals.set(text, { key, counts: held === undefined ? counts : addCounts(held.counts, counts) });
    }
  return [...totals.values()];
}

function keyOf(trace: Trace | undefined, { status, isBroken }: Tally): TotalKey {
  return {
    class: trace?.class ?? '',
    mode: trace?.mode ?? OWN_PAGE,
    presentation: trace?.presentation ?? OWN_PAGE,
    status,
    failure: failureOf(trace, isBroken) ?? '',
  };
}

function failureOf(trace: Trace | undefined, isBroken: boolean): string | null {
  return trace?.failure ?? (isBroken ? 'BROKEN_OFF' : null);
}

function countsOf(trace: Trace | undefined, tally: Tally): Omit<Counts, 'failures'> {
  const { requests } = tally;
  const { original, saved } = measure(trace, tally);
  const isAnswered = trace !== undefined && trace.failure === undefined;
  const isFormatted = trace?.variantHit !== undefined;
  return {
    requests,
    bytesOriginal: original,
    bytesSent: tally.bytes,
    bytesSaved: saved,
    origin: { asked: isAnswered ? requests : 0, hits: trace?.originHit === true ? requests : 0 },
    variant: { asked: isFormatted ? requests : 0, hits: trace?.variantHit === true ? requests : 0 },
    ms: tally.ms,
  };
}

function addCounts(a: Omit<Counts, 'failures'>, b: Omit<Counts, 'failures'>): Omit<Counts, 'failures'> {
  return {
    requests: a.requests + b.requests,
    bytesOriginal: a.bytesOriginal + b.bytesOriginal,
    bytesSent: a.bytesSent + b.bytesSent,
    bytesSaved: a.bytesSaved + b.bytesSaved,
    origin: { asked: a.origin.asked + b.origin.asked, hits: a.origin.hits + b.origin.hits },
    variant: { asked: a.variant.asked + b.variant.asked, hits: a.variant.hits + b.variant.hits },
    ms: a.ms + b.ms,
  };
}

function savedByClient(tallies: ReadonlyMap<Trace | undefined, readonly Tally[]>): Map<string, number> {
  const byClient = new Map<string, number>();
  for (const [trace, ofTrace] of tallies) {
    if (trace?.client === undefined) continue;
    const saved = ofTrace.reduce((sum, tally) => sum + measure(trace, tally).saved, 0);
    if (saved > 0) byClient.set(trace.client, (byClient.get(trace.client) ?? 0) + saved);
  }
  return byClient;
}

// The ring was filled round and round.
function inOrder(ring: readonly Seen[], count: number): readonly Seen[] {
  const start = count > ring.length ? count % ring.length : 0;
  return [...ring.slice(start), ...ring.slice(0, start)];
}

function toEntry({ trace, status, bytes, ms, at, isBroken }: Seen): Omit<ExchangeEntry, 'id'> {
  const isAnswered = trace !== undefined && trace.failure === undefined;
  return {
    at,
    client: trace?.client ?? null,
    class: trace?.class ?? '',
    mode: trace?.mode ?? OWN_PAGE,
    host: trace?.host ?? '',
    status,
    from: trace?.from ?? '',
    to: trace?.to ?? '',
    presentation: trace?.presentation ?? OWN_PAGE,
    chain: trace?.chain ?? '',
    bytesOriginal: trace?.originalBytes ?? null,
    bytesSent: bytes,
    origin: isAnswered ? (trace.originHit ? 'hit' : 'miss') : 'none',
    variant: trace?.variantHit === undefined ? 'none' : trace.variantHit ? 'hit' : 'miss',
    ms: Math.round(ms * 10) / 10,
    failure: failureOf(trace, isBroken),
  };
}
