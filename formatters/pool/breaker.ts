/** Suspends a formatter after repeated faults, and lets one job through now and then to see whether it has recovered. */
import type { Clock } from '../../core/clock.ts';

/** Faults within a minute that suspend, and how long: threat 53. */
export interface BreakerLimits {
  readonly faults: number;
  readonly windowMs: number;
  readonly restMs: number;
}

/** Good answers that are remembered: enough to outweigh any number of faults that is still a few. */
const MAX_WORKED = 64;

interface State {
  /** Monotonic times of the faults within the window, and of the last good answers. */
  faults: number[];
  worked: number[];
  /** When the suspension is over and one probe may pass; `undefined` while not suspended. */
  probeAt: number | undefined;
  probing: boolean;
}

/** One per pool; keyed by formatter name. */
export class Breaker {
  readonly #clock: Clock;
  readonly #limits: BreakerLimits;
  readonly #states = new Map<string, State>();

  constructor(clock: Clock, limits: BreakerLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** True when a job may run now. While a probe is due this is asked without taking it: see `enter`. */
  mayRun(name: string): boolean {
    const state = this.#states.get(name);
    return state?.probeAt === undefined || (!state.probing && this.#clock.monotonic() >= state.probeAt);
  }

  /** Takes the probe of a suspended formatter that is due for one. Every `enter` is followed by `fault` or `leave`. */
  enter(name: string): void {
    const state = this.#states.get(name);
    if (state?.probeAt !== undefined) state.probing = true;
  }

  /** A job that was no fault: `worked` closes a suspension, else (cancelled, shed) the next job is the probe. */
  leave(name: string, worked: boolean): void {
    const state = this.#stateOf(name);
    if (worked && state.probeAt !== undefined) this.#states.delete(name);
    else if (worked) state.worked = [...state.worked.slice(1 - MAX_WORKED), this.#clock.monotonic()];
    else state.probing = false;
  }

  /**
   * Counts a fault. True when it suspends the formatter.
   *
   * @param isTrusted one of our own: it is suspended only where it fails more often than it works, or else whoever sends
   *   five pictures that are bombs would switch pictures off for everybody
   */
  fault(name: string, isTrusted: boolean): boolean {
    const now = this.#clock.monotonic();
    const state = this.#stateOf(name);
    state.faults = [...this.#recent(state.faults), now];
    const isRepeated = state.faults.length >= this.#limits.faults;
    const isOutweighed = isTrusted && this.#recent(state.worked).length >= state.faults.length;
    const suspends = state.probing || (state.probeAt === undefined && isRepeated && !isOutweighed);
    if (suspends) state.probeAt = now + this.#limits.restMs;
    state.probing = false;
    return suspends;
  }

  /** Faults within the window. */
  faults(name: string): number {
    const state = this.#states.get(name);
    return state === undefined ? 0 : this.#recent(state.faults).length;
  }

  isSuspended(name: string): boolean {
    return this.#states.get(name)?.probeAt !== undefined;
  }

  #stateOf(name: string): State {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const state: State = { faults: [], worked: [], probeAt: undefined, probing: false };
    this.#states.set(name, state);
    return state;
  }

  #recent(times: readonly number[]): number[] {
    const since = this.#clock.monotonic() - this.#limits.windowMs;
    return times.filter((time) => time > since);
  }
}
