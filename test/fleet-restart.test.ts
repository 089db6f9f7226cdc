/** Servers started again from their disks: without an engine, damaged, alone, of several processes (threats 64, 66). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { eventually, underLoad, withFleet } from './support/fleet.ts';
import { buildHello, helloPlan, isServed } from './support/hello-set.ts';

test.serial('servers started from their disks without an engine serve and route as before (S7)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const first = { a: await fleet.start('a'), b: await fleet.start('b') };
    const built = await buildHello(fleet, first.a);
    // Peers find each other again where they were.
    const ports = { a: new URL(first.a.origin).port, b: new URL(first.b.origin).port };
    await fleet.apply(first.a, helloPlan(built, ['b']));
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
    const built = await buildHello(fleet, a);
    await fleet.apply(a, helloPlan(built, ['b']));
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
    const built = await buildHello(fleet, alone);
    await fleet.apply(alone, helloPlan(built, ['alone']));
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
    const built = await buildHello(fleet, a);
    for (const [servers, by] of [
      [['many'], 'by=serve'],
      [['a'], 'by=replay'],
    ] as const) {
      await fleet.apply(a, helloPlan(built, servers));
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
