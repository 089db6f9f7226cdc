/** A front-end and its back-end over one session (S5): what clients get, what the link carries, what is there when it is down. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../core/log.ts';
import { type RunningServer, startServer } from '../main.ts';
import { type Ask, ask, CLIENTS } from './support/client.ts';
import { openWorld, testEnvironment, type World } from './support/gateway.ts';
import { photo } from './support/pictures.ts';
import { openRelay, type Relay } from './support/relay.ts';

const SECRET = 'a secret of two';

interface Pair {
  /** The back-end's world, with the origin. */
  readonly back: World;
  readonly front: RunningServer;
  /** The link between the two. */
  readonly link: Relay;
  /** Asks the front-end for a resource of the origin in prefix mode. */
  through(path: string, options?: Ask): ReturnType<typeof ask>;
}

async function withPair(work: (pair: Pair) => Promise<void>, secret = SECRET): Promise<void> {
  const { world: back, close } = await openWorld({ environment: { CHANNEL_SECRET: SECRET } });
  const link = await openRelay(back.server.origin);
  const dataDir = await mkdtemp(join(tmpdir(), 'front-end-'));
  const environment = { CHANNEL_SECRET: secret, BACK_END: link.origin, UPSTREAM_ALLOW: 'none' };
  let front: RunningServer | undefined;
  try {
    front = await startServer(testEnvironment(dataDir, environment), { log: silentLog });
    const { origin } = front;
    const through = (path: string, options?: Ask) => ask(origin, `/${back.origin.url}${path}`, options);
    await work({ back, front, link, through });
  } finally {
    await front?.close(0);
    await link.close();
    await close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function inPair(work: (t: ExecutionContext, pair: Pair) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    await withPair((pair) => work(t, pair));
  };
}

const kaios = { fields: CLIENTS.kaios };
const words = (from: number) =>
  Array.from(
    { length: 400 },
    (_, index) => `<p>Paragraph ${from + index} of a page about boats and harbours.</p>`,
  ).join('');

test.serial(
  'a page is the one that the back-end would give, its addresses mapped for the front-end',
  inPair(async (t, { back, front, through }) => {
    back.origin.on('/page', `<title>Boats</title><h1>Boats</h1>${words(1)}<a href="/other">other</a>`);
    const direct = await back.through('/page', kaios);
    const reply = await through('/page', kaios);
    t.is(reply.status, 200);
    t.is(reply.text, direct.text.replaceAll(back.server.origin, front.origin));
    t.is(reply.fields['format-chain'], direct.fields['format-chain']);
    t.regex(String(reply.fields['cache-status']), /gw-channel; fwd=miss$/);
    t.regex(String(reply.fields.via), /1\.1 gw-\w+ .*, 1\.1 gw-\w+ /s);
  }),
);

test.serial(
  'pictures of a page come along with it, made for this client: asking for them costs nothing more of the link',
  inPair(async (t, { back, link, through }) => {
    const jpeg = await photo(900, 600).jpeg().toBuffer();
    back.origin.on('/bay.jpg', (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': jpeg.length });
      response.end(jpeg);
    });
    back.origin.on('/page', '<title>Bay</title><h1>Bay</h1><p>A bay.</p><img src="/bay.jpg" alt="bay">');
    t.is((await through('/page', kaios)).status, 200);
    const picture = { fields: { ...CLIENTS.kaios } };
    const first = await through('/bay.jpg', picture);
    const carried = link.bytes();
    const again = await through('/bay.jpg', picture);
    t.is(first.status, 200);
    t.true(first.body.length < jpeg.length);
    t.deepEqual(again.body, first.body);
    t.regex(String(again.fields['cache-status']), /^gw-channel; hit$/);
    t.is(link.bytes(), carried);
    t.is(back.origin.requests.filter(({ path }) => path === '/bay.jpg').length, 1);
  }),
);

test.serial(
  'the same page again is a few fields; a changed one is told by what differs',
  inPair(async (t, { back, link, through }) => {
    const page = (edition: number) => `<title>News</title><h1>News ${edition}</h1>${words(edition)}`;
    back.origin.on('/news', page(1));
    const first = await through('/news', kaios);
    const cold = link.bytes();
    const same = await through('/news', kaios);
    const afterSame = link.bytes();
    t.deepEqual(same.body, first.body);
    t.regex(String(same.fields['cache-status']), /gw-channel; fwd=stale$/);
    back.origin.on('/news', page(1).replace('News 1', 'Newer 1'));
    const changed = await through('/news', kaios);
    t.regex(changed.text, /Newer 1/);
    // Requests are as long each time; what comes back is what shrinks.
    t.true(afterSame - cold < cold / 2, `${afterSame - cold} of ${cold}`);
    t.true(link.bytes() - afterSame < cold / 2, `${link.bytes() - afterSame} of ${cold}`);
  }),
);

test.serial(
  'one client is never told by what another holds, nor shown it',
  inPair(async (t, { back, through }) => {
    back.origin.on('/mine', (request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=60' });
      response.end(`<title>Mine</title><h1>${request.headers['user-agent']?.slice(0, 40)}</h1>${words(1)}`);
    });
    await through('/mine', kaios);
    const other = await through('/mine', {
      fields: { ...CLIENTS.kaios, 'user-agent': `${CLIENTS.kaios['user-agent']} other` },
    });
    t.regex(String(other.fields['cache-status']), /gw-channel; fwd=miss$/);
    t.is(back.origin.requests.filter(({ path }) => path === '/mine').length >= 1, true);
  }),
);

test.serial(
  'while the link is down what is held is shown with its age; what is not is 503 with Retry-After, a form too, and nothing is sent twice',
  inPair(async (t, { back, link, through }) => {
    back.origin.on('/page', `<title>Boats</title><h1>Boats</h1>${words(1)}`);
    back.origin.on('/form', (_request, response) => response.writeHead(204).end());
    await through('/page', kaios);
    link.cut();
    const held = await through('/page', kaios);
    t.is(held.status, 200);
    t.regex(held.text, /The link to the other side is down\. This page is as it was less than a minute ago\./);
    t.regex(String(held.fields['cache-status']), /gw-channel; hit; detail="link-down"/);
    const [missing, form] = await Promise.all([
      through('/other', kaios),
      through('/form', { ...kaios, method: 'POST', body: 'a=1' }),
    ]);
    t.deepEqual([missing.status, form.status], [503, 503]);
    t.truthy(missing.fields['retry-after']);
    t.regex(missing.text, /link to the other side is down/);
    link.mend();
    t.is(back.origin.requests.filter(({ path }) => path === '/form').length, 0);
  }),
);

test.serial(
  'a request that meets a link which comes back in a moment waits for it',
  inPair(async (t, { back, link, through }) => {
    back.origin.on('/page', '<title>Boats</title><h1>Boats</h1><p>There.</p>');
    link.cut();
    const asked = through('/page', kaios);
    await link.refused();
    link.mend();
    t.is((await asked).status, 200);
  }),
);

test.serial(
  'cookies live in the front-end’s jar and reach the origin; forms work',
  inPair(async (t, { back, through }) => {
    back.origin.on('/login', (_request, response) => {
      response.writeHead(303, { location: '/home', 'set-cookie': 'who=ann; Path=/' }).end();
    });
    back.origin.on('/home', '<title>Home</title><p>Welcome</p>');
    const reply = await through('/login', { ...kaios, method: 'POST', body: 'name=ann' });
    t.is(reply.status, 303);
    t.is(reply.fields.location, `/${back.origin.url}/home`);
    const jar = String(reply.fields['set-cookie']).split(';')[0]!;
    t.regex(jar, /^format-jar=/);
    await through('/home', { fields: { ...CLIENTS.kaios, cookie: jar } });
    t.is(back.origin.requests.at(-1)!.fields.cookie, 'who=ann');
    t.is(back.origin.requests.find(({ method }) => method === 'POST')?.body, 'name=ann');
  }),
);

test.serial(
  'a front-end with another secret is refused, and tells its clients no more than that the link is down (threat 67)',
  async (t) => {
    await withPair(async ({ back, through }) => {
      back.origin.on('/page', '<title>Boats</title><p>There.</p>');
      const reply = await through('/page', kaios);
      t.is(reply.status, 503);
      t.is(back.origin.requests.length, 0);
      t.notRegex(reply.text, /secret/);
    }, 'another secret');
  },
);

test.serial('BACK_END without its secret, or with no address, stops the start with both faults', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'front-end-'));
  const error = await t.throwsAsync(startServer(testEnvironment(dataDir, { BACK_END: 'ship' }), { log: silentLog }));
  t.regex(error!.message, /BACK_END.*CHANNEL_SECRET/s);
  await rm(dataDir, { recursive: true, force: true });
});
