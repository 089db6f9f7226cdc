/**
 * One service or updater: a short queue, its processes, started when they are wanted and again with growing patience when
 * they end by themselves.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { Breaker } from '../../formatters/pool/breaker.ts';
import type { Frame } from '../../formatters/pool/frame.ts';
import { ComponentProcess, type ComponentProcessOptions, type Work, WorkFailure } from './component-process.ts';

export interface ComponentHostOptions
  extends Pick<
    ComponentProcessOptions,
    'kind' | 'name' | 'module' | 'root' | 'readable' | 'concurrency' | 'memoryMb' | 'maxBodyBytes'
  > {
  readonly version: string;
  readonly processes: number;
  readonly maxQueued: number;
  readonly thirdParty: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a component is. */
export interface ComponentStatus {
  readonly name: string;
  readonly kind: 'service' | 'updater';
  readonly version: string;
  readonly thirdParty: boolean;
  /** `idle` until somebody asks; `resting` after faults, until it is tried again. */
  readonly state: 'idle' | 'running' | 'resting';
  /** Faults of the last minute: crashes, hangs, too much memory. */
  readonly faults: number;
  /** What went wrong last. */
  readonly lastFault: string | undefined;
}

const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 30_000;
/** A rest that those who ask meanwhile wait for. */
const SHORT_REST_MS = 1_000;
const HOPEFUL_STARTS = 3;
/** Threat 53: five faults in a minute suspend for a minute. */
const BREAKER = { faults: 5, windowMs: 60_000, restMs: 60_000 };

interface Waiting {
  readonly work: Work;
  readonly outcome: PromiseWithResolvers<Frame>;
  readonly stop: () => void;
}

export class ComponentHost {
  readonly #options: ComponentHostOptions;
  readonly #breaker: Breaker;
  readonly #processes = new Set<ComponentProcess>();
  readonly #waiting = new Set<Waiting>();
  /** Ends by itself since something last went well. */
  #failures = 0;
  #restsUntil: number | undefined;
  #restTimer: Timer | undefined;
  #lastFault: string | undefined;
  #isClosed = false;

  constructor(options: ComponentHostOptions) {
    this.#options = options;
    this.#breaker = new Breaker(options.clock, BREAKER);
  }

