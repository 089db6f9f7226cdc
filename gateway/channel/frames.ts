/** Replies on the channel: a page, then its parts, each a head of plain data and its bytes. */
import type { Readable } from 'node:stream';
import { closeHead, openHead } from '../../core/channel-head.ts';
import type { LinkMeter } from './link-meter.ts';

/** What is said of the bytes that follow. */
export interface FrameHead {
  /** Bytes; `-1` for all that is left. */
  readonly length: number;
}

const MAX_HEAD_BYTES = 1_048_576;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const SIZE_BYTES = 4;

/** Writes frames one after the other. */
export class FrameWriter {
  #before: object | undefined;

  /** @example new FrameWriter().frame({ status: 200 }, body) */
  frame(head: object, body: Uint8Array): Buffer {
    return Buffer.concat([this.#head({ ...head, length: body.byteLength }), body]);
  }

  /** The head of a frame whose bytes are all that is left of the stream. */
  open(head: object): Buffer {
    return this.#head({ ...head, length: -1 });
  }

  #head(head: FrameHead): Buffer {
    const bytes = closeHead(head, this.#before);
    this.#before = head;
    const size = Buffer.alloc(SIZE_BYTES);
    size.writeUInt32BE(bytes.byteLength);
    return Buffer.concat([size, bytes]);
  }
}

/** Reads frames one after the other. */
export class FrameReader<Head extends FrameHead> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #stream: Readable;
  readonly #meter: LinkMeter | undefined;
  #timing: ReturnType<LinkMeter['begin']> | undefined;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #left: number;
  #before: object | undefined;

  /**
   * @param meter told of what comes, frame by frame
   * @param maxBytes of all that is read; more is a RangeError
   */
  constructor(stream: Readable, meter?: LinkMeter, maxBytes = Number.POSITIVE_INFINITY) {
    this.#left = maxBytes;
    this.#stream = stream;
    this.#meter = meter;
    this.#source = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  /** The next head; `undefined` at the end. @throws RangeError, Error for what is none. */
  async head(): Promise<Head | undefined> {
    this.#timing = this.#meter?.begin();
    if (this.#size === 0 && !(await this.#more())) return undefined;
    const size = (await this.#take(SIZE_BYTES)).readUInt32BE();
    if (size > MAX_HEAD_BYTES) throw new RangeError('the head of a frame is too long');
    const head = openHead(await this.#take(size), this.#before) as Head | null;
    const length = head?.length;
    if (head === null || typeof length !== 'number' || !Number.isInteger(length) || length < -1)
      throw new RangeError('a frame without a length');
    if (length > MAX_BODY_BYTES) throw new RangeError('the body of a frame is too long');
    this.#before = head;
    return head;
  }

  /** Bytes of the frame whose head was read. @throws RangeError where the stream ends before. */
  async body({ length }: FrameHead): Promise<Buffer> {
    const body = await this.#take(length);
    this.#timing?.end();
    return body;
  }

  /** What had come of the body when the stream broke off. */
  get begun(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** All that is left, as it comes. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#size = 0;
      yield* chunks;
      if (!(await this.#more())) return;
    }
  }

  end(): void {
    this.#stream.destroy();
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#size < length) if (!(await this.#more())) throw new RangeError('the stream ended within a frame');
    const all = Buffer.concat(this.#chunks);
    this.#chunks = all.byteLength > length ? [all.subarray(length)] : [];
    this.#size = all.byteLength - length;
    return all.subarray(0, length);
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    this.#left -= value.byteLength;
    if (this.#left < 0) throw new RangeError('more came than was wanted');
    this.#timing?.took(value.byteLength);
    this.#chunks.push(value);
    this.#size += value.byteLength;
    return true;
  }
}
