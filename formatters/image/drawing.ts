/** A picture as it is wanted, not yet encoded: upright, in its size, in sRGB. */
import { hash } from 'node:crypto';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { loadSharp } from '../pictures/sharp-library.ts';
import { analysePixels, type PixelFacts, type RawPicture } from './analyse-pixels.ts';
import { layFrames, readAnimatedPng } from './animated-png.ts';
import { readColourCoding } from './colour-coding.ts';
import { inkOnPaper } from './faint-edges.ts';
import { masterOf, masterSize, type Size } from './masters.ts';
import { type PictureHeader, pixelLimit } from './picture-header.ts';
import { hostile, tooLarge } from './refusals.ts';
import { fitSize, resizing } from './sizing.ts';
import { withoutPngTexts } from './strip-metadata.ts';
import type { Motion } from './thin-frames.ts';
import { type DeepPicture, toSrgb } from './to-srgb.ts';
import type { PictureWants } from './wants.ts';
import { type GreyPicture, parseWbmp } from './wbmp.ts';
import { isBeyondSrgb, isDisplayP3 } from './wide-gamut.ts';

/** A picture that has been admitted. */
export interface Source {
  readonly bytes: Buffer;
  /** Hex sha256 of the bytes, where it is known. */
  readonly digest: string | undefined;
  readonly header: PictureHeader;
  /** All frames are wanted, not just the first. */
  readonly animated: boolean;
  readonly maxPixels: number;
  /** Who gets it shows colours beyond sRGB. */
  readonly keepsGamut: boolean;
}

export interface Drawing {
  /** A new pipeline over the picture, without output format. */
  pipeline(): Sharp;
  /** Pixels of one frame. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** How it plays; `undefined` for a still. */
  readonly motion: Motion | undefined;
  /** Some of its frames alone, one below the other, where they can still be had. */
  readonly stretch: ((from: number, count: number) => Sharp) | undefined;
  /** The picture is as it was stored: not turned, not scaled. */
  readonly isUpright: boolean;
  readonly isScaled: boolean;
  readonly facts: PixelFacts;
}

/** Beyond that many pixels looking at each would cost more than it saves. */
const MAX_ANALYSED_PIXELS = 4_000_000;

/**
 * Decodes as far as is needed to know how to encode.
 *
 * @throws FormatFailure hostile or too-large
 */
export async function draw(source: Source, wants: PictureWants): Promise<Drawing> {
  const { header, animated } = source;
  if (animated) return await drawMoving(source, wants);
  const open = await opener(source);
  const facets = await decoding(() => open().metadata());
  const { orientation = 1, hasAlpha = false, bitsPerSample, icc } = facets;
  const isTurned = orientation >= 5;
  const [width, height] = isTurned ? [header.height, header.width] : [header.width, header.height];
  const { isScaled, size } = fitSize({ width, height }, wants);
  const own = () => (orientation === 1 ? open() : open().autoOrient());
  const upright = () => (isDeepWithProfile(facets) ? own().withIccProfile('srgb', { attach: false }) : own());
  const sized = (pipeline: Sharp) => (isScaled ? pipeline.resize(resizing(wants, false)) : pipeline);
  const pipeline = () => sized(upright());
  const common = { ...STILL, isUpright: orientation === 1, isScaled };
  const coding = readColourCoding(source.bytes, header.kind);
  if (coding !== undefined) {
    const deep = await decoding(() => toDeep(pipeline()));
    return { ...common, ...(await drawRaw(toSrgb({ ...deep, bits: bitsPerSample ?? 16 }, coding))) };
  }
  if (source.keepsGamut && isDisplayP3(icc) && (await isWide(own))) {
    const facts = { hasAlpha, isGraphic: false, fewColours: undefined };
    return { ...common, ...size, pipeline: () => sized(own()).keepIccProfile(), facts };
  }
  if (!header.mayBeGraphic || size.width * size.height > MAX_ANALYSED_PIXELS) {
    const facts = { hasAlpha, isGraphic: false, fewColours: undefined };
    if (header.mayBeGraphic || hasAlpha || !isScaled) return { ...common, ...size, pipeline, facts };
    const fromMaster = await masterPipeline(source, upright, { whole: { width, height }, size, wants });
    return { ...common, ...size, pipeline: fromMaster ?? pipeline, facts };
  }
  return { ...common, ...(await drawRaw(await decoding(() => toRaw(pipeline())))) };
}

