/**
 * One perceptual quality: how far apart the formats look at one number, and what they weigh where they look alike, by a
 * measure that models what people see. Pictures are coded by the formatter itself, as they are sent.
 */
import sharp from 'sharp';
import { encoderQuality } from '../formatters/image/encoder-quality.ts';
import image from '../formatters/image/index.ts';
import { findPerceptualTool, type PerceptualTool } from './perceptual-tool.ts';
import { readSamples, type Sample } from './picture-set.ts';
import { type Figure, quantile, type Round, round2, type Study, type StudyOptions } from './study.ts';

const FORMATS = ['jpeg', 'webp', 'avif'] as const;
type Format = (typeof FORMATS)[number];
/** `plain` is JPEG as most programs write it: baseline, usual tables, nothing optimised. It is weighed, not sent. */
type Coder = Format | 'plain';

const QUALITIES = { long: [35, 55, 70, 85], short: [70] };
const WIDTHS = { long: [320, 640], short: [320] };
/** Where formats are compared by weight: what WebP of this quality looks like. */
const COMMON_QUALITY = 70;
/** Below that nobody sees a difference, and coding was as good as without loss. */
const MIN_LOSS = 3;

interface Coded {
  readonly bytes: number;
  readonly loss: number;
}

/** One sample in one quality, in every format. */
interface Row {
  readonly sample: Sample;
  readonly quality: number;
  readonly isGraphic: boolean;
  readonly coded: Readonly<Record<Coder, Coded>>;
}

/** `--pictures DIR` takes all JPEG and PNG of a folder; without it the demo's pictures stand for photographs. */
export const pictureQuality: Study = { name: 'picture-quality', run };

async function run({ isShort, args }: StudyOptions) {
  const option = (name: string) => args.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const tool = findPerceptualTool(option('tool'));
  const span = isShort ? 'short' : 'long';
  const samples = await readSamples(option('pictures'), WIDTHS[span]);
  await image.open();
  const rows: Row[] = [];
  for (const sample of isShort ? samples.slice(0, 1) : samples)
    for (const quality of QUALITIES[span]) rows.push(await codeInAll(sample, quality, tool));
  const classes = [
    { label: 'photographs', rows: rows.filter(({ isGraphic }) => !isGraphic) },
    { label: 'graphics', rows: rows.filter(({ isGraphic }) => isGraphic) },
  ].filter((each) => each.rows.length > 0);
  return {
    about: { measure: tool.measure, samples: samples.length, widths: WIDTHS[span].join(', ') },
    figures: classes.flatMap(figuresOf),
    rounds: rows.map(toRound),
  };
}

async function codeInAll(sample: Sample, quality: number, tool: PerceptualTool): Promise<Row> {
  const made = { isGraphic: false };
  const code = async (format: Coder): Promise<Coded> => {
    const body =
      format === 'plain' ? await encodePlain(sample.png, quality) : await encode(sample.png, format, quality);
    // Chroma is whole only where the formatter takes the picture for a drawing.
    if (format === 'jpeg') made.isGraphic = (await sharp(body).metadata()).chromaSubsampling === '4:4:4';
    const shown = await sharp(body).png({ compressionLevel: 1 }).toBuffer();
    return { bytes: body.length, loss: Math.max(0, await tool.lossOf(sample.png, shown)) };
  };
  const sent = { jpeg: await code('jpeg'), webp: await code('webp'), avif: await code('avif') };
  const coded = { ...sent, plain: await code('plain') };
  return { sample, quality, isGraphic: made.isGraphic, coded };
}

async function encodePlain(png: Buffer, quality: number): Promise<Buffer> {
  return await sharp(png)
    .jpeg({ quality: encoderQuality('jpeg', quality), optimiseCoding: false })
    .toBuffer();
}

