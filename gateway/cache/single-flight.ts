/** One flight per key: concurrent askers of the same thing share one piece of work (C-6). */

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  passengers: number;
  /** True once there is a result: a body that still streams is its reader's to end. */
  landed: boolean;
}

export interface SingleFlight<T> {
  /** True while work is under way for the key. */
  has(key: string): boolean;
  /**
   * Runs `work` unless it is under way for the key. The work's own signal fires when the last asker has gone.
   *
   * @returns the result, and whether it was another asker's work.
   */
  run(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ value: T; shared: boolean }>;
}

export function makeSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();
  return {
    has: (key) => flights.has(key),
    async run(key, signal, work) {
      signal.throwIfAborted();
      const held = flights.get(key);
      const flight = held ?? start(flights, key, work);
      flight.passengers += 1;
      const leave = () => {
        flight.passengers -= 1;
        if (flight.passengers === 0 && !flight.landed) flight.controller.abort(signal.reason);
      };
      const gone = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      // Whoever loses the race must not become an unhandled rejection.
      gone.catch(() => undefined);
      try {
        return { value: await Promise.race([flight.result, gone]), shared: held !== undefined };
      } finally {
        leave();
      }
    },
  };
}

function start<T>(flights: Map<string, Flight<T>>, key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
  const controller = new AbortController();
  const result = work(controller.signal).finally(() => {
    flight.landed = true;
    flights.delete(key);
  });
  result.catch(() => undefined);
  const flight: Flight<T> = { result, controller, passengers: 0, landed: false };
  flights.set(key, flight);
  return flight;
}
