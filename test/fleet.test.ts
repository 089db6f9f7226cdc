/** A fleet of real servers and an engine: what shifts, what is lost (nothing), what is refused, who is asked (S6, S7). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import type { BuiltBundle } from '../fleet/bundle/build-bundle.ts';
import { makeSigningKeys, readSigningKey } from '../fleet/bundle/signing-keys.ts';
import { signPlan } from '../fleet/plan/sign-plan.ts';
import { openNatsRegistry } from '../fleet/registry/nats-registry.ts';
import { CLIENTS } from './support/client.ts';
import { bundleOf, serviceText } from './support/components.ts';
import { eventually, type Node, openFleet, type PlanJson, type TestFleet, underLoad } from './support/fleet.ts';

let opened: Awaited<ReturnType<typeof openFleet>>;
let a: Node;
let b: Node;
let c: Node;
/** The first version of a service, and the second. */
let one: BuiltBundle;
let two: BuiltBundle;

test.before(async (t) => {
  t.timeout(120_000);
  opened = await openFleet();
  [a, b, c, one, two] = await Promise.all([
    opened.start('a'),
    opened.start('b'),
    opened.start('c'),
    opened.build({ 'index.ts': hello('one', '1.0.0') }),
    opened.build({ 'index.ts': hello('two', '2.0.0') }),
  ]);
  await opened.push(a, one);
  await opened.push(b, two);
});
test.after.always(async () => await opened?.close());

function hello(word: string, version: string): string {
  const answer = `return new Response('${word} ' + request.method + ' ' + url.pathname + url.search + ' ' + (await request.text()),
    { headers: { 'content-type': 'text/plain' } });`;
  return serviceText('hello', answer, version);
}

/** The service in one version, on these servers. */
function planOf(built: BuiltBundle, servers: readonly string[], mode = 'replay'): PlanJson {
  return {
    functionSets: { hello: { bundles: [built.digest] } },
    placement: { hello: { replicas: servers.length, servers } },
    routes: [{ match: '/hello/*', strip: '/hello', set: 'hello', mode }],
  };
}

/** Tests of one fleet follow each other: each begins with a plan of its own. */
function inFleet(title: string, work: (t: ExecutionContext, fleet: TestFleet) => Promise<void>): void {
  test.serial(title, async (t) => {
    t.timeout(100_000);
    await work(t, opened);
  });
}

async function settle(plan: PlanJson): Promise<void> {
  await opened.apply(a, plan);
  await opened.settled();
}

async function ask(node: Node, path = '/hello/x'): Promise<{ readonly text: string; readonly by: string }> {
  const { text, fields, status } = await node.get(path);
  return { text: status === 200 ? text.trim() : `${status}: ${text}`, by: String(fields['format-server']) };
}

inFleet('a set shifts to an empty server, and clients of any server reach it (S6)', async (t) => {
  await settle(planOf(one, ['a']));
  t.deepEqual(await ask(a, '/hello/x?y=1'), { text: 'one GET /x?y=1', by: 'a; set=hello; by=serve' });
  for (const node of [b, c])
    t.deepEqual(await ask(node, '/hello/x?y=1'), { text: 'one GET /x?y=1', by: 'a; set=hello; by=replay' });
  const posted = await b.get('/hello/put', { method: 'POST', body: 'words', fields: { 'content-type': 'text/plain' } });
  t.is(posted.text, 'one POST /put words');
  await settle(planOf(one, ['b']));
  for (const node of [a, c]) t.is((await ask(node)).by, 'b; set=hello; by=replay');
  t.is((await ask(b)).by, 'b; set=hello; by=serve');
});

