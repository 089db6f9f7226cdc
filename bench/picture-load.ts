/**
 * Pictures under load: how fast bombs are refused, how long a hit waits beside misses, what equal misses cost, and how much
 * memory the formatter processes take.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent, createServer, get, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { pause, systemClock } from '../core/clock.ts';
import image from '../formatters/image/index.ts';
import { startServer } from '../main.ts';
import { drawPicture } from './draw-picture.ts';
import { type Figure, quantile, type Round, type Study, type StudyOptions } from './study.ts';

const POOL = 2;
const BUDGET_MB = 512;
const IN_FLIGHT = 8;
const EQUAL = 24;
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

interface Answer {
  readonly status: number;
  readonly fields: IncomingHttpHeaders;
  readonly ms: number;
}

interface Bed {
  /** Requests that reached the origin. */
  readonly fetched: { count: number };
  ask(path: string, width: number): Promise<Answer>;
  close(): Promise<void>;
}

/** It takes no arguments. */
export const pictureLoad: Study = { name: 'picture-load', run };

async function run({ isShort, rounds = isShort ? 1 : 5 }: StudyOptions) {
  const bed = await openBed();
  try {
    const memory = watchMemory();
    const all: Round[] = [];
    for (let round = 0; round < rounds; round++)
      all.push({
        ...(await measureHits(bed, round)),
        ...(await measureEqual(bed, round)),
        bombMs: await measureBombs(),
      });
    const values = (name: string) => all.map((each) => Number(each[name]));
    const worst = (name: string) => Math.max(...values(name));
    const figures: Figure[] = [
      { name: 'a bomb is refused, worst', value: worst('bombMs'), unit: 'ms', aim: 10 },
      {
        name: `a hit beside ${IN_FLIGHT} AVIF misses, median`,
        value: quantile(values('besideP50Ms'), 0.5),
        unit: 'ms',
      },
      {
        name: `a hit beside ${IN_FLIGHT} AVIF misses, later than alone at worst`,
        value: worst('delayMs'),
        unit: 'ms',
        aim: 100,
      },
      { name: `of ${IN_FLIGHT} misses at once shed, worst`, value: worst('shed'), unit: 'requests' },
      { name: `fetches for ${EQUAL} equal misses`, value: worst('fetches'), unit: 'requests', aim: 1 },
      { name: `encodings for ${EQUAL} equal misses`, value: worst('encodings'), unit: 'requests', aim: 1 },
      {
        name: 'peak memory of formatter processes above idle',
        value: await memory.stop(),
        unit: 'bytes',
        aim: BUDGET_MB * 1_048_576,
      },
    ];
    return { about: { pool: POOL, budgetMb: BUDGET_MB, picture: '4000×3000' }, figures, rounds: all };
  } finally {
    await bed.close();
  }
}

