/** A zlib stream as a stage between two async iterables. */
import { type Duplex, pipeline, Readable } from 'node:stream';

/** Feeds `source` through `transform`; both are destroyed when the reader stops early. */
export async function* throughZlib(source: AsyncIterable<Uint8Array>, transform: Duplex): AsyncGenerator<Uint8Array> {
  // The error reaches the reader through the iteration below; the callback only keeps it from being thrown.
  pipeline(Readable.from(source, { objectMode: true, highWaterMark: 1 }), transform, () => {});
  yield* transform as AsyncIterable<Uint8Array>;
}
