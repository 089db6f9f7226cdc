/**
 * The local executor: runs plans in warm formatter processes, each job within its deadline and memory. What a formatter
 * does there, native code included, costs its own job at most.
 */
import { type Clock, systemClock } from '../../core/clock.ts';
import {
  type Executor,
  type FailureKind,
  FormatFailure,
  type FormatJob,
  type FormatOutcome,
  type FormatterStatus,
} from '../../core/executor.ts';
import { type Log, silentLog } from '../../core/log.ts';
import type { PlanStep } from '../../core/plan.ts';
import type { FormatterRegistry } from '../registry.ts';
import { Breaker } from './breaker.ts';
import { Budget } from './budget.ts';
import type { FetchForComponent } from './component-fetches.ts';
import { estimateBytes, estimateMs } from './estimate.ts';
import { Lane } from './lane.ts';
import { type LaneRecipe, laneOf, lanesFor, SHARED_LANE, SVG_LANE } from './lane-choice.ts';
import { ProcessFailure } from './process-job.ts';
import { joinOutcomes, type Segment, segmentJob, splitPlan } from './segments.ts';

/** Kinds of failure that a formatter in good order may tell. */
const ANSWERS: ReadonlySet<FailureKind> = new Set(['cannot', 'hostile', 'too-large', 'unprocessable']);
const MEBIBYTE = 1024 * 1024;
const WINDOW_MS = 60_000;
const REST_MS = 60_000;

/** Limits of the pool: the settings of `formatters/config.ts` by their names there. */
export interface PoolLimits {
  readonly timeoutMs: number;
  readonly svgTimeoutMs: number;
  readonly memoryMb: number;
  readonly budgetMb: number;
  readonly queuePerProcess: number;
  readonly recycleJobs: number;
  readonly recycleMb: number;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly maxPixels: number;
  readonly maxFetches: number;
  readonly maxFetchedBytes: number;
  readonly breakerFaults: number;
}