inFleet('nothing is lost while a set shifts, is upgraded and rolled back (S7)', async (t) => {
  const steps: readonly (readonly [string, PlanJson, string])[] = [
    ['two servers', planOf(one, ['a', 'b']), 'one'],
    ['a shift', planOf(one, ['b', 'c']), 'one'],
    ['an upgrade', planOf(two, ['b', 'c']), 'two'],
    ['a rollback', planOf(one, ['b', 'c']), 'one'],
    ['an upgrade with a shift', planOf(two, ['a']), 'two'],
  ];
  await settle(planOf(one, ['a']));
  for (const [what, plan, word] of steps) {
    const answers = await underLoad([a, b, c], '/hello/x', { work: () => settle(plan) });
    t.deepEqual(
      answers.filter(({ status, text }) => status !== 200 || !/^(one|two) GET \/x/.test(text)),
      [],
      what,
    );
    for (const node of [a, b, c]) t.is((await ask(node)).text, `${word} GET /x`, what);
  }
});

inFleet(
  "the client is sent to the server that holds the set, by 307 with a member's address, by 302 over WAP (threat 68)",
  async (t) => {
    await settle(planOf(one, ['b'], 'redirect'));
    const { status, fields } = await a.get('/hello/x?y=1', { method: 'POST', body: 'words' });
    t.is(status, 307);
    t.is(fields.location, `${b.origin}/hello/x?y=1`);
    t.is(fields['format-server'], 'a; set=hello; by=redirect');
    const wap = await a.get('/hello/x', { fields: CLIENTS.wap });
    t.is(wap.status, 302);
    t.is(wap.fields.location, `${b.origin}/hello/x`);
    t.is((await ask(b)).by, 'b; set=hello; by=serve');
    for (const path of [
      '/hello//evil.example/x',
      '/hello/@evil.example',
      '/hello/\\evil.example',
      '/hello/x?u=//evil.example',
    ])
      for (const host of ['127.0.0.1:1', new URL(a.origin).host]) {
        const sent = await a.get(path, { fields: { host } });
        const { location } = sent.fields;
        if (sent.status === 307) t.is(new URL(location!).origin, b.origin, path);
        else t.is(location, undefined);
      }
  },
);

inFleet('a rollback finds the processes of the version before as they were', async (t, fleet) => {
  const [first, second] = await Promise.all(
    ['5.0.0', '5.0.1'].map((version) =>
      fleet.build({ 'index.ts': serviceText('hello', "return new Response('process ' + process.pid);", version) }),
    ),
  );
  for (const built of [first, second]) await fleet.push(a, built!);
  const pidAt = async (built: BuiltBundle) => {
    await settle(planOf(built, ['c']));
    return (await ask(c)).text;
  };
  const [before, newer, after] = [await pidAt(first!), await pidAt(second!), await pidAt(first!)];
  t.regex(before, /^process \d+$/);
  t.not(newer, before);
  t.is(after, before);
});

inFleet('by serve, who does not hold the set says so with 503 and when to come again', async (t) => {
  await settle(planOf(one, ['b'], 'serve'));
  t.is((await ask(b)).by, 'b; set=hello; by=serve');
  // Who held it a moment ago answers for it a little longer.
  await eventually(async () => (await a.get('/hello/x')).status === 503);
  const { fields } = await a.get('/hello/x');
  t.regex(String(fields['retry-after']), /^\d+$/);
});

inFleet(
  'a server that is drained gives up its sets, and nothing is lost; taken back it may have them again',
  async (t) => {
    const plan = { ...planOf(one, []), placement: { hello: { replicas: 1 } } };
    await settle(plan);
    const [holder] = (await a.status()).sets[0]!.ready;
    const drain = async (draining: boolean) => {
      const { status, text } = await a.admin(`/api/fleet/servers/${holder}/drain`, {
        method: 'POST',
        json: { draining },
      });
      t.is(status, 200, text);
      const said = await opened.until(a, ({ servers, sets, isSettled }) => {
        const isHeld = sets[0]!.ready.includes(holder!);
        return (
          isSettled && servers.find(({ name }) => name === holder)?.isDraining === draining && !(draining && isHeld)
        );
      });
      await opened.settled();
      return said;
    };
    const answers = await underLoad([a, b, c], '/hello/x', { work: () => drain(true) });
    t.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    );
    for (const node of [a, b, c]) t.false((await ask(node)).by.startsWith(`${holder};`));
    await drain(false);
    t.is((await a.admin('/api/fleet/servers/nobody/drain', { method: 'POST', json: { draining: true } })).status, 404);
  },
);

