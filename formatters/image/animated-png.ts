/** Animated PNG (W3C PNG third edition, 11.3.6): the library shows only its first picture, so its frames are laid here. */
import { makePngChunk, readPngChunks } from './png-chunks.ts';

/** A frame as the file tells it. */
export interface PngFrame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly delayMs: number;
  /** 11.3.6.2: 0 leaves it, 1 clears its area, 2 puts back what was there. */
  readonly dispose: number;
  /** 0 replaces what is there, 1 lies over it. */
  readonly blend: number;
  /** Compressed rows. */
  readonly data: readonly Buffer[];
}

export interface AnimatedPng {
  readonly frames: readonly PngFrame[];
  /** Times it plays; 0 for ever. */
  readonly loop: number;
  /** Chunks before the first data that say what the numbers mean, IHDR apart. */
  readonly meaning: readonly Buffer[];
  readonly header: Buffer;
}

const FRAME_CONTROL_BYTES = 26;
/** What colours mean; the rest is metadata. */
const MEANING = /^(?:PLTE|tRNS|gAMA|cHRM|sRGB|iCCP|cICP|sBIT)$/;

/** The animation of a PNG; `undefined` where it has none, or a broken one: browsers then show its default picture. */
export function readAnimatedPng(bytes: Buffer): AnimatedPng | undefined {
  const frames: (PngFrame & { data: Buffer[] })[] = [];
  const meaning: Buffer[] = [];
  let [header, count, loop, isWhole]: [Buffer | undefined, number, number, boolean] = [undefined, 0, 0, false];
  for (const { type, start, end } of readPngChunks(bytes)) {
    const data = bytes.subarray(start + 8, end - 4);
    if (type === 'IHDR') header = data;
    else if (type === 'acTL' && data.length >= 8) [count, loop] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    else if (type === 'fcTL' && data.length >= FRAME_CONTROL_BYTES) frames.push(readFrameControl(data));
    else if (type === 'IDAT') frames[0]?.data.push(data);
    else if (type === 'fdAT') frames.at(-1)?.data.push(data.subarray(4));
    else if (MEANING.test(type)) meaning.push(bytes.subarray(start, end));
    isWhole ||= type === 'IEND';
  }
  if (header === undefined || header.length !== 13 || !isWhole || frames.length === 0) return undefined;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const isSound = frames.every((frame) => frame.data.length > 0 && isWithin(frame, { width, height }));
  return isSound && frames.length === count ? { frames, loop, meaning, header } : undefined;
}

function readFrameControl(data: Buffer): PngFrame & { data: Buffer[] } {
  const [width, height, x, y] = [4, 8, 12, 16].map((at) => data.readUInt32BE(at)) as [number, number, number, number];
  const delayMs = Math.round((data.readUInt16BE(20) * 1_000) / (data.readUInt16BE(22) || 100));
  return { x, y, width, height, delayMs, dispose: data[24]!, blend: data[25]!, data: [] };
}

function isWithin({ x, y, width, height }: PngFrame, canvas: { width: number; height: number }): boolean {
  return width > 0 && height > 0 && x + width <= canvas.width && y + height <= canvas.height;
}

/**
 * All frames as they are seen, one below the other, four bytes a pixel.
 *
 * @param decode the pixels of a still PNG in red, green, blue and alpha
 */
export async function layFrames(
  { frames, meaning, header }: AnimatedPng,
  decode: (png: Buffer) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const canvas = new Uint8Array(width * height * 4);
  const strip = new Uint8Array(canvas.length * frames.length);
  for (const [place, frame] of frames.entries()) {
    const pixels = await decode(asStill(frame, header, meaning));
    // 11.3.6.2: there is nothing to go back to before the first.
    const isRestored = frame.dispose === 2 && place > 0;
    const before = isRestored ? canvas.slice() : undefined;
    layOver({ canvas, width }, frame, pixels);
    strip.set(canvas, place * canvas.length);
    if (before !== undefined) canvas.set(before);
    else if (frame.dispose !== 0) clear({ canvas, width }, frame);
  }
  return strip;
}

function asStill({ width, height, data }: PngFrame, header: Buffer, meaning: readonly Buffer[]): Buffer {
  const size = Buffer.from(header);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const end = makePngChunk('IEND', Buffer.alloc(0));
  return Buffer.concat([
    signature,
    makePngChunk('IHDR', size),
    ...meaning,
    makePngChunk('IDAT', Buffer.concat(data)),
    end,
  ]);
}

interface Canvas {
  readonly canvas: Uint8Array;
  readonly width: number;
}

function layOver({ canvas, width }: Canvas, frame: PngFrame, pixels: Uint8Array): void {
  const rowBytes = frame.width * 4;
  for (let row = 0; row < frame.height; row++) {
    const at = ((frame.y + row) * width + frame.x) * 4;
    const from = pixels.subarray(row * rowBytes, (row + 1) * rowBytes);
    if (frame.blend === 0) canvas.set(from, at);
    else for (let pixel = 0; pixel < rowBytes; pixel += 4) blend(canvas, at + pixel, from.subarray(pixel, pixel + 4));
  }
}

/** 13.16 of the specification: alpha compositing, colours not multiplied. */
function blend(canvas: Uint8Array, at: number, over: Uint8Array): void {
  const alpha = over[3]! / 255;
  if (alpha === 0) return;
  const under = (canvas[at + 3]! / 255) * (1 - alpha);
  const sum = alpha + under;
  for (let channel = 0; channel < 3; channel++)
    canvas[at + channel] = Math.round((over[channel]! * alpha + canvas[at + channel]! * under) / sum);
  canvas[at + 3] = Math.round(sum * 255);
}

function clear({ canvas, width }: Canvas, { x, y, width: columns, height }: PngFrame): void {
  for (let row = y; row < y + height; row++) canvas.fill(0, (row * width + x) * 4, (row * width + x + columns) * 4);
}
