/** The chunks of a PNG file (W3C PNG 5.3). */
import { crc32 } from 'node:zlib';

export interface PngChunk {
  readonly type: string;
  /** From the length to the end of the check sum. */
  readonly start: number;
  readonly end: number;
}

const SIGNATURE_BYTES = 8;

/** Chunks up to IEND; ends early where the file is cut or a length is impossible. */
export function* readPngChunks(bytes: Buffer): Generator<PngChunk> {
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (end > bytes.length || !/^[A-Za-z]{4}$/.test(type)) return;
    yield { type, start: at, end };
    if (type === 'IEND') return;
    at = end;
  }
}

/** A chunk with its length and check sum. @param type four letters */
export function makePngChunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, 'latin1');
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}
