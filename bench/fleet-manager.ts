/** How long a fleet is without a manager when its own is killed, and a server without any engine takes to serve from its disk. */
import { Agent } from 'node:http';
import { pause, systemClock } from '../core/clock.ts';
import { type FleetBed, openFleetBed } from './fleet-bed.ts';
import { ask } from './fleet-client.ts';
import { copyComponent, makeDatabase } from './fleet-set.ts';
import { quantile, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

const NAMES = ['a', 'b', 'c'];
const MIN_ROUNDS = 5;
const DATA_BYTES = 950_000;
const LOOK_MS = 5;
const PATIENCE_MS = 30_000;

export const fleetManager: Study = { name: 'fleet-manager', run };

async function run({ isShort, rounds: wanted }: StudyOptions): Promise<StudyResult> {
  const times = isShort ? 1 : Math.max(MIN_ROUNDS, wanted ?? 0);
  const bed = await openFleetBed({ names: NAMES, engines: 1 });
  try {
    const database = makeDatabase(bed.fleet.folder, DATA_BYTES, 1);
    const set = await bed.offer(copyComponent(bed.fleet.folder, '1.0.0'), { numbers: database });
    await bed.apply({
      functionSets: { numbers: set },
      placement: { numbers: { replicas: 3 } },
      routes: [{ match: '/data/*', strip: '/data', set: 'numbers', mode: 'replay' }],
    });
    const rounds: Round[] = [];
    for (let round = 1; round <= times; round++) rounds.push({ round, failOverMs: round2(await failOver(bed)) });
    await bed.fleet.engines.kill();
    for (let round = 1; round <= times; round++) rounds.push({ round, startMs: round2(await startAlone(bed)) });
    const of = (name: string) => rounds.flatMap((round) => (round[name] === undefined ? [] : [Number(round[name])]));
    return {
      about: { servers: NAMES.length, setBytes: DATA_BYTES },
      figures: [
        { name: 'fail-over of the manager p50', value: quantile(of('failOverMs'), 0.5), unit: 'ms' },
        { name: 'fail-over of the manager, longest', value: quantile(of('failOverMs'), 1), unit: 'ms', aim: 3_000 },
        { name: 'start without an engine until the set answers p50', value: quantile(of('startMs'), 0.5), unit: 'ms' },
      ],
      rounds,
    };
  } finally {
    await bed.close();
  }
}

/** From `kill -9` of the manager until another one says that it is. */
async function failOver({ fleet, untilStatus, front }: FleetBed): Promise<number> {
  const { manager } = await fleet.status(front);
  if (manager === null) throw new Error('there is no manager to kill');
  const other = NAMES.find((name) => name !== manager)!;
  const began = systemClock.monotonic();
  await fleet.servers[manager]!.kill();
  // Who has been killed goes on being named until he is missed.
  await untilStatus((status) => status.servers.some(({ name, isManager }) => isManager && name !== manager), other);
  const ms = systemClock.monotonic() - began;
  await fleet.servers[manager]!.start();
  await untilStatus(({ servers, isSettled }) => servers.length === NAMES.length && isSettled, front);
  return ms;
}

/** From the start of the process until its first good answer. */
async function startAlone({ fleet }: FleetBed): Promise<number> {
  const server = fleet.servers['b']!;
  const agent = new Agent({ keepAlive: true });
  await server.kill();
  const began = systemClock.monotonic();
  try {
    const started = server.start();
    for (;;) {
      const answer = await ask(`${server.origin}/data/tables`, agent).catch(() => undefined);
      const ms = systemClock.monotonic() - began;
      if (answer?.status === 200 && answer.maker === 'b') {
        await started;
        return ms;
      }
      if (ms > PATIENCE_MS) throw new Error(`b answers ${answer?.status ?? 'nothing'}`);
      await pause(LOOK_MS);
    }
  } finally {
    agent.destroy();
  }
}