async function encode(body: Buffer, format: Format, quality: number): Promise<Buffer> {
  const input = { mediaType: 'image/png', charset: 'utf-8', body, url: 'http://pictures.example/', fields: {} };
  const want = { mediaType: `image/${format}`, demands: { clean: true, quality }, options: {} };
  const refuse = (reason: string): never => {
    throw new Error(reason);
  };
  const result = await image.format(input, want, {
    signal: new AbortController().signal,
    limits: { maxInputBytes: 1e9, maxOutputBytes: 1e9, maxPixels: 50_000_000, timeoutMs: 60_000 },
    note: () => {},
    log: () => {},
    cannot: refuse,
    fetch: () => refuse('nothing is fetched'),
  });
  return Buffer.from(result.body as Uint8Array);
}

function figuresOf({ label, rows }: { label: string; rows: readonly Row[] }): Figure[] {
  const qualities = [...new Set(rows.map(({ quality }) => quality))];
  const lossy = rows.filter(({ coded }) => FORMATS.every((format) => coded[format].loss >= MIN_LOSS));
  const spreadOfMeans = qualities.map((quality) => {
    const here = lossy.filter((row) => row.quality === quality);
    return spread(FORMATS.map((format) => geometricMean(here.map(({ coded }) => coded[format].loss))));
  });
  const ownSpreads = lossy.map(({ coded }) => spread(FORMATS.map((format) => coded[format].loss)));
  const figures: Figure[] = [
    {
      name: `${label}: spread of the mean loss across formats, worst quality`,
      value: Math.max(...spreadOfMeans),
      unit: '',
      aim: 1.15,
    },
    {
      name: `${label}: spread of one picture's loss across formats, median`,
      value: quantile(ownSpreads, 0.5),
      unit: '',
      aim: 1.15,
    },
    {
      name: `${label}: spread of one picture's loss across formats, 90 of 100`,
      value: quantile(ownSpreads, 0.9),
      unit: '',
    },
  ];
  const pairs = [
    { small: 'avif', large: 'webp', aim: 0.8, about: 'webp' },
    { small: 'webp', large: 'jpeg', aim: 0.75, about: 'jpeg (mozjpeg)' },
    { small: 'webp', large: 'plain', aim: 0.75, about: 'ordinary baseline jpeg' },
  ] as const;
  return [
    ...figures,
    ...pairs.map(({ small, large, aim, about }) => ({
      name: `${label}: bytes of ${small} to ${about} at equal loss`,
      value: bytesRatio(rows, small, large),
      unit: '' as const,
      aim,
    })),
  ];
}

/** Bytes at the loss of WebP in the common quality, between the qualities that were measured. */
function bytesRatio(rows: readonly Row[], small: Coder, large: Coder): number {
  const ratios = rows
    .filter(({ quality }) => quality === COMMON_QUALITY)
    .flatMap(({ sample, coded }) => {
      const own = rows.filter((row) => row.sample === sample);
      const [less, more] = [small, large].map((format) =>
        bytesAt(
          own.map((row) => row.coded[format as Coder]),
          coded.webp.loss,
        ),
      );
      return less === undefined || more === undefined ? [] : [less / more];
    });
  return geometricMean(ratios);
}

function bytesAt(points: readonly Coded[], loss: number): number | undefined {
  const sorted = [...points].sort((a, b) => a.loss - b.loss);
  if (sorted.length === 1) return sorted[0]!.bytes;
  const above = sorted.findIndex((point) => point.loss >= loss);
  if (above <= 0) return sorted[above]?.loss === loss ? sorted[above].bytes : undefined;
  const [low, high] = [sorted[above - 1]!, sorted[above]!];
  const share = Math.log(loss / low.loss) / Math.log(high.loss / low.loss);
  return Math.exp(Math.log(low.bytes) + share * Math.log(high.bytes / low.bytes));
}

function spread(losses: readonly number[]): number {
  return Math.max(...losses) / Math.min(...losses);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function toRound({ sample, quality, isGraphic, coded }: Row): Round {
  const cells = ([...FORMATS, 'plain'] as const).flatMap((format) => [
    [`${format}Bytes`, coded[format].bytes],
    [`${format}Loss`, round2(coded[format].loss)],
  ]);
  return {
    picture: sample.name,
    width: sample.width,
    quality,
    class: isGraphic ? 'graphic' : 'photograph',
    ...Object.fromEntries(cells),
  };
}
