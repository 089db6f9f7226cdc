/**
 * What the gateway adds to a reply that it passes through: 20 kB that no cache keeps, over kept connections, asked of the
 * origin and of the gateway in turns, one at a time.
 */
import { Agent, get } from 'node:http';
import { systemClock } from '../core/clock.ts';
import { openPassBed, type PassBed } from './pass-bed.ts';
import { quantile, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

export const passThrough: Study = { name: 'pass-through', run };

const MIN_ROUNDS = 5;
const REQUESTS = { long: 2_000, short: 50 };

async function run({ isShort, rounds = MIN_ROUNDS }: StudyOptions): Promise<StudyResult> {
  const times = isShort ? REQUESTS.short : REQUESTS.long;
  const bed = await openPassBed();
  try {
    await measure(bed, times);
    const all: Round[] = [];
    for (let round = 0; round < (isShort ? 1 : Math.max(MIN_ROUNDS, rounds)); round++)
      all.push(await measure(bed, times));
    const median = (name: string) =>
      quantile(
        all.map((round) => Number(round[name])),
        0.5,
      );
    return {
      about: { bytes: 20_480, requests: times, connections: 1 },
      figures: [
        { name: 'p95 over direct', value: median('p95Over'), unit: 'ms', aim: 2 },
        { name: 'p50 over direct', value: median('p50Over'), unit: 'ms' },
        { name: 'p95 direct', value: median('p95Direct'), unit: 'ms' },
        { name: 'p95 through the gateway', value: median('p95Gateway'), unit: 'ms' },
      ],
      rounds: all,
    };
  } finally {
    await bed.close();
  }
}

/** Asks each in turn, the first of a pair in turns too. */
async function measure({ origin, program, fields }: PassBed, times: number): Promise<Round> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const subjects = [
    { base: origin.origin, took: [] as number[] },
    { base: program.origin, took: [] as number[] },
  ];
  try {
    for (let time = 0; time < times; time++)
      for (const { base, took } of time % 2 === 0 ? subjects : subjects.toReversed())
        took.push(await timeOf(`${base}/body`, fields, agent));
  } finally {
    agent.destroy();
  }
  const [direct, gateway] = subjects.map(({ took }) => ({ p50: quantile(took, 0.5), p95: quantile(took, 0.95) }));
  return {
    p50Direct: round2(direct!.p50),
    p95Direct: round2(direct!.p95),
    p50Gateway: round2(gateway!.p50),
    p95Gateway: round2(gateway!.p95),
    p50Over: round2(gateway!.p50 - direct!.p50),
    p95Over: round2(gateway!.p95 - direct!.p95),
  };
}

function timeOf(url: string, headers: Readonly<Record<string, string>>, agent: Agent): Promise<number> {
  const began = systemClock.monotonic();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200 && bytes === 20_480) resolve(systemClock.monotonic() - began);
        else reject(new Error(`${response.statusCode} with ${bytes} bytes`));
      });
    }).on('error', reject);
  });
}
