/**
 * A chart of a hundred thousand rows that nobody has asked for before, through the whole gateway, against reading and
 * drawing alone. Told beside it: how long others wait for a page that is held, while charts are made and while not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../core/clock.ts';
import { parseChartRequest } from '../formatters/charts/chart-request.ts';
import { renderChart } from '../formatters/charts/render-chart.ts';
import { readData } from '../formatters/data/read-data.ts';
import { startServer } from '../main.ts';
import { drawRows, ROWS } from './data-rows.ts';
import type { Course, Scenario } from './scenario.ts';

const ORIGIN = fileURLToPath(new URL('./data-origin.ts', import.meta.url));
const REQUEST = { mark: 'line', x: 'time', y: 'value', color: 'station', aggregate: 'mean' };
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** The scenario; it takes no arguments. */
export const chartMiss: Scenario = { name: 'chart-miss', aim: 1.5, times: { long: 5, short: 1 }, open };

async function open(): Promise<Course> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const origin = spawn(process.execPath, [ORIGIN], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(origin.stdout, 'data')) as [Buffer];
  const address = String(line).trim();
  const server = await startServer({
    PORT: '0',
    ADMIN_PORT: '0',
    WORKERS: '1',
    POOL: '1',
    DATA_DIR: join(folder, 'data'),
    UPSTREAM_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'silent',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = (path: string, accept: string) => askFor(`${server.origin}${path}`, accept, agent);
  const chart = () => ask(`/-/as/chart/${address}/d.csv?${new URLSearchParams(REQUEST)}`, 'image/svg+xml');
  const table = () => ask(`/-/as/table/${address}/d.csv?page=250`, 'text/html');
  const hit = () => ask(`/${address}/page`, 'text/html,*/*;q=0.8');
  const csv = drawRows();
  const direct = () => renderChart(readData('text/csv', csv).table, parseChartRequest(REQUEST)).svg();
  await chart();
  return {
    subjects: [
      { name: 'reading and drawing alone', run: (times) => repeat(times, direct) },
      { name: 'gateway', run: (times) => repeat(times, chart) },
    ],
    uncounted: [origin.pid!],
    about: { rows: ROWS, bytes: Buffer.byteLength(csv), ...(await measureBeside(hit, { chart, table })) },
    async close() {
      agent.destroy();
      await server.close(0);
      origin.stdin.end();
      await once(origin, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < times; count++) await work();
}

/** Milliseconds others wait for a held page, alone and beside five charts and five pages of a table, in turns. */
async function measureBeside(
  hit: () => Promise<unknown>,
  { chart, table }: { chart: () => Promise<unknown>; table: () => Promise<unknown> },
): Promise<Record<string, number>> {
  await repeat(20, hit);
  const quiet: number[] = [];
  const beside: number[] = [];
  const [charts, tables]: [number[], number[]] = [[], []];
  for (let round = 0; round < 5; round++) {
    quiet.push(
      ...(await waitsDuring(
        hit,
        repeat(200, async () => await pause()),
      )),
    );
    beside.push(...(await waitsDuring(hit, timed(chart, charts))), ...(await waitsDuring(hit, timed(table, tables))));
  }
  return {
    hitAloneP50Ms: share(quiet, 0.5),
    hitAloneP99Ms: share(quiet, 0.99),
    hitBesideP50Ms: share(beside, 0.5),
    hitBesideP99Ms: share(beside, 0.99),
    hitBesideMaxMs: share(beside, 1),
    chartP50Ms: share(charts, 0.5),
    tablePageP50Ms: share(tables, 0.5),
  };
}

async function waitsDuring(hit: () => Promise<unknown>, work: Promise<unknown>): Promise<number[]> {
  const waits: number[] = [];
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await timed(hit, waits);
    await pause();
  }
  await done;
  return waits;
}

async function timed(work: () => Promise<unknown>, into: number[]): Promise<void> {
  const started = systemClock.monotonic();
  await work();
  into.push(systemClock.monotonic() - started);
}

async function pause(): Promise<void> {
  await new Promise<void>((resolve) => systemClock.after(4, resolve));
}

function share(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]! * 100) / 100;
}

function askFor(url: string, accept: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'user-agent': CHROME, accept } }, (response) => {
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.byteLength;
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${response.statusCode}`)),
      );
    }).on('error', reject);
  });
}