inFleet(
  'a plan that is unsigned, tampered with, of another key, played again or older is 422, and the old one stays (threat 67)',
  async (t, { key, folder }) => {
    await settle(planOf(one, ['a']));
    const before = (await b.status()).serial;
    const next = signPlan(planOf(two, ['b']), before + 1, key);
    const foreign = readSigningKey(makeSigningKeys(join(folder, randomUUID())).keyFile);
    const bad: Record<string, unknown> = {
      unsigned: planOf(two, ['b']),
      'without a signature': { ...next, signature: '' },
      tampered: { ...next, text: next.text.replace('"b"', '"c"') },
      'of another key': signPlan(planOf(two, ['b']), before + 1, foreign),
      'of another key under the name of ours': { ...signPlan(planOf(two, ['b']), before + 1, foreign), key: next.key },
      'with another serial': { ...next, serial: before + 2 },
      'played again': signPlan(planOf(one, ['a']), before, key),
      older: signPlan(planOf(two, ['b']), 1, key),
      'of a bundle that nobody has': signPlan(
        planOf({ ...one, digest: `sha256:${'0'.repeat(64)}` }, ['b']),
        before + 1,
        key,
      ),
    };
    for (const [what, json] of Object.entries(bad)) {
      const { status, text } = await b.admin('/api/fleet/apply', { method: 'POST', json });
      t.is(status, 422, `${what}: ${text}`);
    }
    t.is((await opened.settled()).serial, before);
    for (const node of [a, b, c]) t.is((await ask(node)).text, 'one GET /x');
  },
);

inFleet(
  'what somebody writes into the engine without a key counts for nothing (threat 67)',
  async (t, { engines, key }) => {
    await settle(planOf(one, ['a']));
    const { serial } = await a.status();
    const mallory = await openNatsRegistry({
      servers: engines.servers,
      credsFile: undefined,
      name: 'mallory',
      clock: systemClock,
      log: silentLog,
    });
    try {
      const signed = signPlan(planOf(two, ['b']), serial + 5, key);
      await mallory.put('plan', JSON.stringify({ ...signed, text: signed.text.replace('"b"', '"c"') }));
      await mallory.put('assignments', JSON.stringify({ serial: serial + 5, token: 999, sets: { hello: ['b'] } }));
      await mallory.put('member.a', JSON.stringify({ beat: 9e15, member: { name: 'a', url: 'http://evil.example/' } }));
      // The forged plan gives way to the last known good one.
      await eventually(async () => JSON.parse((await mallory.get('plan'))!.value).serial === serial);
    } finally {
      await mallory.close();
    }
    t.is((await opened.settled()).serial, serial);
    for (const node of [a, b, c]) t.is((await ask(node)).text, 'one GET /x');
    t.is((await ask(b)).by, 'a; set=hello; by=replay');
  },
);