export interface PoolOptions {
  readonly registry: FormatterRegistry;
  /** Processes that share the built-in formatters (`POOL`). */
  readonly pool: number;
  readonly limits: PoolLimits;
  /** Guarded egress for `env.fetch`; without it components cannot fetch. */
  readonly fetchForComponent?: FetchForComponent;
  /** Bytes of memory a job may need. Default: by pixels for pictures, by bytes for the rest (`estimate.ts`). */
  readonly estimate?: (job: FormatJob) => number;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface Pool extends Executor {
  /** Every formatter of the registry, in its order. */
  status(): FormatterStatus[];
  /** Formatters that must not be planned now: suspended and not due for a probe. */
  suspended(): ReadonlySet<string>;
  /** Swaps the registry in whole; jobs under way go on. Components that are gone lose their processes. */
  use(registry: FormatterRegistry): void;
  /** Resolves when a process for the built-in formatters is ready. */
  ready(): Promise<void>;
  /** Formatter processes when all are running. */
  readonly size: number;
  readonly busy: number;
  readonly queued: number;
  /** Ends all processes; nothing is left behind. */
  close(): Promise<void>;
}

/** Opens the pool. Returns at once: the first process is being started, the others follow it. */
export function openPool(options: PoolOptions): Pool {
  return new LocalPool(options);
}

class LocalPool implements Pool {
  readonly #options: PoolOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #breaker: Breaker;
  readonly #budget: Budget;
  readonly #lanes = new Map<string, Lane>();
  #registry: FormatterRegistry;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#breaker = new Breaker(this.#clock, {
      faults: options.limits.breakerFaults,
      windowMs: WINDOW_MS,
      restMs: REST_MS,
    });
    this.#budget = new Budget(options.limits.budgetMb * MEBIBYTE);
    this.#registry = options.registry;
    this.use(options.registry);
  }

  async run(job: FormatJob, signal: AbortSignal): Promise<FormatOutcome> {
    const { steps } = job.plan;
    const { mediaType, charset, body } = job;
    const given: FormatOutcome = { mediaType, charset, body, notes: [], steps: [] };
    if (steps.length === 0)
      return { mediaType: job.mediaType, charset: job.charset, body: job.body, notes: [], steps: [] };
    this.#checkSteps(steps);
    const names = [...new Set(steps.map((step) => step.formatter))];
    for (const name of names) this.#breaker.enter(name);
    try {
      const outcome = await this.#runSegments(job, given, signal);
      for (const name of names) this.#breaker.leave(name, true);
      return outcome;
    } catch (error) {
      this.#blame(error, names);
      throw error;
    }
  }

  status(): FormatterStatus[] {
    return this.#registry.list().map(({ name, version }) => ({
      name,
      version,
      faults: this.#breaker.faults(name),
      suspended: this.#breaker.isSuspended(name),
      enabled: this.#registry.isEnabled(name),
    }));
  }

  suspended(): ReadonlySet<string> {
    const names = this.#registry.list().map((each) => each.name);
    return new Set(names.filter((name) => !this.#breaker.mayRun(name)));
  }

  use(registry: FormatterRegistry): void {
    this.#registry = registry;
    const wanted = lanesFor(registry);
    for (const [key, lane] of this.#lanes) {
      if (wanted.has(key)) continue;
      this.#lanes.delete(key);
      void lane.retire();
    }
    const fresh = [...wanted].filter(([key]) => !this.#lanes.has(key));
    for (const [key, recipe] of fresh) this.#lanes.set(key, this.#openLane(key, recipe));
    void this.#warmUp(fresh.map(([key]) => this.#lanes.get(key)!));
  }

  async ready(): Promise<void> {
    await this.#lanes.get(SHARED_LANE)?.ready;
  }

  get size(): number {
    return this.#sum((lane) => lane.size);
  }

  get busy(): number {
    return this.#sum((lane) => lane.busy);
  }

  get queued(): number {
    return this.#sum((lane) => lane.queued);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  /** One lane after the other: starting processes must not keep the gateway from listening. */
  async #warmUp(lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes) if (!this.#isClosed) await lane.warmUp();
  }

  #openLane(name: string, { root, modules }: LaneRecipe): Lane {
    const { limits, pool } = this.#options;
    const size = name === SHARED_LANE ? pool : 1;
    return new Lane({
      name,
      size,
      root,
      modules,
      heapMb: limits.memoryMb,
      maxBodyBytes: limits.maxOutputBytes,
      maxGrowthBytes: limits.memoryMb * MEBIBYTE,
      maxQueued: limits.queuePerProcess * size,
      recycleJobs: limits.recycleJobs,
      recycleBytes: limits.recycleMb * MEBIBYTE,
      budget: this.#budget,
      clock: this.#clock,
      log: this.#log,
      onIdleFault: (formatter) => this.#fault(formatter, 'an error or a hang after its job'),
      onFree: () => {
        for (const lane of this.#lanes.values()) lane.pump();
      },
    });
  }

  /** @throws FormatFailure when a step may not run here and now */
  #checkSteps(steps: readonly PlanStep[]): void {
    for (const { formatter, version } of steps) {
      const refuse = (why: string) => new FormatFailure('suspended', formatter, `\`${formatter}\` ${version} ${why}`);
      if (this.#registry.get(formatter)?.version !== version) throw refuse('is not here');
      if (!this.#registry.isEnabled(formatter)) throw refuse('is switched off');
      if (!this.#breaker.mayRun(formatter)) throw refuse('is suspended after repeated faults');
    }
  }

  async #runSegments(job: FormatJob, given: FormatOutcome, signal: AbortSignal): Promise<FormatOutcome> {
    const registry = this.#registry;
    const started = this.#clock.monotonic();
    let outcome = given;
    for (const segment of splitPlan(job.plan.steps, (step) => laneOf(step, registry))) {
      const part = segmentJob(job, segment, outcome);
      const leftMs = this.#options.limits.timeoutMs - (this.#clock.monotonic() - started);
      outcome = joinOutcomes(outcome, await this.#runSegment(segment, part, { signal, leftMs, registry }));
    }
    return outcome;
  }

  async #runSegment(
    segment: Segment,
    job: FormatJob,
    run: { signal: AbortSignal; leftMs: number; registry: FormatterRegistry },
  ): Promise<FormatOutcome> {
    const { limits, estimate = estimateBytes, fetchForComponent } = this.#options;
    const formatter = segment.steps[0]!.formatter;
    const lane = this.#lanes.get(segment.lane);
    if (lane === undefined) throw new FormatFailure('suspended', formatter, 'its processes have been ended');
    if (run.leftMs <= 0) throw new FormatFailure('timeout', formatter, 'the steps before it took all the time');
    const laneMs = segment.lane === SVG_LANE ? limits.svgTimeoutMs : limits.timeoutMs;
    const { maxInputBytes, maxOutputBytes, maxPixels } = limits;
    const timeoutMs = Math.ceil(Math.min(laneMs, run.leftMs));
    return await lane.run({
      formatter,
      // It is ended where it needs more than that.
      estimatedBytes: Math.min(estimate(job), limits.memoryMb * MEBIBYTE),
      estimatedMs: estimateMs(job),
      signal: run.signal,
      options: {
        job,
        modules: Object.fromEntries(
          segment.steps.map((step) => [step.formatter, run.registry.get(step.formatter)!.source.module]),
        ),
        limits: { maxInputBytes, maxOutputBytes, maxPixels, timeoutMs },
        maxGrowthBytes: limits.memoryMb * MEBIBYTE,
        maxFetches: limits.maxFetches,
        maxFetchedBytes: limits.maxFetchedBytes,
        fetchForComponent,
      },
    });
  }

  /** A fault counts against who was running; the others have done nothing wrong, nor anything that proves them well. */
  #blame(error: unknown, names: readonly string[]): void {
    const failure = error instanceof FormatFailure ? error : undefined;
    const isFault = failure instanceof ProcessFailure && failure.isFault;
    const hasAnswered = failure !== undefined && ANSWERS.has(failure.kind);
    for (const name of names) {
      const isNamed = failure?.formatter === name;
      if (isNamed && isFault) this.#fault(name, failure.message);
      else this.#breaker.leave(name, isNamed && hasAnswered);
    }
  }

  #fault(formatter: string, reason: string): void {
    const isTrusted = this.#registry.get(formatter)?.source.thirdParty === false;
    const suspends = this.#breaker.fault(formatter, isTrusted);
    this.#log.warn(suspends ? 'formatter suspended' : 'formatter fault', { formatter, reason });
  }

  #sum(of: (lane: Lane) => number): number {
    return [...this.#lanes.values()].reduce((total, lane) => total + of(lane), 0);
  }
}
