/** Bounds of bytes: met by few encodings, whatever the picture and however its encoder grows. */
import test from 'ava';
import fc from 'fast-check';
import sharp from 'sharp';
import { type Attempt, fitBytes, MAX_ENCODES } from '../formatters/image/fit-bytes.ts';
import image from '../formatters/image/index.ts';
import { disc, photo } from './support/pictures.ts';

interface Fitted {
  readonly best: Attempt;
  readonly tried: readonly Attempt[];
}

/** Fits with an encoder, and tells all that was tried, the first included. */
async function fitWith(
  encode: (quality: number, scale: number) => Promise<Buffer>,
  { maxBytes, quality, isLossy = true }: { maxBytes: number; quality: number; isLossy?: boolean },
): Promise<Fitted> {
  const first = { body: await encode(quality, 1), quality, scale: 1 };
  const tried: Attempt[] = [first];
  const best = await fitBytes(first, { maxBytes, isLossy }, async (lower, scale) => {
    const body = await encode(lower, scale);
    tried.push({ body, quality: lower, scale });
    return body;
  });
  return { best, tried };
}

/** Laws that hold for every encoder, kind or not. */
function findFault({ best, tried }: Fitted, maxBytes: number): string | undefined {
  const [first] = tried;
  if (tried.length > MAX_ENCODES) return `${tried.length} encodings`;
  if (!tried.some(({ body }) => body === best.body)) return 'what was given was never tried';
  for (const { quality, scale } of tried) {
    if (!(scale > 0 && scale <= 1)) return `a scale of ${scale}`;
    if (!(quality >= 1 && quality <= first!.quality && Number.isInteger(quality))) return `a quality of ${quality}`;
  }
  const within = tried.filter(({ body }) => body.length <= maxBytes).map(({ body }) => body.length);
  const expected = within.length > 0 ? Math.max(...within) : Math.min(...tried.map(({ body }) => body.length));
  return best.body.length === expected ? undefined : `${best.body.length} bytes where ${expected} were had`;
}

test('a bound of bytes costs at most five encodings, and gives the best of them, however the encoder behaves', async (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: MAX_ENCODES + 4, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.boolean(),
      async (bytes, maxBytes, quality, isLossy) => {
        let count = 0;
        const encode = async () => Buffer.alloc(bytes[count++ % bytes.length]!);
        const fault = findFault(await fitWith(encode, { maxBytes, quality, isLossy }), maxBytes);
        if (fault !== undefined) throw new Error(fault);
      },
    ),
    { numRuns: 400, seed: 20_261_123 },
  );
  t.pass();
});

test('a bound of bytes is met for every encoder that grows as encoders do, down to a fiftieth of what was wanted or what can be', async (t) => {
  const growth = fc.record({
    base: fc.integer({ min: 20_000, max: 400_000 }),
    header: fc.integer({ min: 0, max: 300 }),
    byQuality: fc.double({ min: 0.7, max: 1.6, noNaN: true }),
    byScale: fc.double({ min: 1.4, max: 2, noNaN: true }),
    wobble: fc.double({ min: 0, max: 0.04, noNaN: true }),
  });
  let encodings = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      growth,
      fc.double({ min: 0.02, max: 1, noNaN: true }),
      fc.integer({ min: 31, max: 100 }),
      async ({ base, header, byQuality, byScale, wobble }, share, quality) => {
        const encode = async (lower: number, scale: number) => {
          const ripple = 1 + wobble * Math.sin(lower * 7 + scale * 31);
          return Buffer.alloc(Math.round(header + base * (lower / 100) ** byQuality * scale ** byScale * ripple));
        };
        const wanted = (await encode(quality, 1)).length;
        // What the coarsest picture weighs, with its header, no search can be under.
        const coarsest = (await encode(30, 0.06)).length;
        const maxBytes = Math.ceil(Math.max(wanted * share, 1.2 * coarsest));
        const fitted = await fitWith(encode, { maxBytes, quality });
        const fault = findFault(fitted, maxBytes);
        if (fault !== undefined) throw new Error(fault);
        runs += 1;
        encodings += fitted.tried.length;
        if (fitted.best.body.length > maxBytes)
          throw new Error(`${fitted.best.body.length} of ${maxBytes}: ${fitted.tried.map(({ body }) => body.length)}`);
      },
    ),
    { numRuns: 600, seed: 20_261_123 },
  );
  t.true(encodings / runs < 3, `${encodings / runs} encodings in the mean`);
});

const LIMITS = { maxInputBytes: 1e9, maxOutputBytes: 1e9, maxPixels: 50_000_000, timeoutMs: 60_000 };

/** As the gateway has it made, and what was noted. */
async function make(body: Buffer, mediaType: string, demands: Readonly<Record<string, number | boolean>>) {
  const notes: { event: string; fields: unknown }[] = [];
  const result = await image.format(
    { mediaType: 'image/png', charset: 'utf-8', body, url: 'http://pictures.example/', fields: {} },
    { mediaType, demands, options: {} },
    {
      signal: new AbortController().signal,
      limits: LIMITS,
      note: (event, fields) => notes.push({ event, fields }),
      log: () => {},
      cannot: (reason) => {
        throw new Error(reason);
      },
      fetch: () => Promise.reject(new Error('nothing is fetched')),
    },
  );
  return { body: Buffer.from(result.body as Uint8Array), events: notes.map(({ event }) => event) };
}

test('a bound of bytes is met for photographs and drawings in every format, down to 1,500 bytes', async (t) => {
  await image.open();
  const pictures = fc.record({
    isDrawn: fc.boolean(),
    width: fc.integer({ min: 60, max: 220 }),
    seed: fc.integer({ min: 1, max: 999 }),
  });
  const types = fc.constantFrom('image/jpeg', 'image/webp', 'image/png', 'image/gif');
  await fc.assert(
    fc.asyncProperty(
      pictures,
      types,
      fc.integer({ min: 30, max: 95 }),
      fc.double({ min: 0.08, max: 1.2, noNaN: true }),
      async ({ isDrawn, width, seed }, mediaType, quality, share) => {
        const drawn = isDrawn ? disc(width) : photo(width, Math.round(width * 0.7), seed);
        const png = await drawn.png().toBuffer();
        const free = await make(png, mediaType, { clean: true, quality });
        const maxBytes = Math.max(1_500, Math.round(free.body.length * share));
        const bounded = await make(png, mediaType, { clean: true, quality, maxBytes });
        const about = `${mediaType} ${isDrawn ? 'drawing' : 'photograph'} ${width} quality ${quality}: ${bounded.body.length} of ${maxBytes}, free ${free.body.length}`;
        if (bounded.body.length > maxBytes) throw new Error(about);
        const { format } = await sharp(bounded.body, { failOn: 'error' }).metadata();
        if (`image/${format}` !== mediaType) throw new Error(`${about}: ${format}`);
        if (bounded.events.includes('bytes-missed')) throw new Error(`${about}: told as missed`);
      },
    ),
    { numRuns: 120, seed: 20_261_123 },
  );
  t.pass();
});
