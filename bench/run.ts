/**
 * Runs benchmarks: `node bench/run.ts [SCENARIO] [--short] [--json] [--rounds N] [--corpus FOLDER] [ARGUMENTS]`, all of them when none is named.
 *
 * A scenario compares, a study gives figures. Subjects of a scenario take turns within a round, so that what else the machine does hits them alike; what is compared is processor
 * time of all processes, the median over the rounds. Writes `bench/results/SCENARIO.json`, but not for a short run.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../core/clock.ts';
import { channel, channelBrowser } from './channel.ts';
import { chartMiss } from './chart-miss.ts';
import { documents } from './documents.ts';
import { extraction } from './extraction.ts';
import { fleetLoss } from './fleet-loss.ts';
import { fleetManager } from './fleet-manager.ts';
import { fleetResume } from './fleet-resume.ts';
import { fleetRoute } from './fleet-route.ts';
import { fleetShift } from './fleet-shift.ts';
import { hits } from './hits.ts';
import { interleavings } from './interleavings.ts';
import { passThrough } from './pass-through.ts';
import { pictureLoad } from './picture-load.ts';
import { pictureMiss, pictureMissAvif } from './picture-miss.ts';
import { picturePeers } from './picture-peers.ts';
import { pictureQuality } from './picture-quality.ts';
import { pictureVariant } from './picture-variant.ts';
import { treeProcessorMs } from './processor-time.ts';
import type { Course, Scenario, Subject } from './scenario.ts';
import { streaming } from './streaming.ts';
import { median, round2, type Study, type StudyResult } from './study.ts';

const SCENARIOS: readonly Scenario[] = [pictureMiss, pictureMissAvif, pictureVariant, picturePeers, chartMiss];
const STUDIES: readonly Study[] = [
  fleetShift,
  fleetLoss,
  fleetRoute,
  fleetManager,
  fleetResume,
  documents,
  extraction,
  channel,
  channelBrowser,
  pictureLoad,
  pictureQuality,
  interleavings,
  passThrough,
  hits,
  streaming,
];
const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));
const MIN_ROUNDS = 5;

/** Milliseconds for one operation. */
interface Turn {
  readonly subject: string;
  readonly processorMs: number;
  readonly wallMs: number;
}

interface Result {
  readonly scenario: string;
  readonly about: Course['about'];
  /** Of the second subject's processor time to the first's: median of the rounds' own ratios. */
  readonly ratio: number;
  readonly aim: number;
  readonly medians: readonly Turn[];
  readonly rounds: readonly (readonly Turn[])[];
}

/** Runs one scenario. */
async function runScenario(
  scenario: Scenario,
  { rounds = MIN_ROUNDS, short = false, args = [] as readonly string[] } = {},
): Promise<Result> {
  const course = await scenario.open(args);
  try {
    const times = short ? scenario.times.short : scenario.times.long;
    // Once for nothing: code is compiled, processes are warm.
    for (const subject of course.subjects) await subject.run(Math.min(times, 3));
    const all: Turn[][] = [];
    for (let round = 0; round < (short ? 1 : Math.max(MIN_ROUNDS, rounds)); round++) {
      const order = round % 2 === 0 ? course.subjects : course.subjects.toReversed();
      const turns: Turn[] = [];
      for (const subject of order) turns.push(await takeTurn(subject, times, course.uncounted));
      all.push(turns);
    }
    return summarise(scenario, course, all);
  } finally {
    await course.close();
  }
}

async function takeTurn(subject: Subject, times: number, uncounted: readonly number[]): Promise<Turn> {
  const [processor, wall] = [treeProcessorMs(uncounted), systemClock.monotonic()];
  await subject.run(times);
  return {
    subject: subject.name,
    processorMs: round2((treeProcessorMs(uncounted) - processor) / times),
    wallMs: round2((systemClock.monotonic() - wall) / times),
  };
}

