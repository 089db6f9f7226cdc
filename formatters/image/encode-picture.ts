/** Encoders, set up by what a picture is and what is wanted of it. */
import type { Sharp } from 'sharp';
import { loadSharp } from '../pictures/sharp-library.ts';
import { dither, toNearestLevels } from './dither.ts';
import { type Drawing, decoding, drawGrey } from './drawing.ts';
import { type Content, encoderQuality } from './encoder-quality.ts';
import { makeIndexedGif } from './indexed-gif.ts';
import { type IndexedPicture, isGreyDepth, makeGreyPng, makeIndexedPng } from './indexed-png.ts';
import { matchQuality } from './match-quality.ts';
import type { PictureKind } from './picture-kind.ts';
import { type Motion, shownMotion, wholeHundredths } from './thin-frames.ts';
import type { PictureWants } from './wants.ts';
import { makeWbmp } from './wbmp.ts';

/** Wants with the quality settled. */
export type EncodeWants = PictureWants & { readonly quality: number };

type Encode = (drawing: Drawing, wants: EncodeWants) => Promise<Buffer>;

const ENCODERS: Readonly<Record<PictureKind, Encode>> = {
  jpeg: encodeJpeg,
  png: encodePng,
  webp: encodeWebp,
  avif: encodeAvif,
  gif: encodeGif,
  wbmp: encodeWbmp,
};

const MEGAPIXEL = 1_000_000;
/** Below that quality a PNG may lose colours too. */
const MIN_EXACT_QUALITY = 50;
/** Below that quality 16 colours must do. */
const FEWEST_COLOURS_QUALITY = 35;
/** The quantiser's scale is stricter than ours. */
const PALETTE_QUALITY_LEAD = 20;
/** More levels than that cost more as dots than as a grey photograph. */
const MAX_WEBP_LEVELS = 4;

/** Sides that a format can say. */
const MAX_SIDES: Readonly<Record<PictureKind, number>> = {
  jpeg: 65_535,
  png: 65_535,
  webp: 16_383,
  avif: 16_384,
  gif: 65_535,
  wbmp: 65_535,
};

/** Pixels that can be encoded within the deadline and memory of a job, over all frames (measured). */
const MAX_PIXELS: Readonly<Record<PictureKind, number>> = {
  jpeg: 50 * MEGAPIXEL,
  png: 20 * MEGAPIXEL,
  webp: 50 * MEGAPIXEL,
  avif: 20 * MEGAPIXEL,
  gif: 12 * MEGAPIXEL,
  wbmp: 50 * MEGAPIXEL,
};

/** Pixels over all frames that can be encoded in time. */
export function encodablePixels(kind: PictureKind): number {
  return MAX_PIXELS[kind];
}

/** True where the format can hold a picture of that size, and it can be encoded in time. */
export function canEncode(kind: PictureKind, { width, height, frames }: Drawing): boolean {
  return Math.max(width, height) <= MAX_SIDES[kind] && width * height * frames <= MAX_PIXELS[kind];
}

/**
 * Encodes.
 *
 * @throws FormatFailure hostile where the picture turns out to be corrupt
 */
export async function encodePicture(kind: PictureKind, drawing: Drawing, wants: EncodeWants): Promise<Buffer> {
  return await ENCODERS[kind](drawing, wants);
}

async function encodeJpeg(drawing: Drawing, wants: EncodeWants): Promise<Buffer> {
  const { isGraphic, hasAlpha } = drawing.facts;
  const encode = (quality: number) => {
    const pipeline = hasAlpha ? drawing.pipeline().flatten(wants) : drawing.pipeline();
    const chromaSubsampling = isGraphic ? '4:4:4' : '4:2:0';
    return bytesOf(greyed(pipeline, wants).jpeg({ quality, mozjpeg: true, chromaSubsampling }));
  };
  return await encodeAlike('jpeg', drawing, { wants, encode });
}

/** Larger drawings are not measured: it would cost more than it is worth. */
const MAX_MATCHED_PIXELS = MEGAPIXEL / 2;

/** At equal error a JPEG looks better than WebP, the coarser the more (measured on drawings, plots and pictures of screens). */
const LENIENCY: Readonly<Record<'jpeg' | 'avif', (quality: number) => number>> = {
  jpeg: (quality) => 1.3 - 0.34 * (quality / 100),
  avif: () => 1,
};

