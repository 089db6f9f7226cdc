/** Who waits for the link to come back: a line of a bounded length in which each can see where they stand. */
import type { Clock } from '../../core/clock.ts';

export interface WaitingLine {
  /** Place of who asks, from 1 on, and how many there are; `undefined` where the line is full. */
  stand(who: string): { readonly place: number; readonly waiting: number } | undefined;
  /** Got what they waited for. */
  leave(who: string): void;
}

const MAX_WAITING = 256;
/** Who has not asked again for so long has gone. */
const PATIENCE_MS = 30_000;

export function makeWaitingLine(clock: Clock): WaitingLine {
  const seenAt = new Map<string, number>();
  return {
    stand(who) {
      const now = clock.monotonic();
      for (const [each, at] of seenAt) if (now - at > PATIENCE_MS) seenAt.delete(each);
      if (!seenAt.has(who) && seenAt.size >= MAX_WAITING) return undefined;
      // Asking again keeps the place.
      seenAt.set(who, now);
      return { place: [...seenAt.keys()].indexOf(who) + 1, waiting: seenAt.size };
    },
    leave: (who) => void seenAt.delete(who),
  };
}
