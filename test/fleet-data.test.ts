/** What servers of a fleet share: formatters, variants, data sets in editions, updaters, authorities, profiles (S8). */
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { pause } from '../core/clock.ts';
import type { BuiltBundle } from '../fleet/bundle/build-bundle.ts';
import { formatterText, serviceText, updaterText } from './support/components.ts';
import {
  eventually,
  type Node,
  openFleet,
  type PlanJson,
  type TestFleet,
  underLoad,
  withFleet,
} from './support/fleet.ts';
import { type Origin, startOrigin } from './support/origin.ts';

let opened: Awaited<ReturnType<typeof openFleet>>;
let a: Node;
let b: Node;
let origin: Origin;

test.before(async (t) => {
  t.timeout(120_000);
  opened = await openFleet();
  origin = await startOrigin();
  [a, b] = await Promise.all([opened.start('a'), opened.start('b')]);
});
test.after.always(async () => {
  await opened?.close();
  await origin?.close();
});

/** Tests of one fleet follow each other: each begins with a plan of its own. */
function inFleet(title: string, work: (t: ExecutionContext, fleet: TestFleet) => Promise<void>): void {
  test.serial(title, async (t) => {
    t.timeout(100_000);
    await work(t, opened);
  });
}

/** One set of these bundles on these servers, mounted under its name. */
function planOf(
  name: string,
  built: readonly BuiltBundle[],
  servers: readonly string[],
  replicas = servers.length,
): PlanJson {
  const data = Object.fromEntries(built.flatMap((each) => [...each.data].map(([key, { digest }]) => [key, digest])));
  return {
    functionSets: { [name]: { bundles: built.map(({ digest }) => digest), data } },
    placement: { [name]: { replicas, servers } },
    routes: [{ match: `/${name}/*`, strip: `/${name}`, set: name }],
  };
}

async function settle(plan: PlanJson): Promise<void> {
  await opened.apply(a, plan);
  await opened.settled();
}