function summarise(scenario: Scenario, { subjects, about }: Course, rounds: readonly (readonly Turn[])[]): Result {
  const ofRound = (turns: readonly Turn[], name: string) => turns.find((turn) => turn.subject === name)!;
  const medians = subjects.map(({ name }) => ({
    subject: name,
    processorMs: median(rounds.map((turns) => ofRound(turns, name).processorMs)),
    wallMs: median(rounds.map((turns) => ofRound(turns, name).wallMs)),
  }));
  const [first, second] = subjects.map(({ name }) => name) as [string, string];
  const ratio = median(
    rounds.map((turns) => ofRound(turns, second).processorMs / Math.max(0.01, ofRound(turns, first).processorMs)),
  );
  return { scenario: scenario.name, about, ratio: round2(ratio), aim: scenario.aim, medians, rounds };
}

function describeMachine(): Readonly<Record<string, string | number>> {
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: RESULTS });
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1_048_576),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    commit: git.status === 0 ? git.stdout.trim() : 'unknown',
    load: round2(loadavg()[0] ?? 0),
    date: new Date(systemClock.now()).toISOString().slice(0, 10),
  };
}

function textOf({ scenario, medians, ratio, aim }: Result): string {
  const lines = medians.map((each) => `${each.subject}: ${each.processorMs} ms of processor, ${each.wallMs} ms`);
  return [...lines, `ratio ${ratio} (aim: at most ${aim})`].map((line) => `${scenario}: ${line}`).join('\n');
}

function figuresOf(name: string, { figures }: StudyResult): string {
  return figures
    .map(
      (each) =>
        `${name}: ${each.name} ${each.value} ${each.unit}${each.aim === undefined ? '' : ` (aim: at most ${each.aim})`}${each.atLeast === undefined ? '' : ` (aim: at least ${each.atLeast})`}`,
    )
    .join('\n');
}

interface Options {
  readonly rounds: number | undefined;
  readonly isShort: boolean;
  readonly args: readonly string[];
  readonly corpus: string | undefined;
}

/** What a benchmark gives, as data and as text. */
async function runOne(
  one: Scenario | Study,
  options: Options,
): Promise<{ readonly result: object; readonly text: string }> {
  if ('run' in one) {
    const made = await one.run(options);
    const figures = made.figures.map((figure) => ({ ...figure, value: round2(figure.value) }));
    const result = { scenario: one.name, ...made, figures };
    return { result, text: figuresOf(one.name, result) };
  }
  const result = await runScenario(one, { ...options, rounds: options.rounds ?? MIN_ROUNDS, short: options.isShort });
  return { result, text: textOf(result) };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      short: { type: 'boolean' },
      json: { type: 'boolean' },
      rounds: { type: 'string' },
      corpus: { type: 'string' },
      pictures: { type: 'string' },
      tool: { type: 'string' },
    },
  });
  const [name, ...rest] = positionals;
  const named = (['pictures', 'tool'] as const).flatMap((option) =>
    values[option] === undefined ? [] : [`${option}=${values[option]}`],
  );
  const args = [...rest, ...named];
  const all = [...SCENARIOS, ...STUDIES];
  const chosen = all.filter((each) => name === undefined || each.name === name);
  if (chosen.length === 0) {
    console.error(`There is no scenario \`${name}\`; there are: ${all.map((each) => each.name).join(', ')}`);
    process.exit(2);
  }
  mkdirSync(RESULTS, { recursive: true });
  const isShort = values.short === true;
  for (const one of chosen) {
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    const made = await runOne(one, { rounds, isShort, args, corpus: values.corpus }).catch((error: Error) => {
      // What needs a tool or a registry that is not there must not keep the others from being run.
      if (chosen.length === 1) throw error;
      console.error(`${one.name}: ${error.message}`);
      process.exitCode = 1;
    });
    if (made === undefined) continue;
    const { result, text } = made;
    console.log(values.json === true ? JSON.stringify(result) : text);
    if (isShort) continue;
    const report = { ...result, machine: describeMachine() };
    writeFileSync(`${RESULTS}${one.name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  }
}

await main();
