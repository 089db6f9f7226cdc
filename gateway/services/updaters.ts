/** Runs updaters: each every so often, never beside itself, less often while it fails. */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';

export interface UpdaterSchedule {
  readonly name: string;
  readonly everyMs: number;
  /** When it last ran, milliseconds since 1970: the first run waits for its turn. Default: never. */
  readonly lastRun?: number | undefined;
  /** One run. Rejects when it failed. */
  readonly update: () => Promise<void>;
  /** Called after a run when the next is some time off. */
  readonly rest: () => Promise<void>;
}

/** How an updater does. */
export interface UpdaterStatus {
  /** When the last run ended, milliseconds since 1970; `undefined` before the first. */
  readonly lastRun: number | undefined;
  /** Runs that failed since one went well. */
  readonly failures: number;
  /** Why the last run failed; `undefined` when it went well. */
  readonly error: string | undefined;
}

export interface RunningUpdaters {
  status(name: string): UpdaterStatus;
  stop(): void;
}

/** Back-off of a failing updater ends here, unless it runs less often anyway. */
const MAX_BACK_OFF_MS = 600_000;
/** Between runs that are further apart no process is kept. */
const REST_FROM_MS = 60_000;

/** Starts them all; those that have not run lately begin at once. */
export function runUpdaters(
  schedules: readonly UpdaterSchedule[],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): RunningUpdaters {
  const states = new Map<string, UpdaterStatus>();
  const timers = new Map<string, Timer>();
  let isStopped = false;
  const run = async (schedule: UpdaterSchedule): Promise<void> => {
    const { name, everyMs } = schedule;
    const began = clock.monotonic();
    const error = await failureOf(schedule.update());
    if (isStopped) return;
    const failures = error === undefined ? 0 : (states.get(name)?.failures ?? 0) + 1;
    states.set(name, { lastRun: clock.now(), failures, error });
    const pauseMs = pauseAfter(failures, everyMs);
    if (error !== undefined) log.warn('updater failed', { updater: name, error, failures, nextMs: pauseMs });
    const leftMs = Math.max(0, pauseMs - (clock.monotonic() - began));
    timers.set(
      name,
      clock.after(leftMs, () => void run(schedule)),
    );
    if (leftMs >= REST_FROM_MS) await schedule.rest();
  };
  for (const schedule of schedules) {
    const { name, everyMs, lastRun } = schedule;
    const leftMs = lastRun === undefined ? 0 : Math.min(everyMs, lastRun + everyMs - clock.now());
    if (leftMs <= 0) void run(schedule);
    else
      timers.set(
        name,
        clock.after(leftMs, () => void run(schedule)),
      );
  }
  return {
    status: (name) => states.get(name) ?? { lastRun: undefined, failures: 0, error: undefined },
    stop() {
      isStopped = true;
      for (const timer of timers.values()) timer.cancel();
    },
  };
}

/** @example pauseAfter(3, 1000) // 4000: doubled with every failure after the first */
export function pauseAfter(failures: number, everyMs: number): number {
  return Math.min(Math.max(everyMs, MAX_BACK_OFF_MS), everyMs * 2 ** Math.max(0, failures - 1));
}

async function failureOf(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
