/** Replies on the channel: a page, then its parts, each a head of plain data and its bytes. */
import type { Readable } from 'node:stream';
import { closeHead, openHead } from '../../core/channel-head.ts';

/** What is said of the bytes that follow. */
export interface FrameHead {
  /** Bytes; `-1` for all that is left. */
  readonly length: number;
}

const MAX_HEAD_BYTES = 1_048_576;
const SIZE_BYTES = 4;

/** @example frame({ status: 200 }, body) */
export function frame(head: object, body: Uint8Array): Buffer {
  return Buffer.concat([framedHead({ ...head, length: body.byteLength }), body]);
}

/** The head of a frame whose bytes are all that is left of the stream. */
export function openFrame(head: object): Buffer {
  return framedHead({ ...head, length: -1 });
}

function framedHead(head: FrameHead): Buffer {
  const bytes = closeHead(head);
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([size, bytes]);
}

/** Reads frames one after the other. */
export class FrameReader<Head extends FrameHead> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #stream: Readable;
  #held = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#source = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  /** The next head; `undefined` at the end. @throws RangeError for what is none. */
  async head(): Promise<Head | undefined> {
    if (this.#held.byteLength === 0 && !(await this.#more())) return undefined;
    const size = (await this.#take(SIZE_BYTES)).readUInt32BE();
    if (size > MAX_HEAD_BYTES) throw new RangeError('the head of a frame is too long');
    const head = openHead(await this.#take(size)) as Head;
    if (typeof head.length !== 'number') throw new RangeError('a frame without a length');
    return head;
  }

  /** Bytes of the frame whose head was read. @throws RangeError where the stream ends before. */
  async body({ length }: FrameHead): Promise<Buffer> {
    return Buffer.from(await this.#take(length));
  }

  /** All that is left, as it comes. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#held.byteLength > 0) yield this.#held;
    this.#held = Buffer.alloc(0);
    while (await this.#more()) {
      yield this.#held;
      this.#held = Buffer.alloc(0);
    }
  }

  end(): void {
    this.#stream.destroy();
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#held.byteLength < length)
      if (!(await this.#more())) throw new RangeError('the stream ended within a frame');
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    this.#held = this.#held.byteLength === 0 ? Buffer.from(value) : Buffer.concat([this.#held, value]);
    return true;
  }
}
