/**
 * Processes that share a queue: one lane for the built-in formatters, one for SVG, one for each third-party component.
 * A lane starts its processes one after the other, replaces those that end, and sheds what it cannot do in time.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { FormatOutcome } from '../../core/executor.ts';
import type { Log } from '../../core/log.ts';
import type { Budget } from './budget.ts';
import { FormatterProcess } from './process.ts';
import { ProcessJob } from './process-job.ts';
import { Waiting, WaitingJob, type Work } from './waiting.ts';

const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 30_000;
/** Starts that failed in a row before jobs are refused instead of waiting for the next try. */
const HOPELESS_STARTS = 3;
const PING_EVERY_MS = 5000;
const WATCH_EVERY_MS = 250;

export interface LaneOptions {
  readonly name: string;
  readonly size: number;
  /** What third-party code may read of its own; `undefined` for built-in formatters. */
  readonly root: string | undefined;
  /** Opened in each process before they are needed. */
  readonly modules: readonly string[];
  readonly heapMb: number;
  readonly maxBodyBytes: number;
  readonly maxGrowthBytes: number;
  readonly maxQueued: number;
  readonly recycleJobs: number;
  readonly recycleBytes: number;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
  /** An uncaught error, a hang or an end between jobs: `formatter` is who ran last. */
  readonly onIdleFault: (formatter: string) => void;
  /** Memory of the shared budget is free again. */
  readonly onFree: () => void;
}

/** A process and what the lane knows of it. */
interface Slot {
  readonly process: FormatterProcess;
  state: 'starting' | 'idle' | 'busy' | 'ended';
  jobs: number;
  isTainted: boolean;
  lastFormatter: string;
  awaitsPong: boolean;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #slots = new Set<Slot>();
  readonly #waiting: Waiting;
  readonly #timers: readonly Timer[];
  #lastId = 0;
  #failedStarts = 0;
  #backsOff = false;
  #isClosed = false;
  #isRetiring = false;
  readonly #firstReady = Promise.withResolvers<void>();

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#waiting = new Waiting(options.clock);
    this.#timers = [
      options.clock.every(PING_EVERY_MS, () => this.#ping()),
      options.clock.every(WATCH_EVERY_MS, () => this.#watch()),
    ];
  }

  /** Resolves when the first process is ready. */
  get ready(): Promise<void> {
    return this.#firstReady.promise;
  }

