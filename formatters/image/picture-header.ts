/** What a picture's header says of it: read before any decoder sees a byte (threat 39). */

import { readAnimatedPng } from './animated-png.ts';
import { readGifBlocks } from './gif-blocks.ts';
import { isFrameHeader, readJpegSegments, SOF_HEIGHT_AT } from './jpeg-segments.ts';
import type { SourceKind } from './picture-kind.ts';
import { readPngChunks } from './png-chunks.ts';
import { hostile, tooLarge } from './refusals.ts';
import { readTiffHeader } from './tiff-header.ts';
import { readWbmpHeader } from './wbmp.ts';
import { readWebpChunks, readWebpSize } from './webp-chunks.ts';

export interface PictureHeader {
  readonly kind: SourceKind;
  /** Pixels as stored, before any orientation. */
  readonly width: number;
  readonly height: number;
  /** 1 for a still. */
  readonly frames: number;
  /** Flat colours are likely: a palette, or coded without loss. */
  readonly mayBeGraphic: boolean;
}

/** Share of `maxPixels` by kind: what a decoder needs for a pixel differs (measured: AVIF 18 bytes, JPEG 5). */
const SHARE: Readonly<Record<SourceKind, number>> = {
  jpeg: 1,
  png: 1,
  webp: 1,
  wbmp: 1,
  gif: 0.5,
  avif: 0.32,
  tiff: 0.4,
};
/** More frames than any animation needs; each costs time however small it is. */
const MAX_FRAMES = 3000;
/** Each frame of an animated PNG is laid in memory: four bytes a pixel. */
const ANIMATED_PNG_SHARE = 0.3;
/** AVIF tells its size in the first boxes. */
const MAX_BOX_BYTES = 65_536;
/** Screens that old programs wrote instead of the picture's size; decoders then go by the frames. */
const MAX_GIF_SCREEN = 2048;

type Size = Omit<PictureHeader, 'kind'>;

const READERS: Readonly<Record<SourceKind, (bytes: Buffer) => Size | undefined>> = {
  jpeg: readJpeg,
  png: readPng,
  webp: readWebp,
  avif: readAvif,
  gif: readGif,
  tiff: readTiff,
  wbmp: (bytes) => ({ ...readWbmpHeader(bytes), frames: 1, mayBeGraphic: true }),
};

/**
 * Reads the header of a picture of a known kind.
 *
 * @throws FormatFailure hostile when there is none
 */
export function readHeader(bytes: Buffer, kind: SourceKind): PictureHeader {
  const size = READERS[kind](bytes);
  if (size === undefined || size.width === 0 || size.height === 0)
    throw hostile(`a ${kind.toUpperCase()} picture whose header cannot be read`);
  return { kind, ...size };
}

/** Pixels that may be decoded of a kind. @param maxPixels limit of a step, for the cheapest kind */
export function pixelLimit(kind: SourceKind, maxPixels: number): number {
  return Math.floor(maxPixels * SHARE[kind]);
}

/** True where the frames of an animated PNG may all be decoded. */
export function mayLayFrames({ width, height, frames }: PictureHeader, maxPixels: number): boolean {
  return frames <= MAX_FRAMES && width * height * frames <= maxPixels * ANIMATED_PNG_SHARE;
}

/**
 * Refuses what would need too much to decode.
 *
 * @param frames frames that will be decoded: 1 where only the first is wanted
 * @throws FormatFailure too-large
 */
export function checkPixels(header: PictureHeader, frames: number, maxPixels: number): void {
  const { kind, width, height } = header;
  const limit = pixelLimit(kind, maxPixels);
  if (header.frames > MAX_FRAMES) throw tooLarge(`the picture has over ${MAX_FRAMES} frames`);
  if (width * height * frames > limit)
    throw tooLarge(
      `${width}×${height}${frames > 1 ? ` in ${frames} frames` : ''} is over ${Math.floor(limit / 1e6)} megapixels`,
    );
}

