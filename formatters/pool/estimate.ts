/** How much memory and time a job may need, known before any work: from the size of a picture, else from its bytes. */
import type { FormatJob } from '../../core/executor.ts';

const MEBIBYTE = 1024 * 1024;
const BASE_BYTES = 16 * MEBIBYTE;
/** A parsed page, its text and what is written of it. */
const PER_BODY_BYTE = 8;
/** Peak of the image library for a pixel, measured at 49 megapixels; the interlaced kinds are the dear ones. */
const PER_PIXEL: Readonly<Record<string, number>> = {
  'image/jpeg': 5,
  'image/png': 6,
  'image/webp': 2,
  'image/gif': 7,
  'image/tiff': 12,
  'image/avif': 18,
  'image/heic': 18,
  'image/heif': 18,
};
/** The size of a drawing is not known before it is drawn. */
const SVG_BYTES = 96 * MEBIBYTE;
/** Where the size of an AVIF or HEIF picture must have been told. */
const MAX_BOX_BYTES = 65_536;

/** Estimated bytes of memory beyond the idle size of a process. */
export function estimateBytes({ body, mediaType }: FormatJob): number {
  if (mediaType === 'image/svg+xml') return SVG_BYTES;
  const perPixel = PER_PIXEL[mediaType];
  if (perPixel === undefined) return BASE_BYTES + PER_BODY_BYTE * body.byteLength;
  return BASE_BYTES + body.byteLength + perPixel * (readPixels(body) ?? body.byteLength);
}

/** Milliseconds, roughly: a megapixel in a fifth of a second, a page of 100 kB in a fiftieth. Drawings as the worst of pictures. */
const MS_PER_PIXEL = 0.0002;
const MS_PER_BYTE = 0.0002;
const SVG_MS = 500;

/** Estimated milliseconds in a process: enough to tell what is soon done from what is not. */
export function estimateMs({ body, mediaType }: FormatJob): number {
  if (mediaType === 'image/svg+xml') return SVG_MS;
  if (PER_PIXEL[mediaType] === undefined) return MS_PER_BYTE * body.byteLength;
  return MS_PER_PIXEL * (readPixels(body) ?? body.byteLength);
}

/** Width times height as the header tells them, of one frame; `undefined` when it is no picture we know. */
export function readPixels(bytes: Uint8Array): number | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (text: string, at = 0) => view.toString('latin1', at, at + text.length) === text;
  if (starts('\x89PNG\r\n\x1a\n') && view.length >= 24) return view.readUInt32BE(16) * view.readUInt32BE(20);
  if (starts('GIF8') && view.length >= 10) return view.readUInt16LE(6) * view.readUInt16LE(8);
  if (starts('\xff\xd8')) return readJpegPixels(view);
  if (starts('RIFF') && starts('WEBP', 8) && view.length >= 30) return readWebpPixels(view);
  if (starts('ftyp', 4)) return readBoxPixels(view.subarray(0, MAX_BOX_BYTES));
  return undefined;
}

/** ITU T.81 B.2.2: a frame header (SOF) holds height and width; the segments before it are skipped by their lengths. */
function readJpegPixels(view: Buffer): number | undefined {
  let at = 2;
  while (at + 9 < view.length && view[at] === 0xff) {
    const marker = view[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return view.readUInt16BE(at + 5) * view.readUInt16BE(at + 7);
    at += marker === 0xff ? 1 : 2 + view.readUInt16BE(at + 2);
  }
  return undefined;
}

/** RFC 9649 2.5 to 2.7: simple lossy, simple lossless, extended. */
function readWebpPixels(view: Buffer): number | undefined {
  const kind = view.toString('latin1', 12, 16);
  if (kind === 'VP8 ') return (view.readUInt16LE(26) & 0x3fff) * (view.readUInt16LE(28) & 0x3fff);
  if (kind === 'VP8X') return (view.readUIntLE(24, 3) + 1) * (view.readUIntLE(27, 3) + 1);
  if (kind !== 'VP8L') return undefined;
  const bits = view.readUInt32LE(21);
  return ((bits & 0x3fff) + 1) * (((bits >>> 14) & 0x3fff) + 1);
}

/** ISO/IEC 23008-12 6.5.3: every item has an `ispe` box with width and height; the largest is the whole picture. */
function readBoxPixels(view: Buffer): number | undefined {
  let most: number | undefined;
  for (let at = view.indexOf('ispe'); at !== -1 && at + 16 <= view.length; at = view.indexOf('ispe', at + 4)) {
    most = Math.max(most ?? 0, view.readUInt32BE(at + 8) * view.readUInt32BE(at + 12));
  }
  return most;
}
