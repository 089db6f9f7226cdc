/** Every numbered requirement, in every mode where it applies, at this gateway. */
import test from 'ava';
import { MODES } from './conformance/case.ts';
import { CASES } from './conformance/cases/index.ts';
import { openSubject } from './conformance/open-subject.ts';
import { openCaseOrigin } from './conformance/origin.ts';
import { type Result, runSuite } from './conformance/run-suite.ts';

const results = runAll();

async function runAll(): Promise<readonly Result[]> {
  const origin = await openCaseOrigin();
  const subject = await openSubject(origin);
  try {
    const all: Result[] = [];
    for (const mode of MODES) all.push(...(await runSuite(CASES, subject.as(mode), origin)));
    return all;
  } finally {
    await subject.close();
    await origin.close();
  }
}

for (const { rules, title, clause, modes = MODES } of CASES)
  for (const mode of modes)
    test(`${rules.join(', ')}: ${title} (${clause}; ${mode})`, async (t) => {
      const result = (await results).find((each) => each.title === title && each.mode === mode);
      t.is(result?.outcome, 'held', result?.faults.join('\n'));
    });
