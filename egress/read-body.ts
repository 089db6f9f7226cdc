/** Reads upstream bodies, decoded and bounded. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { GatewayError } from '../core/errors.ts';
import { joinChunks } from '../core/whole-body.ts';
import { decodeBytes } from './decode.ts';
import { exchangeError } from './upstream-errors.ts';
import type { UpstreamResponse } from './upstream-response.ts';

/** Bounds of a body. */
export interface BodyLimits {
  /** Bytes as received. */
  readonly maxBytes: number;
  /** Bytes after decoding. */
  readonly maxDecodedBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The whole body, decoded.
 *
 * @throws GatewayError UPSTREAM_TOO_LARGE, UPSTREAM_ENCODING (UnknownCodingError where it can only be passed through),
 *   UPSTREAM_INCOMPLETE, UPSTREAM_TIMEOUT; the signal's reason when it fires. Whatever is thrown, the connection is gone and
 *   the origin cache does not keep the response (threat 49).
 */
export async function readBody(response: UpstreamResponse, limits: BodyLimits): Promise<Uint8Array> {
  const { body, contentCoding, host, fields } = response;
  const abort = () => body.destroy(reasonOf(limits.signal));
  try {
    limits.signal?.throwIfAborted();
    limits.signal?.addEventListener('abort', abort, { once: true });
    // HEAD, 204 and 304 may well name a coding and a length; they have no body to decode.
    if (!response.hasBody) return new Uint8Array();
    const announced = Number(fields.get('content-length') ?? 0);
    if (announced > limits.maxBytes) throw tooLarge(host, `it announces ${announced} bytes`);
    if (contentCoding.length === 0)
      return joinChunks(
        await collect(body, limits.maxBytes, () => tooLarge(host, `more than ${limits.maxBytes} bytes`)),
      );
    const wire = boundBytes(body, limits.maxBytes, () => tooLarge(host, `more than ${limits.maxBytes} bytes`));
    const decoded = decodeBytes(wire, contentCoding, host);
    const chunks: Uint8Array[] = [];
    const most = () => tooLarge(host, `more than ${limits.maxDecodedBytes} bytes when decoded`);
    for await (const chunk of boundBytes(decoded, limits.maxDecodedBytes, most)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    response.forget();
    throw limits.signal?.aborted ? limits.signal.reason : exchangeError(host, error);
  } finally {
    limits.signal?.removeEventListener('abort', abort);
    body.destroy();
  }
}

/**
 * The body as a stream of decoded bytes, for clients that do not take its coding. Errors are those of `readBody` but for the
 * size; destroying the stream ends the exchange at once.
 */
export function decodeBody(response: UpstreamResponse): Readable {
  const { body, contentCoding, host } = response;
  if (contentCoding.length === 0 || !response.hasBody) return body;
  const iterator = forgetting(response, decodeBytes(body, contentCoding, host));
  return new Readable({
    highWaterMark: 65_536,
    read() {
      iterator.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      // A generator that waits for its source does not hear of its reader's end: the source itself is told (threat 51).
      body.destroy();
      iterator.return(undefined).catch(() => {});
      done(error);
    },
  });
}

async function* forgetting(response: UpstreamResponse, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    response.forget();
    throw exchangeError(response.host, error);
  }
}

/** The chunks as they were received: an iteration would join what waits, and the cache could not share them. */
async function collect(body: Readable, max: number, excess: () => Error): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  body.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > max) body.destroy(excess());
    else chunks.push(chunk);
  });
  await finished(body, { writable: false });
  // The body, with its listener, is kept until the next full collection by streams of the cache; its bytes must not be.
  return chunks.splice(0);
}

async function* boundBytes(
  source: AsyncIterable<Uint8Array>,
  max: number,
  excess: () => Error,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > max) throw excess();
    yield chunk;
  }
}

function tooLarge(host: string, why: string): GatewayError {
  return new GatewayError('UPSTREAM_TOO_LARGE', { host, why });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError');
}
