/** `/metrics` in Prometheus' text format: counts of all processes of this server, from the file they share. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Clock } from '../../core/clock.ts';
import type { TrafficStore } from '../../gateway/traffic/traffic-store.ts';

export interface Metrics {
  readonly contentType: string;
  read(): Promise<string>;
}

const LABELS = ['mode', 'presentation'] as const;

/** Metrics of the process that holds the admin listener: it has one set, however many listeners were opened. */
let ofProcess: Registry | undefined;

function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

export function makeMetrics(store: TrafficStore, clock: Clock): Metrics {
  const registry = new Registry();
  const fill = [addTraffic(registry, store), addFormatters(registry, store), addWorkers(registry, store, clock)];
  return {
    contentType: registry.contentType,
    async read() {
      for (const each of fill) each();
      return await Registry.merge([registry, processMetrics()]).metrics();
    },
  };
}

function addTraffic(registry: Registry, store: TrafficStore): () => void {
  const counter = (name: string, help: string, labelNames: readonly string[] = LABELS) =>
    new Counter({ name: `format_gateway_${name}`, help, labelNames, registers: [registry] });
  const requests = counter('requests_total', 'Finished requests.', ['status', 'class', ...LABELS]);
  const failures = counter('failures_total', 'Requests that failed, by error code.', ['code']);
  const original = counter('original_bytes_total', 'Bytes of originals, as their origins would have sent them.');
  const sent = counter('sent_bytes_total', 'Bytes of bodies sent to clients.');
  const saved = counter('saved_bytes_total', 'Bytes of originals that did not have to be sent.');
  const seconds = counter('request_seconds_total', 'Time of all requests together.');
  const asked = counter('cache_requests_total', 'Requests that asked a cache.', ['cache', 'result']);
  return () => {
    for (const each of [requests, failures, original, sent, saved, seconds, asked]) each.reset();
    for (const total of store.allTotals()) {
      const { mode, presentation } = total;
      const labels = { mode, presentation };
      requests.inc({ ...labels, class: total.class, status: `${Math.floor(total.status / 100)}xx` }, total.requests);
      if (total.failure !== '') failures.inc({ code: total.failure }, total.requests);
      original.inc(labels, total.bytesOriginal);
      sent.inc(labels, total.bytesSent);
      saved.inc(labels, total.bytesSaved);
      seconds.inc(labels, total.ms / 1_000);
      for (const cache of ['origin', 'variant'] as const) {
        asked.inc({ cache, result: 'hit' }, total[cache].hits);
        asked.inc({ cache, result: 'miss' }, total[cache].asked - total[cache].hits);
      }
    }
  };
}

function addFormatters(registry: Registry, store: TrafficStore): () => void {
  const counter = (name: string, help: string) =>
    new Counter({ name: `format_gateway_formatter_${name}`, help, labelNames: ['formatter'], registers: [registry] });
  const runs = counter('runs_total', 'Runs of a formatter.');
  const faults = counter('faults_total', 'Runs that threw, hung, died or grew too large.');
  const refusals = counter('refusals_total', 'Runs that were declined, shed or given up by the client.');
  const seconds = counter('seconds_total', 'Time of all runs together.');
  return () => {
    for (const each of [runs, faults, refusals, seconds]) each.reset();
    for (const [formatter, counts] of Object.entries(store.formatters())) {
      runs.inc({ formatter }, counts.runs);
      faults.inc({ formatter }, counts.faults);
      refusals.inc({ formatter }, counts.refusals);
      seconds.inc({ formatter }, counts.ms / 1_000);
    }
  };
}

function addWorkers(registry: Registry, store: TrafficStore, clock: Clock): () => void {
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name: `format_gateway_${name}`, help, labelNames, registers: [registry] });
  const pool = gauge('pool_processes', 'Formatter processes of a worker.', ['worker', 'state']);
  const queued = gauge('pool_queued', 'Jobs that wait for a formatter process.', ['worker']);
  const suspended = gauge('formatter_suspended', '1 where a worker has suspended a formatter.', [
    'worker',
    'formatter',
  ]);
  const started = gauge('worker_start_time_seconds', 'When a worker began, seconds since 1970.', ['worker']);
  return () => {
    for (const each of [pool, queued, suspended, started]) each.reset();
    for (const worker of store.workers(clock.now())) {
      pool.set({ worker: worker.id, state: 'busy' }, worker.pool.busy);
      pool.set({ worker: worker.id, state: 'idle' }, worker.pool.size - worker.pool.busy);
      queued.set({ worker: worker.id }, worker.pool.queued);
      started.set({ worker: worker.id }, worker.started / 1_000);
      for (const formatter of worker.suspended) suspended.set({ worker: worker.id, formatter }, 1);
    }
  };
}
