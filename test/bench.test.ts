import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import test from 'ava';

const RUN = fileURLToPath(new URL('../bench/run.ts', import.meta.url));
const run = promisify(execFile);

// Never fails by time: how fast is for quiet machines to say, that it runs at all is for this one.
test('the benchmark of a picture miss runs, and both sides give the same bytes', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'picture-miss', '--short', '--json']);
  const { scenario, about, medians, rounds, ratio } = JSON.parse(stdout);
  t.is(scenario, 'picture-miss');
  t.is(about.directBytes, about.gatewayBytes, 'the same settings');
  t.regex(about.picture, /^4000×3000, /);
  t.deepEqual(
    medians.map(({ subject }: { subject: string }) => subject),
    ['sharp alone', 'gateway'],
  );
  t.is(rounds.length, 1);
  t.true(ratio > 0);
  for (const { processorMs, wallMs } of medians) t.true(processorMs > 0 && wallMs > 0);
});

test('the benchmark of a second size runs', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'picture-variant', '--short', '--json']);
  const { medians, ratio } = JSON.parse(stdout);
  t.is(medians.length, 2);
  t.true(ratio > 0);
});

test('a scenario that is not there is named, with those that are', async (t) => {
  const failure = await t.throwsAsync<Error & { code: number; stderr: string }>(
    run(process.execPath, [RUN, 'nothing']),
  );
  t.is(failure?.code, 2);
  t.regex(failure!.stderr, /no scenario `nothing`; there are: picture-miss/);
});

test('the benchmark of a chart miss runs, and tells how long others wait', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'chart-miss', '--short', '--json']);
  const { about, medians } = JSON.parse(stdout);
  t.is(about.rows, 100_000);
  for (const name of ['hitAloneP50Ms', 'hitBesideP50Ms', 'chartP50Ms', 'tablePageP50Ms']) t.true(about[name] > 0, name);
  t.is(medians.length, 2);
});

test('the benchmark of losses runs: an upgrade and a killed holder cost the client of a fleet nothing (design part 8)', async (t) => {
  const args = ['fleet-loss', 'upgrade', 'holder', 'requests=100', 'concurrency=2', '--short', '--json'];
  const { figures, rounds } = JSON.parse((await run(process.execPath, [RUN, ...args])).stdout);
  t.deepEqual(
    rounds.map(({ phase, lost, reasons }: Record<string, unknown>) => [phase, lost, reasons]),
    [
      ['upgrade', 0, ''],
      ['holder', 0, ''],
    ],
  );
  for (const { asked } of rounds) t.true(asked >= 100);
  t.is(figures.length, 2);
});

test('the benchmark of documents runs: counts of what is kept, bytes, Markdown there and back, its examples', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'documents', '--short', '--json']);
  const { about, figures, rounds } = JSON.parse(stdout);
  t.is(about.pages, 5);
  const value = (name: string) => figures.find((figure: { name: string }) => figure.name === name)?.value;
  for (const kind of ['links', 'controls', 'headings', 'alts']) t.is(value(`${kind} kept`), 100, kind);
  t.is(value('CommonMark 0.31.2'), 652);
  t.true(value('HTML to Markdown and back, F1 of words') > 99);
  for (const { original, lite } of rounds) t.true(original > 0 && lite > 0);
});

test('the benchmark of what passes through runs: the gateway gives the same bytes over the same connection', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'pass-through', '--short', '--json']);
  const { about, figures, rounds } = JSON.parse(stdout);
  t.is(about.bytes, 20_480);
  t.is(figures[0].name, 'p95 over direct');
  t.is(rounds.length, 1);
});

test('the benchmark of replies that are there runs: the gateway and bare Koa give the same page', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'hits', '--short', '--json']);
  const { about, rounds } = JSON.parse(stdout);
  t.true(about.bytes > 20_000);
  t.deepEqual(Object.keys(rounds[0]).sort(), ['gateway', 'koa', 'logging']);
});

test('the benchmark of a large download runs: every byte is right, and a slow reader holds the origin back', async (t) => {
  const { stdout } = await run(process.execPath, [RUN, 'streaming', '--short', '--json']);
  const { about, rounds } = JSON.parse(stdout);
  t.true(rounds[0].ahead < about.bytes - about.slowBytes, `${rounds[0].ahead}`);
});

test('the benchmark of extraction runs: F1 of words by type of page, time by page, no page empty', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const prose = (about: string) =>
      Array.from({ length: 6 }, (_, i) => `Sentence ${i} about ${about}, long enough to read like one, with commas.`);
    const truths = ['article', 'service'].map((type, id) => ({
      id: `${id}`,
      type,
      main_content: prose(type).join('\n'),
    }));
    for (const { id, type } of truths)
      writeFileSync(
        join(folder, `${id}.html`),
        `<title>x</title><nav><a href=/>Menu of the site</a></nav><main>${prose(type)
          .map((line) => `<p>${line}`)
          .join('')}</main>`,
      );
    // One truth says what its page does not.
    truths[1]!.main_content += `${' other'.repeat(100)}`;
    writeFileSync(join(folder, 'truth.json.gz'), gzipSync(JSON.stringify(truths)));
    const { stdout } = await run(process.execPath, [RUN, 'extraction', '--short', '--json', '--corpus', folder]);
    const { about, figures } = JSON.parse(stdout);
    const value = (name: string) => figures.find((figure: { name: string }) => figure.name === name)?.value;
    t.is(about.pages, 2);
    t.true(value('F1 of article') > 95 && value('F1 of service') < 75, stdout);
    t.is(value('empty pages'), 0);
    t.true(value('program, a page') > 0 && value('chain, worst page') >= value('chain, a page'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