function sendText(path: string, text: string): void {
  origin.on(path, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
}

inFleet(
  "what only another server's formatter can make is made there, without any route (S6, by function)",
  async (t, fleet) => {
    const shout = formatterText(
      'shout',
      'text/x-shout',
      'return { mediaType: "text/x-shout", body: input.body.toUpperCase() };',
    );
    const built = await fleet.build({
      'index.ts': shout,
      'examples/first/case.json': '{"why": "letters are made large"}',
      'examples/first/input.txt': 'words',
      'examples/first/expected.txt': 'WORDS',
    });
    await fleet.push(a, built);
    sendText('/before', 'quiet words');
    sendText('/loud', 'quiet words');
    const fields = { accept: 'text/x-shout' };
    t.not((await a.get(`/${origin.url}/before`, { fields })).text, 'QUIET WORDS');
    const { routes: _routes, ...plan } = planOf('shouts', [built], ['b']);
    await settle(plan);
    const there = await b.get(`/${origin.url}/loud`, { fields });
    t.is(there.text, 'QUIET WORDS');
    t.is(there.fields['content-type']?.split(';')[0], 'text/x-shout');
    const here = await a.get(`/${origin.url}/loud`, { fields });
    t.is(here.text, 'QUIET WORDS', JSON.stringify(here.fields));
    sendText('/fresh', 'other words');
    const made = await a.get(`/${origin.url}/fresh`, { fields });
    t.is(made.text, 'OTHER WORDS');
    t.is(made.fields['format-server'], 'b; set=shouts; by=replay');
  },
);

inFleet('a variant that one server has made is found by another', async (t, fleet) => {
  const random = formatterText(
    'dice',
    'text/x-dice',
    'return { mediaType: "text/x-dice", body: input.body + " " + Math.random() };',
  );
  const built = await fleet.build({ 'index.ts': random });
  await fleet.push(a, built);
  const { routes: _routes, ...plan } = planOf('dices', [built], ['a', 'b']);
  await settle(plan);
  const fields = { accept: 'text/x-dice' };
  const paths = Array.from({ length: 12 }, (_, index) => `/throw-${index}`);
  for (const path of paths) sendText(path, `throw ${path}`);
  const first = new Map<string, string>();
  for (const path of paths) first.set(path, (await a.get(`/${origin.url}${path}`, { fields })).text);
  for (const [path, text] of first) t.regex(text, /^throw \S+ 0\.\d+$/, path);
  let found = 0;
  for (const path of paths) if ((await b.get(`/${origin.url}${path}`, { fields })).text === first.get(path)) found += 1;
  t.true(found >= paths.length / 2, `${found} of ${paths.length} were found`);
});

const NOTES = serviceText(
  'notes',
  `const put = async () => {
    const held = new TextDecoder().decode(await env.data.bytes('notes'));
    const edition = await env.data.put('notes', new TextEncoder().encode(held + (await request.text()) + ';'));
    return new Response('kept');
  };
  if (url.pathname === '/keep') return await put();
  if (request.method === 'POST')
    return await env.authority(new Request(url.origin + '/keep', { method: 'POST', body: await request.text() }));
  return new Response(await env.data.bytes('notes'));`,
);

inFleet("what any server's copy of a set writes, its authority keeps, and all read it (S8)", async (t, fleet) => {
  const built = await fleet.build({ 'index.ts': NOTES, 'data/notes': 'first;' });
  await fleet.push(b, built);
  await settle({ ...planOf('notes', [built], ['a', 'b']), authority: { notes: 'a' } });
  t.is((await a.status()).authorities['notes'], 'a');
  const post = (node: Node, body: string) =>
    node.get('/notes/', { method: 'POST', body, fields: { 'content-type': 'text/plain' } });
  for (const [node, word] of [
    [a, 'by a'],
    [b, 'by b'],
    [a, 'again a'],
  ] as const) {
    const { status, text } = await post(node, word);
    t.is(`${status} ${text}`, '200 kept');
  }
  const all = 'first;by a;by b;again a;';
  t.is((await a.get('/notes/?now')).text, all, 'who wrote it reads it at once');
  await eventually(async () => (await b.get('/notes/?soon')).text === all);
  const { sets } = await fleet.settled();
  t.deepEqual(sets[0]!.editions, { notes: 4 });
  t.true(sets[0]!.holders.every(({ editions }) => editions['notes'] === 4));
});

inFleet('who is not the authority of a set registers no edition of its data', async (t, fleet) => {
  const built = await fleet.build({
    'index.ts': serviceText(
      'rogue',
      `if (url.pathname === '/write') await env.data.put('words', new TextEncoder().encode('rogue'));
       return new Response(await env.data.bytes('words'));`,
    ),
    'data/words': 'right',
  });
  await fleet.push(b, built);
  await settle({ ...planOf('rogue', [built], ['a', 'b']), authority: { rogue: 'a' } });
  const { status } = await b.get('/rogue/write', { method: 'POST', body: '' });
  t.true(status >= 500, `${status}`);
  for (const node of [a, b]) t.is((await node.get('/rogue/')).text, 'right');
  t.deepEqual((await fleet.settled()).sets[0]!.editions, { words: 1 });
});

inFleet(
  'an updater runs on one server alone, and its set moves under load in its newest edition (S8)',
  async (t, fleet) => {
    const log = updaterText(
      'count-up',
      `const held = new TextDecoder().decode(await env.data.bytes('count'));
     await env.data.put('count', new TextEncoder().encode(held + process.pid + ' '));`,
    );
    const [updater, reader] = await Promise.all([
      fleet.build({ 'index.ts': log }),
      fleet.build({
        'index.ts': serviceText('count', 'return new Response(await env.data.bytes("count"));'),
        'data/count': '',
      }),
    ]);
    await fleet.push(a, updater);
    await fleet.push(a, reader);
    await settle(planOf('count', [reader, updater], ['a', 'b'], 1));
    const [holder] = (await a.status()).sets[0]!.ready;
    await fleet.until(a, ({ sets }) => (sets[0]!.editions['count'] ?? 0) >= 4);
    let before: readonly string[] = [];
    await eventually(async () => {
      before = (await a.get('/count/')).text.trim().split(' ');
      return before.length >= 3;
    });
    t.is(new Set(before).size, 1, 'one process has run it');
    const other = holder === 'a' ? 'b' : 'a';
    const answers = await underLoad([a, b], '/count/', {
      work: () => settle(planOf('count', [reader, updater], [other])),
    });
    t.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    );
    const { text, fields } = await (other === 'a' ? a : b).get('/count/?after');
    t.true(text.startsWith(`${before.join(' ')} `), 'every run before the move is there');
    t.is(fields['format-server'], `${other}; set=count; by=serve`);
    const { sets } = await fleet.until(a, (said) => (said.sets[0]!.editions['count'] ?? 0) >= before.length + 3);
    let runs: readonly string[] = [];
    // No edition has overwritten another.
    await eventually(async () => {
      runs = (await a.get('/count/?last')).text.trim().split(' ');
      return runs.length + 1 >= sets[0]!.editions['count']!;
    });
    t.is(new Set(runs).size, 2, 'after the move another process runs it, alone');
  },
);

