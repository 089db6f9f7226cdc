/** Links to pictures (`/-/image`): what the bandwidth-hero extension sends, in all combinations; keys that change, links that end. */
import { createHmac } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import sharp from 'sharp';
import { isAcceptable, parseAccept } from '../core/accept.ts';
import { GatewayError } from '../core/errors.ts';
import { type ImageRules, readImageLink } from '../gateway/modes/image-link.ts';
import { presets } from '../profiles/presets.ts';
import { CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { inWorld, type World } from './support/gateway.ts';
import {
  askAll,
  checkNotModified,
  decodes,
  type Exchange,
  type FieldSet,
  findConfusion,
} from './support/picture-exchanges.ts';
import { animation, disc, photo } from './support/pictures.ts';

/** The extension sends all three; other programs that speak to such a server leave some out. */
const JPEG = ['', '&jpeg=0', '&jpeg=1'];
const BW = ['', '&bw=0', '&bw=1'];
const LEVELS = ['', '&l=20', '&l=80'];

const ACCEPTS = [
  'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  'image/webp,*/*;q=0.5',
  'image/jpeg,image/png;q=0.5',
  '*/*',
];
const WAYS: readonly FieldSet[] = ACCEPTS.flatMap((accept) =>
  [{}, { 'save-data': 'on' }].flatMap((saving) =>
    ['desktop', 'kaios', 'e-reader'].map((preset) => ({
      ...CLIENTS.desktopImage,
      accept,
      ...saving,
      'format-profile': preset,
    })),
  ),
);

interface Served {
  readonly path: string;
  readonly type: string;
  readonly cacheControl: string;
  readonly body: Buffer;
}

async function serve({ origin }: World): Promise<Served[]> {
  const pictures = [
    { path: '/photo.jpg', type: 'image/jpeg', body: await photo(120, 90).jpeg({ quality: 95 }).toBuffer() },
    { path: '/disc.png', type: 'image/png', body: await disc(64).png().toBuffer() },
    { path: '/moves.gif', type: 'image/gif', body: await animation('gif', 3, 80, 60) },
    // So small that nothing made of it would be smaller.
    { path: '/dot.jpg', type: 'image/jpeg', body: await photo(8, 8).jpeg({ quality: 30 }).toBuffer() },
    { path: '/fixed.jpg', type: 'image/jpeg', body: await photo(120, 90, 3).jpeg().toBuffer() },
  ];
  return pictures.map((picture) => {
    const cacheControl = `max-age=600${picture.path === '/fixed.jpg' ? ', no-transform' : ''}`;
    const fields = { 'content-type': picture.type, 'cache-control': cacheControl, etag: `"${picture.path}"` };
    origin.on(picture.path, (_request, response) => response.writeHead(200, fields).end(picture.body));
    return { ...picture, cacheControl };
  });
}

async function isGrey(body: Buffer): Promise<boolean> {
  const { data, info } = await sharp(body)
    .flatten({ background: '#ffffff' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels < 3) return true;
  for (let at = 0; at < data.length; at += info.channels)
    if (Math.max(Math.abs(data[at]! - data[at + 1]!), Math.abs(data[at]! - data[at + 2]!)) > 2) return false;
  return true;
}

const decoded = new Map<string, Promise<readonly [isDecoded: boolean, isGrey: boolean]>>();

async function checkAnswer(t: ExecutionContext, { path, asked, answer }: Exchange, served: Served): Promise<void> {
  const type = String(answer.fields['content-type']);
  const about = `${path} ${asked['format-profile']}, ${asked['accept']}: ${answer.status} ${type} ${answer.fields['format-chain']}`;
  t.is(answer.status, 200, about);
  if (served.cacheControl.includes('no-transform')) {
    t.true(answer.body.equals(served.body), about);
    return;
  }
  // Who asks by the link for a JPEG takes one, whatever the browser says of itself.
  const mayBe = path.includes('jpeg=1')
    ? type === 'image/jpeg'
    : isAcceptable(parseAccept(asked['accept']), type) || answer.fields['format-chain'] === 'none;reason=unmet';
  t.true(mayBe, about);
  const key = `${type} ${answer.fields.etag}`;
  if (!decoded.has(key)) decoded.set(key, Promise.all([decodes(type, answer.body), isGrey(answer.body)]));
  const [isDecoded, hasNoColour] = await decoded.get(key)!;
  t.true(isDecoded, about);
  const wantsGrey =
    path.includes('bw=1') || presets.get(asked['format-profile']!)!.prefers?.images?.color !== undefined;
  if (path.includes('bw=1')) t.true(hasNoColour, about);
  else if (!wantsGrey && served.path === '/photo.jpg') t.false(hasNoColour, about);
}

test(
  'what bandwidth-hero asks, in all combinations: decodable by who asked, kept apart by Vary, alike as a 304 and where it is passed through (C-1, N-8, P-5, P-13)',
  inWorld(async (t, world) => {
    for (const served of await serve(world)) {
      const tags = new Set<string | undefined>();
      for (const [index, options] of JPEG.flatMap((a) => BW.flatMap((b) => LEVELS.map((c) => a + b + c))).entries()) {
        const path = `/-/image?url=${encodeURIComponent(world.origin.url + served.path)}${options}`;
        // Every way to ask meets every option, in a Latin square.
        const ways = WAYS.filter((_, way) => (way + index) % 3 === 0);
        const exchanges = await askAll(world, path, ways);
        for (const exchange of exchanges) {
          await checkAnswer(t, exchange, served);
          tags.add(exchange.answer.fields.etag);
        }
        t.is(findConfusion(exchanges), undefined, path);
        await checkNotModified(
          t,
          world,
          exchanges.filter((_, each) => each === index % exchanges.length),
        );
      }
      t.true(served.path === '/fixed.jpg' ? tags.size === 1 : tags.size > 2, `${served.path}: ${tags.size} variants`);
    }
  }),
);

const URL_ASKED = 'http://elsewhere.example/p.jpg';

function rulesWith(clock: FakeClock, keys: Readonly<Record<string, string>>): ImageRules {
  return {
    hosts: [],
    upstreamAllow: [],
    keys: Object.entries(keys).map(([kid, secret]) => ({ kid, secret })),
    clock,
  };
}

function sign(kid: string, secret: string, expires: number | string): string {
  const parameters = [`url=${encodeURIComponent(URL_ASKED)}`, 'w=64', `exp=${expires}`, `kid=${kid}`];
  const message = `/-/image?${[...parameters].sort().join('&')}`;
  return `/-/image?${parameters.join('&')}&sig=${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

/** What is read of a link, or the reason it is refused for. */
function outcome(path: string, rules: ImageRules): string {
  try {
    return readImageLink(path, rules, { sites: [], site: undefined }).url.href;
  } catch (error) {
    return error instanceof GatewayError ? `${error.code} ${error.message}` : String(error);
  }
}

test('threat 15: keys of links change without a gap: old links hold while their key is listed, new ones at once, none afterwards', (t) => {
  const clock = new FakeClock();
  const later = Math.floor(clock.now() / 1_000) + 1_000;
  const [old, fresh] = [sign('2025', 'the old secret', later), sign('2026', 'the new secret', later)];
  const before = rulesWith(clock, { 2025: 'the old secret' });
  const both = rulesWith(clock, { 2026: 'the new secret', 2025: 'the old secret' });
  const after = rulesWith(clock, { 2026: 'the new secret' });
  t.deepEqual(
    [before, both, after].map((rules) => [outcome(old, rules) === URL_ASKED, outcome(fresh, rules) === URL_ASKED]),
    [
      [true, false],
      [true, true],
      [false, true],
    ],
  );
  t.regex(outcome(old, after), /^FORBIDDEN/);
  // A name that is used again for another secret does not bring old links back.
  t.regex(outcome(old, rulesWith(clock, { 2025: 'the new secret' })), /^FORBIDDEN/);
  t.regex(outcome(old.replace('kid=2025', 'kid=2026'), both), /^FORBIDDEN/, 'a link cannot be moved to another key');
  t.regex(outcome(old.replace(/&kid=\d+/, ''), both), /^FORBIDDEN/, 'nor be without one');
  t.regex(outcome(sign('', '', later), rulesWith(clock, {})), /^FORBIDDEN/, 'where there is no key there is no link');
});

test('threat 15: a signed link ends in the second it names, to the millisecond; no time, or none that is one, is no link', (t) => {
  const clock = new FakeClock();
  const rules = rulesWith(clock, { k: 'secret' });
  const ends = Math.floor(clock.now() / 1_000) + 60;
  const path = sign('k', 'secret', ends);
  clock.advance(ends * 1_000 - clock.now() - 1);
  t.is(outcome(path, rules), URL_ASKED);
  clock.advance(1);
  t.regex(outcome(path, rules), /^FORBIDDEN/);
  t.regex(outcome(path.replace(`exp=${ends}`, `exp=${ends + 60}`), rules), /^FORBIDDEN/, 'nobody else prolongs it');
  for (const expires of ['', '-1', '1e99', `${ends + 60}.5`, '9'.repeat(13), 'never', '0x7fffffff'])
    t.regex(outcome(sign('k', 'secret', expires), rules), /^FORBIDDEN/, expires);
  t.is(outcome(sign('k', 'secret', ends + 60), rules), URL_ASKED);
});
