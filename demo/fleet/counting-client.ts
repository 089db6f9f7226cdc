/** A client that asks without rest and counts what it loses. */
import type { Clock } from '../../core/clock.ts';
import { requestAsOperator } from '../../egress/operator-request.ts';

/** What was counted since the last look. */
export interface Tally {
  readonly asked: number;
  /** Why, of each request that was not answered as it should be. */
  readonly lost: readonly string[];
  /** Milliseconds that half, and 95 of 100, took at most; and the longest. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly longestMs: number;
  /** Answers by the server that made them. */
  readonly by: ReadonlyMap<string, number>;
}

export interface CountingClient {
  /** What has been counted since this was last called. */
  take(): Tally;
  /** Resolves to the milliseconds from now until a server has made an answer. */
  untilMadeBy(server: string): Promise<number>;
  stop(): Promise<Tally>;
}

export interface CountingClientOptions {
  readonly url: URL;
  readonly fields: Readonly<Record<string, string>>;
  /** What a good answer is. */
  readonly expected: string;
  /** Requests at a time, each after the answer to the one before, over kept connections. */
  readonly concurrency: number;
  readonly clock: Clock;
}

export function startCountingClient(options: CountingClientOptions): CountingClient {
  const { url, expected, concurrency, clock } = options;
  let times: number[] = [];
  let lost: string[] = [];
  let by = new Map<string, number>();
  let isStopped = false;
  const waiting = new Set<{ readonly server: string; readonly from: number; readonly found: (ms: number) => void }>();
  const note = (maker: string) => {
    by.set(maker, (by.get(maker) ?? 0) + 1);
    for (const each of waiting)
      if (each.server === maker) {
        waiting.delete(each);
        each.found(clock.monotonic() - each.from);
      }
  };
  const askOnce = async () => {
    const began = clock.monotonic();
    try {
      const { status, text, fields } = await requestAsOperator({ method: 'GET', url, fields: options.fields });
      if (status !== 200) lost.push(`${status}`);
      else if (text !== expected) lost.push('another answer than expected');
      note(String(fields['format-server'] ?? '').split(';')[0]!);
    } catch (error) {
      lost.push((error as Error).message);
    }
    times.push(clock.monotonic() - began);
  };
  const take = (): Tally => {
    const sorted = times.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const tally = { asked: sorted.length, lost, p50Ms: at(0.5), p95Ms: at(0.95), longestMs: at(1), by };
    [times, lost, by] = [[], [], new Map()];
    return tally;
  };
  const runs = Array.from({ length: concurrency }, async () => {
    while (!isStopped) await askOnce();
  });
  return {
    take,
    untilMadeBy: (server) => new Promise((found) => waiting.add({ server, from: clock.monotonic(), found })),
    async stop() {
      isStopped = true;
      await Promise.all(runs);
      return take();
    },
  };
}
