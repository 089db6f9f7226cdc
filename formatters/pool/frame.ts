/**
 * Messages between the pool and its processes: two lengths (header, body; 32 bits each, big-endian), a JSON header, raw
 * bytes. A process may send anything, so lengths are bounded before memory is taken.
 */

/** A JSON header and raw bytes. */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

const PREFIX_BYTES = 8;
const MAX_HEADER_BYTES = 1024 * 1024;

/** Bytes of a frame as pieces to be written one after the other; the body is not copied. */
export function encodeFrame(header: object, body: Uint8Array = new Uint8Array()): Uint8Array[] {
  const head = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(head.byteLength, 0);
  prefix.writeUInt32BE(body.byteLength, 4);
  return body.byteLength === 0 ? [Buffer.concat([prefix, head])] : [Buffer.concat([prefix, head]), body];
}

/**
 * Cuts a byte stream into frames.
 *
 * The returned function takes the next piece and gives the frames it completes. It throws a `RangeError` or
 * `SyntaxError` for what is no frame: the sender is to be given up.
 */
export function makeFrameReader(maxBodyBytes: number): (piece: Uint8Array) => Frame[] {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let needed = PREFIX_BYTES;
  let headerBytes = 0;
  return (piece) => {
    pieces.push(piece);
    held += piece.byteLength;
    const frames: Frame[] = [];
    while (held >= needed) {
      const bytes = pieces.length === 1 ? asBuffer(pieces[0]!) : Buffer.concat(pieces, held);
      if (needed === PREFIX_BYTES) {
        headerBytes = bytes.readUInt32BE(0);
        const bodyBytes = bytes.readUInt32BE(4);
        if (headerBytes > MAX_HEADER_BYTES || headerBytes < 2 || bodyBytes > maxBodyBytes)
          throw new RangeError(`a frame of ${headerBytes} + ${bodyBytes} bytes is over the limit`);
        needed = PREFIX_BYTES + headerBytes + bodyBytes;
        pieces = [bytes];
        continue;
      }
      frames.push(parseFrame(bytes.subarray(0, needed), headerBytes));
      pieces = held === needed ? [] : [bytes.subarray(needed)];
      held -= needed;
      needed = PREFIX_BYTES;
    }
    return frames;
  };
}

function parseFrame(bytes: Buffer, headerBytes: number): Frame {
  const end = PREFIX_BYTES + headerBytes;
  const header: unknown = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, end));
  if (typeof header !== 'object' || header === null) throw new SyntaxError('the header of a frame is not an object');
  return { header: header as Frame['header'], body: bytes.subarray(end) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
