import type { Clock, Timer } from '../../core/clock.ts';

interface Due {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly call: () => void;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  readonly #due = new Set<Due>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  after(ms: number, call: () => void): Timer {
    return this.#add({ atMs: this.#nowMs + ms, everyMs: undefined, call });
  }

  every(ms: number, call: () => void): Timer {
    return this.#add({ atMs: this.#nowMs + ms, everyMs: ms, call });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#due.size;
  }

  /** Lets time pass, calling what falls due in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#due].filter((each) => each.atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      if (next.everyMs === undefined) this.#due.delete(next);
      else next.atMs += next.everyMs;
      next.call();
    }
    this.#nowMs = endMs;
  }

  #add(due: Due): Timer {
    this.#due.add(due);
    return { cancel: () => void this.#due.delete(due) };
  }
}
