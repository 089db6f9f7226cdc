/** The link of a front-end while it is down: what is shown, who waits, and forms that are kept and sent once (S5). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import test from 'ava';
import sharp from 'sharp';
import { systemClock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { silentLog } from '../core/log.ts';
import { FrameWriter } from '../gateway/channel/frames.ts';
import { openOnceLedger } from '../gateway/channel/once-ledger.ts';
import { makeWaitingLine } from '../gateway/channel/waiting-line.ts';
import { startServer } from '../main.ts';
import { type Answer, ask, CLIENTS } from './support/client.ts';
import { testEnvironment } from './support/gateway.ts';
import { openLyingBackEnd } from './support/lying-back-end.ts';
import { inPair, type Pair, withPair } from './support/pair.ts';
import { photo } from './support/pictures.ts';

const kaios = { fields: CLIENTS.kaios };
const form = { ...kaios, method: 'POST', body: 'a=1' };

/** Opens the page of a form that was kept until it says something else than that it waits. */
async function untilAnswered({ front }: Pick<Pair, 'front'>, place: string): Promise<Answer> {
  for (;;) {
    const page = await ask(front.origin, place, kaios);
    if (page.fields['refresh'] === undefined) return page;
  }
}

function placeOf(reply: Answer): string {
  const { pathname, search } = new URL(String(reply.fields.location));
  return pathname + search;
}

test.serial(
  'while the link is down what is held is shown with its age; who asks for more sees a place in the line, a script no more than 503',
  inPair(async (t, { back, link, through }) => {
    back.origin.on('/page', `<title>Boats</title><h1>Boats</h1><p>${'Boats and harbours. '.repeat(40)}</p>`);
    await through('/page', kaios);
    link.cut();
    const held = await through('/page', kaios);
    t.is(held.status, 200);
    t.regex(held.text, /The link to the other side is down\. This page is as it was less than a minute ago\./);
    t.regex(String(held.fields['cache-status']), /gw-channel; hit; detail="link-down"/);
    const [first, script] = await Promise.all([
      through('/other', kaios),
      through('/form', { ...form, fields: { ...CLIENTS.kaios, 'sec-fetch-dest': 'empty' } }),
    ]);
    t.deepEqual([first.status, script.status], [503, 503]);
    t.deepEqual([first.fields['retry-after'], first.fields['refresh']], ['5', '5']);
    t.regex(first.text, /Number 1 of 1 that wait for it/);
    const second = await through('/third', kaios);
    t.regex(second.text, /Number 2 of 2 that wait for it/);
    link.mend();
    t.is(back.origin.requests.filter(({ path }) => path === '/form').length, 0);
  }),
);

test.serial(
  'what a front-end holds is there again after a new start, its pictures too, and shown while the link is down',
  inPair(async (t, pair) => {
    const { back, link } = pair;
    back.origin.on('/page', '<title>Bay</title><h1>Bay</h1><img src="/bay.png" alt="bay">');
    const picture = await photo(200, 100).png().toBuffer();
    back.origin.on('/bay.png', (_request, response) => response.setHeader('content-type', 'image/png').end(picture));
    const first = await pair.through('/page', kaios);
    const bay = await pair.through('/bay.png', kaios);
    link.cut();
    const again = await pair.restart();
    const held = await again.through('/page', kaios);
    t.is(held.status, 200);
    t.regex(held.text, /This page is as it was less than a minute ago/);
    t.true(held.text.length > first.text.length);
    t.deepEqual((await again.through('/bay.png', kaios)).body, bay.body);
  }),
);

test.serial(
  'a form waits on disk while the link is down, over a new start of the front-end, and is sent once when it is back; its cookies are its sender’s',
  inPair(async (t, pair) => {
    const { back, link } = pair;
    back.origin.on('/form', (_request, response) => {
      response.writeHead(303, { location: '/done', 'set-cookie': 'seen=1; Path=/' }).end();
    });
    back.origin.on('/done', '<title>Done</title><p>Done</p>');
    link.cut();
    const kept = await pair.through('/form', form);
    t.is(kept.status, 303);
    const place = placeOf(kept);
    const jar = String(kept.fields['set-cookie']).split(';')[0]!;
    const page = await ask(pair.front.origin, place, kaios);
    t.regex(page.text, /It is number 1 of those that wait/);
    const again = await pair.restart();
    t.regex((await ask(again.front.origin, place, kaios)).text, /It is number 1 of those that wait/);
    link.mend();
    const answered = await untilAnswered(again, place);
    t.deepEqual([answered.status, answered.fields.location], [303, `/${back.origin.url}/done`]);
    await again.through('/done', { fields: { ...CLIENTS.kaios, cookie: jar } });
    t.is(back.origin.requests.at(-1)!.fields.cookie, 'seen=1');
    const sent = back.origin.requests.filter(({ path }) => path === '/form');
    t.deepEqual(
      sent.map(({ body }) => body),
      ['a=1'],
    );
    t.is((await ask(again.front.origin, place.replace(/id=.{6}/, 'id=AAAAAA'), kaios)).status, 404);
  }),
);

