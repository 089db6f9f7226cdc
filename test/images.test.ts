import test, { type ExecutionContext } from 'ava';
import sharp from 'sharp';
import type { PlainRecord } from '../core/component.ts';
import type { FormatFailure } from '../core/executor.ts';
import { inkOnPaper } from '../formatters/image/faint-edges.ts';
import { fitBytes } from '../formatters/image/fit-bytes.ts';
import { masterOf, masterSize } from '../formatters/image/masters.ts';
import { png as pngOf } from './support/bombs.ts';
import { CLIENTS } from './support/client.ts';
import { formatWith } from './support/format-with.ts';
import { inWorld } from './support/gateway.ts';
import { type Example, readExamples, writeExamples } from './support/picture-examples.ts';
import { animation, disc, graphic, photo, quarters } from './support/pictures.ts';
import { ssim } from './support/ssim.ts';
import { readHalfBlocks, readSixel } from './support/terminal-pictures.ts';

const { make, plan } = await formatWith('image');

const JPEG = 'image/jpeg';
const PNG = 'image/png';
const WEBP = 'image/webp';
const AVIF = 'image/avif';
const GIF = 'image/gif';
const WBMP = 'image/vnd.wap.wbmp';
const ALL = [JPEG, PNG, WEBP, AVIF, GIF, WBMP];
const SHARP_NAMES: Readonly<Record<string, string>> = {
  [JPEG]: 'jpeg',
  [PNG]: 'png',
  [WEBP]: 'webp',
  [AVIF]: 'heif',
  [GIF]: 'gif',
};

async function originals(): Promise<Readonly<Record<string, Buffer>>> {
  const picture = photo(240, 180);
  return {
    [JPEG]: await picture.clone().jpeg({ quality: 92 }).toBuffer(),
    [PNG]: await picture.clone().png().toBuffer(),
    [WEBP]: await picture.clone().webp({ quality: 90 }).toBuffer(),
    [AVIF]: await picture.clone().avif({ quality: 80, effort: 1 }).toBuffer(),
    [GIF]: await picture.clone().gif({ effort: 1 }).toBuffer(),
    [WBMP]: (await make(await picture.clone().png().toBuffer(), { from: PNG, to: WBMP })).body as Buffer,
  };
}

/** Width, height and bits of a wireless bitmap, read by other code than ours writes it with. */
function readWbmp(bytes: Uint8Array): { width: number; height: number; bits: (x: number, y: number) => number } {
  const numbers: number[] = [];
  let at = 2;
  while (numbers.length < 2) {
    let value = 0;
    do value = (value << 7) | (bytes[at]! & 127);
    while ((bytes[at++]! & 128) !== 0);
    numbers.push(value);
  }
  const [width, height] = numbers as [number, number];
  const row = (width + 7) >> 3;
  return { width, height, bits: (x, y) => (bytes[at + y * row + (x >> 3)]! >> (7 - (x & 7))) & 1 };
}

function noteOf(outcome: Awaited<ReturnType<typeof make>>, event: string): PlainRecord | undefined {
  return outcome.notes.find((note) => note.event === event)?.fields;
}

async function brightness(picture: Uint8Array): Promise<number> {
  const pixels = await sharp(picture).greyscale().toColourspace('b-w').raw().toBuffer();
  return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
}

async function pixelsOf(
  picture: Uint8Array,
): Promise<{ data: Buffer; width: number; height: number; channels: number }> {
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
  return { data, ...info };
}

test('every edge gives a picture of its type, in its size', async (t) => {
  const given = await originals();
  for (const from of ALL) {
    for (const to of from === WBMP ? [PNG, GIF, WBMP] : ALL) {
      const demands = { clean: true, quality: 70, maxWidth: 120 };
      const { body, mediaType } = await make(given[from]!, { from, to, demands });
      t.is(mediaType, to);
      if (to === WBMP) {
        const { width, height } = readWbmp(body);
        t.deepEqual([width, height], [120, 90], `${from} to ${to}`);
      } else {
        const { format, width, height } = await sharp(body).metadata();
        t.deepEqual([format, width, height], [SHARP_NAMES[to], 120, 90], `${from} to ${to}`);
        await t.notThrowsAsync(sharp(body, { failOn: 'warning' }).raw().toBuffer(), `${from} to ${to}`);
      }
    }
  }
});

test('no detour looks better to the planner than the edge there is', (t) => {
  for (const from of ALL) {
    for (const to of from === WBMP ? [PNG, GIF, WBMP] : ALL) {
      const { steps } = plan({
        from,
        to,
        demands: { clean: true, quality: 70, maxWidth: 120, still: true, light: true },
      });
      t.is(steps.length, 1, `${from} to ${to}`);
    }
  }
  t.true(plan({ from: PNG, to: JPEG }).keeps < plan({ from: PNG, to: WEBP }).keeps, 'JPEG loses transparency');
  t.true(plan({ from: GIF, to: JPEG }).keeps < plan({ from: GIF, to: WEBP }).keeps, 'JPEG loses motion');
});

test('what is not demanded is not done: no scaling, no greys, no loss, no enlargement', async (t) => {
  const jpeg = await photo(200, 150).jpeg().toBuffer();
  t.is(plan({ from: JPEG, to: JPEG }).steps.length, 0, 'nothing wanted, nothing run');
  const clean = await make(jpeg, { from: JPEG, to: JPEG, demands: { clean: true } });
  t.true((await pixelsOf(clean.body)).data.equals((await pixelsOf(jpeg)).data), 'the very same pixels');
  const webp = await sharp((await make(jpeg, { from: JPEG, to: WEBP, demands: {} })).body).metadata();
  t.deepEqual([webp.width, webp.height], [200, 150]);
  const bounded = await make(jpeg, { from: JPEG, to: WEBP, demands: { maxWidth: 900, quality: 70 } });
  t.is((await sharp(bounded.body).metadata()).width, 200, 'never enlarged');
  const png = await disc().png().toBuffer();
  const again = await make(png, { from: PNG, to: PNG, demands: { clean: true, quality: 70 } });
  t.true((await sharp(again.body).metadata()).hasAlpha, 'alpha stays');
});

