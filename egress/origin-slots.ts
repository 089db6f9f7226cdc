/** A bounded number of requests per origin under way, and a bounded queue for the rest. */
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';

interface Line {
  active: number;
  readonly waiting: { readonly start: () => void; readonly fail: (reason: unknown) => void }[];
}

export interface SlotRules {
  /** Requests under way to one origin. */
  readonly active: number;
  /** Requests that may wait beyond them. */
  readonly queued: number;
}

export class OriginSlots {
  readonly #rules: SlotRules;
  readonly #lines = new Map<string, Line>();

  constructor(rules: SlotRules) {
    this.#rules = rules;
  }

  /** How many requests are under way or waiting, over all origins. */
  get size(): number {
    let size = 0;
    for (const { active, waiting } of this.#lines.values()) size += active + waiting.length;
    return size;
  }

  /**
   * Calls `start` with the function that gives the place back, at once or when a place is free; calls `fail` when the
   * queue is full (GatewayError SHED, 503) or the signal fires first.
   */
  enter(
    origin: string,
    signal: AbortSignal | undefined,
    calls: { start: (leave: () => void) => void; fail: (reason: unknown) => void },
  ): void {
    const line = this.#lines.get(origin) ?? { active: 0, waiting: [] };
    this.#lines.set(origin, line);
    if (line.active < this.#rules.active) {
      line.active++;
      calls.start(this.#leaver(origin, line));
    } else if (line.waiting.length < this.#rules.queued) this.#wait(origin, line, { signal, ...calls });
    else calls.fail(new GatewayError('SHED', { seconds: 1 }, { fields: Fields.from({ 'retry-after': '1' }) }));
  }

  #wait(
    origin: string,
    line: Line,
    place: { signal: AbortSignal | undefined; start: (leave: () => void) => void; fail: (reason: unknown) => void },
  ): void {
    const { signal } = place;
    const abort = () => {
      line.waiting.splice(line.waiting.indexOf(entry), 1);
      place.fail(signal?.reason);
    };
    const entry = {
      start: () => {
        signal?.removeEventListener('abort', abort);
        place.start(this.#leaver(origin, line));
      },
      fail: place.fail,
    };
    if (signal?.aborted) {
      place.fail(signal.reason);
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    line.waiting.push(entry);
  }

  #leaver(origin: string, line: Line): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = line.waiting.shift();
      if (next !== undefined) {
        next.start();
        return;
      }
      line.active--;
      if (line.active === 0) this.#lines.delete(origin);
    };
  }
}
