/** The child's end of the pipes: frames on standard input and output, so nothing else may print there. */
import { freeBytes } from '../../core/free-bytes.ts';
import { encodeFrame, type Frame, makeFrameReader } from './frame.ts';
import { takeHandedOver } from './hand-over.ts';

/** Bytes the pool may send in one frame: it has checked them, so the bound only catches a broken stream. */
const MAX_BODY_BYTES = 0xffff_ffff;

export interface Channel {
  send(header: object, body?: Uint8Array): void;
}

/**
 * Takes over standard input and output.
 *
 * `process.stdout` becomes standard error for all others, `console` included.
 *
 * @param onFrame called for each message
 * @param onEnd called once when the parent has closed its end or is gone
 */
export function openChannel(onFrame: (frame: Frame) => void, onEnd: () => void): Channel {
  const output = process.stdout;
  Object.defineProperty(process, 'stdout', { value: process.stderr, configurable: true });
  const read = makeFrameReader(MAX_BODY_BYTES, freeBytes);
  process.stdin.on('data', (piece: Uint8Array) => {
    for (const frame of read(piece)) onFrame(withHandedOver(frame));
  });
  process.stdin.on('end', onEnd);
  process.stdin.on('error', onEnd);
  output.on('error', onEnd);
  return {
    send(header, body) {
      for (const piece of encodeFrame(header, body)) output.write(piece);
    },
  };
}

/** The frame with the body that came beside the pipe, if one did. */
function withHandedOver(frame: Frame): Frame {
  const { handedOver } = frame.header;
  if (typeof handedOver !== 'number') return frame;
  const body = takeHandedOver(handedOver);
  return { header: frame.header, body, free: () => freeBytes(body) };
}
