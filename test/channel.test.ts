/** A front-end and its back-end over one session (S5): what clients get, what the link carries, what is there when it is down. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { startServer } from '../main.ts';
import { ask, CLIENTS } from './support/client.ts';
import { testEnvironment } from './support/gateway.ts';
import { inPair, withPair } from './support/pair.ts';
import { disc, photo } from './support/pictures.ts';

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
  'styles come before pictures, what they import and what is not there too: a page is one exchange on the link',
  inPair(async (t, { back, link, through }) => {
    const file = (type: string, body: string | Buffer) => (_request: unknown, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': type }).end(body);
    };
    back.origin.on('/a.css', file('text/css', `@import url("b.css"); ${'p { color: #123456 } '.repeat(40)}`));
    back.origin.on('/b.css', file('text/css', 'h1 { color: #654321 }'));
    back.origin.on('/dot.png', file('image/png', await photo(40, 30).png().toBuffer()));
    back.origin.on(
      '/page',
      `<title>Bay</title><link rel="stylesheet" href="/a.css"><h1>Bay</h1><img src="/dot.png" alt=""><img src="/gone.png" alt="">`,
    );
    const as = (dest: string, accept: string) => ({ ...CLIENTS.desktop, accept, 'sec-fetch-dest': dest });
    await through('/page', { fields: as('document', CLIENTS.desktop.accept) });
    const [style, dot, gone] = await Promise.all([
      through('/a.css', { fields: as('style', 'text/css,*/*;q=0.1') }),
      through('/dot.png', { fields: CLIENTS.desktopImage }),
      through('/gone.png', { fields: CLIENTS.desktopImage }),
    ]);
    const imported = await through('/b.css', { fields: as('style', 'text/css,*/*;q=0.1') });
    const carried = link.bytes();
    t.deepEqual([style.status, imported.status, dot.status, gone.status], [200, 200, 200, 404]);
    t.regex(style.text, /@import/);
    for (const { fields } of [style, imported, dot, gone]) t.is(fields['cache-status'], 'gw-channel; hit');
    await through('/dot.png', { fields: CLIENTS.desktopImage });
    t.is(link.bytes(), carried);
  }),
);

test.serial(
  'of a page that is opened again later, what is the same is confirmed and what has changed is sent, in one exchange',
  async (t) => {
    let later = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + later };
    await withPair(
      async ({ back, link, through }) => {
        const style = (color: string) => `${'p { margin: 0 } '.repeat(60)} h1 { color: ${color} }`;
        let [styleSheet, asked] = [style('#111111'), 0];
        const picture = await photo(300, 200).png().toBuffer();
        back.origin.on('/a.css', (_request, response) =>
          response.setHeader('content-type', 'text/css').end(styleSheet),
        );
        back.origin.on('/bay.png', (_request, response) =>
          response.setHeader('content-type', 'image/png').end(picture),
        );
        back.origin.on('/page', '<title>Bay</title><link rel="stylesheet" href="/a.css"><img src="/bay.png" alt="">');
        const load = async () => {
          const fields = { ...CLIENTS.desktop, 'sec-fetch-dest': 'document' };
          const page = await through('/page', { fields });
          const styles = { ...CLIENTS.desktop, accept: 'text/css,*/*;q=0.1', 'sec-fetch-dest': 'style' };
          const parts = [
            await through('/a.css', { fields: styles }),
            await through('/bay.png', { fields: CLIENTS.desktopImage }),
          ];
          asked += 3;
          return [page, ...parts];
        };
        const first = await load();
        const cold = link.bytes();
        later = 3_600_000;
        styleSheet = style('#222222');
        const second = await load();
        t.regex(second[1]!.text, /#222222/);
        t.deepEqual(second[2]!.body, first[2]!.body);
        t.deepEqual(
          second.slice(1).map(({ fields }) => fields['cache-status']),
          ['gw-channel; hit', 'gw-channel; hit'],
        );
        t.true(link.bytes() - cold < 2_000, `${link.bytes() - cold} bytes after ${cold}`);
        t.is(asked, 6);
      },
      { clock },
    );
  },
);

