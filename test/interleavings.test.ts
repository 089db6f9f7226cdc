/** Nobody is given what was made for somebody else (threat 27): a few thousand interleaved requests; `npm run bench -- interleavings` does more. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { interleave } from '../bench/interleavings/interleave.ts';
import { openResourceOrigin, type ResourceOrigin } from '../bench/interleavings/resource-origin.ts';
import { silentLog } from '../core/log.ts';
import { startServer } from '../main.ts';
import { testEnvironment } from './support/gateway.ts';

const HOSTS = { reverse: 'plain.test', personal: 'personal.test' };
const SEED = 27;

async function withGateway(work: (proxy: URL, origin: ResourceOrigin) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'interleavings-'));
  const origin = await openResourceOrigin();
  const sites = [
    { host: HOSTS.reverse, upstream: origin.url, personal: false },
    { host: HOSTS.personal, upstream: origin.url },
  ];
  await writeFile(join(folder, 'sites.json'), JSON.stringify(sites));
  const environment = testEnvironment(join(folder, 'data'), { SITES: join(folder, 'sites.json') });
  const server = await startServer(environment, { log: silentLog });
  try {
    await work(new URL(server.origin), origin);
  } finally {
    await server.close(0);
    await origin.close();
    await rm(folder, { recursive: true, force: true });
  }
}

test('threat 27, C-10: of 3,000 interleaved requests of users, languages, codings, profiles and modes none is crossed', async (t) => {
  await withGateway(async (proxy, origin) => {
    const place = { proxy, origin: new URL(origin.url), hosts: HOSTS };
    const found = await interleave(place, { requests: 3_000, concurrency: 8, seed: SEED, places: 2 });
    t.is(found.crossed, 0, found.examples.join('\n'));
    t.is(found.failed, 0, found.examples.join('\n'));
    for (const status of [200, 206, 304]) t.true((found.byStatus[status] ?? 0) > 50, `${status}`);
    t.true(origin.asked < 2_400, `caches were at work: the origin was asked ${origin.asked} times`);
  });
});

test('a cache before the gateway that goes by the path alone is found out', async (t) => {
  await withGateway(async (gateway, origin) => {
    const bodies = new Map<string, { status: number; fields: string[]; body: Buffer }>();
    const careless = createServer(async (asked, response) => {
      const key = `${asked.headers.host} ${asked.url}`;
      let held = bodies.get(key);
      if (held === undefined) {
        const { hostname, port } = gateway;
        const sent = request({ host: hostname, port, path: asked.url, method: 'GET', headers: asked.headers }).end();
        const [answer] = await once(sent, 'response');
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part);
        held = { status: answer.statusCode, fields: answer.rawHeaders, body: Buffer.concat(parts) };
        if (/refr|login/.test(key) === false) bodies.set(key, held);
      }
      response.writeHead(held.status, held.fields).end(held.body);
    });
    careless.listen(0, '127.0.0.1');
    await once(careless, 'listening');
    try {
      const proxy = new URL(`http://127.0.0.1:${(careless.address() as AddressInfo).port}`);
      const place = { proxy, origin: new URL(origin.url), hosts: HOSTS };
      const found = await interleave(place, { requests: 600, concurrency: 4, seed: SEED, places: 2 });
      t.true(found.crossed > 40, `crossed ${found.crossed}`);
      t.true(found.examples.length > 0);
    } finally {
      careless.closeAllConnections();
      careless.close();
    }
  });
});