/** Sixteen bits the library makes into Display P3, and then says nothing of it, unless it is told where to go. */
function isDeepWithProfile({ depth, icc, channels }: Metadata): boolean {
  return depth === 'ushort' && icc !== undefined && channels !== undefined && channels >= 3;
}

/** Told by a small picture, in the numbers of its profile. */
async function isWide(own: () => Sharp): Promise<boolean> {
  return isBeyondSrgb(await decoding(() => toRaw(own().resize(SMALL_SIDE, SMALL_SIDE, SMALL).keepIccProfile())));
}

const SMALL_SIDE = 200;
const SMALL = { fit: 'inside', withoutEnlargement: true } as const;

/** What is drawn already. */
async function drawRaw(raw: RawPicture): Promise<Pick<Drawing, 'width' | 'height' | 'pipeline' | 'facts'>> {
  const facts = analysePixels(raw);
  const sharp = await loadSharp();
  const { width, height, channels } = raw;
  const pipeline = () => {
    const again = sharp(raw.data, { raw: { width, height, channels } });
    return facts.hasAlpha || channels % 2 === 1 ? again : again.removeAlpha();
  };
  return { width, height, pipeline, facts };
}

const STILL = { frames: 1, motion: undefined, stretch: undefined } as const;

/** All frames; what they are of is told by the first, what is transparent by none. */
async function drawMoving(source: Source, wants: PictureWants): Promise<Drawing> {
  const { mayBeGraphic, ...whole } = source.header;
  const { open, motion, hasAlpha } = await (whole.kind === 'png' ? openAnimatedPng : openAnimation)(source);
  const frames = motion.delays.length;
  const { isScaled, size } = fitSize(whole, wants);
  const stretch = (page: number, pages: number) => {
    const some = open({ page, pages });
    return isScaled ? some.resize(resizing(wants, pages !== 1)) : some;
  };
  const isSmall = size.width * size.height <= MAX_ANALYSED_PIXELS;
  const { isGraphic } =
    mayBeGraphic && isSmall ? analysePixels(await decoding(() => toRaw(stretch(0, 1)))) : { isGraphic: false };
  return {
    ...size,
    frames,
    motion,
    stretch,
    isUpright: true,
    isScaled,
    facts: { hasAlpha, isGraphic, fewColours: undefined },
    pipeline: () => stretch(0, frames),
  };
}

interface Opened {
  open(pages: Pages): Sharp;
  readonly motion: Motion;
  readonly hasAlpha: boolean;
}

async function openAnimation(source: Source): Promise<Opened> {
  const open = await opener(source);
  const { pages = 1, delay = [], loop = 0, hasAlpha = false } = await decoding(() => open().metadata());
  return { open, motion: { delays: Array.from({ length: pages }, (_, index) => delay[index] ?? 0), loop }, hasAlpha };
}

async function openAnimatedPng({ bytes, header: { width, height } }: Source): Promise<Opened> {
  const animation = readAnimatedPng(bytes)!;
  const sharp = await loadSharp();
  const strip = await layFrames(animation, (png) =>
    decoding(() =>
      sharp(png, { failOn: 'error' }).toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer(),
    ),
  );
  const frameBytes = width * height * 4;
  const open = ({ page, pages }: Pages) => {
    const raw = { width, height: height * pages, channels: 4, pageHeight: height } as const;
    return sharp(strip.subarray(page * frameBytes, (page + pages) * frameBytes), { raw });
  };
  const { frames, loop } = animation;
  return { open, motion: { delays: frames.map(({ delayMs }) => delayMs), loop }, hasAlpha: true };
}

