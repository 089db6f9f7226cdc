import test from 'ava';
import fc from 'fast-check';
import sharp from 'sharp';
import type { FormatFailure } from '../core/executor.ts';
import { readAnimatedPng } from '../formatters/image/animated-png.ts';
import { shownMotion, thinFrames, wholeHundredths } from '../formatters/image/thin-frames.ts';
import { CLIENTS } from './support/client.ts';
import { formatWith } from './support/format-with.ts';
import { inWorld } from './support/gateway.ts';
import { type GifFrame, makeApng, makeGif, type PngFrame } from './support/moving-pictures.ts';
import { animation, photo } from './support/pictures.ts';

const { make } = await formatWith('image');

const GIF = 'image/gif';
const WEBP = 'image/webp';
const PNG = 'image/png';
const AVIF = 'image/avif';
const JPEG = 'image/jpeg';
const CLEAN = { clean: true, quality: 80 };

interface Shown {
  readonly frames: readonly string[];
  readonly delays: readonly number[];
  readonly loop: number;
}

/** Each frame as names of colours, `.` where nothing is, row by row. */
async function show(body: Uint8Array): Promise<Shown> {
  const moving = sharp(body, { animated: true });
  const { pages = 1, width, pageHeight, height, delay = [], loop = 1 } = await moving.metadata();
  const pixels = await moving.ensureAlpha().raw().toBuffer();
  const frameBytes = width * (pageHeight ?? height) * 4;
  const frames = Array.from({ length: pages }, (_, frame) => {
    const names = [];
    for (let at = frame * frameBytes; at < (frame + 1) * frameBytes; at += 4)
      names.push(nameOf(pixels.subarray(at, at + 4)));
    return names.join('');
  });
  return { frames, delays: delay, loop };
}

function nameOf([red = 0, green = 0, blue = 0, alpha = 0]: Uint8Array): string {
  if (alpha < 128) return '.';
  return red > green && red > blue ? 'r' : green > blue ? 'g' : 'b';
}

const total = (delays: readonly number[]) => delays.reduce((sum, delay) => sum + delay, 0);

test('what is thinned plays as long and as often, from its first frame to its last, evenly (law)', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 2, maxLength: 80 }),
      fc.integer({ min: 2, max: 90 }),
      fc.nat(5),
      (delays, count, loop) => {
        const motion = shownMotion({ delays, loop });
        const { frames, ...thinned } = thinFrames(motion, count);
        t.is(frames.length, thinned.delays.length);
        t.true(frames.length >= 2 && frames.length <= Math.min(count, delays.length));
        t.deepEqual([frames[0], frames.at(-1), thinned.loop], [0, delays.length - 1, loop]);
        t.is(total(thinned.delays), total(motion.delays));
        t.true(frames.every((frame, index) => index === 0 || frame > frames[index - 1]!));
        const whole = wholeHundredths(thinned.delays);
        t.true(whole.every((delay) => delay % 10 === 0));
        t.true(whole.every((delay) => delay >= 20));
        const isSlow = thinned.delays.every((delay) => delay >= 20);
        t.true(
          !isSlow || Math.abs(total(whole) - total(thinned.delays)) <= 5,
          'what is rounded off is given to the next',
        );
      },
    ),
  );
  const even = thinFrames({ delays: Array.from({ length: 100 }, () => 40), loop: 0 }, 21);
  t.true(
    even.delays.slice(0, -1).every((delay) => delay >= 160 && delay <= 240),
    even.delays.join(),
  );
});

/** What it shows, frame by frame, is written beside it. */
const PARTS: readonly GifFrame[] = [
  { at: [0, 0], size: [4, 2], colours: 'r', delayMs: 100 }, // rrrr rrrr
  { at: [0, 0], size: [2, 1], colours: 'g', delayMs: 200, dispose: 'clear' }, // ggrr rrrr, then ..rr rrrr
  { at: [2, 1], size: [2, 1], colours: 'b', delayMs: 300, dispose: 'restore' }, // ..rr rrbb, then ..rr rrrr
  { at: [1, 0], size: [2, 1], colours: 'b.', delayMs: 400 }, // .brr rrrr
];
const PARTS_SHOWN = ['rrrrrrrr', 'ggrrrrrr', '..rrrrbb', '.brrrrrr'];

