/** Every way to ask for a picture: Accept, client hints, Save-Data and presets in all combinations (C-1, N-8). */
import test, { type ExecutionContext } from 'ava';
import { isAcceptable, parseAccept } from '../core/accept.ts';
import { silentLog } from '../core/log.ts';
import { makeImprover } from '../gateway/cache/improver.ts';
import { type Answer, CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { inWorld } from './support/gateway.ts';
import {
  askAll,
  checkNotModified,
  decodes,
  type Exchange,
  type FieldSet,
  findConfusion,
} from './support/picture-exchanges.ts';
import { animation, disc, photo } from './support/pictures.ts';

const ACCEPTS = [
  'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  'image/webp,*/*;q=0.5',
  'image/jpeg,image/gif;q=0.5',
  'image/avif;q=0,image/webp;q=0,*/*',
  'image/png',
  'image/vnd.wap.wbmp',
  'image/x-sixel, image/gif;q=0.3',
  '*/*',
];
const HINTS: readonly FieldSet[] = [{}, { 'sec-ch-width': '96' }, { 'sec-ch-dpr': '2', 'sec-ch-viewport-width': '60' }];
const SAVINGS: readonly FieldSet[] = [{}, { 'save-data': 'on' }];
const PRESETS = ['desktop', 'phone', 'low-bandwidth', 'kaios', 'e-reader', 'wap', 'retro', 'terminal'];

function everyWay(): FieldSet[] {
  return PRESETS.flatMap((preset) =>
    ACCEPTS.flatMap((accept) =>
      HINTS.flatMap((hints) =>
        SAVINGS.map((saving) => ({ ...CLIENTS.desktopImage, accept, ...hints, ...saving, 'format-profile': preset })),
      ),
    ),
  );
}

async function checkAnswers(t: ExecutionContext, exchanges: readonly Exchange[]): Promise<void> {
  const known = new Map<string, boolean>();
  for (const { asked, answer } of exchanges) {
    const type = String(answer.fields['content-type']);
    const about = `${asked['format-profile']}, ${asked['accept']}: ${answer.status} ${type}`;
    t.is(answer.status, 200, about);
    // Where Accept and a named profile have nothing in common, Accept decides the type and the profile the size (N-7).
    t.true(isAcceptable(parseAccept(asked['accept']), type), about);
    const key = `${type} ${answer.fields.etag}`;
    if (!known.has(key)) known.set(key, await decodes(type, answer.body));
    t.true(known.get(key), about);
  }
  t.is(findConfusion(exchanges), undefined);
}

test(
  'every answer can be decoded by who asked and is kept apart by Vary, whatever Accept, hints, Save-Data and preset say (C-1, N-8)',
  inWorld(async (t, world) => {
    const pictures = [
      { path: '/photo.jpg', type: 'image/jpeg', body: await photo(160, 120).jpeg({ quality: 95 }).toBuffer() },
      { path: '/disc.png', type: 'image/png', body: await disc(96).png().toBuffer() },
      { path: '/moves.gif', type: 'image/gif', body: await animation('gif', 3, 80, 60) },
    ];
    for (const { path, type, body } of pictures) {
      const fields = { 'content-type': type, 'cache-control': 'max-age=600', etag: '"of-the-origin"' };
      world.origin.on(path, (_request, response) => response.writeHead(200, fields).end(body));
      const exchanges = await askAll(world, `/${world.origin.url}${path}`, everyWay());
      t.is(exchanges.length, PRESETS.length * ACCEPTS.length * HINTS.length * SAVINGS.length);
      await checkAnswers(t, exchanges);
      const tags = new Set(exchanges.map(({ answer }) => answer.fields.etag));
      t.true(
        tags.size > 5 && tags.size < exchanges.length / 2,
        `few variants, that caches meet: ${path} ${tags.size} of ${exchanges.length}`,
      );
      await checkNotModified(
        t,
        world,
        exchanges.filter((_, index) => index % 7 === 0),
      );
    }
  }),
);

test(
  'what may not be transformed is the same for everybody, on the way and as a 304 (P-5, N-8)',
  inWorld(async (t, world) => {
    const body = await photo(160, 120).jpeg().toBuffer();
    const fields = {
      'content-type': 'image/jpeg',
      'cache-control': 'max-age=600, no-transform',
      etag: '"of-the-origin"',
    };
    world.origin.on('/fixed.jpg', (_request, response) => response.writeHead(200, fields).end(body));
    const ways = everyWay().filter((_, index) => index % 11 === 0);
    const exchanges = await askAll(world, `/${world.origin.url}/fixed.jpg`, ways);
    for (const { asked, answer } of exchanges) {
      t.true(answer.body.equals(body), JSON.stringify(asked));
      t.is(answer.fields.etag, '"of-the-origin"');
    }
    t.is(findConfusion(exchanges), undefined);
    await checkNotModified(
      t,
      world,
      exchanges.filter((_, index) => index % 7 === 0),
    );
  }),
);

test('what was made in haste is made properly once nobody waits: one at a time, each once, within bounds', async (t) => {
  const clock = new FakeClock();
  const load = { busy: 1, queued: 2 };
  const improver = makeImprover({ load: () => load, clock, log: silentLog });
  const made: string[] = [];
  const let1 = Promise.withResolvers<void>();
  const put = (key: string, make: () => Promise<void>, bytes = 1_000) =>
    improver.add({
      key,
      bytes,
      make: async () => {
        made.push(key);
        await make();
      },
    });
  t.true(improver.isHurried());
  put('a', () => let1.promise);
  put('a', async () => t.fail('it is there already'));
  put('too large', async () => t.fail('it is over the bound'), 40_000_000);
  put('b', async () => {
    throw new Error('it cannot be done');
  });
  put('c', async () => {});
  clock.advance(1_000);
  t.deepEqual(made, [], 'not while others work');
  load.queued = 0;
  t.false(improver.isHurried());
  clock.advance(1_000);
  t.deepEqual(made, []);
  load.busy = 0;
  clock.advance(750);
  t.deepEqual(made, [], 'not in a moment’s rest');
  clock.advance(1_000);
  t.deepEqual(made, ['a'], 'one at a time');
  let1.resolve();
  for (const expected of [
    ['a', 'b'],
    ['a', 'b', 'c'],
  ]) {
    await new Promise(setImmediate);
    clock.advance(250);
    t.deepEqual(made, expected);
  }
  improver.close();
  t.is(clock.pending, 0);
});

test(
  'who would have to wait is sent AVIF that was coded in haste; later the better one, under a tag of its own',
  inWorld(async (t, world) => {
    const paths = Array.from({ length: 6 }, (_, index) => `/photo-${index}.jpg`);
    for (const [index, path] of paths.entries()) {
      const body = await photo(800, 600, index + 1)
        .jpeg({ quality: 92 })
        .toBuffer();
      world.origin.on(path, (_request, response) =>
        response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }).end(body),
      );
    }
    const askFor = (path: string) => world.through(path, { fields: CLIENTS.desktopImage });
    const first = await Promise.all(paths.map(askFor));
    const later: Answer[] = [];
    for (const path of paths) later.push(await askFor(path));
    for (const answer of [...first, ...later])
      t.deepEqual([answer.status, answer.fields['content-type']], [200, 'image/avif']);
    const improved = first.flatMap((answer, index) =>
      answer.fields.etag === later[index]!.fields.etag ? [] : [later[index]!.body.length / answer.body.length],
    );
    t.true(improved.length >= 2 && improved.length < paths.length, `${improved.length} of ${paths.length} in haste`);
    for (const share of improved) t.true(share < 1, `better is smaller: ${share}`);
    const again = await askFor(paths.at(-1)!);
    t.is(again.fields.etag, later.at(-1)!.fields.etag);
    t.regex(String(again.fields['cache-status']), /gw-variant; hit/);
  }),
);

test(
  'equal misses at once cause one fetch and one encoding, also those that come while the original is on its way to the disk (C-6)',
  inWorld(async (t, world) => {
    const body = await photo(1_200, 900).jpeg({ quality: 97 }).toBuffer();
    t.true(body.length > 100_000, 'a file of its own on the disk');
    let fetches = 0;
    world.origin.on('/large.jpg', (_request, response) => {
      fetches += 1;
      response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }).end(body);
    });
    const fields = { ...CLIENTS.desktopImage, accept: 'image/webp', 'sec-ch-width': '640' };
    const answers = await Promise.all(Array.from({ length: 24 }, () => world.through('/large.jpg', { fields })));
    const made = answers.filter((answer) => !/gw-variant; hit|collapsed/.test(String(answer.fields['cache-status'])));
    t.deepEqual([fetches, made.length], [1, 1]);
    t.is(new Set(answers.map(({ status, fields: { etag } }) => `${status} ${etag}`)).size, 1);
  }),
);
