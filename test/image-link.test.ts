/** `/-/image`: pictures by link, in the size and format that was asked, for hosts that are named and links that are signed. */
import { createHmac } from 'node:crypto';
import test from 'ava';
import sharp from 'sharp';
import { CLIENTS } from './support/client.ts';
import { inWorld, type World } from './support/gateway.ts';

const SECRET = 'a secret of some length';
const NOW = Math.floor(Date.UTC(2026, 10, 23) / 1_000);

async function photograph(): Promise<Buffer> {
  const [width, height] = [800, 500];
  const pixels = Buffer.alloc(width * height * 3);
  for (let index = 0; index < pixels.length; index++) {
    const [x, y] = [Math.floor(index / 3) % width, Math.floor(index / 3 / width)];
    pixels[index] = (128 + 90 * Math.sin(x / 37 + index) + 30 * Math.cos(y / 11)) & 255;
  }
  return await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
}

async function servePictures({ origin }: World): Promise<Buffer> {
  const jpeg = await photograph();
  const send = (body: Buffer | string, type: string, status = 200) =>
    origin.on(status === 200 ? `/pic.${type.split('/')[1]}` : `/gone`, (_, response) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'max-age=60', 'set-cookie': 'a=b' });
      response.end(body);
    });
  send(jpeg, 'image/jpeg');
  send('<p>Not here</p>', 'text/html', 404);
  send('<p>A page</p>', 'text/html');
  origin.on('/moved', (_, response) => response.writeHead(302, { location: '/pic.jpeg' }).end());
  return jpeg;
}

function link(parameters: Readonly<Record<string, string | number>>): string {
  return `/-/image?${Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')}`;
}

function signed(path: string, kid = 'k1', exp = 4_000_000_000): string {
  const parameters = [...path.slice(path.indexOf('?') + 1).split('&'), `exp=${exp}`, `kid=${kid}`];
  const message = `/-/image?${[...parameters].sort().join('&')}`;
  return `/-/image?${parameters.join('&')}&sig=${createHmac('sha256', SECRET).update(message).digest('base64url')}`;
}

test(
  'width, height, quality, grey and format are what the link says, in a format that Accept takes',
  inWorld(async (t, world) => {
    const original = await servePictures(world);
    const { get, origin } = world;
    const url = `${origin.url}/pic.jpeg`;
    const shown = async (
      parameters: Record<string, string | number>,
      fields: Record<string, string> = CLIENTS.desktopImage,
    ) => {
      const answer = await get(link({ url, ...parameters }), { fields });
      t.is(answer.status, 200, `${JSON.stringify(parameters)}: ${answer.text.slice(0, 200)}`);
      t.is(answer.fields['set-cookie'], undefined);
      t.false(String(answer.fields['cache-control']).includes('private'), 'nobody’s own');
      return { ...answer, picture: await sharp(answer.body).metadata() };
    };
    const avif = await shown({ w: 320 });
    t.is(avif.fields['content-type'], 'image/avif');
    t.is(avif.picture.width, 320);
    t.regex(String(avif.fields.vary), /Accept/);
    const jpeg = await shown({ w: 320, format: 'jpg', q: 40 });
    t.is(jpeg.fields['content-type'], 'image/jpeg');
    const better = await shown({ w: 320, format: 'jpeg', q: 90 });
    t.true(better.body.byteLength > jpeg.body.byteLength);
    const cut = await shown({ w: 100, h: 100, fit: 'cover', format: 'png' });
    t.deepEqual([cut.picture.width, cut.picture.height, cut.picture.format], [100, 100, 'png']);
    const within = await shown({ w: 100, h: 100, format: 'webp' });
    t.deepEqual([within.picture.width, within.picture.height], [100, 63]);
    const grey = await shown({ w: 120, bw: 1, format: 'png' });
    const { channels } = await sharp(grey.body).stats();
    t.true(channels.length < 3 || channels.every(({ mean }) => Math.abs(mean - channels[0]!.mean) < 1));
    const hero = await shown({ jpeg: 1, l: 40, bw: 0 }, CLIENTS.curl);
    t.is(hero.fields['content-type'], 'image/jpeg');
    const plain = await shown({}, CLIENTS.curl);
    t.is(plain.fields['content-type'], 'image/jpeg', 'whoever takes anything gets what it is');
    t.true(plain.body.byteLength <= original.byteLength);
    const again = await get(link({ url, w: 320 }), {
      fields: { ...CLIENTS.desktopImage, 'if-none-match': String(avif.fields.etag) },
    });
    t.is(again.status, 304);
    t.is(again.fields.vary, avif.fields.vary);
  }),
);

