/** An executor that runs each stretch of a plan where its formatters are: here, or on another server. */
import type { Executor, FormatJob, FormatOutcome } from '../core/executor.ts';
import type { FleetGate } from '../core/fleet.ts';
import type { Plan, PlanStep } from '../core/plan.ts';

export interface FleetExecutorParts {
  /** Runs what is here. */
  readonly local: Executor;
  readonly gate: Pick<FleetGate, 'format'>;
  /** Whether a formatter is here. */
  readonly isHere: (step: PlanStep) => boolean;
}

export function makeFleetExecutor({ local, gate, isHere }: FleetExecutorParts): Executor {
  const runStretch = async (job: FormatJob, signal: AbortSignal): Promise<FormatOutcome> => {
    if (isHere(job.plan.steps[0]!)) return await local.run(job, signal);
    const { outcome, madeBy } = await gate.format(job, signal);
    return { ...outcome, madeBy };
  };
  return {
    async run(job, signal) {
      const { steps } = job.plan;
      if (steps.every(isHere)) return await local.run(job, signal);
      // The whole goes over at once where the other side has all of it: one way there and back.
      const stretches = stretchesOf(job.plan, isHere);
      let next: FormatJob = job;
      let whole: FormatOutcome | undefined;
      for (const plan of stretches) {
        const outcome = await runStretch({ ...next, plan, mediaType: plan.from }, signal);
        whole = whole === undefined ? outcome : join(whole, outcome);
        next = { ...job, body: outcome.body, charset: outcome.charset };
      }
      return whole!;
    },
  };
}

/** A plan in parts, each of which is run in one place. */
function stretchesOf(plan: Plan, isHere: (step: PlanStep) => boolean): Plan[] {
  const stretches: PlanStep[][] = [];
  for (const step of plan.steps) {
    const last = stretches.at(-1);
    if (last !== undefined && isHere(last[0]!) === isHere(step)) last.push(step);
    else stretches.push([step]);
  }
  return stretches.map((steps) => ({ ...plan, steps, from: steps[0]!.from, to: steps.at(-1)!.to }));
}

function join(first: FormatOutcome, second: FormatOutcome): FormatOutcome {
  const madeBy = second.madeBy ?? first.madeBy;
  return {
    ...second,
    notes: [...first.notes, ...second.notes],
    steps: [...first.steps, ...second.steps],
    ...(madeBy === undefined ? {} : { madeBy }),
  };
}
