/** Request bodies on their way to an origin: streamed, bounded, given up when the client goes. */
import { Readable } from 'node:stream';
import { GatewayError } from '../core/errors.ts';
import type { Received } from './received.ts';

/**
 * The body to send upstream, or `undefined` when there is none.
 *
 * @throws GatewayError BODY_TOO_LARGE at once when the stated length is over `maxBytes`; the stream fails with it when an
 *   unstated one turns out to be.
 */
export function uploadOf(received: Received, maxBytes: number): Readable | undefined {
  if (!received.hasBody) return undefined;
  if (Number(received.fields.get('content-length') ?? 0) > maxBytes)
    throw new GatewayError('BODY_TOO_LARGE', { max: maxBytes });
  return Readable.from(bounded(received.body, maxBytes), { objectMode: false });
}

async function* bounded(body: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new GatewayError('BODY_TOO_LARGE', { max: maxBytes });
    yield part;
  }
}