test(
  'nothing of the client goes along: no cookie, no password, no Referer; redirects are followed inside',
  inWorld(async (t, world) => {
    await servePictures(world);
    const { get, origin } = world;
    const answer = await get(link({ url: `${origin.url}/moved`, w: 64 }), {
      fields: {
        ...CLIENTS.desktopImage,
        cookie: 'format-jar=x; own=1',
        authorization: 'Basic x',
        referer: 'http://a.example/',
      },
    });
    t.is(answer.status, 200);
    t.deepEqual(
      origin.requests.map(({ path }) => path),
      ['/moved', '/pic.jpeg'],
    );
    for (const { fields } of origin.requests)
      for (const name of ['cookie', 'authorization', 'referer']) t.is(fields[name], undefined, name);
  }),
);

test(
  'what is no picture is 415, what is not there 404, wrong parameters are 400 naming them, a format that cannot be is 406',
  inWorld(async (t, world) => {
    await servePictures(world);
    const { get, origin } = world;
    const url = `${origin.url}/pic.jpeg`;
    t.is((await get(link({ url: `${origin.url}/pic.html` }))).status, 415);
    t.is((await get(link({ url: `${origin.url}/gone` }))).status, 404);
    for (const [parameters, named] of [
      [{ url, w: 0 }, 'w'],
      [{ url, w: 99_999 }, 'w'],
      [{ url, h: 'x' }, 'h'],
      [{ url, q: 101 }, 'q'],
      [{ url, bw: 'yes' }, 'bw'],
      [{ url, fit: 'stretch' }, 'fit'],
      [{ url, format: 'tiff' }, 'format'],
      [{ w: 10 }, 'url'],
    ] as const) {
      const answer = await get(link(parameters as Record<string, string | number>));
      t.is(answer.status, 400, JSON.stringify(parameters));
      t.true(answer.text.includes(`\`${named}\``), answer.text);
    }
    t.is((await get(`${link({ url })}&w=1&w=2`)).status, 400);
    t.is((await get(link({ url: 'file:///etc/passwd' }))).status, 400);
    const drawing = await get(link({ url, w: 10 }), { fields: { accept: 'image/x-unheard' } });
    t.is(drawing.status, 406, drawing.text);
  }),
);

test(
  'threat 15: a host that is not named needs a signature; a flipped bit, an old link and an unknown key are 403',
  inWorld(
    async (t, world) => {
      await servePictures(world);
      const { get, origin } = world;
      const path = link({ w: 64, url: `${origin.url.replace('127.0.0.1', 'localhost')}/pic.jpeg` });
      t.is((await get(path)).status, 403);
      const good = signed(path);
      t.is((await get(good, { fields: CLIENTS.desktopImage })).status, 200);
      t.is((await get(good.replace('w=64', 'w=65'))).status, 403, 'another width');
      t.is((await get(good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A'))).status, 403, 'another signature');
      t.is((await get(signed(path, 'k2'))).status, 403, 'the secret of another key');
      t.is((await get(signed(path, 'nobody'))).status, 403);
      t.is((await get(signed(path, 'k1', NOW - 100_000_000))).status, 403, 'expired');
      t.is((await get(good.replace(/&exp=\d+/, ''))).status, 403, 'without an end');
      const reordered = good.replace(/\?(w=\d+)&(url=[^&]+)/, '?$2&$1');
      t.is((await get(reordered, { fields: CLIENTS.desktopImage })).status, 200, 'the order does not matter');
      t.is(origin.requests.length, 2, 'the others were refused before anything was fetched');
    },
    {
      environment: {
        UPSTREAM_ALLOW: '127.0.0.0/8',
        LINK_KEYS: `k1:${SECRET},k2:another secret of some length`,
        // Links are for those whom the gateway does not know.
        CLIENTS_ALLOW: 'none',
      },
    },
  ),
);
