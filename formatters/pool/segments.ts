/** A plan cut where it changes process: each piece is a job of its own, bytes pass between them. */
import type { FormatJob, FormatOutcome } from '../../core/executor.ts';
import type { PlanStep } from '../../core/plan.ts';

/** Consecutive steps that run in one lane. */
export interface Segment {
  readonly lane: string;
  readonly steps: readonly PlanStep[];
}

export function splitPlan(steps: readonly PlanStep[], laneOf: (step: PlanStep) => string): Segment[] {
  const segments: { lane: string; steps: PlanStep[] }[] = [];
  for (const step of steps) {
    const lane = laneOf(step);
    const last = segments.at(-1);
    if (last?.lane === lane) last.steps.push(step);
    else segments.push({ lane, steps: [step] });
  }
  return segments;
}

/** The job of one piece, on what the piece before it gave. */
export function segmentJob(whole: FormatJob, segment: Segment, given: FormatOutcome): FormatJob {
  const { steps } = segment;
  const plan = { ...whole.plan, steps, from: steps[0]!.from, to: steps.at(-1)!.to };
  return {
    ...whole,
    plan,
    body: given.body,
    digest: given.body === whole.body ? whole.digest : undefined,
    mediaType: given.mediaType,
    charset: given.charset,
  };
}

/** What has come out so far. */
export function joinOutcomes(before: FormatOutcome, next: FormatOutcome): FormatOutcome {
  return { ...next, notes: [...before.notes, ...next.notes], steps: [...before.steps, ...next.steps] };
}