inFleet(
  'a bundle that is unsigned, tampered with or of another key is 422 when it is pushed, and nobody has it (threat 67)',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'foreign-'));
    try {
      const foreign = readSigningKey(makeSigningKeys(folder).keyFile);
      const theirs = await bundleOf({ 'index.ts': hello('evil', '1.0.0') }, foreign);
      const tampered = Buffer.from(one.bytes.toString().replace('one', 'won'));
      const unsigned = Buffer.from(one.bytes.toString().replace('"signature"', '"sign"'));
      for (const [what, body] of Object.entries({ theirs: theirs.bytes, tampered, unsigned }))
        for (const query of ['', '?kind=bundle']) {
          const { status, text } = await a.admin(`/api/fleet/blobs${query}`, {
            method: 'POST',
            body,
            fields: { 'content-type': 'application/octet-stream' },
          });
          t.is(status, 422, `${what} ${text}`);
        }
      const json = planOf(theirs, ['a']);
      const foreseen = await a.admin('/api/fleet/plan', { method: 'POST', json });
      t.deepEqual(JSON.parse(foreseen.text).missing, [theirs.digest]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

inFleet(
  'a new version whose own example fails is not taken: the old one goes on, and the status says why (S7)',
  async (t, fleet) => {
    const broken = await fleet.build({
      'index.ts': hello('broken', '3.0.0'),
      'examples/first/request.json': '{"path": "/x"}',
      'examples/first/response.json': '{"body": "something else"}',
    });
    const good = await fleet.build({
      'index.ts': hello('good', '4.0.0'),
      'examples/first/request.json': '{"path": "/x", "method": "PUT", "body": "z"}',
      'examples/first/response.json': '{"body": "good PUT /x z", "fields": {"content-type": "text/plain"}}',
    });
    await fleet.push(c, broken);
    await fleet.push(c, good);
    await settle(planOf(one, ['a', 'b']));
    const answers = await underLoad([a, b, c], '/hello/x', {
      least: 100,
      work: async () => {
        await fleet.apply(c, planOf(broken, ['a', 'b']));
        const { sets, isSettled } = await fleet.until(c, (said) => /example first/.test(said.sets[0]!.why.join()));
        t.false(isSettled);
        t.regex(sets[0]!.why.join(), /its body is another/);
      },
    });
    t.deepEqual(
      answers.filter(({ text }) => !text.startsWith('one GET /x')),
      [],
    );
    await settle(planOf(good, ['a', 'b']));
    t.is((await ask(c)).text, 'good GET /x');
  },
);

inFleet('what a plan would change is told, and nothing is done', async (t) => {
  await settle(planOf(one, ['a']));
  const { serial } = await a.status();
  const { status, text } = await b.admin('/api/fleet/plan', { method: 'POST', json: planOf(two, ['b']) });
  t.is(status, 200);
  const told = JSON.parse(text);
  t.is(told.serial, serial);
  t.true(told.changes.length > 0);
  t.deepEqual(told.missing, []);
  t.true(told.shifts.some(({ server }: { server: string }) => server === 'b'));
  t.is((await opened.settled()).serial, serial);
  t.is((await ask(b)).by, 'a; set=hello; by=replay');
});

inFleet('a server that the list of members leaves out gets nothing and is believed nothing (threat 67)', async (t) => {
  const { servers } = await a.status();
  // The hardest to leave out is the one that decides for all.
  const out = [a, b, c].find(({ name }) => servers.some((each) => each.isManager && each.name === name))!;
  const [first, second] = [a, b, c].filter((node) => node !== out) as [Node, Node];
  await settle(planOf(one, [out.name]));
  const listed = Object.fromEntries(
    servers.filter(({ name }) => name !== out.name).map(({ name, url, key }) => [name, { url, key }]),
  );
  const plan = planOf(one, [first.name, second.name]);
  await opened.apply(first, { ...plan, placement: { hello: { replicas: 1 } }, servers: listed });
  for (const node of [first, second]) {
    const said = await opened.until(
      node,
      ({ isSettled, serial, servers: seen }) => isSettled && serial > 0 && seen.every(({ name }) => name !== out.name),
    );
    t.deepEqual(
      said.sets[0]!.ready.filter((name) => name === out.name),
      [],
    );
    t.not(said.manager, out.name);
    t.regex((await ask(node)).text, /^one GET/);
  }
  // What it held is gone in a moment, and members answer it nothing; what it remembers is marked as old.
  let asked = 0;
  await eventually(async () => /^50[23]: /.test((await ask(out, `/hello/${++asked}`)).text));
  t.is((await ask(out, '/hello/1')).by, `${out.name}; set=hello; by=stale`);
  await settle(planOf(one, [first.name]));
  t.is((await ask(out)).by, `${first.name}; set=hello; by=replay`);
});

inFleet('a set that no plan names any more is gone, and its path with it', async (t) => {
  await settle(planOf(one, ['a']));
  await settle({ functionSets: {}, placement: {}, routes: [] });
  for (const node of [a, b, c]) t.is((await node.get('/hello/x')).status, 404);
});
