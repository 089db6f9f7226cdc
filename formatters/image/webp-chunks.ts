/** The chunks of a WebP file (RFC 9649 2.3 to 2.7). */

export interface WebpChunk {
  readonly type: string;
  /** From the FourCC to the end of the payload's padding. */
  readonly start: number;
  readonly end: number;
  readonly payload: number;
}

const HEADER_BYTES = 12;

/** Chunks of the RIFF container; ends early where the file is cut. */
export function* readWebpChunks(bytes: Buffer): Generator<WebpChunk> {
  const fileEnd = Math.min(bytes.length, 8 + bytes.readUInt32LE(4));
  for (let at = HEADER_BYTES; at + 8 <= fileEnd; ) {
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (at + 8 + length > bytes.length) return;
    yield { type: bytes.toString('latin1', at, at + 4), start: at, end: Math.min(end, bytes.length), payload: at + 8 };
    at = end;
  }
}

/** Width and height of a `VP8 `, `VP8L` or `VP8X` payload; `undefined` for others. */
export function readWebpSize(bytes: Buffer, { type, payload, end }: WebpChunk): readonly [number, number] | undefined {
  const length = end - payload;
  if (type === 'VP8 ' && length >= 10)
    return [bytes.readUInt16LE(payload + 6) & 0x3fff, bytes.readUInt16LE(payload + 8) & 0x3fff];
  if (type === 'VP8L' && length >= 5) {
    const bits = bytes.readUInt32LE(payload + 1);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  }
  if (type === 'VP8X' && length >= 10)
    return [bytes.readUIntLE(payload + 4, 3) + 1, bytes.readUIntLE(payload + 7, 3) + 1];
  return undefined;
}
