/** Every numbered requirement, in every mode where it applies, at this gateway. */
import test from 'ava';
import { MODES } from './conformance/case.ts';
import { CASES } from './conformance/cases/index.ts';
import { openSubject } from './conformance/open-subject.ts';
import { openCaseOrigin } from './conformance/origin.ts';
import { EXEMPTIONS, NUMBERS } from './conformance/requirements.ts';
import { type Result, runSuite } from './conformance/run-suite.ts';
import { STATEMENT } from './conformance/statement.ts';

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

/** Numbers and modes that cases show. */
const covered = new Set(
  CASES.flatMap(({ rules, modes = MODES }) => rules.flatMap((number) => modes.map((mode) => `${number} ${mode}`))),
);

for (const number of NUMBERS)
  test(`${number} has a case in every mode, or a reason why not, never both`, (t) => {
    for (const mode of MODES) {
      const isExempt = EXEMPTIONS[number]?.modes.includes(mode) === true;
      t.is(covered.has(`${number} ${mode}`), !isExempt, mode);
    }
  });

test('no case names a number that there is not, and the statement has every clause of the guidelines once', (t) => {
  const named = new Set([...CASES.flatMap(({ rules }) => rules), ...Object.keys(EXEMPTIONS)]);
  t.deepEqual(
    [...named].filter((number) => !NUMBERS.includes(number)),
    [],
  );
  t.deepEqual(
    STATEMENT.map(({ number }) => number),
    NUMBERS.filter((number) => number.startsWith('CT-')),
  );
});

for (const { rules, title, clause, modes = MODES } of CASES)
  for (const mode of modes)
    test(`${rules.join(', ')}: ${title} (${clause}; ${mode})`, async (t) => {
      const result = (await results).find((each) => each.title === title && each.mode === mode);
      t.is(result?.outcome, 'held', result?.faults.join('\n'));
    });
