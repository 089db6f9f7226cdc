/** Animations written block by block, so that what an encoder would never write can be tested. */
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/** A frame as a file tells it: a part of the canvas, and what becomes of that part afterwards. */
export interface GifFrame {
  readonly at: readonly [x: number, y: number];
  readonly size: readonly [width: number, height: number];
  /** Names of colours, one for each pixel, or one for all. */
  readonly colours: string;
  readonly delayMs: number;
  /** GIF89a 23: leave it, clear it, put back what was there. */
  readonly dispose?: 'leave' | 'clear' | 'restore';
}

/** Red, green, blue, and nothing. */
const NAMES = 'rgb.';
const TABLE = [220, 20, 30, 20, 160, 40, 30, 60, 220, 0, 0, 0];
const DISPOSALS = { leave: 1, clear: 2, restore: 3 };

/** @param loop as the file tells it: once more than that; `undefined` tells nothing: once */
export function makeGif(width: number, height: number, frames: readonly GifFrame[], loop?: number): Buffer {
  const parts: Buffer[] = [
    Buffer.from('GIF89a'),
    Buffer.from([...short(width), ...short(height), 0x91, 3, 0, ...TABLE]),
  ];
  if (loop !== undefined)
    parts.push(Buffer.from('!\xff\x0bNETSCAPE2.0', 'latin1'), Buffer.from([3, 1, ...short(loop), 0]));
  for (const { at, size, colours, delayMs, dispose = 'leave' } of frames) {
    parts.push(Buffer.from([0x21, 0xf9, 4, (DISPOSALS[dispose] << 2) | 1, ...short(delayMs / 10), 3, 0]));
    parts.push(Buffer.from([0x2c, ...at.flatMap(short), ...size.flatMap(short), 0, 2]));
    const all = colours.length === 1 ? colours.repeat(size[0] * size[1]) : colours;
    parts.push(...plainCodes([...all].map((name) => NAMES.indexOf(name))), Buffer.from([0]));
  }
  return Buffer.concat([...parts, Buffer.from(';')]);
}

function short(value: number): number[] {
  return [value & 255, value >> 8];
}

/** Codes of three bits; the table is cleared before it grows. */
function plainCodes(indexes: readonly number[]): Buffer[] {
  const codes = [...indexes.flatMap((index, place) => (place % 2 === 0 ? [4, index] : [index])), 5];
  const bits = codes.map((code) => code.toString(2).padStart(3, '0').split('').reverse().join('')).join('');
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((each) => Number.parseInt(each.split('').reverse().join(''), 2));
  const blocks: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += 255) {
    const block = bytes.slice(from, from + 255);
    blocks.push(Buffer.from([block.length, ...block]));
  }
  return blocks;
}

/** A frame of an animated PNG (W3C PNG 11.3.6). */
export interface PngFrame {
  readonly at: readonly [x: number, y: number];
  readonly size: readonly [width: number, height: number];
  /** Red, green, blue, alpha, of all or of each pixel. */
  readonly colour: readonly [number, number, number, number] | Buffer;
  readonly delayMs: number;
  readonly dispose?: 'leave' | 'clear' | 'restore';
  readonly blend?: boolean;
}

const PNG_DISPOSALS = { leave: 0, clear: 1, restore: 2 };

/** @param hidden a default picture that is not one of the frames */
export async function makeApng(
  width: number,
  height: number,
  frames: readonly PngFrame[],
  { loop = 0, hidden = false }: { loop?: number; hidden?: boolean } = {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sequence = 0;
  if (hidden) parts.push(chunk('IDAT', await pixelData([width, height], [255, 255, 255, 255])));
  for (const [place, { at, size, colour, delayMs, dispose = 'leave', blend = false }] of frames.entries()) {
    const control = Buffer.alloc(26);
    for (const [index, value] of [sequence++, ...size, ...at].entries()) control.writeUInt32BE(value, index * 4);
    control.writeUInt16BE(delayMs, 20);
    control.writeUInt16BE(1_000, 22);
    control[24] = PNG_DISPOSALS[dispose];
    control[25] = blend ? 1 : 0;
    parts.push(chunk('fcTL', control));
    const data = await pixelData(size, colour);
    if (place === 0 && !hidden) parts.push(chunk('IDAT', data));
    else {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(sequence++);
      parts.push(chunk('fdAT', Buffer.concat([number, data])));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const animation = Buffer.alloc(8);
  animation.writeUInt32BE(frames.length, 0);
  animation.writeUInt32BE(loop, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const before = [signature, chunk('IHDR', header), chunk('acTL', animation)];
  return Buffer.concat([...before, ...parts, chunk('IEND', Buffer.alloc(0))]);
}

/** The compressed rows of a picture of one colour, taken out of a PNG that the library wrote. */
async function pixelData([width, height]: readonly [number, number], colour: PngFrame['colour']): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 4, Buffer.from(colour));
  const png = await sharp(pixels, { raw: { width, height, channels: 4 } })
    .png({ palette: false })
    .toBuffer();
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return Buffer.concat(parts);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
