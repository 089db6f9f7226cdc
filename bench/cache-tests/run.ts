/**
 * `npm run cache-tests -- [--mode reverse|forward] [--suite FOLDER]`: runs http-tests/cache-tests at the program, in both modes
 * unless one is named, and writes `bench/results/cache-tests.json`. `--suite` takes a checkout of another edition, which is
 * scored but not written. Exit code 1 where a required test fails that is not known to (`expected-failures.ts`), or one
 * passes that is.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type ModeReport, makeReport, type TestOutcome } from './outcome.ts';
import { EDITION, fetchSuite } from './suite.ts';

const RUN_MODE = fileURLToPath(new URL('./run-mode.ts', import.meta.url));
const RESULT = fileURLToPath(new URL('../results/cache-tests.json', import.meta.url));
const MAX_OUTPUT_BYTES = 4_194_304;
const MODES = ['reverse', 'forward'];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { mode: { type: 'string' }, suite: { type: 'string' } } });
  const modes = MODES.filter((mode) => values.mode === undefined || values.mode === mode);
  if (modes.length === 0) throw new RangeError(`\`--mode\` is one of ${MODES.join(', ')}, got \`${values.mode}\``);
  const folder = values.suite ?? fetchSuite();
  const reports: Record<string, ModeReport> = {};
  for (const mode of modes) {
    const run = await promisify(execFile)(process.execPath, [RUN_MODE, mode, folder], { maxBuffer: MAX_OUTPUT_BYTES });
    const report = makeReport(JSON.parse(run.stdout) as TestOutcome[]);
    reports[mode] = report;
    console.log(textOf(mode, report, values.suite === undefined));
  }
  if (values.suite !== undefined) return;
  if (modes.length === MODES.length)
    writeFileSync(RESULT, `${JSON.stringify({ edition: EDITION, modes: reports }, null, 2)}\n`);
  if (Object.values(reports).some(isSurprising)) process.exitCode = 1;
}

function isSurprising({ failures, unexpectedPasses }: ModeReport): boolean {
  return unexpectedPasses.length > 0 || failures.some(({ reason }) => reason === undefined);
}

function textOf(mode: string, report: ModeReport, isOurs: boolean): string {
  const { scores, requiredOfToday, failures, unexpectedPasses } = report;
  const lines = Object.entries(scores).map(
    ([kind, { passed, of, percent }]) => `${kind} ${passed} of ${of} (${percent} %)`,
  );
  if (isOurs) {
    const { passed, of, percent } = requiredOfToday;
    lines.push(`required, without what no cache of today may pass: ${passed} of ${of} (${percent} %)`);
  }
  for (const { id, said, reason } of failures)
    lines.push(reason === undefined ? `NEW FAILURE ${id}: ${said}` : `fails as expected: ${id}: ${reason}`);
  if (isOurs) for (const id of unexpectedPasses) lines.push(`UNEXPECTED PASS ${id}`);
  return lines.map((line) => `${mode}: ${line}`).join('\n');
}

await main();