/** Eight times as large, so that no codec's blocks blur the colours into each other. */
function enlarged(frames: readonly GifFrame[]): GifFrame[] {
  return frames.map((frame) => {
    const [width, height] = frame.size;
    const rows = frame.colours.length === 1 ? undefined : frame.colours.match(new RegExp(`.{${width}}`, 'g'))!;
    const wide = rows
      ?.map((row) =>
        [...row]
          .map((name) => name.repeat(8))
          .join('')
          .repeat(8),
      )
      .join('');
    return {
      ...frame,
      at: [frame.at[0] * 8, frame.at[1] * 8],
      size: [width * 8, height * 8],
      colours: wide ?? frame.colours,
    };
  });
}

/** The middle of each block of eight. */
const shrink = (frame: string) => [4, 12].flatMap((y) => [4, 12, 20, 28].map((x) => frame[y * 32 + x])).join('');

test('frames that are parts of a picture are laid over each other as they say, thinned or not', async (t) => {
  const original = makeGif(32, 16, enlarged(PARTS), 2);
  t.deepEqual((await show(original)).frames.map(shrink), PARTS_SHOWN, 'by another decoder');
  for (const to of [GIF, WEBP]) {
    // Named: as WebP it is larger than so simple a GIF.
    const whole = await show(
      (await make(original, { from: GIF, to, demands: { ...CLEAN, format: true } })).body as Buffer,
    );
    t.deepEqual(whole.frames.map(shrink), PARTS_SHOWN, to);
    t.deepEqual([whole.delays, whole.loop], [[100, 200, 300, 400], 3], to);
    const demands = { ...CLEAN, format: true, maxWidth: 31, light: true };
    const slow = makeGif(32, 16, enlarged(PARTS.map((each) => ({ ...each, delayMs: 60 }))), 2);
    const { body, notes } = await make(slow, { from: GIF, to, demands });
    const { pages, delay, loop } = await sharp(body as Buffer, { animated: true }).metadata();
    t.deepEqual([pages, delay, loop], [2, [180, 60], 3], `${to}: five frames a second are enough`);
    t.deepEqual(notes.find(({ event }) => event === 'animation-thinned')?.fields, { frames: 4, kept: 2 });
    const pixels = await sharp(body as Buffer, { animated: true })
      .ensureAlpha()
      .raw()
      .toBuffer();
    const colour = (frame: number, x: number, y: number) => nameOf(pixels.subarray(((frame * 16 + y) * 31 + x) * 4));
    t.is([2, 10, 20, 28].map((x) => colour(1, x, 4)).join(''), '.brr', `${to}: the last frame, whole`);
  }
});

test('an animation in few bytes: fewer frames first, then less of each, at last the first alone', async (t) => {
  const original = await animation('webp', 24, 320, 240);
  const ms = 24 * 90;
  const whole = (await make(original, { from: WEBP, to: WEBP, demands: { quality: 60, maxWidth: 240 } }))
    .body as Buffer;
  const of = async (share: number) => {
    const maxBytes = Math.round(whole.length * share);
    const demands = { clean: true, quality: 60, maxWidth: 240, maxBytes };
    const { body, notes } = await make(original, { from: WEBP, to: WEBP, demands });
    t.true(body!.length <= maxBytes, `${body!.length} of ${maxBytes}`);
    const { pages = 1, delay = [] } = await sharp(body as Buffer, { animated: true }).metadata();
    return { pages, delay, events: notes.map(({ event }) => event) };
  };
  const most = await of(0.8);
  t.true(most.pages >= 8 && most.pages < 24, `${most.pages} frames`);
  t.is(total(most.delay), ms);
  t.true(most.events.includes('animation-thinned'));
  const few = await of(0.3);
  t.true(few.pages >= 2 && few.pages < most.pages, `${few.pages} frames`);
  t.is(total(few.delay), ms);
  const one = await of(0.15);
  t.is(one.pages, 1);
  t.true(one.events.includes('animation-lost'));
});