function profile(name: string, presentation: string) {
  return { name, match: { userAgent: [`Agent of ${name}`] }, prefers: { presentation } };
}

async function presentationOn(node: Node, name: string): Promise<unknown> {
  const { status, text } = await node.admin(`/api/profiles/${name}`);
  return status === 200 ? JSON.parse(text).prefers?.presentation : status;
}

inFleet('a profile edited on any server is seen on all within a second (S8)', async (t) => {
  await settle({ functionSets: {}, placement: {}, routes: [], authority: { profiles: 'a' } });
  for (const [index, node] of [a, b, b, a].entries()) {
    const presentation = index % 2 === 0 ? 'article' : 'lite';
    const { status, text } = await node.admin('/api/profiles/shared', {
      method: 'PUT',
      json: profile('shared', presentation),
    });
    t.true(status === 200 || status === 201, text);
    const began = performance.now();
    await eventually(async () =>
      (await Promise.all([a, b].map((each) => presentationOn(each, 'shared')))).every((each) => each === presentation),
    );
    t.log(`${Math.round(performance.now() - began)} ms`);
  }
  t.true((await b.admin('/api/profiles/shared', { method: 'DELETE' })).status < 300);
  await eventually(
    async () => (await presentationOn(a, 'shared')) === 404 && (await presentationOn(b, 'shared')) === 404,
  );
});

inFleet('writes through two servers at once leave all with what the authority has (S8)', async (t) => {
  await settle({ functionSets: {}, placement: {}, routes: [], authority: { profiles: 'a' } });
  for (let round = 0; round < 15; round++) {
    const put = (node: Node, presentation: string) =>
      node.admin('/api/profiles/raced', { method: 'PUT', json: profile('raced', presentation) });
    // What the last one leaves is what had been told before the one in between.
    await put(a, 'lite');
    await pause(80);
    if (round % 3 === 0) await Promise.all([put(b, 'article'), put(a, 'lite')]);
    else
      for (const [node, presentation] of [
        [b, 'article'],
        [a, 'lite'],
      ] as const)
        await put(node, presentation);
    const said = () => Promise.all([a, b].map((each) => presentationOn(each, 'raced')));
    let last: unknown[] = [];
    // Equal, and still so when all that was told has come.
    await eventually(async () => {
      last = await said();
      await pause(100);
      return last[0] === last[1] && isDeepStrictEqual(last, await said());
    });
    t.is(last[0], last[1]);
  }
});

test.serial(
  'profiles outlive their authority: reads go on, writes are 503 with when to come again, and it knows all when it is back (S8)',
  (t) =>
    withFleet(async (fleet) => {
      t.timeout(110_000);
      const [first, second] = [await fleet.start('first'), await fleet.start('second')];
      await fleet.apply(second, { functionSets: {}, placement: {}, routes: [], authority: { profiles: 'first' } });
      await fleet.settled();
      const put = (node: Node, presentation: string) =>
        node.admin('/api/profiles/kept', { method: 'PUT', json: profile('kept', presentation) });
      t.is((await put(second, 'article')).status, 201);
      await first.close();
      const { status, fields } = await put(second, 'lite');
      t.is(status, 503);
      t.regex(String(fields['retry-after']), /^\d+$/);
      t.is(await presentationOn(second, 'kept'), 'article');
      const back = await fleet.start('first');
      await fleet.settled();
      t.is(await presentationOn(back, 'kept'), 'article');
      await eventually(async () => (await put(second, 'lite')).status === 200);
      await eventually(async () => (await presentationOn(back, 'kept')) === 'lite');
    }),
);
