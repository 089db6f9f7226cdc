/** Runs cases at a proxy: every case in every mode where it says something. */
import { type Case, type CaseMode, MODES } from './case.ts';
import type { CaseOrigin } from './origin.ts';
import { type Outcome, runCase, type Subject } from './run-case.ts';

/** What became of a case in one mode. */
export interface Result extends Outcome {
  readonly rules: readonly string[];
  readonly title: string;
  readonly mode: CaseMode;
}

/** Cases under way at one time. */
const AT_ONCE = 6;

/** Runs cases in one mode, some at a time, in an origin's presence. */
export async function runSuite(cases: readonly Case[], subject: Subject, origin: CaseOrigin): Promise<Result[]> {
  const waiting = cases.filter(({ modes = MODES }) => modes.includes(subject.mode));
  const results: Result[] = [];
  const work = waiting.entries();
  const walk = async () => {
    for (const [at, each] of work) {
      const { rules, title } = each;
      results[at] = { rules, title, mode: subject.mode, ...(await runCase(each, subject, origin)) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, walk));
  return results;
}