function readJpeg(bytes: Buffer): Size | undefined {
  for (const { marker, start, end } of readJpegSegments(bytes)) {
    if (!isFrameHeader(marker)) continue;
    if (end - start < SOF_HEIGHT_AT + 4) return undefined;
    const height = bytes.readUInt16BE(start + SOF_HEIGHT_AT);
    return { width: bytes.readUInt16BE(start + SOF_HEIGHT_AT + 2), height, frames: 1, mayBeGraphic: false };
  }
  return undefined;
}

function readPng(bytes: Buffer): Size | undefined {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  let frames = 1;
  for (const { type } of readPngChunks(bytes)) {
    if (type === 'IDAT') break;
    // A broken animation is a still, for browsers too.
    if (type === 'acTL') frames = readAnimatedPng(bytes)?.frames.length ?? 1;
  }
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), frames, mayBeGraphic: true };
}

/** The canvas of the extended format, else the picture's own size; a frame larger than its canvas counts too. */
function readWebp(bytes: Buffer): Size | undefined {
  let [width, height, frames] = [0, 0, 0];
  let mayBeGraphic = false;
  for (const chunk of readWebpChunks(bytes)) {
    if (chunk.type === 'VP8L') mayBeGraphic = true;
    if (chunk.type === 'ANMF') {
      frames += 1;
      mayBeGraphic ||= bytes.toString('latin1', chunk.payload + 16, chunk.payload + 20) === 'VP8L';
    }
    const size = readWebpSize(bytes, chunk);
    if (size === undefined) continue;
    width = Math.max(width, size[0]);
    height = Math.max(height, size[1]);
  }
  return width === 0 ? undefined : { width, height, frames: Math.max(1, frames), mayBeGraphic };
}

/** ISO/IEC 23008-12 6.5.3: every item has an `ispe` box with width and height; the largest is the whole picture. */
function readAvif(bytes: Buffer): Size | undefined {
  const view = bytes.subarray(0, MAX_BOX_BYTES);
  let [width, height] = [0, 0];
  for (let at = view.indexOf('ispe'); at !== -1 && at + 16 <= view.length; at = view.indexOf('ispe', at + 4)) {
    const [w, h] = [view.readUInt32BE(at + 8), view.readUInt32BE(at + 12)];
    if (w * h > width * height) [width, height] = [w, h];
  }
  return width === 0 ? undefined : { width, height, frames: 1, mayBeGraphic: false };
}

/** More bytes for a pixel than sixteen bits of four colours and alpha are no picture for a screen. */
const MAX_TIFF_PIXEL_BYTES = 10;
/** A tile or strip is decoded whole, however little of the picture is in it. */
const MAX_TIFF_BLOCK_PIXELS = 16_000_000;

function readTiff(bytes: Buffer): Size | undefined {
  const header = readTiffHeader(bytes);
  if (header === undefined) return undefined;
  const { width, height, pixelBytes, blockPixels } = header;
  if (pixelBytes > MAX_TIFF_PIXEL_BYTES || blockPixels > MAX_TIFF_BLOCK_PIXELS)
    throw tooLarge(`a TIFF picture of ${pixelBytes} bytes a pixel in blocks of ${blockPixels} pixels`);
  return { width, height, frames: 1, mayBeGraphic: true };
}

function readGif(bytes: Buffer): Size | undefined {
  if (bytes.length < 13) return undefined;
  const screen = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)] as const;
  const isPlausible = screen[0] <= MAX_GIF_SCREEN && screen[1] <= MAX_GIF_SCREEN;
  let [width, height] = isPlausible ? screen : [0, 0];
  let frames = 0;
  for (const { kind, right, bottom } of readGifBlocks(bytes)) {
    if (kind !== 'image') continue;
    frames += 1;
    // Enough to refuse it: a bomb is not read to its end.
    if (frames > MAX_FRAMES) break;
    width = Math.max(width, right);
    height = Math.max(height, bottom);
  }
  return frames === 0 ? undefined : { width, height, frames, mayBeGraphic: true };
}
