/** Who of a fleet is alive, by heartbeats that come through the engine. */
import { isAlive } from './health.ts';

export interface Liveness {
  /**
   * A heartbeat came. Those of this server count only when they come back through the engine: else they would age the
   * others while the engine is silent.
   *
   * @param at when, on the monotonic clock
   */
  note(server: string, at: number): void;
  isAlive(server: string): boolean;
  forget(server: string): void;
}

/**
 * Time passes here by heartbeats alone, and by no more than `intervalMs` between two of them: after an hour without an
 * engine the first to be heard does not make the others look an hour old.
 *
 * @param limitMs how far behind the newest heartbeat a server may be
 * @param intervalMs how often each server sends one; below the limit
 */
export function makeLiveness({
  limitMs,
  intervalMs,
}: {
  readonly limitMs: number;
  readonly intervalMs: number;
}): Liveness {
  const seen = new Map<string, number>();
  let now = 0;
  let lastAt: number | undefined;
  return {
    note(server, at) {
      now += Math.min(intervalMs, Math.max(0, at - (lastAt ?? at)));
      lastAt = Math.max(at, lastAt ?? at);
      seen.set(server, now);
    },
    isAlive: (server) => isAlive(seen.get(server), now, limitMs),
    forget: (server) => void seen.delete(server),
  };
}
