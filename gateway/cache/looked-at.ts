/** How often what a remembered reply stands on is looked at, and how a change is seen all the same. */
import { pause } from '../../core/clock.ts';

/** Milliseconds for which what a reply stands on is taken as looked at. */
export const LOOKED_AT_MS = 1;

const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Resolves, where a request may have changed something, when no process takes what was before for looked at: who is told
 * of a change never gets a reply made before it (RFC 9111 4.4). `undefined` where nothing can have changed.
 */
export function untilChangeIsSeen(method: string | undefined): Promise<void> | undefined {
  // A timer may be early by a part of a millisecond.
  return SAFE.has(method) ? undefined : pause(LOOKED_AT_MS + 1);
}
