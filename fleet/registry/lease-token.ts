import type { Log } from '../../core/log.ts';

type Listener = (token: number | undefined) => void;

/** The fencing token of a lease while it is held, and who wants to know. A listener that throws is logged. */
export class LeaseToken {
  #token: number | undefined;
  readonly #listeners: Listener[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get value(): number | undefined {
    return this.#token;
  }

  set(token: number | undefined): void {
    if (token === this.#token) return;
    this.#token = token;
    for (const listener of this.#listeners) {
      try {
        listener(token);
      } catch (error) {
        this.#log.error('a listener of a lease failed', { token, error });
      }
    }
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }
}
