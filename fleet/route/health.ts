/** Which servers are worth asking: by how they answered, and by when they were last heard of. */
import type { Clock } from '../../core/clock.ts';

/** How long a server is asked last after its first failure; twice as long after each further one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Servers come and go; who has not failed for this long is forgotten. */
const FORGET_MS = 600_000;

interface Trouble {
  pauseMs: number;
  until: number;
}

/** What this process has seen of other servers. */
export interface Health {
  /** A server did not answer, or not in time. */
  noteFailure(server: string): void;
  /** It answered: all is forgiven. */
  noteSuccess(server: string): void;
  /** False while it should be asked after all others. */
  isHealthy(server: string): boolean;
}

/** Passive health: a failure is paused for 250 ms, then 500 ms, … 30 s; a success ends it. */
export function makeHealth(clock: Pick<Clock, 'monotonic'>): Health {
  const troubles = new Map<string, Trouble>();
  const forget = (now: number) => {
    for (const [server, { until }] of troubles) if (now - until > FORGET_MS) troubles.delete(server);
  };
  return {
    noteFailure(server) {
      const now = clock.monotonic();
      forget(now);
      const before = troubles.get(server);
      // Requests that were under way when it died fail together: they are one failure.
      if (before !== undefined && now < before.until) return;
      const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, before.pauseMs * 2);
      troubles.set(server, { pauseMs, until: now + pauseMs });
    },
    noteSuccess: (server) => void troubles.delete(server),
    isHealthy: (server) => clock.monotonic() >= (troubles.get(server)?.until ?? Number.NEGATIVE_INFINITY),
  };
}

/**
 * Whether a server counts as alive: by the newest heartbeat seen of anyone, never by what time it is, so that an engine
 * that tells nothing for an hour empties nothing. All in milliseconds, of one clock.
 *
 * @param lastSeen when its own last heartbeat was seen; `undefined` where none was
 * @param limitMs how far it may lag behind
 */
export function isAlive(lastSeen: number | undefined, newestSeen: number, limitMs: number): boolean {
  return lastSeen !== undefined && newestSeen - lastSeen <= limitMs;
}
