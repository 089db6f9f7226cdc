/**
 * Whether anybody is ever given what was made for somebody else (threat 27): users, cookies, languages, codings, profiles,
 * modes, conditions and parts, interleaved at random at two workers that share their caches. `seed=N` repeats a run,
 * `requests=N` and `concurrency=N` make it another.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { type InterleavingOptions, interleave } from './interleavings/interleave.ts';
import { openResourceOrigin } from './interleavings/resource-origin.ts';
import { openProgram } from './program.ts';
import type { Round, Study, StudyOptions, StudyResult } from './study.ts';

export const interleavings: Study = { name: 'interleavings', run };

const HOSTS = { reverse: 'plain.test', personal: 'personal.test' };
const MAX_SEED = 2 ** 32;
const PLACES = 12;

async function run({ isShort, args, rounds = 1 }: StudyOptions): Promise<StudyResult> {
  const asked = (name: string) => args.map((arg) => arg.split('=')).find(([key]) => key === name)?.[1];
  const requests = Number(asked('requests') ?? (isShort ? 1_000 : 100_000));
  const concurrency = Number(asked('concurrency') ?? 8);
  const first = Number(asked('seed') ?? systemClock.now() % MAX_SEED);
  const all: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const seed = first + round;
    console.error(`interleavings: seed=${seed}`);
    all.push(await runOnce({ requests, concurrency, seed, places: PLACES }));
  }
  const sum = (name: string) => all.reduce((total, round) => total + Number(round[name]), 0);
  return {
    about: { requests, concurrency, workers: 2, seed: first },
    figures: [
      { name: 'cross answers', value: sum('crossed'), unit: 'requests', aim: 0 },
      { name: 'errors', value: sum('failed'), unit: 'requests', aim: 0 },
      { name: 'asked', value: requests * rounds, unit: 'requests' },
    ],
    rounds: all,
  };
}

async function runOnce(options: InterleavingOptions): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), 'interleavings-'));
  const origin = await openResourceOrigin();
  const sites = [
    { host: HOSTS.reverse, upstream: origin.url, personal: false },
    { host: HOSTS.personal, upstream: origin.url },
  ];
  await writeFile(join(folder, 'sites.json'), JSON.stringify(sites));
  const program = await openProgram({
    DATA_DIR: join(folder, 'data'),
    SITES: join(folder, 'sites.json'),
    UPSTREAM_ALLOW: '127.0.0.1',
    WORKERS: '2',
    LOG_LEVEL: 'silent',
  });
  try {
    const place = { proxy: new URL(program.origin), origin: new URL(origin.url), hosts: HOSTS };
    const { crossed, failed, examples, byStatus } = await interleave(place, options);
    for (const example of examples) console.error(`interleavings: ${example}`);
    return { seed: options.seed, crossed, failed, originAsked: origin.asked, statuses: JSON.stringify(byStatus) };
  } finally {
    await program.close();
    await origin.close();
    await rm(folder, { recursive: true, force: true });
  }
}