test('more frames than GIF can tell apart are thinned for it', async (t) => {
  const quick = await sharp(await animation('webp', 12), { animated: true })
    .webp({ delay: Array.from({ length: 12 }, () => 16), loop: 0, effort: 0 })
    .toBuffer();
  const { body } = await make(quick, { from: WEBP, to: GIF, demands: { ...CLEAN, format: true } });
  const { pages, delay } = await sharp(body as Buffer, { animated: true }).metadata();
  t.true(pages! < 12 && delay!.every((each) => each >= 20), delay!.join());
  t.true(Math.abs(total(delay!) - 12 * 16) <= 20);
});

test('an animation is refused by its header: by frames, by pixels of all frames, in no time (threat 39)', async (t) => {
  const tiny: GifFrame = { at: [0, 0], size: [1, 1], colours: 'r', delayMs: 20 };
  const many = makeGif(
    16,
    16,
    Array.from({ length: 3_100 }, () => tiny),
    0,
  );
  const wide = makeGif(
    2_000,
    2_000,
    Array.from({ length: 9 }, () => tiny),
    0,
  );
  for (const bomb of [many, wide]) {
    for (const to of [GIF, WEBP]) {
      const costs: number[] = [];
      // The least of three: the process has other threads.
      for (let round = 0; round < 3; round++) {
        const started = process.cpuUsage();
        const asked = { from: GIF, to, demands: { ...CLEAN, light: true } };
        const error = await t.throwsAsync<FormatFailure>(make(bomb, asked));
        const { user, system } = process.cpuUsage(started);
        costs.push(user + system);
        t.is(error?.kind, 'too-large');
      }
      t.true(Math.min(...costs) < 100_000, `${costs.join(', ')} µs`);
    }
  }
});

const RED = [220, 20, 30, 255] as const;
const GREEN = [20, 160, 40, 255] as const;
const BLUE = [30, 60, 220, 255] as const;
const NOTHING = [0, 0, 0, 0] as const;

/** As `PARTS`, and one that lies over what is there with holes, and one that makes a hole. */
const PNG_PARTS: readonly PngFrame[] = [
  { at: [0, 0], size: [32, 16], colour: RED, delayMs: 100 },
  { at: [0, 0], size: [16, 8], colour: GREEN, delayMs: 200, dispose: 'clear' },
  { at: [16, 8], size: [16, 8], colour: BLUE, delayMs: 300, dispose: 'restore' },
  { at: [8, 0], size: [16, 8], colour: NOTHING, delayMs: 400, blend: true },
  { at: [8, 8], size: [16, 8], colour: NOTHING, delayMs: 500 },
];
const PNG_SHOWN = ['rrrrrrrr', 'ggrrrrrr', '..rrrrbb', '..rrrrrr', '..rrr..r'];

test('an animated PNG moves on in WebP and GIF, frames laid as they say; where it cannot it is kept, or told', async (t) => {
  for (const hidden of [false, true]) {
    const original = await makeApng(32, 16, PNG_PARTS, { loop: 2, hidden });
    for (const to of [GIF, WEBP]) {
      const { body } = await make(original, { from: PNG, to, demands: { ...CLEAN, format: true } });
      const { frames, delays, loop } = await show(body as Buffer);
      t.deepEqual(frames.map(shrink), PNG_SHOWN, `${to} ${hidden}`);
      t.deepEqual([delays, loop], [[100, 200, 300, 400, 500], 2], to);
    }
    const kept = await make(original, { from: PNG, to: PNG, demands: CLEAN });
    t.true(Buffer.from(kept.body as Buffer).equals(original));
    const refusal = await t.throwsAsync<FormatFailure>(make(original, { from: PNG, to: AVIF, demands: CLEAN }));
    t.is(refusal?.kind, 'cannot', 'AVIF would stop it');
    const still = await make(original, { from: PNG, to: JPEG, demands: { ...CLEAN, format: true } });
    t.true(still.notes.some(({ event }) => event === 'animation-lost'));
    const large = { from: PNG, to: WEBP, demands: CLEAN, maxPixels: 5_000 };
    const tooMany = await t.throwsAsync<FormatFailure>(make(original, large));
    t.is(tooMany?.kind, 'cannot', 'too many pixels over all frames: another chain is taken');
    t.is(readAnimatedPng(original)?.frames.length, 5);
    for (const [chunk, at, value] of [
      ['acTL', 4, 7],
      ['fcTL', 8, 33],
      ['fcTL', 16, 1],
    ] as const) {
      const broken = Buffer.from(original);
      broken.writeUInt32BE(value, broken.indexOf(chunk) + 4 + at - (chunk === 'acTL' ? 4 : 0));
      t.is(readAnimatedPng(broken), undefined, `a broken animation is a still: ${chunk} ${at}`);
    }
  }
  const shades = await makeApng(8, 8, [
    { at: [0, 0], size: [8, 8], colour: [200, 0, 0, 255], delayMs: 100 },
    { at: [0, 0], size: [8, 8], colour: [0, 0, 200, 102], delayMs: 100, blend: true },
  ]);
  const { body } = await make(shades, { from: PNG, to: WEBP, demands: { quality: 100, format: true } });
  const last = await sharp(body as Buffer, { page: 1 })
    .removeAlpha()
    .raw()
    .toBuffer();
  for (const [channel, value] of [120, 0, 80].entries())
    t.true(Math.abs(last[channel]! - value) <= 6, `${[...last.subarray(0, 3)]}`);
});

