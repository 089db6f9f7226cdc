/**
 * What was made in haste because others waited, made properly when nobody does: the next asker finds the better variant
 * in the cache, under its own key.
 */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';

/** Jobs at work and jobs waiting for a formatter process. */
export interface PoolLoad {
  readonly busy: number;
  readonly queued: number;
}

/** A variant that is to be made when there is time. */
export interface Improvement {
  readonly key: string;
  /** Bytes that are held until then. */
  readonly bytes: number;
  make(signal: AbortSignal): Promise<unknown>;
}

export interface Improver {
  /** True while somebody waits for a formatter process. */
  isHurried(): boolean;
  /** Puts work off. Beyond the bounds it is forgotten: the next asker causes it anew. */
  add(improvement: Improvement): void;
  close(): void;
}

const LOOK_EVERY_MS = 250;
/** For so many looks nobody wants anything: what is read now has come whole, and its reader reads. */
const RESTING_LOOKS = 4;
const MAX_WAITING = 64;
const MAX_BYTES = 33_554_432;

export function makeImprover({ load, clock, log }: { load: () => PoolLoad; clock: Clock; log: Log }): Improver {
  const waiting = new Map<string, Improvement>();
  const ended = new AbortController();
  let [heldBytes, isWorking, restingLooks] = [0, false, 0];
  const improve = async (improvement: Improvement) => {
    isWorking = true;
    try {
      await improvement.make(ended.signal);
    } catch (error) {
      // The hasty one goes on being served.
      log.debug('a variant could not be improved', { error });
    } finally {
      isWorking = false;
    }
  };
  const timer = clock.every(LOOK_EVERY_MS, () => {
    const { busy, queued } = load();
    const [next] = waiting.values();
    restingLooks = busy + queued > (isWorking ? 1 : 0) ? 0 : restingLooks + 1;
    if (next === undefined || isWorking || restingLooks < RESTING_LOOKS) return;
    waiting.delete(next.key);
    heldBytes -= next.bytes;
    void improve(next);
  });
  return {
    isHurried: () => load().queued > 0,
    add(improvement) {
      const isTooMuch = waiting.size >= MAX_WAITING || heldBytes + improvement.bytes > MAX_BYTES;
      if (isTooMuch || waiting.has(improvement.key)) return;
      waiting.set(improvement.key, improvement);
      heldBytes += improvement.bytes;
    },
    close() {
      timer.cancel();
      waiting.clear();
      ended.abort();
    },
  };
}