/** A photograph scaled from its master; `undefined` where it has none. */
async function masterPipeline(
  { bytes, digest }: Source,
  upright: () => Sharp,
  { whole, size, wants }: { whole: Size; size: Size; wants: PictureWants },
): Promise<(() => Sharp) | undefined> {
  const scale = Math.max(size.width / whole.width, size.height / whole.height);
  const reduced = masterSize(whole, scale);
  if (reduced === undefined) return undefined;
  const master = await masterOf(digest ?? hash('sha256', bytes), reduced, () =>
    decoding(() => toRaw(upright().resize({ ...reduced, fit: 'fill', kernel: 'lanczos3' }))),
  );
  const sharp = await loadSharp();
  const { width, height, channels } = master;
  // `inside` keeps the proportions of the whole, which the master has only nearly.
  const target =
    wants.fit === 'inside' ? ({ ...size, fit: 'fill', kernel: 'lanczos3' } as const) : resizing(wants, false);
  return () => sharp(master.data, { raw: { width, height, channels } }).resize(target);
}

/**
 * The picture in grey, one byte a pixel, on a background where it was transparent; not yet dithered.
 *
 * @param levels 2 to 256: in black and white a photograph is given more contrast, else its dots are all alike; a drawing's
 * pale grounds become white, with a line where two of them meet (judged by looking)
 */
export async function drawGrey(
  drawing: Drawing,
  { background, levels }: { background: string; levels: number },
): Promise<GreyPicture> {
  const grey = drawing.pipeline().flatten({ background }).greyscale().toColourspace('b-w');
  const plain = await decoding(() => toRaw(grey));
  if (levels === 2 && drawing.facts.isGraphic) return inkOnPaper({ ...plain, pixels: plain.data });
  const { data, width, height } = levels === 2 ? await moreContrast(plain) : plain;
  return { width, height, pixels: data };
}

const CONTRAST = 1.25;

/** Contrast around the mean, so that the picture stays as bright as it was. */
async function moreContrast({ data, width, height, channels }: RawPicture): Promise<RawPicture> {
  const mean = data.reduce((sum, grey) => sum + grey, 0) / data.length;
  const sharp = await loadSharp();
  const pipeline = sharp(data, { raw: { width, height, channels } })
    .sharpen({ sigma: 0.8 })
    .linear(CONTRAST, mean * (1 - CONTRAST))
    .toColourspace('b-w');
  return await decoding(() => toRaw(pipeline));
}

/**
 * Runs work of the image library; what it cannot decode is corrupt.
 *
 * @throws FormatFailure hostile, or too-large where the decoder finds more pixels than the header told
 */
export async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    if (/exceeds pixel limit/i.test(reason)) throw tooLarge('the picture is larger than its header says', error);
    throw hostile(`the picture cannot be decoded: ${reason}`, error);
  }
}

const ALL_PAGES = -1;

/** Which frames are decoded: only the first, unless it is said. */
interface Pages {
  readonly page: number;
  readonly pages: number;
}

async function opener({ bytes, header, animated, maxPixels }: Source): Promise<(pages?: Pages) => Sharp> {
  const sharp = await loadSharp();
  if (header.kind === 'wbmp') {
    const { width, height, pixels } = parseWbmp(bytes);
    return () => sharp(pixels, { raw: { width, height, channels: 1 } });
  }
  const options: SharpOptions = {
    failOn: 'error',
    sequentialRead: true,
    limitInputPixels: pixelLimit(header.kind, maxPixels),
  };
  const input = header.kind === 'png' ? withoutPngTexts(bytes) : bytes;
  const all = animated ? { page: 0, pages: ALL_PAGES } : undefined;
  return (pages = all) => sharp(input, { ...options, ...pages });
}

async function toRaw(pipeline: Sharp): Promise<RawPicture> {
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels as RawPicture['channels'] };
}

async function toDeep(pipeline: Sharp): Promise<Omit<DeepPicture, 'bits'>> {
  const { data, info } = await pipeline
    .toColourspace('rgb16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  // Numbers of two bytes must begin at even places.
  const even = Uint8Array.from(data);
  const { width, height, channels } = info;
  return { data: new Uint16Array(even.buffer), width, height, channels: channels as 3 | 4 };
}
