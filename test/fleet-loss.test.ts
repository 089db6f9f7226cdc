/** What a fleet outlives: a server killed, the engine killed, an engine that has lost all it knew. */
import test from 'ava';
import { eventually, underLoad, withFleet } from './support/fleet.ts';
import { buildHello, helloPlan, isServed } from './support/hello-set.ts';

test.serial('a holder killed with -9 while others replay to it loses nothing (S6)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const front = await fleet.start('front');
    const [doomed] = await Promise.all([fleet.start('doomed', { isProgram: true }), fleet.start('other')]);
    const built = await buildHello(fleet, front);
    await fleet.apply(front, helloPlan(built, ['doomed', 'other']));
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
    const built = await buildHello(fleet, a);
    await fleet.apply(a, helloPlan(built, ['a']));
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
        await fleet.apply(a, helloPlan(built, ['b'])).then(
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
    const built = await buildHello(fleet, a);
    const { serial } = await fleet.apply(a, helloPlan(built, ['b']));
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
