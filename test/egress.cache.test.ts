import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type DiskCache, openDiskCache } from '../core/cache/disk-cache.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { Fields } from '../core/fields.ts';
import { type Log, silentLog } from '../core/log.ts';
import { fromCacheView, toCacheView } from '../egress/cache-view.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { makeDiskStore, makeMemoryStore, type OriginStore } from '../egress/origin-store.ts';
import type { OriginCacheReport, UpstreamResponse } from '../egress/upstream-response.ts';
import { openTestEgress, send, textOf } from './support/open-egress.ts';
import { openRawOrigin, type RawOrigin } from './support/raw-origin.ts';

interface Place {
  readonly t: ExecutionContext;
  readonly origin: RawOrigin;
  readonly egress: Egress;
  /** Fetches the origin's `/` and reads it; the answer with its text. */
  readonly get: (
    fields?: Record<string, string>,
    rest?: object,
  ) => Promise<{ text: string; cache: OriginCacheReport; response: UpstreamResponse }>;
}

/** A response whose body is its number, so that a stored one is told from a new one. */
function numbered(fields: string, status = '200 OK'): (socket: Socket, head: string, count: number) => void {
  return (socket, _, count) => {
    const body = `n${count}`;
    socket.write(
      `HTTP/1.1 ${status}\r\n${fields}${fields === '' ? '' : '\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  };
}

function openTestCache(file: string, more: { clock?: Clock; maxBytes?: number; log?: Log } = {}): DiskCache {
  return openDiskCache({
    file,
    maxBytes: 1_000_000,
    maxEntryBytes: 100_000,
    clock: systemClock,
    log: silentLog,
    ...more,
  });
}

const stores: [name: string, open: () => OriginStore][] = [
  ['memory', () => makeMemoryStore(1_000_000)],
  ['disk', () => makeDiskStore(openTestCache(':memory:'), 100_000)],
];

/** One case, over every store. */
function cacheTest(
  title: string,
  answer: (socket: Socket, head: string, count: number) => void,
  run: (place: Place) => Promise<void>,
): void {
  for (const [name, open] of stores)
    test(`${title} (${name})`, async (t) => {
      const origin = await openRawOrigin(answer);
      const egress = openTestEgress(
        { UPSTREAM_ALLOW: '127.0.0.1,site.example' },
        { store: open(), resolve: async () => ['127.0.0.1'] },
      );
      const get: Place['get'] = async (fields = {}, rest = {}) => {
        const response = await send(egress, origin.url, { fields, ...rest });
        return { text: await textOf(response), cache: response.cache, response };
      };
      try {
        await run({ t, origin, egress, get });
      } finally {
        await egress.close();
        await origin.close();
      }
    });
}

cacheTest(
  'C-1: a fresh original answers without the origin, and the report says so',
  numbered('Cache-Control: max-age=60\r\nAge: 5'),
  async ({ t, origin, get }) => {
    const first = await get();
    t.like(first.cache, { hit: false, fwd: 'uri-miss', stored: true });
    t.true(first.cache.ttlSeconds! >= 53 && first.cache.ttlSeconds! <= 55);
    const second = await get();
    t.is(second.text, 'n1');
    t.like(second.cache, { hit: true, fwd: undefined });
    t.true(second.cache.ageSeconds! >= 5 && second.cache.ageSeconds! <= 7);
    t.is(second.response.fields.get('age'), String(second.cache.ageSeconds));
    t.is(origin.requests.length, 1);
  },
);

const unstored: [title: string, fields: string, status?: string][] = [
  ['C-1: no-store', 'Cache-Control: max-age=60, no-store'],
  ['C-1: private', 'Cache-Control: max-age=60, private'],
  ['threat 29: Set-Cookie', 'Cache-Control: max-age=60\r\nSet-Cookie: a=b'],
  ['threat 31: Vary: *', 'Cache-Control: max-age=60\r\nVary: accept, *'],
  [
    'threat 31: a Vary of 17 names',
    `Cache-Control: max-age=60\r\nVary: ${Array.from({ length: 17 }, (_, i) => `x-${i}`).join(',')}`,
  ],
  ['threat 30: 206', 'Cache-Control: max-age=60\r\nContent-Range: bytes 0-1/2', '206 Partial Content'],
  ['threat 30: an error without a word on caching', '', '500 Internal Server Error'],
  ['C-7: no-store in CDN-Cache-Control', 'Cache-Control: max-age=60\r\nCDN-Cache-Control: no-store'],
];
for (const [title, fields, status] of unstored)
  cacheTest(`${title} is not stored`, numbered(fields, status), async ({ t, get }) => {
    t.is((await get()).cache.stored, false);
    t.is((await get()).text, 'n2');
  });

const stored: [title: string, fields: string][] = [
  ['C-7, RFC 9213: CDN-Cache-Control over Cache-Control', 'Cache-Control: no-store\r\nCDN-Cache-Control: max-age=60'],
  ['RFC 9111 5.1: an Age that is no number', 'Cache-Control: max-age=60\r\nAge: soon'],
  ['RFC 9111 5.1: the first of several Ages', 'Cache-Control: max-age=60\r\nAge: 1, 99999'],
  [
    'RFC 9213: a malformed CDN-Cache-Control is as if absent',
    'Cache-Control: max-age=60\r\nCDN-Cache-Control: no-store, &',
  ],
  [
    'a Vary of 16 names',
    `Cache-Control: max-age=60\r\nVary: ${Array.from({ length: 16 }, (_, i) => `x-${i}`).join(',')}`,
  ],
];
for (const [title, fields] of stored)
  cacheTest(`${title}: stored, and the origin's own words are kept`, numbered(fields), async ({ t, get }) => {
    const words = /^Cache-Control: (.*)$/m.exec(fields.replaceAll('\r', ''))![1];
    for (let i = 0; i < 2; i++) {
      const { text, response } = await get();
      t.is(text, 'n1');
      t.is(response.fields.get('cache-control'), words);
      t.false(response.fields.names().some((name) => name.startsWith('gw-') || name === 'warning'));
    }
  });

const bypassing: [title: string, fields: Record<string, string>][] = [
  ['a cookie', { cookie: 'a=b' }],
  ['credentials', { authorization: 'Basic x' }],
  ['a condition on what it changes', { 'if-match': '"x"' }],
];
const ofClient: [title: string, fields: Record<string, string>][] = [
  ['a range', { range: 'bytes=0-1' }],
  ['the client’s own condition', { 'if-none-match': '"other"' }],
  ['the client’s own date', { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }],
];
for (const [title, fields] of ofClient)
  cacheTest(
    `P-8, P-10, RFC 9111 4.3.2: a request with ${title} goes to the origin as it is, until something is stored that its asker can answer it from`,
    numbered('Cache-Control: public, max-age=60\r\nETag: "x"'),
    async ({ t, origin, get }) => {
      const first = await get(fields);
      t.deepEqual(first.cache, { hit: false, fwd: 'bypass' });
      t.false(first.response.isStored);
      const [[name, value]] = Object.entries(fields) as [[string, string]];
      t.true(origin.requests[0]!.includes(`${name}: ${value}`));
      t.is((await get()).text, 'n2');
      const held = await get(fields);
      t.is(held.text, 'n2');
      t.true(held.cache.hit && held.response.isStored);
      t.is(origin.requests.length, 2);
    },
  );
cacheTest(
  'RFC 9111 4: a HEAD is answered by what a GET stored while it is fresh',
  numbered('Cache-Control: public, max-age=60\r\nETag: "x"'),
  async ({ t, origin, get }) => {
    await get();
    const { response, cache } = await get({}, { method: 'HEAD' });
    t.true(cache.hit);
    t.false(response.hasBody);
    t.is(response.fields.get('etag'), '"x"');
    t.is(origin.requests.length, 1);
  },
);
for (const [title, fields] of bypassing)
  cacheTest(
    `P-8, C-1: a request with ${title} passes the cache by, as it is`,
    numbered('Cache-Control: public, max-age=60\r\nETag: "x"'),
    async ({ t, origin, get }) => {
      await get();
      const { text, cache } = await get(fields);
      t.is(text, 'n2');
      t.deepEqual(cache, { hit: false, fwd: 'bypass' });
      const [[name, value]] = Object.entries(fields) as [[string, string]];
      t.true(origin.requests[1]!.includes(`${name}: ${value}`));
      t.is((await get()).text, 'n1');
    },
  );

cacheTest(
  'C-3: a 304 renews the stored response: its fields are laid over it, its freshness counts, no Warning',
  (socket, head, count) => {
    if (count === 1)
      return void numbered(
        'Cache-Control: max-age=0\r\nETag: "a"\r\nX-Kept: 1\r\nX-Changed: 1\r\nContent-Type: text/plain',
      )(socket, head, count);
    const fields =
      'Cache-Control: max-age=60\r\nETag: "a"\r\nX-Changed: 2\r\nContent-Type: text/other\r\nContent-Length: 99\r\nWarning: 110 - "x"';
    return void socket.write(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n\r\n`);
  },
  async ({ t, origin, get }) => {
    await get();
    const renewed = await get();
    t.like(renewed.cache, { hit: false, fwd: 'stale', fwdStatus: 304, stored: true });
    t.regex(origin.requests[1]!, /if-none-match: "a"/);
    const hit = await get();
    t.true(hit.cache.hit);
    t.is(origin.requests.length, 2);
    for (const { text, response } of [renewed, hit]) {
      t.is(text, 'n1');
      t.is(response.status, 200);
      t.is(response.fields.get('x-kept'), '1');
      t.is(response.fields.get('x-changed'), '2');
      t.is(response.fields.get('content-type'), 'text/other');
      t.is(response.fields.get('content-length'), '2');
      t.false(response.fields.has('warning'));
    }
  },
);

cacheTest(
  'C-3: a 304 for another representation is asked again without conditions',
  (socket, head, count) => {
    if (/if-none-match/.test(head)) socket.write('HTTP/1.1 304 Not Modified\r\nETag: "b"\r\n\r\n');
    else numbered('Cache-Control: max-age=0\r\nETag: "a"')(socket, head, count);
  },
  async ({ t, get }) => {
    await get();
    t.is((await get()).text, 'n3');
  },
);

cacheTest(
  'threat 52, C-5: stale-if-error serves the stored response when the origin fails, marked as what it is',
  (socket, head, count) => {
    if (count === 1) numbered('Cache-Control: max-age=0, stale-if-error=600\r\nETag: "a"')(socket, head, count);
    else if (count === 2) socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  },
  async ({ t, origin, get }) => {
    await get();
    for (const count of [2, 3]) {
      const { text, cache, response } = await get();
      t.is(text, 'n1');
      t.true(cache.hit);
      t.true(cache.ttlSeconds! <= 0);
      t.false(response.fields.has('warning'));
      t.true(origin.requests.length >= count);
    }
  },
);

cacheTest(
  'C-5: without stale-if-error a failure is a failure',
  (socket, head, count) => {
    if (count === 1) numbered('Cache-Control: max-age=0\r\nETag: "a"')(socket, head, count);
    else socket.destroy();
  },
  async ({ t, get }) => {
    await get();
    await t.throwsAsync(get(), { message: /ended too early/ });
  },
);

cacheTest(
  'C-4: an unsafe method that succeeds invalidates',
  numbered('Cache-Control: max-age=60'),
  async ({ t, get }) => {
    await get();
    t.like((await get({}, { method: 'POST', body: Buffer.from('x') })).cache, { hit: false, fwd: 'method' });
    t.is((await get()).text, 'n3');
  },
);

cacheTest(
  'C-9: only-if-cached is 504 when nothing is stored, and nothing is sent',
  numbered('Cache-Control: max-age=60'),
  async ({ t, origin, get }) => {
    const wish = { 'cache-control': 'only-if-cached' };
    for (const fields of [wish, { ...wish, cookie: 'a=b' }]) {
      const { response, cache, text } = await get(fields);
      t.is(response.status, 504);
      t.false(cache.hit);
      t.is(text, '');
    }
    t.is(origin.requests.length, 0);
    await get();
    t.is((await get(wish)).text, 'n1');
  },
);

cacheTest(
  'the client’s no-cache is obeyed, and cache: false keeps out of the cache',
  numbered('Cache-Control: max-age=60'),
  async ({ t, get }) => {
    await get();
    t.like((await get({ 'cache-control': 'no-cache' })).cache, { hit: false, fwd: 'request' });
    t.deepEqual((await get({}, { cache: false })).cache, { hit: false, fwd: 'bypass' });
  },
);

cacheTest(
  'threats 27, 28: what a grant fetched, or another Host, answers nobody else',
  numbered('Cache-Control: max-age=60'),
  async ({ t, origin, egress }) => {
    const url = `http://site.example:${origin.port}/`;
    const ask = async (rest: object) => textOf(await send(egress, url, rest));
    const grant = { host: 'site.example', port: origin.port };
    t.is(await ask({ grant }), 'n1');
    t.is(await ask({}), 'n2');
    t.is(await ask({ fields: { host: 'one.example' } }), 'n3');
    t.is(await ask({ fields: { host: 'two.example' } }), 'n4');
    t.deepEqual(await Promise.all([ask({ grant }), ask({}), ask({ fields: { host: 'one.example' } })]), [
      'n1',
      'n2',
      'n3',
    ]);
  },
);

cacheTest(
  'threat 27: Vary tells variants apart',
  numbered('Cache-Control: max-age=60\r\nVary: Accept-Language'),
  async ({ t, get }) => {
    t.is((await get({ 'accept-language': 'de' })).text, 'n1');
    t.is((await get({ 'accept-language': 'fr' })).text, 'n2');
    t.is((await get({ 'accept-language': 'de' })).text, 'n1');
  },
);

cacheTest(
  'threat 59: a field named __proto__ is a field',
  numbered('Cache-Control: max-age=60\r\n__proto__: x\r\nconstructor: y'),
  async ({ t, get }) => {
    for (let i = 0; i < 2; i++) t.is((await get()).response.fields.get('__proto__'), 'x');
    t.is(({} as Record<string, unknown>)['x'], undefined);
  },
);

test('C-1, RFC 9111 5.2.2.3: must-understand shows the cache what it may keep', (t) => {
  const viewOf = (cacheControl: string, status: number) => {
    const fields = Fields.from({ 'cache-control': cacheControl });
    toCacheView(fields, status);
    return fields.get('cache-control');
  };
  t.is(viewOf('max-age=9, must-understand, no-store', 404), 'max-age=9, must-understand');
  t.is(viewOf('max-age=9, must-understand', 599), 'max-age=9, must-understand, no-store');
  t.is(viewOf('max-age=9, must-understand', 206), 'max-age=9, must-understand, no-store');
});

test('C-8, C-7: the cache is shown what it understands, and an origin cannot speak for us', (t) => {
  const fields = Fields.from({
    'gw-original-cache-control': 'public',
    warning: '110 - "x"',
    'cache-control': 'private',
    expires: '0',
    'cdn-cache-control': 'max-age=9',
  });
  toCacheView(fields, 200);
  t.is(fields.get('cache-control'), 'max-age=9');
  t.false(fields.has('expires'));
  fromCacheView(fields);
  t.deepEqual(
    [...fields],
    [
      ['cdn-cache-control', 'max-age=9'],
      ['cache-control', 'private'],
      ['expires', '0'],
    ],
  );
});

test('the cache may be turned off', async (t) => {
  const origin = await openRawOrigin(numbered('Cache-Control: max-age=60'));
  const egress = openTestEgress({ UPSTREAM_ALLOW: '127.0.0.1', ORIGIN_CACHE_BYTES: '0' });
  try {
    t.is(await textOf(await send(egress, origin.url)), 'n1');
    const second = await send(egress, origin.url);
    t.is(await textOf(second), 'n2');
    t.is(second.cache.hit, false);
  } finally {
    await egress.close();
    await origin.close();
  }
});
