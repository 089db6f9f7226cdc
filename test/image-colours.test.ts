import test from 'ava';
import sharp, { type Sharp } from 'sharp';
import { readColourCoding } from '../formatters/image/colour-coding.ts';
import { matchQuality } from '../formatters/image/match-quality.ts';
import { toSrgb } from '../formatters/image/to-srgb.ts';
import { isDisplayP3 } from '../formatters/image/wide-gamut.ts';
import {
  avifWithPoints,
  displayP3,
  jpegWithProfile,
  pngWithChunk,
  pngWithProfile,
  ultraHdr,
} from './support/colour-files.ts';
import { formatWith } from './support/format-with.ts';
import { graphic, photo } from './support/pictures.ts';

const { make } = await formatWith('image');

const JPEG = 'image/jpeg';
const PNG = 'image/png';
const WEBP = 'image/webp';
const AVIF = 'image/avif';
const TIFF = 'image/tiff';
const ALL = [JPEG, PNG, WEBP, AVIF];
const CLEAN = { clean: true, quality: 92, format: true };

type Colour = readonly [number, number, number];

/** The SMPTE ST 2084 number of so many candelas a square metre, 0 to 1. */
function pq(nits: number): number {
  const power = (nits / 10_000) ** 0.1593017578125;
  return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375;
}

/** Upright bars of 32 by 48 pixels, numbers 0 to 1, in sixteen bits. */
function bars(colours: readonly Colour[]): Sharp {
  const [width, height] = [colours.length * 32, 48];
  const data = new Uint16Array(width * height * 3);
  for (let at = 0; at < width * height; at++)
    data.set(
      colours[Math.floor((at % width) / 32)]!.map((value) => Math.round(value * 65_535)),
      at * 3,
    );
  return sharp(data, { raw: { width, height, channels: 3 } }).toColourspace('rgb16');
}

const deepAvif = (colours: readonly Colour[]) =>
  bars(colours).avif({ bitdepth: 10, quality: 98, chromaSubsampling: '4:4:4', effort: 1 }).toBuffer();

/** The middle of each bar, in the picture's own numbers. */
async function middles(body: Uint8Array, count: number): Promise<number[][]> {
  const { data, info } = await sharp(body)
    .keepIccProfile()
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return Array.from({ length: count }, (_, bar) => {
    const x = Math.floor(((bar + 0.5) * info.width) / count);
    const at = (Math.floor(info.height / 2) * info.width + x) * info.channels;
    const [red, green = red, blue = red] = data.subarray(at, at + Math.min(3, info.channels));
    return [red!, green!, blue!];
  });
}

const grey = (value: number): Colour => [value, value, value];
const near = (actual: readonly number[], expected: readonly number[], by = 6) =>
  actual.every((value, channel) => Math.abs(value - expected[channel]!) <= by);

