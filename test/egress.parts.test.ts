/** Parts of originals (206) in the origin cache: RFC 9111 3.3 and 3.4, RFC 9110 14 and 15.3.7. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { readBody } from '../egress/read-body.ts';
import { inWorld } from './support/gateway.ts';
import { openTestEgress, send } from './support/open-egress.ts';

const BODY = randomBytes(5_000);
const FRESH = { 'cache-control': 'max-age=600', etag: '"one"' };

type Fields = Record<string, string>;

interface Place {
  readonly url: string;
  readonly egress: Egress;
  /** Range fields that the origin was asked for; `whole` for none. */
  readonly asked: string[];
  /** What the origin answers with from now on. */
  reply: { body: Buffer; fields: Fields; ranges: boolean; lie?: (fields: Fields) => void };
  get(
    range?: string,
    fields?: Fields,
  ): Promise<{ status: number; body: Buffer; fields: Fields; hit: boolean; fwd: string }>;
}

/** The bytes of `bytes=a-b`, as a file server cuts them. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { body, fields, ranges, lie }: Place['reply'],
): void {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  const ifRange = request.headers['if-range'];
  if (match === null || !ranges || (ifRange !== undefined && ifRange !== fields['etag'])) {
    response.writeHead(200, { ...fields, 'content-length': body.length }).end(body);
    return;
  }
  const [, from = '', to = ''] = match;
  const first = from === '' ? Math.max(0, body.length - Number(to)) : Number(from);
  const last = from === '' || to === '' ? body.length - 1 : Math.min(Number(to), body.length - 1);
  const own: Fields = {
    ...fields,
    'content-range': `bytes ${first}-${last}/${body.length}`,
    'content-length': String(last - first + 1),
  };
  lie?.(own);
  response.writeHead(206, own).end(body.subarray(first, last + 1));
}

async function withPlace(t: ExecutionContext, clock: Clock, work: (place: Place) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.method === 'GET' ? (request.headers.range ?? 'whole') : request.method!);
    answer(request, response, place.reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/film`;
  const egress = openTestEgress({ UPSTREAM_ALLOW: '127.0.0.1' }, { clock });
  const place: Place = {
    url,
    egress,
    asked,
    reply: { body: BODY, fields: FRESH, ranges: true },
    async get(range, fields = {}) {
      const response = await send(egress, url, { fields: { ...(range === undefined ? {} : { range }), ...fields } });
      const body = Buffer.from(await readBody(response, { maxBytes: 1e7, maxDecodedBytes: 1e7 }));
      const { status, cache } = response;
      // The cache writes when the last byte has been read.
      await new Promise((resolve) => setImmediate(resolve));
      return {
        status,
        body,
        fields: Object.fromEntries(response.fields.entries()),
        hit: cache.hit,
        fwd: cache.fwd ?? '',
      };
    },
  };
  try {
    await work(place);
  } finally {
    await egress.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    t.pass();
  }
}

function partTest(title: string, work: (t: ExecutionContext, place: Place) => Promise<void>): void {
  test(title, (t) => withPlace(t, systemClock, (place) => work(t, place)));
}

partTest(
  'a range within a part at hand is answered from it, with its age and its place (RFC 9111 3.3)',
  async (t, place) => {
    const first = await place.get('bytes=1000-1999');
    t.deepEqual([first.status, first.hit, first.fwd], [206, false, 'uri-miss']);
    for (const [range, from, to] of [
      ['bytes=1000-1999', 1000, 1999],
      ['bytes=1200-1300', 1200, 1300],
      ['bytes=1999-1999', 1999, 1999],
    ] as const) {
      const again = await place.get(range);
      t.is(again.status, 206);
      t.true(again.hit, range);
      t.is(again.fields['content-range'], `bytes ${from}-${to}/5000`);
      t.is(again.fields['content-length'], String(to - from + 1));
      t.regex(again.fields['age']!, /^\d+$/);
      t.true(again.body.equals(BODY.subarray(from, to + 1)));
    }
    t.deepEqual(place.asked, ['bytes=1000-1999']);
  },
);

partTest('what is not all at hand is asked for, and told as partial (RFC 9211 2.2)', async (t, place) => {
  await place.get('bytes=0-99');
  const beyond = await place.get('bytes=50-149');
  t.deepEqual([beyond.hit, beyond.fwd], [false, 'partial']);
  t.true(beyond.body.equals(BODY.subarray(50, 150)));
  // Both make one from now on.
  t.true((await place.get('bytes=10-140')).hit);
  t.is(place.asked.length, 2);
});

partTest('open and suffix ranges are read against the length of the whole', async (t, place) => {
  await place.get('bytes=4000-');
  for (const range of ['bytes=4500-', 'bytes=-500', 'bytes=-1000', 'bytes=4000-99999'])
    t.true((await place.get(range)).hit, range);
  t.false((await place.get('bytes=-1001')).hit);
});

partTest('all parts are the whole, for whoever asks for it (RFC 9111 3.4)', async (t, place) => {
  for (const range of ['bytes=0-1999', 'bytes=3000-4999', 'bytes=1500-3500']) await place.get(range);
  const whole = await place.get();
  t.deepEqual([whole.status, whole.hit], [200, true]);
  t.true(whole.body.equals(BODY));
  t.is(whole.fields['content-length'], '5000');
  t.is(whole.fields['content-range'], undefined);
  t.is(place.asked.length, 3);
  // A stored whole leaves Range to its caller.
  const { status, body } = await place.get('bytes=7-9');
  t.deepEqual([status, body.length], [200, 5000]);
});

partTest('parts of two generations are never put together (RFC 9110 15.3.7.3)', async (t, place) => {
  await place.get('bytes=0-2499');
  place.reply = { ...place.reply, body: randomBytes(5_000), fields: { ...FRESH, etag: '"two"' } };
  await place.get('bytes=2500-4999');
  const start = await place.get('bytes=0-9');
  t.false(start.hit, 'the old part went');
  t.true(start.body.equals(place.reply.body.subarray(0, 10)));
  place.reply = { ...place.reply, body: place.reply.body.subarray(0, 4_000) };
  await place.get('bytes=1000-1009');
  t.false((await place.get('bytes=2500-2600')).hit, 'another length is another thing, whatever the tag');
});

partTest('without a strong validator nothing is kept', async (t, place) => {
  const date = (ago: number) => new Date(Date.now() - ago * 1_000).toUTCString();
  const cases: [Fields, boolean][] = [
    [{ etag: 'W/"weak"' }, false],
    [{}, false],
    [{ 'last-modified': date(1) }, false],
    [{ etag: 'W/"weak"', 'last-modified': date(9_999) }, false],
    [{ 'last-modified': date(9_999) }, true],
  ];
  for (const [fields, isKept] of cases) {
    place.reply = { ...place.reply, fields: { 'cache-control': 'max-age=600', ...fields } };
    const range = `bytes=${cases.findIndex(([each]) => each === fields) * 10}-4000`;
    await place.get(range);
    t.is((await place.get(range)).hit, isKept, JSON.stringify(fields));
  }
});

partTest(
  'what may not be stored is not: no-store, private, no-cache, a cookie, Vary: *, nothing to be fresh by',
  async (t, place) => {
    for (const fields of [
      { 'cache-control': 'no-store' },
      { 'cache-control': 'private, max-age=600' },
      { 'cache-control': 'no-cache, max-age=600' },
      { 'cdn-cache-control': 'no-store' },
      { 'cache-control': 'max-age=0' },
      { 'set-cookie': 'a=b' },
      { vary: '*' },
      { age: '600' },
      { 'cache-control': '' },
    ]) {
      place.reply = { ...place.reply, fields: { ...FRESH, ...fields } };
      await place.get('bytes=0-9');
      t.false((await place.get('bytes=0-9')).hit, JSON.stringify(fields));
    }
  },
);

partTest('a request with credentials neither finds nor leaves a part (RFC 9111 3.5, threat 29)', async (t, place) => {
  await place.get('bytes=0-9', { authorization: 'Basic YTpi' });
  t.false((await place.get('bytes=0-9')).hit);
  t.false((await place.get('bytes=0-9', { cookie: 'a=b' })).hit);
  t.true((await place.get('bytes=0-9')).hit);
});

partTest('a request may refuse what is at hand: no-cache, no-store, max-age, min-fresh, If-Range', async (t, place) => {
  await place.get('bytes=0-999');
  for (const fields of [
    { 'cache-control': 'no-cache' },
    { pragma: 'no-cache' },
    { 'cache-control': 'no-store' },
    { 'cache-control': 'min-fresh=601' },
    { 'if-range': '"other"' },
    { 'if-range': new Date(0).toUTCString() },
  ]) {
    const { hit } = await place.get('bytes=0-9', fields as unknown as Fields);
    t.false(hit, JSON.stringify(fields));
  }
  await place.get('bytes=0-999');
  t.true((await place.get('bytes=0-9', { 'if-range': '"one"', 'cache-control': 'max-age=60' })).hit);
});

partTest('Vary selects parts as it does wholes', async (t, place) => {
  place.reply = { ...place.reply, fields: { ...FRESH, vary: 'Accept-Language' } };
  await place.get('bytes=0-9', { 'accept-language': 'de' });
  t.true((await place.get('bytes=0-9', { 'accept-language': 'de' })).hit);
  t.false((await place.get('bytes=0-9', { 'accept-language': 'en' })).hit);
});

partTest('a POST makes parts invalid, and a new whole takes their place (C-4)', async (t, place) => {
  await place.get('bytes=0-99');
  const posted = await send(place.egress, place.url, { method: 'POST', body: Buffer.from('x') });
  await readBody(posted, { maxBytes: 1e7, maxDecodedBytes: 1e7 });
  t.false((await place.get('bytes=0-9')).hit);
  t.true((await place.get('bytes=0-9')).hit);
  place.reply = { ...place.reply, body: randomBytes(100), fields: { ...FRESH, etag: '"new"' } };
  const whole = await place.get();
  t.is(whole.body.length, 100);
  t.true((await place.get('bytes=0-9')).body.equals(whole.body), 'the whole, for the caller to cut');
});

partTest('an answer that lies about its place is kept by nobody (threat 21)', async (t, place) => {
  for (const contentRange of [
    'bytes 5-14/5000',
    'bytes 0-9/*',
    'bytes 0-9/5',
    'bytes 9-0/5000',
    'bytes 0-99/5000',
    'items 0-9/5000',
    'bytes 0-9',
  ]) {
    place.reply = { ...place.reply, lie: (fields) => Object.assign(fields, { 'content-range': contentRange }) };
    await place.get('bytes=0-9');
    t.false((await place.get('bytes=0-9')).hit, contentRange);
  }
});

partTest('several ranges in one pass by, and so does another unit', async (t, place) => {
  place.reply = { ...place.reply, ranges: false };
  for (const range of ['bytes=0-9,20-29', 'items=0-9', 'bytes=x']) {
    const { status, hit } = await place.get(range);
    t.deepEqual([status, hit], [200, false]);
  }
});

test('a part grows stale, is asked for again, and the answer renews all parts of its generation', async (t) => {
  let now = Date.now();
  const clock: Clock = { ...systemClock, now: () => now };
  await withPlace(t, clock, async (place) => {
    place.reply = { ...place.reply, fields: { ...FRESH, date: new Date(now).toUTCString() } };
    await place.get('bytes=0-999');
    await place.get('bytes=1000-1999');
    now += 599_000;
    t.true((await place.get('bytes=0-9')).hit);
    now += 2_000;
    place.reply = { ...place.reply, fields: { ...FRESH, date: new Date(now).toUTCString() } };
    const stale = await place.get('bytes=0-9');
    t.deepEqual([stale.hit, stale.fwd], [false, 'stale']);
    t.true((await place.get('bytes=1500-1600')).hit, 'renewed with it');
  });
});

test('whatever ranges are asked for, the bytes are those of the slice', async (t) => {
  await withPlace(t, systemClock, async (place) => {
    const bounds = fc.tuple(fc.nat(4_999), fc.nat(4_999)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    await fc.assert(
      fc.asyncProperty(fc.array(bounds, { minLength: 1, maxLength: 12 }), async (ranges) => {
        const posted = await send(place.egress, place.url, { method: 'DELETE' });
        await readBody(posted, { maxBytes: 1e7, maxDecodedBytes: 1e7 });
        for (const [first, last] of ranges) {
          const { status, body } = await place.get(`bytes=${first}-${last}`);
          const bytes = status === 206 ? body : body.subarray(first, last + 1);
          if (!bytes.equals(BODY.subarray(first, last + 1))) return false;
        }
        return true;
      }),
      { numRuns: 60 },
    );
    t.true(place.asked.length > 0);
  });
});

partTest('what a reader gives up is kept as far as it came', async (t, place) => {
  place.reply = { ...place.reply, body: randomBytes(400_000) };
  const response = await send(place.egress, place.url, { fields: { range: 'bytes=0-' } });
  const [chunk] = await response.body.take(1).toArray();
  const came = (chunk as Buffer).length;
  while (response.body.destroyed === false) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const again = await place.get(`bytes=0-${came - 1}`);
  t.true(again.hit);
  t.true(again.body.equals(place.reply.body.subarray(0, came)));
});

test(
  'a film is watched twice through prefix and forward mode: the second time from here (P-8)',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/film', (request, response) => {
      const reply = { body: BODY, fields: { ...FRESH, 'content-type': 'video/mp4' }, ranges: true };
      answer(request, response, reply);
    });
    const fields = { range: 'bytes=100-199' };
    const first = await through('/film', { fields });
    t.is(first.status, 206);
    t.regex(String(first.fields['cache-status']), /gw-origin; fwd=uri-miss; fwd-status=206; stored/);
    const second = await through('/film', { fields: { range: 'bytes=150-159' } });
    t.is(second.status, 206);
    t.is(second.fields['content-range'], 'bytes 150-159/5000');
    t.regex(String(second.fields['cache-status']), /gw-origin; hit/);
    t.true(second.body.equals(BODY.subarray(150, 160)));
    const forward = await get('/', { target: `${origin.url}/film`, fields });
    t.is(forward.status, 206);
    t.true(forward.body.equals(BODY.subarray(100, 200)));
    t.is(origin.requests.length, 1);
  }),
);