/** By the table, and of a drawing like what it would be in WebP, whose scale is ours. */
async function encodeAlike(
  kind: 'jpeg' | 'avif',
  drawing: Drawing,
  { wants, encode }: { wants: EncodeWants; encode: (encoderQuality: number) => Promise<Buffer> },
): Promise<Buffer> {
  const { facts, width, height } = drawing;
  const { quality, hasty, light, color } = wants;
  const start = encoderQuality(kind, quality, contentOf(drawing));
  const isMeasured = facts.isGraphic && !hasty && !light && color === undefined && width * height <= MAX_MATCHED_PIXELS;
  if (!isMeasured) return await encode(start);
  const drawn = () => (facts.hasAlpha ? drawing.pipeline().flatten({ background: '#ffffff' }) : drawing.pipeline());
  const coded = await bytesOf(drawn().webp({ quality: encoderQuality('webp', quality), smartSubsample: true }));
  return await decoding(() => matchQuality(drawn, { coded, leniency: LENIENCY[kind](quality) }, { start, encode }));
}

function contentOf({ facts }: Drawing): Content {
  return facts.isGraphic ? 'graphic' : 'photograph';
}

async function encodeWebp(drawing: Drawing, wants: EncodeWants): Promise<Buffer> {
  if (wants.color !== undefined && wants.color.levels <= MAX_WEBP_LEVELS && drawing.frames === 1) {
    const { pipeline } = await drawLevels(drawing, wants);
    return await bytesOf(pipeline.webp({ lossless: true, effort: 4 }));
  }
  const quality = encoderQuality('webp', wants.quality);
  if (drawing.motion !== undefined) return await encodeMovingWebp(drawing, drawing.motion, wants);
  const effort = wants.light && drawing.width * drawing.height < MEGAPIXEL ? 5 : 4;
  const { isGraphic } = drawing.facts;
  const lossy = await bytesOf(
    greyed(drawing.pipeline(), wants).webp({ quality, effort, smartSubsample: isGraphic, alphaQuality: 90 }),
  );
  if (!isGraphic) return lossy;
  return smaller(await bytesOf(greyed(drawing.pipeline(), wants).webp({ lossless: true, effort: 3 })), lossy);
}

async function encodeMovingWebp(drawing: Drawing, { delays, loop }: Motion, wants: EncodeWants): Promise<Buffer> {
  const quality = encoderQuality('webp', wants.quality);
  return await bytesOf(
    greyed(drawing.pipeline(), wants).webp({
      quality,
      effort: 2,
      delay: [...delays],
      loop,
      // Each frame of a drawing with or without loss, whichever is smaller.
      mixed: drawing.facts.isGraphic,
    }),
  );
}

async function encodeAvif(drawing: Drawing, wants: EncodeWants): Promise<Buffer> {
  const effort = avifEffort(drawing, wants);
  const encode = (quality: number) =>
    bytesOf(
      greyed(drawing.pipeline(), wants).avif({
        quality: Math.min(100, quality + (LESS_EFFORT_LEADS[effort] ?? 0)),
        effort,
        chromaSubsampling: drawing.facts.isGraphic ? '4:4:4' : '4:2:0',
        // At equal SSIMULACRA 2 a twentieth smaller than `ssim`, a quarter dearer.
        tune: 'iq',
      }),
    );
  return await encodeAlike('avif', drawing, { wants, encode });
}

/** What less effort needs more of the encoder's quality to look the same (measured as `encoderQuality`). */
const LESS_EFFORT_LEADS: Readonly<Record<number, number>> = { 0: 3, 1: 2 };

/**
 * The deadline of a step is fixed, the time for a pixel is not: a large picture is coded with less zeal. Drawings for who
 * waits at a thin link are as small at 1 as at 3 and a little coarser, in a third of the time (measured at 360 pixels).
 */
function avifEffort({ width, height, facts }: Drawing, { hasty, light }: EncodeWants): number {
  const pixels = width * height;
  if (hasty) return 0;
  if (pixels <= 2 * MEGAPIXEL && !(light && facts.isGraphic)) return 3;
  return pixels <= 5 * MEGAPIXEL ? 1 : 0;
}

