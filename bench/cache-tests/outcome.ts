/** What came of the tests, and what is made of it. */
import { expectedFailures } from './expected-failures.ts';
import type { TestKind } from './suite.ts';

export interface TestOutcome {
  readonly id: string;
  readonly name: string;
  readonly kind: TestKind;
  readonly hasPassed: boolean;
  /** What the suite says of a test that has not passed. */
  readonly said: string;
}

/** One class of tests. */
export interface Score {
  readonly passed: number;
  readonly of: number;
  readonly percent: number;
}

export interface ModeReport {
  readonly scores: Readonly<Record<TestKind, Score>>;
  /** Of the required ones, without those that no cache by today's standard passes. */
  readonly requiredOfToday: Score;
  /** Required tests that failed, each with why that is right; no reason where nobody expected it. */
  readonly failures: readonly { readonly id: string; readonly said: string; readonly reason: string | undefined }[];
  /** Tests that pass although a failure was expected. */
  readonly unexpectedPasses: readonly string[];
}

export function makeReport(outcomes: readonly TestOutcome[]): ModeReport {
  const required = outcomes.filter(({ kind }) => kind === 'required');
  const failed = required.filter(({ hasPassed }) => !hasPassed);
  return {
    scores: {
      required: scoreOf(required),
      optimal: scoreOf(outcomes.filter(({ kind }) => kind === 'optimal')),
      check: scoreOf(outcomes.filter(({ kind }) => kind === 'check')),
    },
    requiredOfToday: scoreOf(required.filter(({ id }) => expectedFailures[id]?.isOutdated !== true)),
    failures: failed.map(({ id, said }) => ({ id, said, reason: expectedFailures[id]?.reason })),
    unexpectedPasses: required
      .filter(({ id, hasPassed }) => hasPassed && expectedFailures[id] !== undefined)
      .map(({ id }) => id),
  };
}

function scoreOf(outcomes: readonly TestOutcome[]): Score {
  const passed = outcomes.filter(({ hasPassed }) => hasPassed).length;
  return { passed, of: outcomes.length, percent: Math.round((passed / Math.max(1, outcomes.length)) * 1_000) / 10 };
}