test(
  'whoever shows no animated WebP gets GIF, whoever reads on a slow link stands still (H-5), lite thins',
  inWorld(async (t, world) => {
    const moving = await animation('webp', 12);
    const serve = (path: string, type: string, body: Buffer) =>
      world.origin.on(path, (_request, response) => response.writeHead(200, { 'content-type': type }).end(body));
    serve('/moves.webp', WEBP, moving);
    serve('/moves.gif', GIF, await animation('gif', 12));
    const scenes = [1, 2, 3].map((seed) => photo(64, 48, seed).ensureAlpha().raw().toBuffer());
    const frames = (await Promise.all(scenes)).map(
      (colour) => ({ at: [0, 0], size: [64, 48], colour, delayMs: 300 }) as const,
    );
    serve('/moves.png', PNG, await makeApng(64, 48, frames));
    for (const [name, images, presentation] of [
      ['old-phone', { types: [JPEG, GIF], animation: true }, 'lite'],
      ['jpeg-phone', { types: [JPEG], animation: true }, 'lite'],
      ['lite-phone', { types: [WEBP, JPEG, GIF], animation: true }, 'lite'],
      ['full-phone', { types: [WEBP, JPEG, GIF], animation: true }, 'full'],
    ] as const)
      await world.admin('/api/profiles', {
        method: 'POST',
        json: {
          name,
          extends: 'phone',
          selectable: true,
          prefers: { presentation, images: { ...images, types: [...images.types] } },
        },
      });
    const get = async (path: string, fields: Readonly<Record<string, string>>) => {
      const answer = await world.through(path, { fields });
      const { pages = 1 } = await sharp(answer.body).metadata();
      return [answer.fields['content-type'], pages];
    };
    const accept = '*/*';
    t.deepEqual(await get('/moves.webp', { accept, 'format-profile': 'full-phone' }), [WEBP, 12]);
    t.deepEqual(await get('/moves.webp', { accept, 'format-profile': 'lite-phone' }), [WEBP, 6]);
    t.deepEqual(await get('/moves.webp', { accept, 'format-profile': 'old-phone' }), [GIF, 6]);
    t.deepEqual(await get('/moves.gif', { accept, 'format-profile': 'old-phone' }), [GIF, 6]);
    t.deepEqual(await get('/moves.webp', { accept, 'format-profile': 'full-phone', 'save-data': 'on' }), [WEBP, 1]);
    t.deepEqual(await get('/moves.gif', { ...CLIENTS.desktopImage, 'save-data': 'on' }), [AVIF, 1]);
    t.deepEqual(await get('/moves.png', CLIENTS.desktopImage), [WEBP, 3]);
    t.deepEqual(await get('/moves.png', { accept: JPEG }), [JPEG, 1]);
    for (const path of ['/moves.gif', '/moves.webp']) {
      t.deepEqual(await get(path, { accept: JPEG }), [JPEG, 1], 'there is nothing that moves which it takes');
      t.deepEqual(await get(path, { accept, 'format-profile': 'jpeg-phone' }), [JPEG, 1]);
    }
  }),
);