test.serial(
  'a form that was sent when the link broke is not sent again: its answer comes when the link is back',
  inPair(async (t, pair) => {
    const { back, link } = pair;
    back.origin.on('/form', (_request, response) => {
      link.cut();
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Thanks</title><p>Thank you once.</p>');
    });
    const kept = await pair.through('/form', form);
    t.is(kept.status, 303);
    link.mend();
    const answered = await untilAnswered(pair, placeOf(kept));
    t.is(answered.status, 200);
    t.regex(answered.text, /Thank you once/);
    t.is(back.origin.requests.filter(({ path }) => path === '/form').length, 1);
  }),
);

test.serial('a form that has waited for a day is not sent any more, and says so', async (t) => {
  let later = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + later };
  await withPair(
    async (pair) => {
      const { back, link } = pair;
      back.origin.on('/form', '<title>Thanks</title><p>Thank you.</p>');
      link.cut();
      const old = await pair.through('/form', form);
      later = 86_400_000 - 60_000;
      const newest = await pair.through('/form', form);
      later += 120_000;
      link.mend();
      t.regex((await untilAnswered(pair, placeOf(newest))).text, /Thank you/);
      t.regex((await untilAnswered(pair, placeOf(old))).text, /the link was down for a day; it was not sent/);
      t.is(back.origin.requests.filter(({ path }) => path === '/form').length, 1);
    },
    { clock },
  );
});

test.serial(
  'of a picture that broke off the rest alone is sent, whether it was asked for or came with its page',
  inPair(async (t, { back, link, through }) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
    const create = { width: 400, height: 300, channels: 3, background: '#000', noise } as const;
    for (const name of ['one', 'two']) {
      const body = await sharp({ create }).jpeg({ quality: 92 }).toBuffer();
      back.origin.on(`/${name}.jpg`, (_request, response) =>
        response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }).end(body),
      );
      // Made before it is asked for over the link: what is sent twice would be the very same.
      await back.through(`/${name}.jpg`, { fields: CLIENTS.desktopImage });
    }
    back.origin.on('/page', '<title>Two</title><p>A picture</p><img src="/two.jpg" alt="">');
    await through('/robots.txt', kaios);
    const carriedFor = async (name: string, begin: () => Promise<unknown>) => {
      const before = link.bytes();
      link.breakAfter(12_000);
      await begin();
      const shown = await through(`/${name}.jpg`, { fields: CLIENTS.desktopImage });
      const whole = await back.through(`/${name}.jpg`, { fields: CLIENTS.desktopImage });
      t.is(shown.status, 200);
      t.deepEqual(shown.body, whole.body);
      t.true(whole.body.length > 20_000, `${whole.body.length} bytes`);
      return (link.bytes() - before) / whole.body.length;
    };
    for (const share of [
      await carriedFor('one', async () => undefined),
      await carriedFor('two', () => through('/page', { fields: { ...CLIENTS.desktop, 'sec-fetch-dest': 'document' } })),
    ])
      t.true(share > 1 && share < 1.35, `carried ${share} times`);
  }),
);

test.serial(
  'a form that waits can be taken back: then it is never sent',
  inPair(async (t, pair) => {
    pair.back.origin.on('/form', (_request, response) => response.writeHead(204).end());
    pair.link.cut();
    const place = placeOf(await pair.through('/form', form));
    t.regex((await ask(pair.front.origin, place, { ...kaios, method: 'POST', body: '' })).text, /thrown away/);
    t.is((await ask(pair.front.origin, place, kaios)).status, 404);
    pair.link.mend();
    pair.back.origin.on('/page', '<title>Page</title><p>There.</p>');
    t.is((await pair.through('/page', kaios)).status, 200);
    t.is(pair.back.origin.requests.filter(({ path }) => path === '/form').length, 0);
  }),
);

