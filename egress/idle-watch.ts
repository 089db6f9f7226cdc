/** Watches for a sender that has stopped: counts only the time it is waited for, not the time its reader takes. */
import type { Clock, Timer } from '../core/clock.ts';

export class IdleWatch {
  readonly #clock: Clock;
  readonly #expired: () => void;
  #limitMs: number;
  #lastMs: number;
  #waiting = false;
  #timer: Timer | undefined;

  /** @param expired called once when nothing came for `limitMs` of waiting. */
  constructor(clock: Clock, limitMs: number, expired: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#expired = expired;
    this.#lastMs = clock.monotonic();
  }

  /** Something came, or waiting begins. */
  touch(): void {
    this.#lastMs = this.#clock.monotonic();
    this.#waiting = true;
    this.#arm(this.#limitMs);
  }

  /** The reader is full: the sender is not waited for. */
  hold(): void {
    this.#waiting = false;
  }

  /** From now on another limit. */
  setLimit(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waiting) this.touch();
  }

  close(): void {
    this.#waiting = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  // One timer that looks at the time when it fires, not one per chunk.
  #arm(ms: number): void {
    this.#timer ??= this.#clock.after(ms, () => {
      this.#timer = undefined;
      if (!this.#waiting) return;
      const left = this.#limitMs - (this.#clock.monotonic() - this.#lastMs);
      if (left > 0) this.#arm(left);
      else this.#expired();
    });
  }
}
