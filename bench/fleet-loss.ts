/**
 * What a client loses while things happen to a fleet: `fleet-loss [PHASE…] [requests=20000] [concurrency=8] [outage=60]`.
 *
 * It asks a server that does not hold the set, so that every answer is a replay. Phases: `upgrade`, `shift`, `drain`,
 * `holder` (`kill -9` of one of two holders), `engine` (`kill -9` of the leader of three), `outage` (all engines gone for
 * so many seconds). What happens goes on happening until enough has been asked. Every answer is compared with what it must be.
 */
import { pause } from '../core/clock.ts';
import { type FleetBed, openFleetBed, type SetOfPlan } from './fleet-bed.ts';
import { type Count, type Load, startLoad } from './fleet-client.ts';
import { copyComponent, makeDatabase } from './fleet-set.ts';
import { type Figure, quantile, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

const DATA_BYTES = 950_000;
const NAMES = ['a', 'b', 'c'];
/** Between two happenings, so that each finds a calm client. */
const CALM_MS = 1_000;

interface Bench {
  readonly bed: FleetBed;
  readonly set: SetOfPlan;
  readonly outageMs: number;
}

interface Phase {
  /** Who holds the set at its beginning. */
  readonly holders: readonly string[];
  /** Brings it about once; `turn` counts from 0. */
  readonly happen: (bench: Bench, turn: number) => Promise<void>;
}

const PHASES: Readonly<Record<string, Phase>> = {
  upgrade: {
    holders: ['b'],
    async happen({ bed, set }, turn) {
      const source = copyComponent(bed.fleet.folder, `1.${turn}.1`);
      const { bundles } = await bed.offer(source, {});
      await bed.apply(planFor({ ...set, bundles }, ['b']));
    },
  },
  shift: {
    holders: ['b'],
    async happen({ bed, set }, turn) {
      await bed.apply(planFor(set, [turn % 2 === 0 ? 'c' : 'b']));
    },
  },
  drain: {
    holders: ['b', 'c'],
    async happen({ bed }, turn) {
      const drained = turn % 2 === 0 ? 'b' : 'c';
      const isNow = (isDraining: boolean) =>
        bed.untilStatus((status) => status.servers.find(({ name }) => name === drained)?.isDraining === isDraining);
      await bed.drain(drained, true);
      await isNow(true);
      await pause(CALM_MS);
      await bed.drain(drained, false);
      await isNow(false);
    },
  },
  holder: {
    holders: ['b', 'c'],
    async happen({ bed }, turn) {
      const killed = bed.fleet.servers[turn % 2 === 0 ? 'b' : 'c']!;
      await killed.kill();
      await pause(CALM_MS);
      await killed.start();
      await bed.untilStatus(({ servers, isSettled }) => servers.length === NAMES.length && isSettled);
    },
  },
  engine: {
    holders: ['b', 'c'],
    async happen({ bed }) {
      const leader = await bed.fleet.engines.leader();
      if (leader === undefined) return;
      await bed.fleet.engines.kill(leader);
      await pause(CALM_MS * 5);
      await bed.fleet.engines.start(leader);
      await pause(CALM_MS * 2);
    },
  },
  outage: {
    holders: ['b', 'c'],
    async happen({ bed, outageMs }) {
      await bed.fleet.engines.kill();
      await pause(outageMs);
      await bed.fleet.engines.start();
      await bed.untilStatus(({ registry }) => registry.isConnected);
    },
  },
};

export const fleetLoss: Study = { name: 'fleet-loss', run };

interface Settings {
  readonly phases: readonly string[];
  readonly requests: number;
  readonly concurrency: number;
  readonly outageMs: number;
}

/** @throws RangeError for what is no phase or option. */
function readSettings({ isShort, args }: StudyOptions): Settings {
  const options = new Map<string, number>();
  const phases: string[] = [];
  for (const each of args) {
    const [name = '', value] = each.split('=');
    if (value === undefined && PHASES[name] === undefined)
      throw new RangeError(`there is no phase \`${name}\`; there are: ${Object.keys(PHASES).join(', ')}`);
    if (value === undefined) phases.push(name);
    else if (['requests', 'concurrency', 'outage'].includes(name) && Number(value) > 0)
      options.set(name, Number(value));
    else throw new RangeError(`\`${each}\` is no option; there are: requests=N, concurrency=N, outage=SECONDS`);
  }
  return {
    phases: phases.length > 0 ? phases : Object.keys(PHASES),
    requests: options.get('requests') ?? (isShort ? 500 : 20_000),
    concurrency: options.get('concurrency') ?? 8,
    outageMs: (options.get('outage') ?? (isShort ? 2 : 60)) * 1_000,
  };
}

async function run(options: StudyOptions): Promise<StudyResult> {
  const settings = readSettings(options);
  const rounds: Round[] = [];
  const figures: Figure[] = [];
  for (const name of settings.phases) {
    const { count, turns } = await runPhase(PHASES[name]!, settings, name === 'engine' || name === 'outage' ? 3 : 1);
    rounds.push(roundOf(name, turns, count));
    figures.push({ name: `${name}: lost of ${count.asked}`, value: count.lost.length, unit: 'requests', aim: 0 });
    process.stderr.write(`${name}: ${count.lost.length} of ${count.asked} lost\n`);
  }
  const { requests, concurrency, outageMs } = settings;
  return { about: { setBytes: DATA_BYTES, servers: NAMES.length, requests, concurrency, outageMs }, figures, rounds };
}

async function runPhase(phase: Phase, { requests, concurrency, outageMs }: Settings, engines: 1 | 3) {
  const bed = await openFleetBed({ names: NAMES, engines });
  try {
    const database = makeDatabase(bed.fleet.folder, DATA_BYTES, 1);
    const set = await bed.offer(copyComponent(bed.fleet.folder, '1.0.0'), { numbers: database });
    await bed.apply(planFor(set, phase.holders));
    const load = startLoad(bed.fleet.servers[bed.front]!.origin, concurrency);
    const turns = await goOn(phase, { bed, set, outageMs }, { load, requests });
    return { count: await load.finish(requests), turns };
  } finally {
    await bed.close();
  }
}

/** Lets it happen again and again until enough has been asked. Resolves to how often. */
async function goOn(
  { happen }: Phase,
  bench: Bench,
  { load, requests }: { readonly load: Load; readonly requests: number },
): Promise<number> {
  for (let turn = 0; ; turn++) {
    await pause(CALM_MS);
    if (turn > 0 && load.asked >= requests) return turn;
    await happen(bench, turn);
  }
}

function planFor(set: SetOfPlan, servers: readonly string[]) {
  return {
    functionSets: { numbers: set },
    placement: { numbers: { replicas: servers.length, servers } },
    routes: [{ match: '/data/*', strip: '/data', set: 'numbers', mode: 'replay' }],
  };
}

function roundOf(phase: string, happenings: number, { asked, lost, ms, makers }: Count): Round {
  return {
    phase,
    happenings,
    asked,
    lost: lost.length,
    p50Ms: round2(quantile(ms, 0.5)),
    p99Ms: round2(quantile(ms, 0.99)),
    longestMs: round2(quantile(ms, 1)),
    makers: [...makers].map(([name, answers]) => `${name} ${answers}`).join(', '),
    reasons: [...new Set(lost)].slice(0, 5).join(' | '),
  };
}