test.serial(
  'over a link that is known to be fast pictures are coded in haste: they would wait longer for the coder than for the link',
  inPair(async (t, { back, through }) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
    const pictures = {
      one: sharp({ create: { width: 400, height: 300, channels: 3, background: '#000', noise } }),
      two: photo(800, 600),
    };
    for (const [name, picture] of Object.entries(pictures)) {
      const body = await picture.jpeg({ quality: 92 }).toBuffer();
      back.origin.on(`/${name}.jpg`, (_request, response) =>
        response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }).end(body),
      );
      back.origin.on(`/${name}`, `<title>${name}</title><p>A picture</p><img src="/${name}.jpg" alt="">`);
    }
    const show = async (name: string) => {
      await through(`/${name}`, { fields: { ...CLIENTS.desktop, 'sec-fetch-dest': 'document' } });
      const shown = await through(`/${name}.jpg`, { fields: CLIENTS.desktopImage });
      t.deepEqual([shown.status, shown.fields['content-type']], [200, 'image/avif']);
      const calm = await back.through(`/${name}.jpg`, { fields: CLIENTS.desktopImage });
      return shown.body.length / calm.body.length;
    };
    t.is(await show('one'), 1, 'nothing is known of the link before');
    t.true((await show('two')) > 1.05);
    const small = await disc(48).png().toBuffer();
    const large = await photo(400, 300).png().toBuffer();
    for (const [name, body] of [
      ['small', small],
      ['large', large],
    ] as const)
      back.origin.on(`/${name}.png`, (_request, response) =>
        response.writeHead(200, { 'content-type': 'image/png', 'cache-control': 'max-age=600' }).end(body),
      );
    const sent = async (name: string, fields: Readonly<Record<string, string>> = CLIENTS.desktopImage) =>
      (await through(`/${name}.png`, { fields })).fields['content-type'];
    t.is(await sent('small'), 'image/png', 'it is there before it could be made less');
    t.is(await sent('large'), 'image/avif');
    t.is(await sent('small', { ...CLIENTS.desktopImage, accept: 'image/webp' }), 'image/webp', 'who does not take it');
    t.is(await sent('small', CLIENTS.wap), 'image/vnd.wap.wbmp', 'who cannot show it');
  }),
);

test.serial(
  'who is known to an origin by its cookies is another client than who shares the address and the browser (threat 27)',
  inPair(async (t, { back, through }) => {
    back.origin.on('/in', (request, response) => {
      const who = new URL(request.url!, 'http://origin').searchParams.get('who')!;
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': `who=${who}; Path=/` }).end('<p>in</p>');
    });
    back.origin.on('/mine', (request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=600' });
      response.end(`<title>Mine</title><h1>Of ${request.headers.cookie ?? 'nobody'}</h1>${words(1)}`);
    });
    const enter = async (who: string) => {
      const { fields } = await through(`/in?who=${who}`, kaios);
      return { fields: { ...CLIENTS.kaios, cookie: String(fields['set-cookie']).split(';')[0]! } };
    };
    const [ann, bob] = [await enter('ann'), await enter('bob')];
    t.regex((await through('/mine', ann)).text, /Of who=ann/);
    const other = await through('/mine', bob);
    t.regex(other.text, /Of who=bob/);
    t.regex(String(other.fields['cache-status']), /fwd=miss$/);
    t.regex((await through('/mine', kaios)).text, /Of nobody/);
    t.regex((await through('/mine', ann)).text, /Of who=ann/);
  }),
);

test.serial(
  'the next page comes while the link is idle where bytes are given for it: its origin is told, and so is who gets it; without, nothing is asked',
  async (t) => {
    const serve = async (bytes: string) => {
      await withPair(
        async ({ back, through }) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          back.origin.on('/one', `<title>One</title><p><a href="/two">Next</a></p>${words(1)}`);
          back.origin.on('/two', (request, response) => {
            t.is(request.headers['sec-purpose'], bytes === '0' ? undefined : 'prefetch');
            response.writeHead(200, { 'content-type': 'text/html' });
            response.end(`<title>Two</title><p><a href="/three">Next</a></p>${words(2)}`);
            resolve();
          });
          await through('/one', kaios);
          if (bytes !== '0') await promise;
          const two = await through('/two', kaios);
          const how = bytes === '100000' ? 'hit; detail="prefetched"' : 'fwd=miss';
          t.true(String(two.fields['cache-status']).endsWith(`gw-channel; ${how}`), String(two.fields['cache-status']));
          t.is(back.origin.requests.filter(({ path }) => path === '/three').length, 0);
        },
        { environment: { CHANNEL_PREFETCH_BYTES: bytes } },
      );
    };
    await serve('100000');
    await serve('0');
  },
);

test.serial(
  'an explanation comes from the back-end, which alone reaches the origin; preferences are the front-end’s own',
  inPair(async (t, { back, front }) => {
    back.origin.on('/page', `<title>Boats</title><h1>Boats</h1>${words(1)}`);
    const fields = { ...CLIENTS.kaios, accept: 'application/json', 'explain-accept': 'text/html' };
    const reply = await ask(front.origin, `/-/explain/${back.origin.url}/page`, { fields });
    t.is(reply.status, 200);
    const { client, plan, original, preferences } = JSON.parse(reply.text);
    t.is(client.preset, 'kaios');
    t.regex(original.type, /^text\/html/);
    t.true(plan.some(({ formatter }: { formatter: string }) => formatter === 'html-lite'));
    t.deepEqual(preferences['images.maxWidth'], { value: 240, layer: 'preset:kaios' });
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
    await withPair(
      async ({ back, through }) => {
        back.origin.on('/page', '<title>Boats</title><p>There.</p>');
        const reply = await through('/page', kaios);
        t.is(reply.status, 503);
        t.is(back.origin.requests.length, 0);
        t.notRegex(reply.text, /secret/);
      },
      { secret: 'another secret' },
    );
  },
);

test.serial('BACK_END without its secret, or with no address, stops the start with both faults', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'front-end-'));
  const error = await t.throwsAsync(startServer(testEnvironment(dataDir, { BACK_END: 'ship' }), { log: silentLog }));
  t.regex(error!.message, /BACK_END.*CHANNEL_SECRET/s);
  await rm(dataDir, { recursive: true, force: true });
});
