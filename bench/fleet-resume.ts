/** A large data set whose server-to-be is killed in the middle of getting it: what is sent again when it is back. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pause, systemClock } from '../core/clock.ts';
import { type FleetBed, openFleetBed, type SetOfPlan } from './fleet-bed.ts';
import { copyComponent, makeDatabase } from './fleet-set.ts';
import { quantile, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

const DATA_BYTES = 50_000_000;
const MIN_ROUNDS = 5;
/** Share of it that shall be there when the server is killed. */
const KILL_AT = 0.4;
const LOOK_MS = 1;
const PATIENCE_MS = 60_000;

export const fleetResume: Study = { name: 'fleet-resume', run };

async function run({ isShort, rounds: wanted }: StudyOptions): Promise<StudyResult> {
  const times = isShort ? 1 : Math.max(MIN_ROUNDS, wanted ?? 0);
  const bed = await openFleetBed({ names: ['a', 'b'], engines: 1 });
  try {
    const source = copyComponent(bed.fleet.folder, '1.0.0');
    const rounds: Round[] = [];
    for (let round = 1; round <= times; round++) {
      const set = await bed.offer(source, { numbers: makeDatabase(bed.fleet.folder, DATA_BYTES, round) });
      rounds.push({ round, ...(await resumeOnce(bed, set)) });
    }
    const again = rounds.map(({ pulledAgainBytes }) => Number(pulledAgainBytes));
    const held = rounds.map(({ heldBytes }) => Number(heldBytes));
    return {
      about: { dataBytes: DATA_BYTES, servers: 2 },
      figures: [
        { name: 'held when killed, least', value: quantile(held, 0), unit: 'bytes' },
        { name: 'pulled again, most', value: quantile(again, 1), unit: 'bytes', aim: DATA_BYTES / 20 },
        {
          name: 'from its new start until it is whole p50',
          value: quantile(
            rounds.map(({ goOnMs }) => Number(goOnMs)),
            0.5,
          ),
          unit: 'ms',
        },
      ],
      rounds,
    };
  } finally {
    await bed.close();
  }
}

async function resumeOnce({ fleet, publish, untilStatus }: FleetBed, set: SetOfPlan): Promise<Omit<Round, 'round'>> {
  const [sender, receiver] = [fleet.servers['a']!, fleet.servers['b']!];
  const file = join(fleet.folder, 'b', 'fleet', 'blobs', 'sha256', set.data['numbers']!.slice('sha256:'.length));
  const sentBefore = bytesWritten(sender.pid!);
  await publish({
    functionSets: { numbers: set },
    placement: { numbers: { replicas: 1, servers: ['b'] } },
    routes: [{ match: '/data/*', strip: '/data', set: 'numbers', mode: 'replay' }],
  });
  await untilHolds(`${file}.part`, DATA_BYTES * KILL_AT);
  await receiver.kill();
  const heldBytes = sizeOf(`${file}.part`);
  if (heldBytes === 0) throw new Error('it had all arrived before the server was killed');
  const began = systemClock.monotonic();
  await receiver.start();
  await untilHolds(file, 1);
  const goOnMs = round2(systemClock.monotonic() - began);
  // Heartbeats and frames are among them: a little more than was really sent again.
  const pulledAgainBytes = bytesWritten(sender.pid!) - sentBefore - sizeOf(file);
  await untilStatus(({ isSettled }) => isSettled);
  return { heldBytes, goOnMs, pulledAgainBytes };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function untilHolds(file: string, bytes: number): Promise<void> {
  const until = systemClock.monotonic() + PATIENCE_MS;
  while (sizeOf(file) < bytes) {
    if (systemClock.monotonic() > until) throw new Error('nothing arrives');
    await pause(LOOK_MS);
  }
}

/** What a process has written to anything, from /proc: sockets for the most part. */
function bytesWritten(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}