async function openBed(): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const picture = await drawPicture();
  const fetched = { count: 0 };
  const origin = createServer((request, response) => {
    fetched.count += 1;
    // A JPEG comment with the path: each is a picture of its own.
    const comment = Buffer.from(request.url!);
    const body = Buffer.concat([
      picture.subarray(0, 2),
      Buffer.from([0xff, 0xfe, 0, comment.length + 2]),
      comment,
      picture.subarray(2),
    ]);
    response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }).end(body);
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const server = await startServer({
    PORT: '0',
    ADMIN_PORT: '0',
    WORKERS: '1',
    POOL: String(POOL),
    FORMAT_BUDGET_MB: String(BUDGET_MB),
    FORMAT_QUEUE: String(EQUAL),
    DATA_DIR: join(folder, 'data'),
    UPSTREAM_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'silent',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: EQUAL + IN_FLIGHT });
  const place = `${server.origin}/http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  return {
    fetched,
    ask: (path, width) => askFor(`${place}${path}`, width, agent),
    async close() {
      agent.destroy();
      await server.close(0);
      origin.closeAllConnections();
      await new Promise((resolve) => origin.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function askFor(url: string, width: number, agent: Agent): Promise<Answer> {
  const started = systemClock.monotonic();
  const headers = {
    'user-agent': CHROME,
    accept: 'image/avif,image/webp,image/*,*/*;q=0.8',
    'sec-fetch-dest': 'image',
    'sec-ch-width': String(width),
  };
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      response.on('error', reject);
      response.on('end', () => {
        // A machine that has no time for eight pictures sheds some: that is told by the figures of a quiet one.
        const status = response.statusCode ?? 0;
        if (status !== 200 && status !== 503) reject(new Error(`${status} for ${url}`));
        resolve({ status, fields: response.headers, ms: systemClock.monotonic() - started });
      });
      response.resume();
    }).on('error', reject);
  });
}

async function measureHits(bed: Bed, round: number): Promise<Round> {
  await bed.ask('/held', 320);
  const times = async (isOver: () => boolean) => {
    const all: number[] = [];
    for (;;) {
      const { ms, fields } = await bed.ask('/held', 320);
      if (!/gw-variant; hit/.test(String(fields['cache-status']))) throw new Error(`no hit: ${fields['cache-status']}`);
      all.push(ms);
      if (isOver() && all.length >= 50) return all;
      await pause(2);
    }
  };
  const alone = await times(() => true);
  let left = IN_FLIGHT;
  let shed = 0;
  const misses = Array.from({ length: IN_FLIGHT }, async (_, index) => {
    const { status } = await bed.ask(`/beside-${round}-${index}`, 640);
    left -= 1;
    if (status === 503) shed += 1;
  });
  const beside = await times(() => left === 0);
  await Promise.all(misses);
  const delayMs = Math.max(...beside) - quantile(alone, 0.5);
  return {
    aloneP50Ms: quantile(alone, 0.5),
    besideP50Ms: quantile(beside, 0.5),
    besideMaxMs: Math.max(...beside),
    delayMs,
    shed,
  };
}

async function measureEqual(bed: Bed, round: number): Promise<Round> {
  const before = bed.fetched.count;
  const answers = await Promise.all(Array.from({ length: EQUAL }, () => bed.ask(`/equal-${round}`, 640)));
  const made = answers.filter(({ fields }) => !/gw-variant; hit|collapsed/.test(String(fields['cache-status'])));
  return { fetches: bed.fetched.count - before, encodings: made.length };
}

/** The longest of a decompression bomb, an animation of too many frames and an icon around a bomb. */
async function measureBombs(): Promise<number> {
  const frame = Buffer.from('2c00000000010001000002024c0100', 'hex');
  const gif = [
    Buffer.from('GIF89a\x01\0\x01\0\0\0\0', 'latin1'),
    ...Array<Buffer>(10_000).fill(frame),
    Buffer.from(';'),
  ];
  const bombs = [
    { mediaType: 'image/png', body: pngBomb(), demands: { maxWidth: 320 } },
    { mediaType: 'image/gif', body: Buffer.concat(gif), demands: { maxWidth: 320 } },
  ];
  const times: number[] = [];
  for (const { demands, ...bomb } of bombs) {
    const started = systemClock.monotonic();
    const outcome = await image
      .format(
        { ...bomb, charset: 'utf-8', url: '', fields: {} },
        { mediaType: 'image/webp', demands, options: {} },
        quietEnv(),
      )
      .then(
        () => 'made',
        () => 'refused',
      );
    times.push(systemClock.monotonic() - started);
    if (outcome !== 'refused') throw new Error(`a bomb of ${bomb.mediaType} was decoded`);
  }
  return Math.max(...times);
}

function quietEnv() {
  const refuse = (reason: string): never => {
    throw new Error(reason);
  };
  return {
    signal: new AbortController().signal,
    limits: { maxInputBytes: 1e9, maxOutputBytes: 1e9, maxPixels: 50_000_000, timeoutMs: 60_000 },
    note: () => {},
    log: () => {},
    cannot: refuse,
    fetch: () => refuse('nothing is fetched'),
  };
}

/** 225 megapixels by its header, 700 kB. */
function pngBomb(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  };
  const header = Buffer.from('00003a9800003a980802000000', 'hex');
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(700_000)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Resident bytes of our children together, looked at often; the peak above what they were at first. */
function watchMemory(): { stop(): Promise<number> } {
  let [idle, peak] = [Number.POSITIVE_INFINITY, 0];
  const look = async () => {
    const bytes = await childrenBytes();
    idle = Math.min(idle, bytes);
    peak = Math.max(peak, bytes);
  };
  const timer = systemClock.every(50, () => void look());
  return {
    async stop() {
      timer.cancel();
      await look();
      return peak - idle;
    },
  };
}

async function childrenBytes(): Promise<number> {
  const sizes = (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name))
    .map(async (pid) => {
      try {
        const status = await readFile(`/proc/${pid}/status`, 'latin1');
        const isOurs = new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status);
        return isOurs ? Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1_024 : 0;
      } catch {
        // It ended between the listing and the reading.
        return 0;
      }
    });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}
