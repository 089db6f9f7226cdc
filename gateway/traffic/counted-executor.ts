/** An executor whose runs are counted. */
import { type Executor, type FailureKind, FormatFailure } from '../../core/executor.ts';
import type { Traffic } from './traffic.ts';

const FAULTS: ReadonlySet<FailureKind> = new Set(['failed', 'timeout', 'too-large']);

export function makeCountedExecutor(executor: Executor, traffic: Pick<Traffic, 'noteRun'>): Executor {
  return {
    async run(job, signal) {
      try {
        const outcome = await executor.run(job, signal);
        for (const { formatter, ms } of outcome.steps) traffic.noteRun(formatter, { ms });
        return outcome;
      } catch (error) {
        if (error instanceof FormatFailure)
          traffic.noteRun(error.formatter, FAULTS.has(error.kind) ? 'fault' : 'refusal');
        throw error;
      }
    },
  };
}