test('sixteen bits come out as the same colours in eight, grey or not, with alpha or not', async (t) => {
  const steps = [0, 0.25, 0.5, 0.75, 1];
  const shades = bars(steps.map(grey));
  const colours = bars(steps.map((step) => [step, 1 - step, 0.5]));
  for (const [pictures, expected] of [
    [shades, steps.map((step) => grey(step * 255))],
    [shades.clone().toColourspace('grey16'), steps.map((step) => grey(step * 255))],
    [colours, steps.map((step) => [step * 255, 255 - step * 255, 127])],
    [colours.clone().ensureAlpha(), steps.map((step) => [step * 255, 255 - step * 255, 127])],
  ] as const)
    for (const [from, original] of [
      [PNG, await pictures.clone().png().toBuffer()],
      [TIFF, await pictures.clone().tiff({ compression: 'lzw' }).toBuffer()],
    ] as const) {
      t.is((await sharp(original).metadata()).depth, 'ushort');
      for (const to of ALL)
        for (const maxWidth of [160, 80]) {
          const { body } = await make(original, { from, to, demands: { ...CLEAN, maxWidth } });
          const found = await middles(body as Buffer, steps.length);
          t.true(
            found.every((colour, bar) => near(colour, expected[bar]!)),
            `${from} to ${to}: ${found.join(' ')}`,
          );
        }
    }
  const ramp = new Uint16Array(1_024 * 32).map((_, at) => (at % 1_024) * 64);
  const smooth = await sharp(ramp, { raw: { width: 1_024, height: 32, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const { body } = await make(smooth, { from: PNG, to: PNG, demands: { ...CLEAN, maxWidth: 512 } });
  const row = (
    await sharp(body as Buffer)
      .toColourspace('b-w')
      .raw()
      .toBuffer()
  ).subarray(0, 512);
  t.true(
    row.every((value, x) => x === 0 || (value >= row[x - 1]! && value - row[x - 1]! <= 1)),
    'without bands',
  );
});

test('sixteen bits of P3 are those of eight', async (t) => {
  const profile = await displayP3();
  const colours = bars([
    [1, 20 / 255, 20 / 255],
    [100 / 255, 120 / 255, 140 / 255],
  ]);
  const deep = pngWithProfile(await colours.clone().png().toBuffer(), profile);
  for (const to of ALL) {
    const { body } = await make(deep, { from: PNG, to, demands: { ...CLEAN, maxWidth: 60 } });
    const isWide = to === AVIF || to === WEBP;
    t.is((await sharp(body as Buffer).metadata()).icc?.length, isWide ? profile.length : undefined);
    const [red, blue] = await middles(body as Buffer, 2);
    const expected = isWide
      ? [
          [255, 20, 20],
          [100, 120, 140],
        ]
      : [
          [255, 0, 0],
          [95, 121, 142],
        ];
    t.true(near(red!, expected[0]!, 4) && near(blue!, expected[1]!, 4), `${to}: ${red} ${blue}`);
  }
});

test('ten bits of AVIF come out in eight', async (t) => {
  const original = await deepAvif([grey(0.2), [0.9, 0.1, 0.1], grey(0.8)]);
  for (const to of ALL) {
    const { body } = await make(original, { from: AVIF, to, demands: { ...CLEAN, maxWidth: 90 } });
    t.is((await sharp(body as Buffer).metadata()).depth, 'uchar', to);
    const found = await middles(body as Buffer, 3);
    t.true(
      near(found[0]!, grey(51)) && near(found[1]!, [230, 26, 26], 8) && near(found[2]!, grey(204)),
      found.join(' '),
    );
  }
});

/** Black, the grey card, the white of a page, and what shines beyond it. */
const NITS = [0, 203 * 0.18, 203, 600, 1_000];

test('what was made for bright screens is not washed out on others: white is white, greys rise, hues stay', async (t) => {
  const hlg = (scene: number) =>
    scene <= 1 / 12 ? Math.sqrt(3 * scene) : 0.17883277 * Math.log(12 * scene - 0.28466892) + 0.55991073;
  const scenes = NITS.map((nits) => (nits / 1_000) ** (1 / 1.2));
  const red: Colour = [pq(150), pq(4), pq(4)];
  const png = await bars([...NITS.map((nits) => grey(pq(nits))), red])
    .png()
    .toBuffer();
  const pictures = [
    [AVIF, avifWithPoints(await deepAvif([...NITS.map((nits) => grey(pq(nits))), red]), 9, 16)],
    [AVIF, avifWithPoints(await deepAvif([...scenes.map((scene) => grey(hlg(scene))), red]), 9, 18)],
    [PNG, pngWithChunk(png, 'cICP', Buffer.from([9, 16, 0, 1]))],
  ] as const;
  // A picture of few bytes is kept as it is for who takes its type.
  for (const [index, [from, original]] of pictures.entries())
    for (const to of ALL.filter((each) => each !== from)) {
      const { body } = await make(original, { from, to, demands: { ...CLEAN, maxWidth: 190 } });
      const found = await middles(body as Buffer, NITS.length + 1);
      const about = `${index} to ${to}: ${found.join(' ')}`;
      const [black, card, white, bright, peak] = found.slice(0, NITS.length).map(([, green]) => green!);
      t.true(black! <= 3, about);
      // 18 % of white is 118 in sRGB: below the knee nothing is changed.
      t.true(Math.abs(card! - 118) <= 4, about);
      t.true(white! >= 220 && white! < bright! && bright! < peak! && peak! >= 250, about);
      t.true(
        found.slice(0, NITS.length).every((colour) => Math.max(...colour) - Math.min(...colour) <= 6),
        about,
      );
      const [r, g, b] = found[NITS.length]!;
      t.true(r! > 150 && r! - Math.max(g!, b!) > 100, about);
    }
  const naive = await sharp(pictures[0][1]).toColourspace('srgb').raw().toBuffer();
  t.true(naive[(24 * 192 + 80) * 3]! < 160, 'without it white is grey');
});

test('bright pictures are left as they are for who takes them as they are', async (t) => {
  const original = avifWithPoints(await deepAvif([grey(pq(203)), grey(pq(1_000))]), 9, 16);
  const { body } = await make(original, { from: AVIF, to: AVIF, demands: { clean: true } });
  t.true(Buffer.from(body as Buffer).equals(original));
  const base = await photo(240, 180).jpeg({ quality: 92 }).toBuffer();
  const ultra = await ultraHdr(base);
  for (const to of [JPEG, WEBP, AVIF]) {
    const [a, b] = await Promise.all(
      [ultra, base].map(
        async (each) => (await make(each, { from: JPEG, to, demands: { ...CLEAN, maxWidth: 120 } })).body,
      ),
    );
    t.true(Buffer.from(a as Buffer).equals(b as Buffer), `${to} is made of the plain picture of an Ultra HDR file`);
  }
});

test('no profile, no points, points of sRGB, or a profile beside them: the library is right', async (t) => {
  const plain = await deepAvif([grey(0.5)]);
  t.is(readColourCoding(plain, 'avif'), undefined);
  t.is(readColourCoding(avifWithPoints(plain, 1, 13), 'avif'), undefined);
  t.deepEqual(readColourCoding(avifWithPoints(plain, 12, 13), 'avif'), { primaries: 'p3', transfer: 'srgb' });
  t.deepEqual(readColourCoding(avifWithPoints(plain, 9, 18), 'avif'), { primaries: 'bt2020', transfer: 'hlg' });
  const withProfile = await bars([grey(0.5)])
    .keepIccProfile()
    .withIccProfile('p3')
    .avif()
    .toBuffer();
  t.is(readColourCoding(withProfile, 'avif'), undefined);
  const png = pngWithChunk(
    await bars([grey(0.5)])
      .png()
      .toBuffer(),
    'cICP',
    Buffer.from([9, 16, 0, 1]),
  );
  t.deepEqual(readColourCoding(png, 'png'), { primaries: 'bt2020', transfer: 'pq' });
  t.is(readColourCoding(pngWithProfile(png, await displayP3()), 'png'), undefined);
  t.is(
    readColourCoding(
      pngWithChunk(
        await bars([grey(0.5)])
          .png()
          .toBuffer(),
        'cICP',
        Buffer.from([9]),
      ),
      'png',
    ),
    undefined,
  );
  t.false(isDisplayP3(undefined));
  t.false(isDisplayP3(Buffer.alloc(500)));
  t.true(isDisplayP3(await displayP3()));
});

test('colours of P3 that sRGB has are the same there; those it has not keep their hue; nothing leaves the range', (t) => {
  const asked = [
    [255, 0, 0],
    [0, 255, 0],
    [128, 128, 128],
    [234, 51, 35],
    [255, 255, 255],
    [0, 0, 0],
  ];
  const data = Uint16Array.from(asked.flat(), (value) => value * 257);
  const coding = { primaries: 'p3', transfer: 'srgb' } as const;
  const made = toSrgb({ data, width: asked.length, height: 1, channels: 3, bits: 16 }, coding);
  const found = asked.map((_, at) => [...made.data.subarray(at * 3, at * 3 + 3)]);
  t.true(near(found[0]!, [255, 0, 0], 70) && found[0]![0]! >= 250, found.join(' '));
  t.true(
    near(found[2]!, [128, 128, 128], 1) && near(found[4]!, [255, 255, 255], 1) && near(found[5]!, [0, 0, 0], 0),
    found.join(' '),
  );
  t.true(near(found[3]!, [255, 0, 0], 4), 'the red of sRGB, in the numbers of P3');
});

/** A photograph with a patch of colours that only P3 has. */
async function vividJpeg(profile: Buffer): Promise<Buffer> {
  const pixels = await photo(240, 180).raw().toBuffer();
  for (let y = 60; y < 120; y++) for (let x = 60; x < 120; x++) pixels.set([255, 20, 20], (y * 240 + x) * 3);
  const jpeg = sharp(pixels, { raw: { width: 240, height: 180, channels: 3 } }).jpeg({
    quality: 95,
    chromaSubsampling: '4:4:4',
  });
  return jpegWithProfile(await jpeg.toBuffer(), profile);
}

test('photographs in P3 stay so in what colour-managed clients take, are sRGB elsewhere, and where they need no more', async (t) => {
  const profile = await displayP3();
  const vivid = await vividJpeg(profile);
  const patch = async (body: Uint8Array) => {
    const { data, info } = await sharp(body).keepIccProfile().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return [...data.subarray((45 * info.width + 45) * 3, (45 * info.width + 45) * 3 + 3)];
  };
  for (const to of ALL) {
    const { body } = await make(vivid, { from: JPEG, to, demands: { ...CLEAN, maxWidth: 120 } });
    const { icc } = await sharp(body as Buffer).metadata();
    const found = await patch(body as Buffer);
    const isWide = to === AVIF || to === WEBP;
    t.is(icc?.length, isWide ? profile.length : undefined, to);
    t.true(near(found, isWide ? [255, 20, 20] : [255, 0, 0], 8), `${to}: ${found}`);
    const light = await make(vivid, { from: JPEG, to, demands: { ...CLEAN, maxWidth: 120, light: true } });
    t.is((await sharp(light.body as Buffer).metadata()).icc, undefined, 'where bytes matter most there is no profile');
    t.true(near(await patch(light.body as Buffer), [255, 0, 0], 8), to);
    const mild = await photo(240, 180).withIccProfile('p3').jpeg({ quality: 95 }).toBuffer();
    const tame = await make(mild, { from: JPEG, to, demands: { ...CLEAN, maxWidth: 120 } });
    t.is((await sharp(tame.body as Buffer).metadata()).icc, undefined, 'it has no colours that need one');
  }
  const turned = jpegWithProfile(
    await sharp(await vividJpeg(profile))
      .keepIccProfile()
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer(),
    profile,
  );
  const { body } = await make(turned, { from: JPEG, to: WEBP, demands: { ...CLEAN, maxWidth: 90 } });
  const { width, height, exif } = await sharp(body as Buffer).metadata();
  t.deepEqual([width, height, exif], [90, 120, undefined], 'upright, and nothing but the profile is told');
});

test('a drawing is coded to the error it has in another format, wherever the search begins, in three trials', async (t) => {
  const drawn = () => sharp(pixels, { raw: { width: 400, height: 300, channels: 3 } });
  const pixels = await graphic(400, 300).blur(0.6).raw().toBuffer();
  const weights: number[] = [];
  for (const quality of [30, 80]) {
    const coded = await drawn().webp({ quality, smartSubsample: true }).toBuffer();
    const found = await Promise.all(
      [45, 85].map(async (start) => {
        let trials = 0;
        const encode = (encoderQuality: number) => {
          trials += 1;
          return drawn().jpeg({ quality: encoderQuality, mozjpeg: true, chromaSubsampling: '4:4:4' }).toBuffer();
        };
        const body = await matchQuality(drawn, { coded, leniency: 1 }, { start, encode });
        t.true(trials <= 3);
        return body.length;
      }),
    );
    t.true(Math.abs(found[0]! / found[1]! - 1) < 0.15, `${quality}: ${found}`);
    weights.push(found[0]!);
  }
  t.true(weights[1]! > weights[0]! * 1.3, 'better in the one is better in the other');
});
