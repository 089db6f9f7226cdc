/** Every formatter that ships with us: its examples through the runner, and what each must keep (style parts 5 and 10). */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../core/clock.ts';
import type { Formatter, PlainRecord } from '../core/component.ts';
import { FormatFailure, type FormatOutcome } from '../core/executor.ts';
import { describeFormatter } from '../formatters/descriptor.ts';
import { EXAMPLE_ENDINGS, type Example, findDifference, jobOfExample, readExamples } from '../formatters/examples.ts';
import { runPlan } from '../formatters/runner.ts';

const ROOT = join(import.meta.dirname, '..', 'formatters');
const UPDATES = process.env['UPDATE_EXAMPLES'] === '1';
const MAX_EXAMPLE_BYTES = 40_960;
const names = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'index.ts')));
const formatters: Formatter[] = await Promise.all(
  names.map(async (name) => ((await import(join(ROOT, name, 'index.ts'))) as { default: Formatter }).default),
);

async function run(formatter: Formatter, example: Example): Promise<FormatOutcome> {
  return await runPlan(jobOfExample(example, describeFormatter(formatter)), {
    clock: systemClock,
    limits: { maxInputBytes: 1e7, maxOutputBytes: 1e7, timeoutMs: 10_000, maxPixels: 5e7 },
    signal: new AbortController().signal,
    async load() {
      await formatter.open?.({ log() {} });
      return formatter;
    },
    fetch: () => Promise.reject(new Error('no network in this test')),
    log() {},
    onStep() {},
    track() {},
  });
}

async function compare(t: ExecutionContext, example: Example, outcome: FormatOutcome): Promise<void> {
  // A drawing is text.
  const isPicture = outcome.mediaType.startsWith('image/') && outcome.mediaType !== 'image/svg+xml';
  const file = example.expectedFile ?? join(example.folder, `expected.${EXAMPLE_ENDINGS[outcome.mediaType] ?? 'bin'}`);
  // Pictures are drawn and written by their own test.
  if (!isPicture && (UPDATES || example.expectedFile === undefined)) writeFileSync(file, outcome.body);
  const expected = readFileSync(file);
  const where = `${example.folder}: ${example.why}`;
  t.true(expected.byteLength <= MAX_EXAMPLE_BYTES, `${where} is over ${MAX_EXAMPLE_BYTES} bytes`);
  t.is(await findDifference(outcome, expected), undefined, where);
}

for (const formatter of formatters) {
  const examples = readExamples(join(ROOT, formatter.name), describeFormatter(formatter));

  test(`${formatter.name} keeps the contract: its folder's name, a version, edges, three examples, one hostile`, (t) => {
    const manifest = describeFormatter(formatter);
    t.true(names.includes(manifest.name));
    t.regex(manifest.version, /^\d+\.\d+\.\d+$/);
    t.not(manifest.title, manifest.name, 'a title for people');
    t.true(examples.length >= 3, `${examples.length} examples`);
    t.true(
      examples.some(({ name }) => name.startsWith('hostile')),
      'no hostile example',
    );
    for (const { folder, why } of examples) t.true(why.length > 20, `${folder} does not say why`);
    const readme = readFileSync(join(ROOT, formatter.name, 'README.md'), 'utf8');
    t.true(readme.startsWith(`# ${formatter.name}\n`));
    for (const type of new Set(formatter.edges.flatMap(({ from, to }) => [from, to])))
      t.true(
        readme.toLowerCase().includes(type.replace(/^image\/(?:vnd\.wap\.|svg\+)?|\+xml$/g, '')),
        `the README names ${type}`,
      );
    const options = Object.keys((formatter as { optionsSchema?: PlainRecord }).optionsSchema?.['properties'] ?? {});
    for (const option of options) t.true(readme.includes(`\`${option}\``), `the README names the option ${option}`);
  });

  for (const example of examples)
    test(`${formatter.name}: the example ${example.name}, and the same bytes again`, async (t) => {
      if (example.fails !== undefined) {
        const failure = await t.throwsAsync(run(formatter, example), { instanceOf: FormatFailure });
        t.is(String(failure?.kind), example.fails);
        return;
      }
      const outcome = await run(formatter, example);
      await compare(t, example, outcome);
      const again = await run(formatter, example);
      t.true(Buffer.from(again.body).equals(Buffer.from(outcome.body)), 'equal input gave other bytes');
      t.deepEqual(again.notes, outcome.notes);
    });
}
