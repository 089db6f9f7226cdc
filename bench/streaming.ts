/**
 * What a large download costs the gateway: 2 GB that the origin makes as they are taken, and that a cache would keep if they
 * were smaller. The reader is slow at first, so that what is not read must wait at the origin.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { pause, systemClock } from '../core/clock.ts';
import { openPassBed, type PassBed } from './pass-bed.ts';
import { type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

export const streaming: Study = { name: 'streaming', run };

const BYTES = { long: 2_147_483_648, short: 33_554_432 };
const BLOCK = 65_536;
/** Of this much the reader takes a piece at a time, with pauses. */
const SLOW_BYTES = 16_777_216;
const PIECE_BYTES = 1_048_576;
const PAUSE_MS = 100;
const LOOK_MS = 50;
const SETTLE_MS = 2_000;
/** A page after which the program has done everything once. */
const WARM_BYTES = 1_048_576;

async function run({ isShort, rounds = 1 }: StudyOptions): Promise<StudyResult> {
  const bytes = isShort ? BYTES.short : BYTES.long;
  const all: Round[] = [];
  for (let round = 0; round < rounds; round++) all.push(await measure(bytes));
  const highest = (name: string) => Math.max(...all.map((round) => Number(round[name])));
  return {
    about: { bytes, slowBytes: SLOW_BYTES, pieceBytes: PIECE_BYTES, pauseMs: PAUSE_MS },
    figures: [
      { name: 'resident memory over idle', value: highest('overIdle'), unit: 'bytes', aim: 67_108_864 },
      { name: 'ahead of a slow reader', value: highest('ahead'), unit: 'bytes', aim: 16_777_216 },
      { name: 'rate', value: Math.min(...all.map((round) => Number(round['rate']))), unit: 'MB/s' },
    ],
    rounds: all,
  };
}

async function measure(bytes: number): Promise<Round> {
  const bed = await openPassBed();
  const pid = bed.program.child.pid!;
  let peak = 0;
  const look = systemClock.every(LOOK_MS, () => {
    peak = Math.max(peak, residentBytes(pid));
  });
  try {
    await download(bed, WARM_BYTES);
    const idle = await settled(pid);
    peak = idle;
    const began = systemClock.monotonic();
    const { ahead, slowMs } = await download(bed, bytes);
    const ms = systemClock.monotonic() - began - slowMs;
    return { idle, peak, overIdle: peak - idle, ahead, rate: round2((bytes - SLOW_BYTES) / 1_000 / Math.max(1, ms)) };
  } finally {
    look.cancel();
    await bed.close();
  }
}

/** Resident memory once it changes no more: processes that were started have done what they do at the start. */
async function settled(pid: number): Promise<number> {
  for (let before = residentBytes(pid); ; ) {
    await pause(SETTLE_MS);
    const now = residentBytes(pid);
    if (Math.abs(now - before) < PIECE_BYTES) return now;
    before = now;
  }
}

/** Reads to the end and looks at what it reads; gives the most that the origin was ever ahead while the reader was slow. */
async function download(bed: PassBed, bytes: number): Promise<{ ahead: number; slowMs: number }> {
  const response = await open(`${bed.program.origin}/stream/${bytes}`, bed.fields);
  const began = systemClock.monotonic();
  let [at, ahead, slowMs, next] = [0, 0, 0, PIECE_BYTES];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    for (const offset of [0, chunk.length - 1])
      if (chunk[offset] !== (Math.floor((at + offset) / BLOCK) & 255)) throw new Error(`byte ${at + offset} is wrong`);
    at += chunk.length;
    if (at < next || at > SLOW_BYTES || bytes <= SLOW_BYTES) continue;
    next += PIECE_BYTES;
    await pause(PAUSE_MS);
    ahead = Math.max(ahead, (await sentBy(bed)) - at);
    slowMs = systemClock.monotonic() - began;
  }
  if (at !== bytes) throw new Error(`${at} bytes of ${bytes}`);
  return { ahead, slowMs };
}

async function sentBy({ origin }: PassBed): Promise<number> {
  const parts: Buffer[] = [];
  for await (const part of (await open(`${origin.origin}/sent`, {})) as AsyncIterable<Buffer>) parts.push(part);
  return Number(Buffer.concat(parts).toString());
}

function open(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false, highWaterMark: BLOCK } as object, resolve).on('error', reject);
  });
}

/** Resident memory of a process and its descendants, from /proc. */
function residentBytes(root: number): number {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? Number(statusOf(name, 'PPid')) : 0;
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number =>
    Number(statusOf(String(pid), 'VmRSS')) * 1_024 +
    (children.get(pid) ?? []).reduce((sum, child) => sum + below(child), 0);
  return below(root);
}

function statusOf(pid: string, name: string): string {
  try {
    return new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  } catch {
    // It ended between the listing and the reading.
    return '0';
  }
}
