/**
 * One job on one process: watched by deadline and memory, cancelled by its signal, served with fetches.
 *
 * `outcome` settles as soon as the answer is known; `released` when the process is free again or has been ended.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { StepLimits } from '../../core/component.ts';
import { type FailureKind, FormatFailure, type FormatJob, type FormatOutcome } from '../../core/executor.ts';
import { ComponentFetches, type FetchForComponent } from './component-fetches.ts';
import type { Frame } from './frame.ts';
import { parseOutcome } from './outcome.ts';
import type { Ending, FormatterProcess } from './process.ts';

const WATCH_EVERY_MS = 50;
/** How long cancelled work may take to end by itself before its process is ended (threat 51). */
const CANCEL_GRACE_MS = 80;

/** A failure, and whether it speaks against the formatter. */
export class ProcessFailure extends FormatFailure {
  readonly isFault: boolean;

  constructor(kind: FailureKind, formatter: string, reason: string, isFault: boolean) {
    super(kind, formatter, reason);
    this.isFault = isFault;
  }
}

export interface ProcessJobOptions {
  readonly id: number;
  readonly job: FormatJob;
  /** Module addresses by formatter. */
  readonly modules: Readonly<Record<string, string>>;
  readonly limits: StepLimits;
  readonly maxGrowthBytes: number;
  readonly maxFetches: number;
  readonly maxFetchedBytes: number;
  readonly fetchForComponent: FetchForComponent | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** An uncaught error of a job that is long over: the process is to be replaced. */
  readonly onStray: (formatter: string) => void;
}

export class ProcessJob {
  readonly outcome: Promise<FormatOutcome>;
  readonly released: Promise<void>;

  readonly #process: FormatterProcess;
  readonly #options: ProcessJobOptions;
  readonly #fetches: ComponentFetches;
  readonly #outcome = Promise.withResolvers<FormatOutcome>();
  readonly #released = Promise.withResolvers<void>();
  readonly #timers: Timer[] = [];
  readonly #abort: () => void;
  #step = 0;
  #hasBegun = false;
  #isSettled = false;

  constructor(process: FormatterProcess, options: ProcessJobOptions) {
    this.#process = process;
    this.#options = options;
    this.outcome = this.#outcome.promise;
    this.released = this.#released.promise;
    // Functions assigned at once would be allocated as old (V8 pretenures them) and keep the job until a full collection.
    const abort = () => this.#cancel();
    this.#abort = abort;
    this.#fetches = new ComponentFetches(options, (header, body) => process.send(header, body));
    this.#start();
  }

  #start(): void {
    const { id, job, modules, limits, clock, signal } = this.#options;
    const { body, ...rest } = job;
    const onFrame = (frame: Frame) => this.#receive(frame);
    const onEnd = (ending: Ending) => this.#onEnded(ending);
    Object.assign(this.#process, { onFrame, onEnd });
    this.#process.sendJob({ type: 'run', id, job: rest, modules, limits }, body);
    this.#timers.push(
      clock.after(limits.timeoutMs, () => this.#expire()),
      clock.every(WATCH_EVERY_MS, () => this.#watch()),
    );
    signal.addEventListener('abort', this.#abort, { once: true });
    if (signal.aborted) this.#cancel();
  }

  #receive(frame: Frame): void {
    const { type, id, index, kind, reason, formatter } = frame.header;
    if (type === 'stray') this.#options.onStray(String(formatter));
    if (type === 'fetch') this.#fetches.take(frame.header, this.#formatter);
    if (id !== this.#options.id) return;
    if (type === 'step' && typeof index === 'number' && index in this.#options.job.plan.steps) this.#enter(index);
    else if (type === 'done') this.#finish(frame);
    else if (type === 'failed') this.#fail(readKind(kind), String(reason).slice(0, 300));
  }

  /** False while the process has not said that it runs the first step. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  #enter(index: number): void {
    this.#step = index;
    this.#hasBegun = true;
  }

  get #formatter(): string {
    return this.#options.job.plan.steps[this.#step]!.formatter;
  }

  #finish(frame: Frame): void {
    try {
      const outcome = parseOutcome(frame, this.#options.job.plan);
      this.#settle(() => this.#outcome.resolve(outcome));
      this.#release();
    } catch (error) {
      this.#fail('failed', (error as Error).message);
    }
  }

  #fail(kind: FailureKind, reason: string): void {
    this.#reject(kind, reason, kind === 'failed' || kind === 'timeout');
    // The step of a late job is still under way in there.
    if (kind === 'timeout') this.#process.kill('a step took too long');
    else this.#release();
  }

  #expire(): void {
    this.#hasBegun = true;
    this.#reject('timeout', `took over ${this.#options.limits.timeoutMs} ms`, true);
    this.#process.kill('deadline passed');
  }

  #watch(): void {
    const grown = this.#process.growthBytes();
    if (grown <= this.#options.maxGrowthBytes) return;
    this.#hasBegun = true;
    this.#reject('too-large', `needed over ${Math.round(this.#options.maxGrowthBytes / 1048576)} MiB of memory`, true);
    this.#process.kill('too much memory');
  }

  #cancel(): void {
    this.#reject('aborted', 'cancelled', false);
    this.#process.send({ type: 'cancel', id: this.#options.id });
    this.#timers.push(
      this.#options.clock.after(CANCEL_GRACE_MS, () => this.#process.kill('did not stop when cancelled', 'info')),
    );
  }

  #onEnded(ending: Ending): void {
    this.#reject(ending.outOfMemory ? 'too-large' : 'failed', `its process ended: ${ending.reason}`, true);
    this.#release();
  }

  #reject(kind: FailureKind, reason: string, isFault: boolean): void {
    const formatter = this.#formatter;
    this.#settle(() => this.#outcome.reject(new ProcessFailure(kind, formatter, reason, isFault)));
  }

  /** The first answer counts. */
  #settle(answer: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#fetches.cancel();
    answer();
  }

  /** Idempotent, as promises are. */
  #release(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#process.onFrame = () => {};
    this.#process.onEnd = () => {};
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#released.resolve();
  }
}

/** What a process may say of itself; anything else is a failure of it. */
function readKind(kind: unknown): FailureKind {
  const known = ['cannot', 'too-large', 'hostile', 'unprocessable', 'timeout'] satisfies FailureKind[];
  return known.find((each) => each === kind) ?? 'failed';
}