  get busy(): number {
    return [...this.#slots].filter((slot) => slot.state === 'busy').length;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  get size(): number {
    return this.#options.size;
  }

  /** Starts the processes one after the other; resolves when they are there or have failed to start. */
  async warmUp(): Promise<void> {
    for (let started = 0; started < this.size && !this.#isClosed && this.#slots.size < this.size; started++) {
      await this.#start();
    }
  }

  /** Runs when a process is free. Rejects with `ProcessFailure`. */
  async run(work: Work): Promise<FormatOutcome> {
    const job = new WaitingJob(work);
    this.#waiting.add(job);
    this.pump();
    const isHopeless = this.#failedStarts >= HOPELESS_STARTS && this.#slots.size === 0;
    if (isHopeless || this.#isClosed) this.#waiting.refuse(job, 'failed', 'its process does not start');
    if (this.#waiting.size > this.#options.maxQueued) this.#waiting.refuse(job, 'busy', 'the queue is full');
    return await job.outcome;
  }

  /** Gives waiting jobs to free processes, and starts a process when one is wanted. */
  pump(): void {
    for (let job = this.#waiting.peek(); job !== undefined; job = this.#waiting.peek()) {
      const slot = [...this.#slots].find((each) => each.state === 'idle' && each.process.isUsable);
      if (slot === undefined) this.#startForWaiting();
      if (slot === undefined || !this.#options.budget.take(job.work.estimatedBytes)) return;
      this.#waiting.take(job);
      this.#begin(slot, job);
    }
  }

  /** Closes when the jobs it has are done. */
  async retire(): Promise<void> {
    this.#isRetiring = true;
    if (this.busy === 0 && this.queued === 0 && !this.#isClosed) await this.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#waiting.refuseAll('busy', 'the server is stopping');
    await Promise.all([...this.#slots].map((slot) => slot.process.close()));
  }

  #startForWaiting(): void {
    if (this.#isClosed || this.#backsOff || this.#slots.size >= this.size) return;
    if ([...this.#slots].some((slot) => slot.state === 'starting')) return;
    void this.#start();
  }

  async #start(): Promise<void> {
    const { name: lane, root, heapMb, maxBodyBytes, clock, log } = this.#options;
    const process = new FormatterProcess({ lane, root, heapMb, maxBodyBytes, clock, log });
    const slot: Slot = { process, state: 'starting', jobs: 0, isTainted: false, lastFormatter: '', awaitsPong: false };
    this.#slots.add(slot);
    void process.ended.then(() => this.#onEnded(slot));
    try {
      await process.ready;
    } catch {
      // It ended before: `#onEnded` has seen to it.
      return;
    }
    this.#firstReady.resolve();
    process.send({ type: 'warm', modules: this.#options.modules });
    this.#rest(slot);
    this.pump();
  }

  #begin(slot: Slot, waiting: WaitingJob): void {
    const { work } = waiting;
    this.#lastId += 1;
    slot.state = 'busy';
    slot.jobs += 1;
    this.#failedStarts = 0;
    slot.lastFormatter = work.formatter;
    const job = new ProcessJob(slot.process, {
      ...work.options,
      id: this.#lastId,
      signal: work.signal,
      clock: this.#options.clock,
      onStray: (formatter) => this.#onStray(slot, formatter),
    });
    job.outcome.then(waiting.resolve, (error: Error) => {
      if (job.hasBegun || waiting.isSecondTry || work.signal.aborted) return waiting.reject(error);
      // The process was ending already when it got the job, by the doing of an earlier one.
      waiting.isSecondTry = true;
      this.#waiting.add(waiting);
      this.pump();
    });
    void job.released.then(() => {
      this.#options.budget.give(work.estimatedBytes);
      this.#afterJob(slot);
      this.#options.onFree();
    });
  }

  #afterJob(slot: Slot): void {
    if (!slot.process.isUsable) return;
    const { recycleJobs, recycleBytes } = this.#options;
    if (slot.isTainted) slot.process.kill('did what nobody asked for');
    else if (slot.jobs >= recycleJobs) slot.process.kill('has done its number of jobs', 'info');
    else if (slot.process.growthBytes() > recycleBytes) slot.process.kill('has grown', 'info');
    else this.#rest(slot);
    if (this.#isRetiring) void this.retire();
  }

  /** Free for the next job; meanwhile it must not do anything by itself. */
  #rest(slot: Slot): void {
    if (!slot.process.isUsable) return;
    slot.state = 'idle';
    slot.awaitsPong = false;
    slot.process.noteIdle();
    slot.process.onFrame = ({ header }) => {
      if (header['type'] === 'pong') slot.awaitsPong = false;
      else if (header['type'] === 'stray') this.#onStray(slot, String(header['formatter']));
    };
  }

  #onStray(slot: Slot, formatter: string): void {
    if (slot.isTainted) return;
    slot.isTainted = true;
    if (slot.state === 'idle') slot.process.kill('did what nobody asked for');
    this.#options.onIdleFault(formatter === '' ? slot.lastFormatter : formatter);
  }

  #onEnded(slot: Slot): void {
    const before = slot.state;
    slot.state = 'ended';
    this.#slots.delete(slot);
    if (this.#isRetiring) void this.retire();
    if (this.#isClosed) return;
    if (slot.jobs > 0) {
      // While busy its job has the blame; ended for an uncaught error or a hang it is marked.
      if (before === 'idle' && !slot.isTainted) this.#options.onIdleFault(slot.lastFormatter);
      void this.#start();
      return;
    }
    this.#failedStarts += 1;
    if (this.#failedStarts >= HOPELESS_STARTS) this.#waiting.refuseAll('failed', 'its process does not start');
    this.#backOff();
  }

  #backOff(): void {
    if (this.#backsOff) return;
    this.#backsOff = true;
    const ms = Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (this.#failedStarts - 1));
    this.#options.clock.after(ms, () => {
      this.#backsOff = false;
      if (!this.#isClosed) void this.#start();
    });
  }

  /** An idle process that does not answer is busy with what nobody asked for. */
  #ping(): void {
    for (const slot of this.#slots) {
      if (slot.state !== 'idle') continue;
      if (slot.awaitsPong) this.#onStray(slot, '');
      slot.awaitsPong = true;
      slot.process.send({ type: 'ping' });
    }
  }

  /** While a job runs its memory is watched by the job; this is for what goes on after. */
  #watch(): void {
    for (const slot of this.#slots) {
      if (slot.state === 'idle' && slot.process.growthBytes() > this.#options.maxGrowthBytes) this.#onStray(slot, '');
    }
  }
}
