/** The chunks of a PNG file (W3C PNG 5.3). */

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