  get status(): ComponentStatus {
    const { name, kind, version, thirdParty } = this.#options;
    const rests = this.#restsUntil !== undefined || this.#breaker.isSuspended(name);
    const state = rests ? 'resting' : this.#processes.size > 0 ? 'running' : 'idle';
    return { name, kind, version, thirdParty, state, faults: this.#breaker.faults(name), lastFault: this.#lastFault };
  }

  /** Rejects with a `WorkFailure`. */
  async run(work: Work): Promise<Frame> {
    const { name, maxQueued } = this.#options;
    if (this.#isClosed) throw new WorkFailure('busy', 'the server is stopping');
    const restMs = this.#restMs();
    if (restMs > SHORT_REST_MS) throw new WorkFailure('resting', this.#lastFault ?? 'it rests', restMs);
    const waiting = this.#enqueue(work);
    this.#pump();
    if (this.#waiting.size > maxQueued) this.#refuse(waiting, new WorkFailure('busy', 'the queue is full'));
    try {
      const frame = await waiting.outcome.promise;
      this.#failures = 0;
      this.#breaker.leave(name, true);
      return frame;
    } catch (error) {
      if (!(error instanceof WorkFailure && error.kind === 'ended')) this.#breaker.leave(name, false);
      throw error;
    }
  }

  /** Starts a process before anybody asks. */
  warm(): void {
    if (!this.#isClosed && this.#restsUntil === undefined && this.#processes.size === 0) void this.#start();
  }

  /** Ends processes that have nothing to do; they come back when they are wanted. */
  async rest(): Promise<void> {
    await Promise.all([...this.#processes].filter((each) => each.load === 0).map((each) => each.close()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#restTimer?.cancel();
    for (const waiting of this.#waiting) this.#refuse(waiting, new WorkFailure('busy', 'the server is stopping'));
    await Promise.all([...this.#processes].map((each) => each.close()));
  }

  #enqueue(work: Work): Waiting {
    const { clock } = this.#options;
    const outcome = Promise.withResolvers<Frame>();
    const onAbort = () => this.#refuse(waiting, new WorkFailure('aborted', 'nobody waits for it any more'));
    const leftMs = Math.max(0, work.dueAt - clock.monotonic());
    const timer = clock.after(leftMs, () => this.#refuse(waiting, new WorkFailure('busy', 'no process was free')));
    const stop = () => {
      timer.cancel();
      work.signal.removeEventListener('abort', onAbort);
    };
    const waiting: Waiting = { work, outcome, stop };
    this.#waiting.add(waiting);
    work.signal.addEventListener('abort', onAbort, { once: true });
    if (work.signal.aborted) onAbort();
    return waiting;
  }

  #refuse(waiting: Waiting, failure: WorkFailure): void {
    if (!this.#waiting.delete(waiting)) return;
    waiting.stop();
    waiting.outcome.reject(failure);
  }

  #pump(): void {
    for (const waiting of this.#waiting) {
      const [process] = [...this.#processes].filter((each) => each.isFree).sort((a, b) => a.load - b.load);
      if (process === undefined) {
        this.#startForWaiting();
        return;
      }
      this.#waiting.delete(waiting);
      waiting.stop();
      this.#breaker.enter(this.#options.name);
      process.run(waiting.work).then(waiting.outcome.resolve, waiting.outcome.reject);
    }
  }

  #startForWaiting(): void {
    const { processes, concurrency } = this.#options;
    const usable = [...this.#processes].filter((each) => each.isUsable);
    if (this.#isClosed || this.#restsUntil !== undefined || usable.length >= processes) return;
    // Those that are being started take what waits.
    if (this.#waiting.size <= usable.filter((each) => each.isOpening).length * concurrency) return;
    void this.#start();
  }

  async #start(): Promise<void> {
    const process: ComponentProcess = new ComponentProcess({
      ...this.#options,
      onEnd: (reason, isFault) => this.#onEnd(process, reason, isFault),
      onFree: () => this.#pump(),
    });
    this.#processes.add(process);
    try {
      await process.opened;
      this.#pump();
    } catch {
      // It ended instead: `#onEnd` has seen to it.
    }
  }

  #onEnd(process: ComponentProcess, reason: string, isFault: boolean): void {
    this.#processes.delete(process);
    if (this.#isClosed) return;
    if (isFault) this.#onFault(reason);
    this.#pump();
  }

  #onFault(reason: string): void {
    const { name, kind, clock, log, thirdParty } = this.#options;
    this.#failures += 1;
    this.#lastFault = reason;
    const isSuspended = this.#breaker.fault(name, !thirdParty);
    const ms = isSuspended ? BREAKER.restMs : Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (this.#failures - 1));
    log.warn(isSuspended ? 'component suspended' : 'component fault', { component: name, kind, reason, restMs: ms });
    this.#restTimer?.cancel();
    this.#restsUntil = clock.monotonic() + ms;
    this.#restTimer = clock.after(ms, () => this.#wake());
    if (ms <= SHORT_REST_MS) return;
    for (const waiting of this.#waiting) this.#refuse(waiting, new WorkFailure('resting', reason, ms));
  }

  /** A service is started again before somebody asks, unless that seems to be no use; an updater when its time comes. */
  #wake(): void {
    this.#restsUntil = undefined;
    const isPromising = this.#options.kind === 'service' && this.#failures <= HOPEFUL_STARTS;
    if (isPromising && this.#processes.size === 0) void this.#start();
    this.#pump();
  }

  #restMs(): number {
    return this.#restsUntil === undefined ? 0 : Math.max(0, this.#restsUntil - this.#options.clock.monotonic());
  }
}