test('bounds of height and ways to fill them', async (t) => {
  const png = await graphic(400, 300).png().toBuffer();
  const sizes: [PlainRecord, number, number][] = [
    [{ maxHeight: 150 }, 200, 150],
    [{ maxWidth: 100, maxHeight: 100 }, 100, 75],
    [{ maxWidth: 100, maxHeight: 100, fit: 'cover' }, 100, 100],
    [{ maxWidth: 100, maxHeight: 100, fit: 'contain' }, 100, 100],
    [{ maxWidth: 100, maxHeight: 100, fit: 'fill' }, 100, 100],
  ];
  for (const [demands, width, height] of sizes) {
    const { body } = await make(png, { from: PNG, to: PNG, demands });
    const made = await sharp(body).metadata();
    t.deepEqual([made.width, made.height], [width, height], JSON.stringify(demands));
  }
});

test('demands that make no sense are said, not guessed at', async (t) => {
  const png = await graphic(40, 30).png().toBuffer();
  for (const [demands, reason] of [
    [{ quality: 250 }, /`quality` must be 1 to 100, got `250`/],
    [{ maxWidth: 0 }, /`maxWidth` must be 1 to/],
    [{ fit: 'stretch' }, /`fit` must be of inside/],
    [{ color: { mode: 'sepia' } }, /`color.mode` must be/],
    [{ background: 'url(x)' }, /`background` must be like #ffffff/],
  ] as const) {
    const failure = await t.throwsAsync<FormatFailure>(make(png, { from: PNG, to: JPEG, demands }));
    t.is(failure?.kind, 'cannot');
    t.regex(failure!.message, reason);
  }
});

test('all eight orientations come out upright, within the width as it is seen (design part 3)', async (t) => {
  const [red, green, blue, yellow] = ['red', 'green', 'blue', 'yellow'];
  const upright = [red, green, yellow, blue];
  // What must be done to an upright picture so that a viewer who obeys the tag sees it upright again.
  const stored = (orientation: number) => {
    const picture = sharp(uprightPng).keepExif();
    if (orientation === 2) return picture.flop();
    if (orientation === 3) return picture.rotate(180);
    if (orientation === 4) return picture.flip();
    if (orientation === 5) return picture.rotate(270).flop();
    if (orientation === 6) return picture.rotate(270);
    if (orientation === 7) return picture.rotate(90).flop();
    return orientation === 8 ? picture.rotate(90) : picture;
  };
  const uprightPng = await quarters(96, 64).png().toBuffer();
  for (let orientation = 1; orientation <= 8; orientation++) {
    const turned = await stored(orientation).png().toBuffer();
    const tagged = await sharp(turned).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    t.is((await sharp(tagged).metadata()).orientation, orientation);
    for (const to of [JPEG, WEBP, PNG, AVIF]) {
      const { body } = await make(tagged, { from: JPEG, to, demands: { clean: true, quality: 70, maxWidth: 48 } });
      const { data, width, height, channels } = await pixelsOf(body);
      t.deepEqual([width, height], [48, 32], `${orientation} as ${to}`);
      const seen = [
        [12, 8],
        [36, 8],
        [12, 24],
        [36, 24],
      ].map(([x, y]) => {
        const [r, g, b] = data.subarray((y! * width + x!) * channels);
        if (r! > 150) return g! > 150 ? yellow : red;
        return g! > b! ? green : blue;
      });
      t.deepEqual(seen, upright, `${orientation} as ${to}`);
      t.is((await sharp(body).metadata()).orientation ?? 1, 1);
    }
  }
});

test('drawings become pictures of every type, in the width that is wanted, on white where they must be', async (t) => {
  const { make: draw, plan: planDrawing } = await formatWith('svg-raster', 'image');
  const svg = Buffer.from(
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200"><circle cx="150" cy="100" r="90" fill="#08c"/></svg>',
  );
  const from = 'image/svg+xml';
  for (const to of [PNG, WEBP, JPEG, GIF, AVIF, WBMP]) {
    const asked = { from, to, demands: { clean: true, quality: 70, maxWidth: 120 } };
    t.deepEqual(
      planDrawing(asked).steps.map((step) => step.formatter),
      ['svg-raster', 'image'],
    );
    const { body } = await draw(svg, asked);
    if (to === WBMP) {
      const { width, height, bits } = readWbmp(body);
      t.deepEqual([width, height, bits(0, 0)], [120, 80, 1]);
    } else {
      const { format, width, height } = await sharp(body).metadata();
      t.deepEqual([format, width, height], [SHARP_NAMES[to], 120, 80], to);
      const [r, g, b] = (await pixelsOf(await sharp(body).flatten({ background: '#fff' }).png().toBuffer())).data;
      t.true(Math.min(r!, g!, b!) > 245, `${to} on white`);
    }
  }
  const own = await draw(svg, { from, to: PNG, demands: { clean: true, maxWidth: 900 } });
  t.is((await sharp(own.body).metadata()).width, 300, 'never larger than it says it is');
  const asDrawing = planDrawing({ from, to: from, demands: { clean: true } });
  t.deepEqual(asDrawing.steps, [], 'a drawing as a drawing is not its business');
});

/** A word that stands for somebody's secret, in every place where metadata can be. */
const SECRET = 'CANARY-7f3a';

test('metadata, comments and appended files are gone from every result, made or kept (threat 38)', async (t) => {
  for (const [from, dirty] of await dirtyPictures()) {
    t.true(dirty.includes(SECRET), `${from} holds the word`);
    for (const to of ALL.filter((type) => type !== WBMP)) {
      for (const demands of [
        { clean: true },
        { clean: true, quality: 70 },
        { clean: true, quality: 100, maxWidth: 60 },
      ]) {
        const { body } = await make(dirty, { from, to, demands });
        t.false(Buffer.from(body).includes(SECRET), `${from} to ${to} ${JSON.stringify(demands)}`);
        t.false(Buffer.from(body).includes('<script'), `${from} to ${to}`);
        const { exif, xmp, iptc } = await sharp(body).metadata();
        t.deepEqual([exif, xmp, iptc], [undefined, undefined, undefined], `${from} to ${to}`);
      }
    }
  }
});

async function dirtyPictures(): Promise<[string, Buffer][]> {
  const tags = { IFD0: { Copyright: SECRET, ImageDescription: `<script>${SECRET}</script>` } };
  const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${SECRET}</rdf:RDF></x:xmpmeta>`;
  const picture = () => photo(80, 60).withExif(tags).withXmp(xmp);
  // GIFAR: an archive, or a page, behind the picture's end.
  const tail = Buffer.from(`PK\x03\x04${SECRET}<script>alert(1)</script>`, 'latin1');
  const jpeg = await picture().jpeg({ quality: 30 }).toBuffer();
  const comment = segment(0xfe, `<script>${SECRET}</script>`);
  const png = await picture().png({ palette: true, colours: 8 }).toBuffer();
  const gif = await photo(80, 60).gif({ colours: 4 }).toBuffer();
  const gifComment = Buffer.concat([Buffer.from([0x21, 0xfe, SECRET.length]), Buffer.from(SECRET), Buffer.from([0])]);
  const imageAt = gif.indexOf(Buffer.from([0x21, 0xf9, 4]));
  return [
    [JPEG, Buffer.concat([jpeg.subarray(0, 2), comment, segment(0xed, SECRET), jpeg.subarray(2), tail])],
    [PNG, Buffer.concat([png.subarray(0, 33), pngChunk('tEXt', `Comment\0${SECRET}`), png.subarray(33), tail])],
    [WEBP, Buffer.concat([await picture().webp({ quality: 20 }).toBuffer(), tail])],
    [AVIF, await picture().avif({ quality: 30, effort: 0 }).toBuffer()],
    [GIF, Buffer.concat([gif.subarray(0, imageAt), gifComment, gif.subarray(imageAt), tail])],
  ];
}

function segment(marker: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker, 0, text.length + 2]), Buffer.from(text)]);
}

function pngChunk(type: string, text: string): Buffer {
  const body = Buffer.from(type + text, 'latin1');
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(text.length);
  sum.writeUInt32BE(crc(body));
  return Buffer.concat([length, body, sum]);
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

test('a picture is never larger than it was: kept, losslessly cleaned, where making it anew does not pay', async (t) => {
  const tight: [string, Buffer][] = [
    [JPEG, await photo(160, 120).jpeg({ quality: 25, mozjpeg: true }).toBuffer()],
    [WEBP, await photo(160, 120).webp({ quality: 15, effort: 6 }).toBuffer()],
    [AVIF, await photo(160, 120).avif({ quality: 15, effort: 4, chromaSubsampling: '4:2:0' }).toBuffer()],
    [PNG, await graphic().png({ palette: true, colours: 8, effort: 10 }).toBuffer()],
    [GIF, await graphic().gif({ colours: 8, effort: 10 }).toBuffer()],
    [GIF, await animation('gif')],
  ];
  for (const [type, original] of tight) {
    for (const quality of [90, 70]) {
      const outcome = await make(original, { from: type, to: type, demands: { clean: true, quality } });
      t.true(
        outcome.body.length <= original.length,
        `${type} at ${quality}: ${outcome.body.length} of ${original.length}`,
      );
      if (type === JPEG) t.truthy(noteOf(outcome, 'kept-original'));
      t.true((await ssim(original, outcome.body as Buffer)) > 0.98, type);
    }
  }
});

test('a turned picture that was tightly coded comes out upright and still no larger', async (t) => {
  const tight = await photo(320, 240).withMetadata({ orientation: 6 }).jpeg({ quality: 30, mozjpeg: true }).toBuffer();
  const outcome = await make(tight, { from: JPEG, to: JPEG, demands: { clean: true, quality: 95 } });
  t.true(outcome.body.length < tight.length, `${outcome.body.length} of ${tight.length}`);
  t.is((await sharp(outcome.body).metadata()).width, 240);
  t.truthy(noteOf(outcome, 'quality-lowered'));
});

test('one quality means nearly the same in every format, and the newer format is smaller and no worse', async (t) => {
  for (const seed of [7, 21]) {
    const original = await photo(480, 360, seed).png().toBuffer();
    for (const quality of [50, 70, 85]) {
      const made = await Promise.all(
        [AVIF, WEBP, JPEG].map(async (to) => {
          const { body } = await make(original, { from: PNG, to, demands: { clean: true, quality } });
          return { bytes: body.length, likeness: await ssim(original, body as Buffer) };
        }),
      );
      const [avif, webp, jpeg] = made as [(typeof made)[0], (typeof made)[0], (typeof made)[0]];
      const likenesses = made.map((each) => each.likeness);
      const spread = Math.max(...likenesses) - Math.min(...likenesses);
      t.log(`quality ${quality}: ${made.map((each) => `${each.bytes} B ${each.likeness.toFixed(3)}`).join(', ')}`);
      t.true(spread <= 0.03, `seed ${seed} quality ${quality}: ${likenesses.map((each) => each.toFixed(3)).join(' ')}`);
      for (const [newer, older] of [
        [avif, webp],
        [webp, jpeg],
      ] as const) {
        t.true(newer.bytes < older.bytes, `${newer.bytes} and ${older.bytes} bytes at ${quality}`);
        t.true(newer.likeness > older.likeness - 0.005, `${newer.likeness} and ${older.likeness} at ${quality}`);
      }
    }
  }
});

test('drawings have tables of their own: as good in every format that loses, and PNG is small at every quality', async (t) => {
  const source = await graphic(640, 480).blur(0.6).png().toBuffer();
  const sizes: number[] = [];
  for (const quality of [35, 70]) {
    const likenesses = await Promise.all(
      [AVIF, WEBP, JPEG].map(async (to) => {
        const { body } = await make(source, { from: PNG, to, demands: { clean: true, quality } });
        return await ssim(source, body as Buffer);
      }),
    );
    const shown = likenesses.map((each) => each.toFixed(4)).join(', ');
    t.log(`quality ${quality}: ${shown}`);
    t.true(Math.min(...likenesses) > 0.95, shown);
    t.true(likenesses[0]! >= likenesses[2]! - 0.02, `AVIF as good as JPEG: ${shown}`);
    const png = await make(source, { from: PNG, to: PNG, demands: { clean: true, quality } });
    sizes.push(png.body.length);
    t.true((await ssim(source, png.body as Buffer)) > 0.99, `PNG at ${quality}`);
  }
  t.true(sizes[0]! <= sizes[1]! * 1.05, `lower quality is no larger: ${sizes.join(', ')}`);
});

test('a bound of bytes is met by less quality, then fewer pixels; what is light enough is left alone', async (t) => {
  const original = await photo(640, 480).jpeg({ quality: 92 }).toBuffer();
  for (const [to, share] of [
    [WEBP, 0.7],
    [AVIF, 0.7],
    [JPEG, 0.7],
    [JPEG, 0.2],
    [PNG, 0.4],
    [GIF, 0.4],
  ] as const) {
    const asked = { from: JPEG, to, demands: { clean: true, quality: 80, maxWidth: 400 } };
    const free = await make(original, asked);
    const maxBytes = Math.round(free.body.length * share);
    const bound = await make(original, { ...asked, demands: { ...asked.demands, maxBytes } });
    t.true(
      bound.body.length <= maxBytes && bound.body.length > maxBytes * 0.5,
      `${to}: ${bound.body.length} of ${maxBytes}`,
    );
    t.is(noteOf(bound, 'bytes-met')?.['maxBytes'], maxBytes);
    const roomy = await make(original, { ...asked, demands: { ...asked.demands, maxBytes: free.body.length } });
    t.true(free.body === roomy.body || Buffer.from(free.body).equals(roomy.body), `${to}: what fits is as it was`);
  }
  const tiny = await make(original, { from: JPEG, to: PNG, demands: { clean: true, quality: 80, maxBytes: 50 } });
  t.truthy(noteOf(tiny, 'bytes-missed'), 'what cannot be met is told');
});

test('at most four encodings are tried, a fifth where none is within the bound, and the best within it is taken', async (t) => {
  for (const [name, bytesAt] of [
    ['as estimated', (quality: number, scale: number) => 400 * quality ** 1.1 * scale ** 1.7],
    ['deaf to quality', (_: number, scale: number) => 40_000 * scale ** 2],
    ['deaf to all', () => 50_000],
    ['no better for less quality', (quality: number, scale: number) => (quality < 60 ? 60_000 : 30_000) * scale ** 2],
  ] as const) {
    let encodes = 1;
    const first = { body: Buffer.alloc(Math.round(bytesAt(80, 1))), quality: 80, scale: 1 };
    const best = await fitBytes(first, { maxBytes: 10_000, isLossy: true }, async (quality, scale) => {
      encodes += 1;
      t.true(quality <= 80 && quality >= 1 && scale <= 1 && scale > 0);
      return Buffer.alloc(Math.round(bytesAt(quality, scale)));
    });
    t.true(encodes <= (name === 'deaf to all' ? 5 : 4), name);
    t.is(best.body.length <= 10_000, name !== 'deaf to all', `${name}: ${best.body.length}`);
  }
});

test('in black and white a pale shape on white keeps its outline, and a dark one on black; noise makes no lines', (t) => {
  const [width, height] = [60, 40];
  const isInside = (at: number) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    return x >= 20 && x < 40 && y >= 10 && y < 30;
  };
  const shown = (inside: number, outside: number) => {
    const pixels = Uint8Array.from({ length: width * height }, (_, at) => (isInside(at) ? inside : outside));
    return [...inkOnPaper({ width, height, pixels }).pixels];
  };
  for (const [inside, outside, line] of [
    [238, 255, 0],
    [24, 0, 255],
  ] as const) {
    const pixels = shown(inside, outside);
    const lines = pixels.flatMap((grey, at) => (grey === line ? [at] : []));
    t.true(lines.length >= 60 && lines.length <= 100, `${lines.length} pixels of a line around 20 by 20`);
    for (const at of lines) {
      const [x, y] = [at % width, Math.floor(at / width)];
      t.true(x >= 19 && x <= 40 && y >= 9 && y <= 30, `${x} ${y}`);
      const isWithin = x > 21 && x < 38 && y > 11 && y < 28;
      t.false(isWithin, `${x} ${y}`);
    }
  }
  t.true(shown(247, 255).every((grey) => grey === 255));
  t.true(shown(8, 0).every((grey) => grey === 0));
});

test('what is cut on two sides keeps what draws the eye', async (t) => {
  const dot = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#d01020' } })
    .png()
    .toBuffer();
  const field = sharp({ create: { width: 600, height: 200, channels: 3, background: '#8a9a8a' } });
  const original = await field
    .composite([{ input: dot, left: 520, top: 70 }])
    .png()
    .toBuffer();
  const demands = { clean: true, maxWidth: 200, maxHeight: 200, fit: 'cover' };
  const { data, channels } = await pixelsOf((await make(original, { from: PNG, to: PNG, demands })).body);
  let red = 0;
  for (let at = 0; at < data.length; at += channels) if (data[at]! > 150 && data[at + 1]! < 90) red += 1;
  t.true(red > 3_000, `${red} pixels of the dot`);
});

test('transparency goes onto white where it cannot stay, or onto the background that is wanted, never black', async (t) => {
  const png = await disc().png().toBuffer();
  for (const [from, original] of [
    [PNG, png],
    [WEBP, await disc().webp({ lossless: true }).toBuffer()],
    [GIF, await disc().gif().toBuffer()],
  ] as const) {
    const { body } = await make(original, { from, to: JPEG, demands: { clean: true, quality: 90 } });
    const { data, channels } = await pixelsOf(body);
    t.true(
      data.subarray(0, channels).every((value) => value > 248),
      `${from} on white`,
    );
  }
  const onBlue = await make(png, { from: PNG, to: JPEG, demands: { clean: true, quality: 90, background: '#0000ff' } });
  const [r, , b] = (await pixelsOf(onBlue.body)).data;
  t.true(r! < 20 && b! > 235);
  for (const to of [PNG, WEBP, AVIF, GIF]) {
    const { body } = await make(png, { from: PNG, to, demands: { clean: true, quality: 70, maxWidth: 100 } });
    const { data } = await pixelsOf(await sharp(body).ensureAlpha().png().toBuffer());
    t.true(data[3]! < 8, `${to} stays transparent`);
    t.true(data[(50 * 100 + 50) * 4 + 3]! > 247, `${to} stays opaque`);
  }
  const mono = readWbmp((await make(png, { from: PNG, to: WBMP })).body);
  t.is(mono.bits(0, 0), 1, 'white in a wireless bitmap');
});

test('drawings are coded without loss where that is smaller, and exactly in PNG', async (t) => {
  const original = await graphic().png().toBuffer();
  const pixels = (await pixelsOf(original)).data;
  for (const to of [PNG, WEBP, GIF]) {
    const { body } = await make(original, { from: PNG, to, demands: { clean: true, quality: 70 } });
    const made = await sharp(body).removeAlpha().toColourspace('srgb').raw().toBuffer();
    t.true(made.equals(pixels), `${to} is exact`);
    t.true(body.length < original.length, to);
  }
  const { body } = await make(original, { from: PNG, to: JPEG, demands: { clean: true, quality: 70 } });
  t.is((await sharp(body).metadata()).chromaSubsampling, '4:4:4', 'coloured edges stay sharp');
});

test('animations move on in WebP and GIF, within bounds, and stop where a still is wanted', async (t) => {
  for (const from of [GIF, WEBP]) {
    const original = await animation(from === GIF ? 'gif' : 'webp');
    for (const to of [GIF, WEBP]) {
      const { body } = await make(original, { from, to, demands: { clean: true, quality: 70, maxWidth: 80 } });
      const { pages, width, pageHeight, delay } = await sharp(body, { animated: true }).metadata();
      t.deepEqual([pages, width, pageHeight], [6, 80, 60], `${from} to ${to}`);
      t.true(
        delay!.every((each) => each === 90),
        `${from} to ${to} keeps its pace`,
      );
      const still = await make(original, { from, to, demands: { clean: true, quality: 70, still: true } });
      t.is((await sharp(still.body).metadata()).pages ?? 1, 1, `${from} to ${to} still`);
      t.is(noteOf(still, 'animation-lost'), undefined, 'nothing is lost that was not wanted');
    }
    // Another chain is taken before it is stopped.
    for (const to of [JPEG, AVIF]) {
      const refusal = await t.throwsAsync<FormatFailure>(make(original, { from, to, demands: { quality: 70 } }));
      t.is(refusal?.kind, 'cannot');
    }
    const first = await make(original, { from, to: JPEG, demands: { clean: true, quality: 70, format: true } });
    t.deepEqual(noteOf(first, 'animation-lost'), { frames: 6 });
    const avif = await make(original, { from, to: AVIF, demands: { quality: 70, still: true } });
    t.is((await sharp(avif.body).metadata()).width, 160);
  }
});

test('greys are dithered to the levels that are wanted, and black and white to two', async (t) => {
  const original = await photo(200, 150).jpeg({ quality: 95 }).toBuffer();
  const expected = await brightness(original);
  for (const [mode, levels] of [
    ['gray', 16],
    ['gray', 4],
    ['gray', 5],
    ['mono', 2],
  ] as const) {
    for (const to of mode === 'mono' ? [PNG, GIF, WEBP] : [PNG, GIF]) {
      const demands = { clean: true, quality: 70, color: { mode, levels } };
      const { body } = await make(original, { from: JPEG, to, demands });
      const { data, channels } = await pixelsOf(body);
      const greys = new Set<number>();
      for (let at = 0; at < data.length; at += channels) {
        greys.add(data[at]!);
        if (channels > 2 && (data[at] !== data[at + 1] || data[at] !== data[at + 2])) t.fail(`${to} has colours`);
      }
      t.true(greys.size <= levels && greys.size >= Math.min(levels, 3) - 1, `${to} ${mode} ${levels}: ${greys.size}`);
      for (const grey of greys)
        t.true(
          Math.abs(Math.round((grey / 255) * (levels - 1)) * (255 / (levels - 1)) - grey) <= 1,
          `${grey} is a level`,
        );
      t.true(Math.abs((await brightness(body)) - expected) < 4, `${to} ${mode} ${levels} keeps its brightness`);
      if (to === PNG && levels !== 5) t.is(body[24], { 2: 1, 4: 2, 16: 4 }[levels], 'as few bits a pixel as will do');
    }
  }
  const jpeg = await make(original, {
    from: JPEG,
    to: JPEG,
    demands: { quality: 70, color: { mode: 'gray', levels: 16 } },
  });
  t.is((await sharp(jpeg.body).metadata()).channels, 1, 'a grey JPEG');
});

test('drawings keep flat areas flat in few greys, and pale grounds white in two', async (t) => {
  const original = await graphic(300, 200).negate().linear(-0.8, 224).png().toBuffer();
  const weights: number[] = [];
  for (const levels of [16, 4]) {
    const demands = { clean: true, quality: 70, color: { mode: 'gray', levels } };
    const { body } = await make(original, { from: PNG, to: PNG, demands });
    const { data, channels } = await pixelsOf(body);
    const source = await sharp(original).greyscale().toColourspace('b-w').raw().toBuffer();
    for (let at = 0; at < source.length; at++) {
      const nearest = Math.round((source[at]! / 255) * (levels - 1)) * (255 / (levels - 1));
      if (Math.abs(nearest - data[at * channels]!) > 1)
        return t.fail(`${levels}: ${source[at]} became ${data[at * channels]}`);
    }
    weights.push(body.length);
  }
  t.true(weights[1]! <= weights[0]!);
  const map = await sharp({ create: { width: 90, height: 60, channels: 3, background: '#cfe4ee' } })
    .png()
    .toBuffer();
  const demands = { clean: true, color: { mode: 'mono', levels: 2 } };
  const { bits } = readWbmp((await make(map, { from: PNG, to: WBMP, demands })).body);
  for (let x = 0; x < 90; x++) t.is(bits(x, 30), 1, 'a pale ground has no dots');
});

test('a wireless bitmap holds the dithered picture, and can be read again', async (t) => {
  const original = await photo(300, 200).jpeg().toBuffer();
  const demands = { clean: true, quality: 70, maxWidth: 90, color: { mode: 'mono', levels: 2 } };
  const { body } = await make(original, { from: JPEG, to: WBMP, demands });
  t.deepEqual([...body.subarray(0, 4)], [0, 0, 90, 60]);
  t.is(body.length, 4 + 12 * 60);
  const { bits } = readWbmp(body);
  const { data } = await pixelsOf((await make(body, { from: WBMP, to: PNG })).body);
  let white = 0;
  for (let y = 0; y < 60; y++)
    for (let x = 0; x < 90; x++) {
      white += bits(x, y);
      if (bits(x, y) * 255 !== data[(y * 90 + x) * (data.length / 5400)]) t.fail(`pixel ${x},${y}`);
    }
  t.true(Math.abs((white / 5400) * 255 - (await brightness(original))) < 6, 'as bright as the original');
  const wide = await make(await photo(300, 20).png().toBuffer(), { from: PNG, to: WBMP });
  t.deepEqual([...wide.body.subarray(0, 5)], [0, 0, 0x82, 0x2c, 20], 'sizes over 127 take two bytes');
});

test('terminals are drawn for: half blocks as wide as their text, sixels, nothing where the picture is transparent', async (t) => {
  const demands = { clean: true, quality: 70, wrap: { width: 40, emphasis: 'ansi' } };
  for (const [name, original, from] of [
    ['a photograph', await photo(400, 300).jpeg({ quality: 90 }).toBuffer(), JPEG],
    ['a drawing', await graphic().png().toBuffer(), PNG],
    ['something seen through', await disc().png().toBuffer(), PNG],
    ['an animation', await animation('gif'), GIF],
  ] as const) {
    const flat = await sharp(original).flatten({ background: '#1e1e1e' }).png().toBuffer();
    const text = await make(original, { from, to: 'text/plain', demands });
    t.is(text.mediaType, 'text/plain');
    const blocks = readHalfBlocks(String(text.body));
    t.is(blocks.width, 40, name);
    const sixels = readSixel(String((await make(original, { from, to: 'image/x-sixel', demands })).body));
    t.true(sixels.width <= 360);
    for (const [{ width, height, data }, least] of [
      [blocks, 0.85],
      [sixels, 0.8],
    ] as const) {
      const shown = await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
      const expected = await sharp(flat).resize(width, height, { fit: 'fill' }).png().toBuffer();
      const likeness = await ssim(expected, shown);
      t.true(likeness > least, `${name}, ${width} pixels: ${likeness.toFixed(3)}`);
    }
    const grey = { ...demands, color: { mode: 'gray', levels: 4 } };
    const { data } = readHalfBlocks(String((await make(original, { from, to: 'text/plain', demands: grey })).body));
    for (let at = 0; at < data.length; at += 3) if (data[at] !== data[at + 1]) t.fail(`${name} has colours`);
  }
  const icon = await make(await photo(16, 16).png().toBuffer(), { from: PNG, to: 'text/plain', demands });
  t.is(readHalfBlocks(String(icon.body)).width, 16, 'never enlarged');
  const tower = await make(await photo(30, 3000).png().toBuffer(), { from: PNG, to: 'text/plain', demands });
  t.is(String(tower.body).split('\n').length - 1, 40, 'no taller than it may be wide');
});

test('wide colours and print colours come out as sRGB', async (t) => {
  const p3 = await photo(120, 90).withIccProfile('p3').jpeg({ quality: 95 }).toBuffer();
  const cmyk = await photo(120, 90).toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer();
  t.is((await sharp(cmyk).metadata()).space, 'cmyk');
  for (const [original, name] of [
    [p3, 'P3'],
    [cmyk, 'CMYK'],
  ] as const) {
    for (const to of [WEBP, PNG, AVIF]) {
      const { body } = await make(original, { from: JPEG, to, demands: { clean: true, quality: 90 } });
      t.is((await sharp(body).metadata()).space, 'srgb', `${name} to ${to}`);
      t.true((await ssim(original, body as Buffer)) > 0.9, `${name} to ${to}`);
    }
  }
  const kept = await make(p3, { from: JPEG, to: JPEG, demands: { clean: true } });
  t.truthy((await sharp(kept.body).metadata()).icc, 'a kept picture keeps its profile');
});

test('the bytes decide what a picture is, whatever the label (threat 38)', async (t) => {
  const png = await photo(80, 60).png().toBuffer();
  const outcome = await make(png, { from: JPEG, to: WEBP, demands: { clean: true, quality: 70 } });
  t.deepEqual(noteOf(outcome, 'type-corrected'), { claimed: JPEG, found: PNG });
  const same = await make(png, { from: JPEG, to: JPEG, demands: { clean: true } });
  t.is((await sharp(same.body).metadata()).format, 'jpeg', 'a JPEG was promised');
});

test('a large photograph is decoded once for several sizes; kept or not, the bytes are the same', async (t) => {
  const original = await photo(1_600, 1_200).jpeg({ quality: 85 }).toBuffer();
  const same = Buffer.concat([original, Buffer.from('another file')]);
  for (const [to, demands] of [
    [WEBP, { maxWidth: 640 }],
    [WEBP, { maxWidth: 480 }],
    [AVIF, { maxWidth: 240, light: true }],
    [JPEG, { maxWidth: 300, maxHeight: 300, fit: 'cover' }],
    [PNG, { maxWidth: 320, color: { mode: 'gray', levels: 16 } }],
  ] as const) {
    const asked = { from: JPEG, to, demands: { clean: true, quality: 70, ...demands } };
    const made = await make(original, asked);
    t.is(to === PNG ? 320 : (await sharp(made.body).metadata()).width, demands.maxWidth);
    t.true(Buffer.from((await make(same, asked)).body).equals(made.body), `${to} ${JSON.stringify(demands)}`);
  }
  const turned = await photo(1_600, 1_200).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const { body } = await make(turned, { from: JPEG, to: WEBP, demands: { clean: true, quality: 70, maxWidth: 480 } });
  const { width, height } = await sharp(body).metadata();
  t.deepEqual([width, height], [480, 640]);
});

test('masters are as wide as pictures are asked for, are found by their bytes alone, and make room for others', async (t) => {
  t.deepEqual(masterSize({ width: 4_000, height: 3_000 }, 0.1), { width: 640, height: 480 });
  t.deepEqual(masterSize({ width: 4_000, height: 3_000 }, 0.16), { width: 640, height: 480 });
  t.deepEqual(masterSize({ width: 4_000, height: 3_000 }, 0.2), { width: 800, height: 600 });
  t.deepEqual(masterSize({ width: 4_000, height: 3_000 }, 0.21), { width: 1_080, height: 810 });
  t.is(masterSize({ width: 4_000, height: 3_000 }, 0.9), undefined, 'hardly smaller');
  t.is(masterSize({ width: 800, height: 600 }, 0.5), undefined, 'small pictures are decoded whole');
  let decodes = 0;
  const size = { width: 2_000, height: 1_500 };
  const decode = async () => {
    decodes += 1;
    return { data: new Uint8Array(9_000_000), ...size, channels: 3 as const };
  };
  const of = (name: string) => masterOf(name, size, decode);
  for (const name of ['a', 'b', 'a', 'a', 'c', 'a', 'b']) await of(name);
  t.is(decodes, 4, 'two fit: `c` puts `b` out, which was used longer ago than `a`');
});

test('equal input gives equal bytes', async (t) => {
  const original = await photo(120, 90).jpeg().toBuffer();
  for (const to of ALL) {
    const asked = { from: JPEG, to, demands: { clean: true, quality: 60, maxWidth: 60 } };
    t.true(Buffer.from((await make(original, asked)).body).equals((await make(original, asked)).body), to);
  }
});

/** An icon file of pictures: PNG as they are, bitmaps of 32, 24 and 4 bits with their mask. */
function iconOf(pictures: readonly { width: number; bits: number; bytes: Buffer }[]): Buffer {
  const directory = Buffer.alloc(6 + 16 * pictures.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(pictures.length, 4);
  let start = directory.length;
  for (const [index, { width, bits, bytes }] of pictures.entries()) {
    const at = 6 + 16 * index;
    directory[at] = width % 256;
    directory[at + 1] = width % 256;
    directory.writeUInt16LE(bits, at + 6);
    directory.writeUInt32LE(bytes.length, at + 8);
    directory.writeUInt32LE(start, at + 12);
    start += bytes.length;
  }
  return Buffer.concat([directory, ...pictures.map(({ bytes }) => bytes)]);
}

/** A bitmap as icons have it: left half red, right half transparent. */
function halfRed(side: number, bits: 4 | 24 | 32): Buffer {
  const [rowBytes, maskBytes] = [Math.ceil((side * bits) / 32) * 4, Math.ceil(side / 32) * 4];
  const header = Buffer.alloc(40);
  for (const [at, value] of [
    [0, 40],
    [4, side],
    [8, 2 * side],
  ] as const)
    header.writeInt32LE(value, at);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(bits, 14);
  const palette = Buffer.alloc(bits === 4 ? 64 : 0);
  if (bits === 4) palette.set([0, 0, 255, 0], 4);
  const [rows, mask] = [Buffer.alloc(rowBytes * side), Buffer.alloc(maskBytes * side)];
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      if (x >= side / 2) mask[y * maskBytes + (x >> 3)]! |= 128 >> (x & 7);
      else if (bits === 4) rows[y * rowBytes + (x >> 1)]! |= x % 2 === 0 ? 16 : 1;
      else rows.set([0, 0, 255, ...(bits === 32 ? [255] : [])], y * rowBytes + (x * bits) / 8);
    }
  return Buffer.concat([header, palette, rows, mask]);
}

test('icons: the one that fits is taken, of every depth, with what is transparent', async (t) => {
  const big = await quarters(64, 64).png().toBuffer();
  const icon = iconOf([
    { width: 16, bits: 4, bytes: halfRed(16, 4) },
    { width: 32, bits: 24, bytes: halfRed(32, 24) },
    { width: 48, bits: 32, bytes: halfRed(48, 32) },
    { width: 64, bits: 32, bytes: big },
  ]);
  for (const from of ['image/x-icon', 'image/vnd.microsoft.icon'])
    for (const [maxWidth, width] of [
      [16, 16],
      [20, 20],
      [32, 32],
      [48, 48],
      [96, 64],
    ] as const) {
      const { body } = await make(icon, { from, to: PNG, demands: { clean: true, maxWidth } });
      const { data, ...size } = await pixelsOf(await sharp(body).ensureAlpha().toBuffer());
      t.is(size.width, width);
      if (width === 64) continue;
      const [left, right] = [4 * (width + 1), 4 * (2 * width - 2)];
      t.deepEqual([data[left]! > 240, data[left + 1]! < 16, data[left + 3]], [true, true, 255], `${width} left`);
      t.is(data[right + 3], 0, `${width} right`);
    }
  const gif = await make(icon, { from: 'image/x-icon', to: GIF, demands: { clean: true, maxWidth: 32 } });
  t.is((await sharp(gif.body).metadata()).width, 32);
  for (const broken of [
    Buffer.from([0, 0, 1, 0, 0, 0]),
    iconOf([{ width: 16, bits: 4, bytes: halfRed(16, 4).subarray(0, 80) }]),
    iconOf([{ width: 16, bits: 7, bytes: Buffer.alloc(64, 7) }]),
    icon.subarray(0, 60),
  ])
    t.is((await t.throwsAsync<FormatFailure>(make(broken, { from: 'image/x-icon', to: PNG })))?.kind, 'hostile');
  const bomb = iconOf([{ width: 16, bits: 32, bytes: pngOf(16_000, 16_000) }]);
  t.is((await t.throwsAsync<FormatFailure>(make(bomb, { from: 'image/x-icon', to: PNG })))?.kind, 'too-large');
});

test('TIFF is read in 8 and 16 bits, striped and tiled, and refused by its header where it would need too much', async (t) => {
  const picture = photo(240, 180);
  const plain = await picture.clone().png().toBuffer();
  for (const tiff of [
    await picture.clone().tiff({ compression: 'lzw' }).toBuffer(),
    await picture.clone().tiff({ compression: 'deflate', tile: true, tileWidth: 64, tileHeight: 64 }).toBuffer(),
    await picture.clone().toColourspace('rgb16').tiff({ compression: 'none' }).toBuffer(),
  ]) {
    const { body } = await make(tiff, { from: 'image/tiff', to: WEBP, demands: { clean: true, quality: 90 } });
    t.true((await ssim(plain, body as Buffer)) > 0.97);
    const png = await make(tiff, { from: JPEG, to: PNG, demands: { clean: true, maxWidth: 120 } });
    t.deepEqual(noteOf(png, 'type-corrected'), { claimed: JPEG, found: 'image/tiff' });
    t.deepEqual([(await sharp(png.body).metadata()).width, (await sharp(png.body).metadata()).depth], [120, 'uchar']);
  }
  const small = await sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } })
    .tiff({ compression: 'none' })
    .toBuffer();
  /** Writes a number into the first directory. */
  const withTag = (tag: number, value: number) => {
    const bytes = Buffer.from(small);
    const directory = bytes.readUInt32LE(4);
    for (let at = directory + 2; at < directory + 2 + 12 * bytes.readUInt16LE(directory); at += 12)
      if (bytes.readUInt16LE(at) === tag) {
        bytes.writeUInt16LE(4, at + 2);
        bytes.writeUInt32LE(value, at + 8);
      }
    return bytes;
  };
  for (const [bytes, kind] of [
    [withTag(256, 2_000_000), 'too-large'],
    [withTag(277, 40), 'too-large'],
    [small.subarray(0, 40), 'hostile'],
    [Buffer.from('II*\0\xff\xff\xff\x7f', 'latin1'), 'hostile'],
  ] as const) {
    const failure = await t.throwsAsync<FormatFailure>(
      make(bytes, { from: 'image/tiff', to: PNG, demands: { maxWidth: 16 } }),
    );
    t.is(failure?.kind, kind);
  }
});

test('`light` weighs less at the same quality', async (t) => {
  const original = await photo(480, 360).jpeg({ quality: 95 }).toBuffer();
  for (const to of [JPEG, WEBP, AVIF, GIF, PNG]) {
    const demands = { clean: true, quality: 60, maxWidth: 320 };
    const normal = await make(original, { from: JPEG, to, demands });
    const light = await make(original, { from: JPEG, to, demands: { ...demands, light: true } });
    t.true(light.body.length < normal.body.length, `${to}: ${light.body.length}, ${normal.body.length}`);
  }
});

test(
  'clients get the pictures that fit them, through the whole gateway; hostile ones are 413 and 422 (threats 38, 39)',
  inWorld(async (t, world) => {
    const serve = (path: string, type: string, body: Buffer) =>
      world.origin.on(path, (_request, response) => {
        response.writeHead(200, { 'content-type': type, 'content-length': body.length });
        response.end(body);
      });
    const original = await photo(640, 480).withMetadata({ orientation: 6 }).jpeg({ quality: 90 }).toBuffer();
    serve('/photo.jpg', JPEG, original);
    serve('/moves.gif', GIF, await animation('gif'));
    serve('/bomb.png', PNG, pngOf(16_000, 16_000));
    serve('/page.png', PNG, Buffer.from('<!DOCTYPE html><script>alert(1)</script>'));
    serve(
      '/drawing.svg',
      'image/svg+xml',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><circle r="90"/></svg>'),
    );
    const get = async (path: string, fields: Readonly<Record<string, string>>) => {
      const answer = await world.through(path, { fields });
      return { ...answer, type: answer.fields['content-type'], chain: answer.fields['format-chain'] };
    };
    for (const [client, path, type, size] of [
      [CLIENTS.desktopImage, '/photo.jpg', AVIF, [480, 640]],
      [CLIENTS.kaios, '/photo.jpg', JPEG, [240, 320]],
      [CLIENTS.kaios, '/drawing.svg', JPEG, [240, 180]],
      [CLIENTS.kaios, '/moves.gif', GIF, [160, 120]],
    ] as const) {
      const { status, body, ...reply } = await get(path, client);
      const { width, height, exif, pages } = await sharp(body).metadata();
      t.deepEqual([status, reply.type, [width, height]], [200, type, size], `${path} ${type}`);
      t.is(exif, undefined);
      t.is(pages ?? 1, 1, 'phones get stills');
      t.regex(String(reply.chain), /image;v="/);
    }
    const wap = await get('/photo.jpg', CLIENTS.wap);
    t.is(wap.type, WBMP);
    t.is(readWbmp(wap.body).width, 96);
    const curl = await get('/photo.jpg', CLIENTS.curl);
    t.true(curl.body.equals(original), 'who asks for nothing gets the original');
    const colours = {
      name: 'colours',
      extends: 'terminal',
      selectable: true,
      prefers: { text: { width: 50, emphasis: 'ansi' } },
    };
    await world.admin('/api/profiles', { method: 'POST', json: colours });
    for (const [profile, accept, type] of [
      ['colours', '*/*', 'text/plain; charset=utf-8'],
      ['colours', 'image/x-sixel, */*;q=0.1', 'image/x-sixel'],
      ['colours', 'image/jpeg', JPEG],
      ['terminal', '*/*', JPEG],
    ] as const) {
      const reply = await get('/photo.jpg', { ...CLIENTS.curl, accept, 'format-profile': profile });
      t.is(reply.type, type, `${profile} ${accept}`);
      if (type.startsWith('text')) t.is(readHalfBlocks(reply.text).width, 50);
      if (type.endsWith('sixel')) t.is(readSixel(reply.text).width, 450);
    }
    const map = await get('/drawing.svg', { ...CLIENTS.curl, accept: '*/*', 'format-profile': 'colours' });
    t.is(readHalfBlocks(map.text).width, 50, 'drawings too');
    const moving = await get('/moves.gif', CLIENTS.desktopImage);
    t.is((await sharp(moving.body).metadata()).pages, 6, 'an animation is not stopped for AVIF');
    t.is((await get('/bomb.png', CLIENTS.desktopImage)).status, 413);
    const page = await get('/page.png', CLIENTS.desktopImage);
    t.is(page.status, 422);
    t.false(page.text.includes('alert'));
    t.is((await get('/bomb.png', CLIENTS.wap)).type, 'text/vnd.wap.wml; charset=utf-8', 'in the client’s own format');
  }),
);

for (const formatter of ['image', 'svg-raster']) {
  test(`the examples of ${formatter} hold`, async (t) => {
    const { make: makeOne } = await formatWith(formatter);
    if (process.env['UPDATE_EXAMPLES'] === '1') await writeExamples(formatter, makeOne);
    const examples = readExamples(formatter);
    t.true(examples.length >= 4 && examples.some(({ name }) => name === 'hostile'));
    for (const example of examples) {
      t.true(example.input.length <= 20_480, `${example.name} is small`);
      if (example.expected === undefined) {
        const failure = await t.throwsAsync<FormatFailure>(makeOne(example.input, example), undefined, example.name);
        t.is(failure?.kind, example.fails as FormatFailure['kind'], example.name);
      } else await compareWith(t, example, (await makeOne(example.input, example)).body as Buffer);
    }
  });
}

/** Pictures are compared by what is seen and by weight: another build of an encoder may write other bytes. */
async function compareWith(t: ExecutionContext, { name, to, expected }: Example, made: Buffer): Promise<void> {
  if (to === WBMP) {
    t.true(expected!.equals(made), name);
    return;
  }
  const [is, should] = await Promise.all([sharp(made).metadata(), sharp(expected).metadata()]);
  t.deepEqual([is.format, is.width, is.height, is.pages], [should.format, should.width, should.height, should.pages]);
  t.true((await ssim(expected!, made)) > 0.97, name);
  t.true(Math.abs(made.length - expected!.length) <= expected!.length * 0.15, `${name}: ${made.length} bytes`);
}
