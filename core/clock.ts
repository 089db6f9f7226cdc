/** Time and timers, so that tests may own them. Nothing else in the product reads a clock. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Monotonic clock, milliseconds; only differences mean something. */
  monotonic(): number;
  /** Calls back once after `ms`; never keeps the process alive. */
  after(ms: number, call: () => void): Timer;
  /** Calls back every `ms`; never keeps the process alive. */
  every(ms: number, call: () => void): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(ms, call) {
    const timer = setInterval(call, ms);
    timer.unref();
    return { cancel: () => clearInterval(timer) };
  },
};

/** Waits; unlike the clock's timers it keeps the process alive: for command-line verbs. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A signal that fires after `ms`, or when one of `others` does; `done` frees the timer. */
export function deadline(
  clock: Clock,
  ms: number,
  ...others: (AbortSignal | undefined)[]
): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const timer = clock.after(ms, () => controller.abort(new DOMException('deadline passed', 'TimeoutError')));
  const signals = others.filter((each) => each !== undefined);
  return { signal: AbortSignal.any([controller.signal, ...signals]), done: () => timer.cancel() };
}
