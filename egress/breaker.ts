/** A circuit breaker per origin (threat 52): after some failures in a row the origin is left alone, then tried once. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';

/** Origins remembered. One that is forgotten starts anew. */
const MAX_ORIGINS = 10_000;

interface State {
  failures: number;
  /** Monotonic time until which nothing is sent; `undefined` while closed. */
  openUntil: number | undefined;
  /** One request is under way to find out. */
  probing: boolean;
}

export interface BreakerRules {
  readonly clock: Clock;
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  readonly openMs: number;
}

/** How a request that was let through ended, as far as the breaker cares. */
export type Outcome = 'answered' | 'failed' | 'abandoned';

export class Breaker {
  readonly #rules: BreakerRules;
  readonly #states = new LRUCache<string, State>({ max: MAX_ORIGINS });

  constructor(rules: BreakerRules) {
    this.#rules = rules;
  }

  /**
   * Lets a request through, and returns what must be called once with its outcome.
   *
   * @throws GatewayError UPSTREAM_DOWN (503, Retry-After) while the circuit is open.
   */
  enter(origin: string, host: string): (outcome: Outcome) => void {
    const state = this.#states.get(origin);
    if (state?.openUntil === undefined) return (outcome) => this.#settle(origin, outcome);
    const left = state.openUntil - this.#rules.clock.monotonic();
    if (left > 0 || state.probing) {
      const seconds = Math.max(1, Math.ceil(left / 1000));
      const fields = Fields.from({ 'retry-after': String(seconds) });
      throw new GatewayError('UPSTREAM_DOWN', { host, seconds }, { fields });
    }
    state.probing = true;
    return (outcome) => {
      state.probing = false;
      this.#settle(origin, outcome);
    };
  }

  #settle(origin: string, outcome: Outcome): void {
    if (outcome === 'answered') this.#states.delete(origin);
    if (outcome !== 'failed') return;
    const state = this.#states.get(origin) ?? { failures: 0, openUntil: undefined, probing: false };
    state.failures++;
    if (state.failures >= this.#rules.failures) state.openUntil = this.#rules.clock.monotonic() + this.#rules.openMs;
    this.#states.set(origin, state);
  }
}
