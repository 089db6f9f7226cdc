/** The queue of a lane: short, what is soon done before what takes long, and honest about jobs it will not get to in time. */
import type { Clock } from '../../core/clock.ts';
import type { FormatOutcome } from '../../core/executor.ts';
import { ProcessFailure, type ProcessJobOptions } from './process-job.ts';

/** A job as a lane sees it. */
export interface Work {
  /** Who is blamed when it cannot run. */
  readonly formatter: string;
  readonly estimatedBytes: number;
  /** Milliseconds it may take: so much later may another have come and still be taken before it. */
  readonly estimatedMs: number;
  readonly signal: AbortSignal;
  readonly options: Omit<ProcessJobOptions, 'id' | 'signal' | 'clock' | 'onStray'>;
}

/** A job and the promise it settles. */
export class WaitingJob {
  readonly work: Work;
  readonly outcome: Promise<FormatOutcome>;
  readonly resolve: (outcome: FormatOutcome) => void;
  readonly reject: (error: Error) => void;
  /** True once it was put back because its process had ended before it began. */
  isSecondTry = false;
  /** When it would be done if it had begun as it came: whoever is least is next. Nobody waits for ever behind newcomers. */
  dueMs: number | undefined;

  constructor(work: Work) {
    const { promise, resolve, reject } = Promise.withResolvers<FormatOutcome>();
    this.work = work;
    this.outcome = promise;
    this.resolve = resolve;
    this.reject = reject;
  }
}

export class Waiting {
  readonly #clock: Clock;
  /** The value frees the timer and the listener. */
  readonly #jobs = new Map<WaitingJob, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /**
   * Queues a job. Until it is taken it is refused as `aborted` when its signal fires, and as `busy` when half of its
   * time has gone by: what is left would not do, and its client is better told now.
   */
  add(job: WaitingJob): void {
    const { signal, options } = job.work;
    const patienceMs = options.limits.timeoutMs / 2;
    const onAbort = () => this.refuse(job, 'aborted', 'cancelled while it waited');
    const timer = this.#clock.after(patienceMs, () => this.refuse(job, 'busy', `waited ${patienceMs} ms`));
    this.#jobs.set(job, () => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    job.dueMs ??= this.#clock.monotonic() + job.work.estimatedMs;
    if (signal.aborted) onAbort();
  }

  /** The job that is next, without taking it. */
  peek(): WaitingJob | undefined {
    let next: WaitingJob | undefined;
    for (const job of this.#jobs.keys()) if (next === undefined || job.dueMs! < next.dueMs!) next = job;
    return next;
  }

  take(job: WaitingJob): void {
    this.#jobs.get(job)?.();
    this.#jobs.delete(job);
  }

  refuse(job: WaitingJob, kind: 'aborted' | 'busy' | 'failed', reason: string): void {
    if (!this.#jobs.has(job)) return;
    this.take(job);
    job.reject(new ProcessFailure(kind, job.work.formatter, reason, kind === 'failed'));
  }

  refuseAll(kind: 'busy' | 'failed', reason: string): void {
    for (const job of [...this.#jobs.keys()]) this.refuse(job, kind, reason);
  }
}