test.serial(
  'a back-end that lies costs the request at most: 502 or 503, and the next one is answered (threat 67)',
  async (t) => {
    const page = {
      status: 200,
      fields: [['content-type', 'text/html']],
      cookies: [],
      isSame: false,
      coding: 'identity',
    };
    const said = (head: object, body = '<p>There.</p>') => new FrameWriter().frame(head, Buffer.from(body));
    const lies: readonly (readonly [lie: string, bytes: Uint8Array, status: number])[] = [
      ['no frame', Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), 503],
      ['nothing', new Uint8Array(), 503],
      ['half a body', said(page, 'x'.repeat(500)).subarray(0, -100), 503],
      ['a head longer than all', Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]), 503],
      ['no head', said([] as object), 503],
      ['a status of none', said({ ...page, status: 99 }), 503],
      ['fields that split the reply', said({ ...page, fields: [['x-a', 'b\r\nset-cookie: c=d']] }), 503],
      ['cookies that are none', said({ ...page, cookies: { length: 1 } }), 503],
      ['a dictionary that is not held', said({ ...page, coding: 'zstd', dictionary: 'A'.repeat(22) }), 502],
      ['a bomb', new FrameWriter().frame({ ...page, coding: 'zstd' }, zstdCompressSync(Buffer.alloc(80_000_000))), 502],
      ['parts that are no addresses', said({ ...page, parts: [1] }), 503],
      ['the same as what is not held', said({ ...page, isSame: true }, ''), 502],
    ];
    let bytes: Uint8Array = new Uint8Array();
    const liar = await openLyingBackEnd('shared', () => Readable.from([bytes], { objectMode: false }));
    const dataDir = await mkdtemp(join(tmpdir(), 'front-end-'));
    const environment = { CHANNEL_SECRET: 'shared', BACK_END: liar.origin };
    const front = await startServer(testEnvironment(dataDir, environment), { log: silentLog });
    try {
      for (const [lie, told, status] of lies) {
        bytes = told;
        const reply = await ask(front.origin, '/http://origin.example/page', kaios);
        t.is(reply.status, status, lie);
        t.is(reply.fields['x-a'], undefined);
      }
      bytes = said(page);
      t.is((await ask(front.origin, '/http://origin.example/page', kaios)).text, '<p>There.</p>');
    } finally {
      await front.close(0);
      await liar.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);

test('what was done once gives the same reply again, over a new start too; what was begun and never ended is not begun again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'once-'));
  const file = join(folder, 'once.db');
  let done = 0;
  const work = (reply: string) => async () => {
    done += 1;
    return Buffer.from(reply);
  };
  const ledger = openOnceLedger(file, systemClock);
  const both = await Promise.all([ledger.run('a', work('first')), ledger.run('a', work('second'))]);
  t.deepEqual(both.map(String), ['first', 'first']);
  const refused = async () => {
    throw new GatewayError('UPSTREAM_REFUSED', { host: 'origin' });
  };
  await t.throwsAsync(ledger.run('b', refused), { message: /does not accept/ });
  t.is(String(await ledger.run('b', work('now'))), 'now');
  const broken = async () => {
    throw new GatewayError('UPSTREAM_TIMEOUT', { host: 'origin' });
  };
  await t.throwsAsync(ledger.run('c', broken));
  void ledger.run('d', () => new Promise(() => undefined));
  ledger.close();
  const next = openOnceLedger(file, { ...systemClock, now: () => systemClock.now() + 3_600_000 });
  t.is(String(await next.run('a', work('third'))), 'first');
  const again = await t.throwsAsync<GatewayError>(next.run('c', work('fourth')));
  t.is(again?.code, 'UPSTREAM_TIMEOUT');
  const begun = await t.throwsAsync<GatewayError>(next.run('d', work('fifth')));
  t.is(begun?.code, 'FORM_BEGUN');
  t.is(done, 2);
  next.close();
  await rm(folder, { recursive: true });
});

test('the line of those who wait is bounded, keeps places, and forgets who has gone', (t) => {
  let now = 0;
  const line = makeWaitingLine({ ...systemClock, monotonic: () => now });
  for (let each = 1; each <= 256; each++) t.deepEqual(line.stand(`${each}`), { place: each, waiting: each });
  t.is(line.stand('late'), undefined);
  now = 20_000;
  t.deepEqual(line.stand('2'), { place: 2, waiting: 256 });
  line.leave('1');
  t.deepEqual(line.stand('2'), { place: 1, waiting: 255 });
  now = 45_000;
  t.deepEqual(line.stand('late'), { place: 2, waiting: 2 });
});
