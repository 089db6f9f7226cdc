/** What a fleet outlives: a server killed, the engine killed, a start without an engine, damage on the disk (threats 64, 66). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { BuiltBundle } from '../fleet/bundle/build-bundle.ts';
import { serviceText } from './support/components.ts';
import { eventually, type Node, type PlanJson, type TestFleet, underLoad, withFleet } from './support/fleet.ts';

const HELLO = serviceText(
  'hello',
  'return new Response("hello " + new TextDecoder().decode(await env.data.bytes("words")), { headers: { "content-type": "text/plain" } });',
);

async function build(fleet: TestFleet, node: Node): Promise<BuiltBundle> {
  const built = await fleet.build({ 'index.ts': HELLO, 'data/words': 'words' });
  await fleet.push(node, built);
  return built;
}

function planOf(built: BuiltBundle, servers: readonly string[]): PlanJson {
  const data = Object.fromEntries([...built.data].map(([name, { digest }]) => [name, digest]));
  return {
    functionSets: { hello: { bundles: [built.digest], data } },
    placement: { hello: { replicas: servers.length, servers } },
    routes: [{ match: '/hello/*', strip: '/hello', set: 'hello' }],
  };
}

async function isServed(node: Node): Promise<boolean> {
  const { status, text } = await node.get('/hello/x').catch(() => ({ status: 0, text: '' }));
  return status === 200 && text === 'hello words';
}

test.serial('a holder killed with -9 while others replay to it loses nothing (S6)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const front = await fleet.start('front');
    const [doomed] = await Promise.all([fleet.start('doomed', { isProgram: true }), fleet.start('other')]);
    const built = await build(fleet, front);
    await fleet.apply(front, planOf(built, ['doomed', 'other']));
    await fleet.settled();
    let asked = 0;
    const answers = await underLoad([front], '/hello/x', {
      least: 400,
      work: async () => {
        await eventually(
          async () => (await front.get(`/hello/warm?${asked++}`)).fields['format-server']?.includes('doomed') === true,
        );
        await doomed.kill();
        await fleet.until(front, ({ servers }) => servers.length === 2);
      },
    });
    t.true(answers.length >= 400);
    t.deepEqual(
      answers.filter(({ status, text }) => status !== 200 || text !== 'hello words'),
      [],
    );
  }),
);

test.serial('an engine that is killed is missed by nobody who asks, and when it is back plans go on (S7)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const built = await build(fleet, a);
    await fleet.apply(a, planOf(built, ['a']));
    await fleet.settled();
    const answers = await underLoad([a, b], '/hello/x', {
      work: async () => {
        await fleet.engines.kill();
        await fleet.until(a, ({ registry }) => !registry.isConnected);
        await fleet.until(b, ({ registry }) => !registry.isConnected);
        const { status, fields } = await a.admin('/api/fleet/servers/b/drain', {
          method: 'POST',
          json: { draining: true },
        });
        t.is(status, 503);
        t.regex(String(fields['retry-after']), /^\d+$/);
        await fleet.engines.start();
        await fleet.until(a, ({ registry }) => registry.isConnected);
      },
    });
    t.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    );
    await eventually(
      async () =>
        await fleet.apply(a, planOf(built, ['b'])).then(
          () => true,
          () => false,
        ),
    );
    await fleet.settled();
    t.is((await a.get('/hello/x')).fields['format-server'], 'b; set=hello; by=replay');
  }),
);

test.serial('an engine that has lost all it knew is given the plan again (S7)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    const built = await build(fleet, a);
    const { serial } = await fleet.apply(a, planOf(built, ['b']));
    await fleet.settled();
    await fleet.engines.kill();
    await fleet.engines.wipe();
    await fleet.engines.start();
    const c = await fleet.start('c');
    await fleet.until(c, (said) => said.serial === serial && said.isSettled && said.servers.length === 3);
    t.true(await isServed(c));
    for (const node of [a, b]) t.true(await isServed(node));
  }),
);

test.serial('servers started from their disks without an engine serve and route as before (S7)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const first = { a: await fleet.start('a'), b: await fleet.start('b') };
    const built = await build(fleet, first.a);
    // Peers find each other again where they were.
    const ports = { a: new URL(first.a.origin).port, b: new URL(first.b.origin).port };
    await fleet.apply(first.a, planOf(built, ['b']));
    await fleet.settled();
    await fleet.engines.kill();
    await Promise.all([first.a.close(), first.b.close()]);
    const b = await fleet.start('b', { environment: { PORT: ports.b } });
    const a = await fleet.start('a', { environment: { PORT: ports.a } });
    t.is((await b.get('/hello/x')).fields['format-server'], 'b; set=hello; by=serve');
    await eventually(async () => await isServed(a));
    t.is((await a.get('/hello/x')).fields['format-server'], 'b; set=hello; by=replay');
    t.is((await a.admin('/api/fleet')).status, 200);
  }),
);

test.serial('a bundle and a data set damaged on the disk of a server that was down are fetched anew (threat 66)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const a = await fleet.start('a');
    const first = await fleet.start('b');
    const built = await build(fleet, a);
    await fleet.apply(a, planOf(built, ['b']));
    await fleet.settled();
    t.true(await isServed(first));
    await first.close();
    const folder = join(first.dataDir, 'fleet');
    for (const name of readdirSync(join(folder, 'blobs/sha256'))) damage(join(folder, 'blobs/sha256', name));
    for (const name of readdirSync(join(folder, 'components'))) damage(join(folder, 'components', name, 'index.mjs'));
    const back = await fleet.start('b');
    await eventually(async () => await isServed(back));
    await fleet.settled();
    t.true(await isServed(back));
    t.is(readFileSync(join(folder, 'blobs/sha256', built.digest.slice(7))).equals(built.bytes), true);
  }),
);

function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 0x01;
  writeFileSync(file, bytes);
}

test.serial('a server alone takes bundles and plans without any engine, and has them over a restart', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const environment = { NATS_URL: '' };
    const alone = await fleet.start('alone', { environment });
    t.is((await alone.status()).registry.kind, 'local');
    const built = await build(fleet, alone);
    await fleet.apply(alone, planOf(built, ['alone']));
    await fleet.settled();
    t.is((await alone.get('/hello/x')).fields['format-server'], 'alone; set=hello; by=serve');
    await alone.close();
    const back = await fleet.start('alone', { environment });
    t.true(await isServed(back));
    t.is((await fleet.settled()).serial, 1);
  }),
);

test.serial('all processes of a server answer for its sets and find those of others', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const [many, a] = [
      await fleet.start('many', { isProgram: true, environment: { WORKERS: '2' } }),
      await fleet.start('a'),
    ];
    const built = await build(fleet, a);
    for (const [servers, by] of [
      [['many'], 'by=serve'],
      [['a'], 'by=replay'],
    ] as const) {
      await fleet.apply(a, planOf(built, servers));
      await fleet.settled();
      const answers = await underLoad([many, a], '/hello/x', { work: async () => undefined, least: 40 });
      t.deepEqual(
        answers.filter(({ text }) => text !== 'hello words'),
        [],
      );
      for (let i = 0; i < 6; i++) t.true((await many.get(`/hello/y?${i}`)).fields['format-server']?.includes(by));
    }
  }),
);
