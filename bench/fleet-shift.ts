/** How long a set takes to come to a server that has nothing of it, and a version that is held to be in use again. */
import { existsSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { type FleetBed, openFleetBed, type SetOfPlan } from './fleet-bed.ts';
import { ask } from './fleet-client.ts';
import { copyComponent, makeDatabase } from './fleet-set.ts';
import { treeProcessorMs } from './processor-time.ts';
import { quantile, type Round, round2, type Study, type StudyOptions } from './study.ts';

const DATA_BYTES = 950_000;
const SHIFTS = 20;
const NAMES = ['a', 'b', 'c'];

/** From the plan being sent until every assignment is ready and every live server routes by it. */
export const fleetShift: Study = { name: 'fleet-shift', run };

async function run({ isShort, rounds: wanted }: StudyOptions) {
  const times = isShort ? 2 : Math.max(SHIFTS, wanted ?? 0);
  const bed = await openFleetBed({ names: NAMES, engines: 1 });
  const agent = new Agent({ keepAlive: true });
  try {
    const rounds: Round[] = [];
    // The first is for nothing: code is compiled.
    for (let round = 0; rounds.length < times; round++) {
      const shifted = await shiftOnce(bed, round, agent);
      const rolledBack = await rollBackOnce(bed, round);
      if (round > 0 && shifted !== undefined) rounds.push({ round, ...shifted, rollbackMs: round2(rolledBack) });
    }
    const [shifts, rollbacks] = [pick(rounds, 'shiftMs'), pick(rounds, 'rollbackMs')];
    return {
      about: { setBytes: DATA_BYTES, servers: NAMES.length, engines: 1 },
      figures: [
        { name: 'shift p50', value: quantile(shifts, 0.5), unit: 'ms' as const },
        { name: 'shift p95', value: quantile(shifts, 0.95), unit: 'ms' as const, aim: 1_000 },
        // What a shared machine adds of its own is not in this.
        {
          name: 'shift, processor time p50',
          value: quantile(pick(rounds, 'shiftProcessorMs'), 0.5),
          unit: 'ms' as const,
        },
        { name: 'rollback p50', value: quantile(rollbacks, 0.5), unit: 'ms' as const },
        { name: 'rollback p95', value: quantile(rollbacks, 0.95), unit: 'ms' as const, aim: 100 },
      ],
      rounds,
    };
  } finally {
    agent.destroy();
    await bed.close();
  }
}

interface Shift {
  readonly shiftMs: number;
  /** Of all processes of the fleet. */
  readonly shiftProcessorMs: number;
}

/** A set that nobody has seen goes to `b`, then to `c`, which is what is timed. */
async function shiftOnce(bed: FleetBed, round: number, agent: Agent): Promise<Shift | undefined> {
  const { folder } = bed.fleet;
  // Who holds a set of that name already would fetch the new bytes before it gives it up.
  const name = `shifted-${round}`;
  const database = makeDatabase(folder, DATA_BYTES, round);
  const set = await bed.offer(copyComponent(folder, `2.${round}.0`), { numbers: database });
  await bed.apply(planFor(name, set, 'b'));
  const home = join(folder, 'c', 'fleet', 'blobs', 'sha256');
  const isEmpty = [...set.bundles, ...Object.values(set.data)].every(
    (digest) => !existsSync(join(home, digest.slice(7))),
  );
  const processor = treeProcessorMs();
  const shiftMs = round2(await bed.apply(planFor(name, set, 'c')));
  const shiftProcessorMs = round2(treeProcessorMs() - processor);
  // Second copies of data are kept on servers of the fleet's own choice: then this was no shift to an empty one.
  if (!isEmpty) return undefined;
  for (const asked of ['a', 'b']) {
    const { status, maker } = await ask(`${bed.fleet.servers[asked]!.origin}/data/tables`, agent);
    if (status !== 200 || maker !== 'c') throw new Error(`${asked} answers ${status}, made by ${maker}`);
  }
  return { shiftMs, shiftProcessorMs };
}

/** On one server: a newer version, then the one before again. */
async function rollBackOnce(bed: FleetBed, round: number): Promise<number> {
  const { folder } = bed.fleet;
  const name = `rolled-back-${round}`;
  const older = await bed.offer(copyComponent(folder, `3.${round}.0`), {});
  const newer = await bed.offer(copyComponent(folder, `3.${round}.1`), {});
  await bed.apply(planFor(name, older, 'c'));
  await bed.apply(planFor(name, newer, 'c'));
  return await bed.apply(planFor(name, older, 'c'));
}

function planFor(name: string, set: SetOfPlan, server: string) {
  return {
    functionSets: { [name]: set },
    placement: { [name]: { replicas: 1, servers: [server] } },
    routes: [{ match: '/data/*', strip: '/data', set: name, mode: 'replay' }],
  };
}

function pick(rounds: readonly Round[], name: string): number[] {
  return rounds.map((round) => Number(round[name]));
}
