/**
 * What a reply costs that is there already: a page as a telephone gets it, asked of the gateway with and without its
 * request log, and of bare Koa that holds the same bytes, in turns, by eight connections at a time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchBody } from './fetch-body.ts';
import { processorMsOf } from './processor-time.ts';
import { openProgram } from './program.ts';
import { median, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

export const hits: Study = { name: 'hits', run };

const KOA = fileURLToPath(new URL('./koa-server.ts', import.meta.url));
const MIN_ROUNDS = 5;
const REQUESTS = { long: 20_000, short: 80 };
const CONNECTIONS = 8;
const PARAGRAPHS = 180;
const FIELDS = {
  'user-agent': 'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
};

/** A server that answers from memory. */
interface Subject {
  readonly name: 'koa' | 'gateway' | 'logging';
  readonly pid: number;
  readonly url: string;
}

interface Bed {
  readonly subjects: readonly Subject[];
  readonly bytes: number;
  close(): Promise<void>;
}

async function run({ isShort, rounds = MIN_ROUNDS }: StudyOptions): Promise<StudyResult> {
  const times = isShort ? REQUESTS.short : REQUESTS.long;
  const bed = await openBed();
  try {
    for (const subject of bed.subjects) await microsecondsOf(subject, times);
    const all: Round[] = [];
    for (let round = 0; round < (isShort ? 1 : Math.max(MIN_ROUNDS, rounds)); round++) {
      const took = new Map<string, number>();
      for (const subject of round % 2 === 0 ? bed.subjects : bed.subjects.toReversed())
        took.set(subject.name, await microsecondsOf(subject, times));
      all.push(Object.fromEntries(took));
    }
    const middle = (of: (round: Round) => number) => round2(median(all.map(of)));
    return {
      about: { bytes: bed.bytes, requests: times, connections: CONNECTIONS },
      figures: [
        {
          name: 'rate of hits, of bare Koa’s, by processor time',
          value: middle((round) => Number(round['koa']) / Number(round['gateway'])),
          unit: '',
          atLeast: 0.6,
        },
        {
          name: 'the same with every request in the log',
          value: middle((round) => Number(round['koa']) / Number(round['logging'])),
          unit: '',
        },
        { name: 'a hit, processor', value: middle((round) => Number(round['gateway']) / 1_000), unit: 'ms' },
      ],
      rounds: all,
    };
  } finally {
    await bed.close();
  }
}

async function openBed(): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'hits-bench-'));
  const origin = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'max-age=3600' });
    response.end(makePage());
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const path = `/http://127.0.0.1:${(origin.address() as AddressInfo).port}/`;
  const open = (name: string, settings: Readonly<Record<string, string>>) =>
    openProgram({ DATA_DIR: join(folder, name), UPSTREAM_ALLOW: '127.0.0.1', ...settings }, 'ignore');
  const program = await open('quiet', {});
  const logging = await open('logging', { LOG_LEVEL: 'info', LOG_REQUESTS: '1' });
  const body = await fetchBody(`${program.origin}${path}`, { headers: FIELDS });
  const koa = spawn(process.execPath, [KOA], { stdio: ['pipe', 'pipe', 'inherit'] });
  koa.stdin.end(body);
  const koaOrigin = String((await once(koa.stdout, 'data'))[0]).trim();
  return {
    subjects: [
      { name: 'koa', pid: koa.pid!, url: koaOrigin },
      { name: 'gateway', pid: program.child.pid!, url: `${program.origin}${path}` },
      { name: 'logging', pid: logging.child.pid!, url: `${logging.origin}${path}` },
    ],
    bytes: body.byteLength,
    async close() {
      koa.kill('SIGTERM');
      await Promise.all([once(koa, 'exit'), program.close(), logging.close()]);
      origin.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Processor time of a server for one reply. */
async function microsecondsOf({ pid, url }: Subject, times: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const began = processorMsOf(pid);
  let left = times;
  const ask = async () => {
    while (left-- > 0) await fetchBody(url, { agent, headers: FIELDS });
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  } finally {
    agent.destroy();
  }
  return round2(((processorMsOf(pid) - began) / times) * 1_000);
}

function makePage(): string {
  const paragraphs = Array.from({ length: PARAGRAPHS }, (_, number) => {
    const words = Array.from({ length: 30 }, (_word, index) => `word${(number * 31 + index * 7) % 997}`).join(' ');
    return `<p>${words} <a href="/page/${number}">page ${number}</a>.</p>`;
  });
  return `<!DOCTYPE html><html lang="en"><head><title>A page</title></head><body><h1>A page</h1>${paragraphs.join('\n')}</body></html>`;
}
