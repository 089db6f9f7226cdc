/**
 * Takes everything out of a picture's container that is not picture: Exif, XMP, IPTC, comments, thumbnails, other files
 * appended or hidden (threat 38). No pixel is decoded or changed; the colour profile stays, or colours would be wrong.
 */
import { readGifBlocks } from './gif-blocks.ts';
import { readJpegSegments } from './jpeg-segments.ts';
import type { SourceKind } from './picture-kind.ts';
import { readPngChunks } from './png-chunks.ts';
import { readWebpChunks } from './webp-chunks.ts';

/**
 * The picture without metadata, or `undefined` where the container cannot be cleaned: cut, malformed, or of a kind
 * whose parts are found by offsets.
 */
export function stripMetadata(bytes: Buffer, kind: SourceKind): Buffer | undefined {
  switch (kind) {
    case 'jpeg':
      return stripJpeg(bytes);
    case 'png':
      return stripPng(bytes);
    case 'webp':
      return stripWebp(bytes);
    case 'gif':
      return stripGif(bytes);
    case 'avif':
      return hasAvifMetadata(bytes) ? undefined : bytes;
    case 'tiff':
    case 'wbmp':
      return undefined;
  }
}

/** JFIF without its thumbnail: marker, length, identifier, version, unit, densities, thumbnail 0 by 0. */
const JFIF_BYTES = 18;

function stripJpeg(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let isComplete = false;
  for (const { marker, start, end } of readJpegSegments(bytes)) {
    const segment = bytes.subarray(start, end);
    const holds = (identifier: string) => segment.toString('latin1', 4, 4 + identifier.length) === identifier;
    const isApplication = marker >= 0xe0 && marker <= 0xef;
    if (marker === 0xe0 && holds('JFIF\0') && segment.length >= JFIF_BYTES) parts.push(bareJfif(segment));
    else if (marker === 0xe2 && holds('ICC_PROFILE\0')) parts.push(segment);
    // Without it CMYK and RGB pictures would be read as something else.
    else if (marker === 0xee && holds('Adobe')) parts.push(segment);
    else if (!isApplication && marker !== 0xfe) parts.push(segment);
    isComplete ||= marker === 0xd9;
  }
  return isComplete ? Buffer.concat(parts) : undefined;
}

function bareJfif(segment: Buffer): Buffer {
  const bare = Buffer.from(segment.subarray(0, JFIF_BYTES));
  bare.writeUInt16BE(JFIF_BYTES - 2, 2);
  bare[16] = 0;
  bare[17] = 0;
  return bare;
}

/** Chunks that change what is seen (W3C PNG 11.3) and those of animations; critical ones begin with a capital. */
const SEEN_CHUNKS = new Set(['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI', 'sBIT', 'pHYs']);
const ANIMATION_CHUNKS = new Set(['acTL', 'fcTL', 'fdAT']);

function stripPng(bytes: Buffer): Buffer | undefined {
  const parts = [bytes.subarray(0, 8)];
  let isComplete = false;
  for (const { type, start, end } of readPngChunks(bytes)) {
    const isCritical = /^(?:IHDR|PLTE|IDAT|IEND)$/.test(type);
    if (isCritical || SEEN_CHUNKS.has(type) || ANIMATION_CHUNKS.has(type)) parts.push(bytes.subarray(start, end));
    isComplete ||= type === 'IEND';
  }
  return isComplete ? Buffer.concat(parts) : undefined;
}

/**
 * A PNG without its texts, which its decoder would inflate: each may be 64 MB (threat 39). All else stays, the
 * orientation too.
 */
export function withoutPngTexts(bytes: Buffer): Buffer {
  const parts: Buffer[] = [bytes.subarray(0, 8)];
  let [dropped, last] = [0, 8];
  for (const { type, start, end } of readPngChunks(bytes)) {
    last = end;
    if (/^(?:zTXt|iTXt|tEXt)$/.test(type)) dropped += 1;
    else parts.push(bytes.subarray(start, end));
  }
  // What cannot be read as chunks is left to the decoder to refuse.
  return dropped === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(last)]);
}

const WEBP_CHUNKS = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);
/** RFC 9649 2.7: reserved, ICC, alpha, Exif, XMP, animation, reserved from the top bit of the flags. */
const EXIF_AND_XMP = 0x0c;

function stripWebp(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let hasPicture = false;
  for (const { type, start, end, payload } of readWebpChunks(bytes)) {
    if (!WEBP_CHUNKS.has(type)) continue;
    const chunk = Buffer.from(bytes.subarray(start, end));
    if (type === 'VP8X') chunk[payload - start]! &= ~EXIF_AND_XMP;
    hasPicture ||= type === 'VP8 ' || type === 'VP8L' || type === 'ANMF';
    parts.push(chunk, Buffer.alloc(chunk.length % 2));
  }
  if (!hasPicture) return undefined;
  const body = Buffer.concat(parts);
  const header = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  header.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([header, body]);
}

const GRAPHIC_CONTROL = 0xf9;
const APPLICATION = 0xff;

function stripGif(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let isComplete = false;
  for (const { kind, label, start, end } of readGifBlocks(bytes)) {
    const block = bytes.subarray(start, end);
    const isKept = kind !== 'extension' || label === GRAPHIC_CONTROL || (label === APPLICATION && isLoop(block));
    if (isKept) parts.push(block);
    isComplete ||= kind === 'trailer';
  }
  return isComplete ? Buffer.concat(parts) : undefined;
}

function isLoop(block: Buffer): boolean {
  return /^(?:NETSCAPE2\.0|ANIMEXTS1\.0)$/.test(block.toString('latin1', 3, 14));
}

/** Items named Exif or mime (XMP), or anything but the boxes a still picture needs. */
function hasAvifMetadata(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) return true;
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < 8 || at + size > bytes.length || !/^(?:ftyp|meta|mdat)$/.test(type)) return true;
    const box = bytes.subarray(at, at + size);
    if (type === 'meta' && (box.includes('Exif') || box.includes('mime'))) return true;
    at += size;
  }
  return false;
}
