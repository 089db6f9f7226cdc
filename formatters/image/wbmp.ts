/** Wireless bitmaps, type 0 (WAP-237, section 4): one bit a pixel, 1 is white, rows padded to bytes. */
import { hostile } from './refusals.ts';

/** A grey picture, one byte a pixel. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface WbmpHeader {
  readonly width: number;
  readonly height: number;
  /** Where the rows begin. */
  readonly dataAt: number;
}

const MAX_INTEGER_BYTES = 4;

/** Reads the header. @throws FormatFailure hostile when the bytes cannot be one. */
export function readWbmpHeader(bytes: Buffer): WbmpHeader {
  const [width, heightAt] = readMultiByte(bytes, 2);
  const [height, dataAt] = readMultiByte(bytes, heightAt);
  if (width === 0 || height === 0) throw hostile('a wireless bitmap without width or height');
  return { width, height, dataAt };
}

/** Decodes. @throws FormatFailure hostile when rows are missing. */
export function parseWbmp(bytes: Buffer): GreyPicture {
  const { width, height, dataAt } = readWbmpHeader(bytes);
  const rowBytes = Math.ceil(width / 8);
  if (bytes.length < dataAt + rowBytes * height) throw hostile('a wireless bitmap that ends too early');
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = (bytes[dataAt + y * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1;
      pixels[y * width + x] = bit * 255;
    }
  }
  return { width, height, pixels };
}

/** Encodes; pixels of 128 and more are white. */
export function makeWbmp({ width, height, pixels }: GreyPicture): Buffer {
  const header = Buffer.from([0, 0, ...multiByte(width), ...multiByte(height)]);
  const rowBytes = Math.ceil(width / 8);
  const rows = Buffer.alloc(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (pixels[y * width + x]! >= 128) rows[y * rowBytes + (x >> 3)]! |= 0x80 >> (x & 7);
    }
  }
  return Buffer.concat([header, rows]);
}

/** Seven bits a byte, the highest first, the top bit set on all but the last. */
function multiByte(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

function readMultiByte(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0;
  for (let at = from; at < from + MAX_INTEGER_BYTES && at < bytes.length; at++) {
    value = value * 128 + (bytes[at]! & 0x7f);
    if ((bytes[at]! & 0x80) === 0) return [value, at + 1];
  }
  throw hostile('a wireless bitmap whose size cannot be read');
}
