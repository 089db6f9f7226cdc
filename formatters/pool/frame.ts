/**
 * Messages between the pool and its processes: two lengths (header, body; 32 bits each, big-endian), a JSON header, raw
 * bytes. A process may send anything, so lengths are bounded before memory is taken.
 */
import { freeBytes } from '../../core/free-bytes.ts';

/** A JSON header and raw bytes. */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
  /** Frees the body, which is empty then, where it came in many pieces. */
  readonly free?: () => void;
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
 *
 * @param onCopied told each piece that no frame refers to: one that comes in many pieces is gathered in a buffer of its own
 */
export function makeFrameReader(
  maxBodyBytes: number,
  onCopied: (piece: Uint8Array) => void = () => {},
): (piece: Uint8Array) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let gathered: Gathered | undefined;
  return (piece) => {
    const frames: Frame[] = [];
    if (gathered === undefined) rest = rest.length === 0 ? asBuffer(piece) : Buffer.concat([rest, piece]);
    else {
      rest = gather(gathered, asBuffer(piece));
      if (rest.length === 0) onCopied(piece);
      if (gathered.held < gathered.bytes.length) return frames;
      const { bytes } = gathered;
      frames.push({ ...parseFrame(bytes), free: () => freeBytes(bytes) });
      gathered = undefined;
    }
    let size = readFrameSize(rest, maxBodyBytes);
    for (; size !== undefined && size <= rest.length; size = readFrameSize(rest, maxBodyBytes)) {
      frames.push(parseFrame(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
    if (size !== undefined) {
      gathered = { bytes: Buffer.allocUnsafeSlow(size), held: 0 };
      rest = gather(gathered, rest);
    }
    return frames;
  };
}

/** A frame under way. */
interface Gathered {
  readonly bytes: Buffer;
  held: number;
}

/** Takes what belongs to the frame; gives what is left. */
function gather(into: Gathered, piece: Buffer): Buffer {
  const taken = piece.copy(into.bytes, into.held);
  into.held += taken;
  return piece.subarray(taken);
}

/** Bytes of the frame that begins here; `undefined` where its lengths have not all come. */
function readFrameSize(bytes: Buffer, maxBodyBytes: number): number | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const headerBytes = bytes.readUInt32BE(0);
  const bodyBytes = bytes.readUInt32BE(4);
  if (headerBytes > MAX_HEADER_BYTES || headerBytes < 2 || bodyBytes > maxBodyBytes)
    throw new RangeError(`a frame of ${headerBytes} + ${bodyBytes} bytes is over the limit`);
  return PREFIX_BYTES + headerBytes + bodyBytes;
}

function parseFrame(bytes: Buffer): Frame {
  const end = PREFIX_BYTES + bytes.readUInt32BE(0);
  const header: unknown = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, end));
  if (typeof header !== 'object' || header === null) throw new SyntaxError('the header of a frame is not an object');
  return { header: header as Frame['header'], body: bytes.subarray(end) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