async function encodePng(drawing: Drawing, wants: EncodeWants): Promise<Buffer> {
  if (wants.color !== undefined) {
    const { width, height, indexes } = await drawLevels(drawing, wants);
    const { levels } = wants.color;
    return isGreyDepth(levels)
      ? makeGreyPng({ width, height, indexes }, levels)
      : makeIndexedPng({ width, height, indexes, palette: greys(levels) });
  }
  const { width, height, facts } = drawing;
  const { fewColours } = facts;
  // Level 9 takes seven times as long as 6 for a thirtieth of the bytes.
  const compressionLevel = width * height <= MEGAPIXEL ? 9 : 6;
  const exact = () => bytesOf(drawing.pipeline().png({ compressionLevel, adaptiveFiltering: true }));
  if (fewColours !== undefined && (wants.quality >= FEWEST_COLOURS_QUALITY || fewColours.palette.length <= 16)) {
    const indexed = makeIndexedPng({ width, height, ...fewColours });
    // Smooth shades of grey are predicted better as numbers than as names.
    return facts.isGraphic ? indexed : smaller(indexed, await exact());
  }
  const mayLoseColours = facts.isGraphic ? wants.quality < 90 : wants.light || wants.quality < MIN_EXACT_QUALITY;
  if (!mayLoseColours) return await exact();
  const reduced = await bytesOf(
    drawing.pipeline().png({
      palette: true,
      quality: Math.min(100, wants.quality + PALETTE_QUALITY_LEAD),
      // The dots of 16 colours weigh more than a drawing's flat areas in 256.
      colours: wants.quality < FEWEST_COLOURS_QUALITY && !facts.isGraphic ? 16 : 256,
      effort: 2,
      // Dots in flat areas weigh more and look worse than no dots (measured on screens and line art).
      dither: facts.isGraphic ? 0 : 1,
    }),
  );
  return facts.isGraphic ? smaller(reduced, await exact()) : reduced;
}

async function encodeGif(drawing: Drawing, wants: EncodeWants): Promise<Buffer> {
  const { facts, frames, motion, width, height } = drawing;
  if (wants.color !== undefined && frames === 1) {
    const { indexes, ...size } = await drawLevels(drawing, wants);
    return makeIndexedGif({ ...size, indexes, palette: greys(wants.color.levels) });
  }
  // The writer knows 2, 4, 16 and 256 colours.
  const colours = Math.min(wants.color?.levels ?? 256, wants.quality < FEWEST_COLOURS_QUALITY ? 16 : 256);
  if (facts.fewColours !== undefined && facts.fewColours.palette.length <= colours)
    return makeIndexedGif({ width, height, ...facts.fewColours });
  const pipeline = greyed(drawing.pipeline(), wants);
  const dots = facts.isGraphic ? 0 : wants.light ? 0.5 : 1;
  if (motion === undefined) return await bytesOf(pipeline.gif({ colours, effort: 3, dither: dots }));
  const delay = wholeHundredths(shownMotion(motion).delays);
  return await bytesOf(
    pipeline.gif({ colours, effort: 3, dither: dots, interFrameMaxError: 6, delay, loop: motion.loop }),
  );
}

async function encodeWbmp(drawing: Drawing, { background }: EncodeWants): Promise<Buffer> {
  const grey = await drawGrey(drawing, { background, levels: 2 });
  dither(grey, 2);
  return makeWbmp(grey);
}

/** The picture in the greys that are wanted: as numbers of levels, and as a pipeline. */
async function drawLevels(
  drawing: Drawing,
  { color, background }: EncodeWants,
): Promise<{ width: number; height: number; indexes: Uint8Array; pipeline: Sharp }> {
  const levels = color?.levels ?? 256;
  const grey = await drawGrey(drawing, { background, levels });
  const { width, height, pixels } = grey;
  // Dots in the flat areas of a drawing weigh more and look worse than the nearest grey.
  const indexes = drawing.facts.isGraphic && levels > 2 ? toNearestLevels(grey, levels) : dither(grey, levels);
  const sharp = await loadSharp();
  return { width, height, indexes, pipeline: sharp(pixels, { raw: { width, height, channels: 1 } }) };
}

/** Evenly spaced greys from black to white. */
function greys(levels: number): IndexedPicture['palette'] {
  return Array.from({ length: levels }, (_, index) => {
    const grey = Math.round((index * 255) / (levels - 1));
    return [grey, grey, grey, 255] as const;
  });
}

function greyed(pipeline: Sharp, { color }: EncodeWants): Sharp {
  return color === undefined ? pipeline : pipeline.greyscale().toColourspace('b-w');
}

function smaller(a: Buffer, b: Buffer): Buffer {
  return a.length <= b.length ? a : b;
}

async function bytesOf(pipeline: Sharp): Promise<Buffer> {
  return await decoding(() => pipeline.toBuffer());
}
