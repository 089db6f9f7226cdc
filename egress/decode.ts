/** Content codings of upstream bodies, undone within bounds (threat 41). The only place that decompresses. */
import { createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { canonicalCoding } from '../core/accept-encoding.ts';
import { GatewayError } from '../core/errors.ts';
import type { Fields } from '../core/fields.ts';
import { splitList } from '../core/list-field.ts';
import { decodeBrotli } from './brotli.ts';
import { throughZlib } from './zlib-stage.ts';

/** Codings undone at most; more are an attack (50 layers of gzip) or a mistake. */
const MAX_LAYERS = 2;
/** Beyond this many bytes a body may not be more than `MAX_RATIO` times what was received. */
const RATIO_FREE_BYTES = 1_048_576;
const MAX_RATIO = 100;

type Bytes = AsyncIterable<Uint8Array>;

const DECODERS: Readonly<Record<string, (source: Bytes) => Bytes>> = {
  gzip: (source) => throughZlib(source, createGunzip()),
  deflate: decodeDeflate,
  br: decodeBrotli,
  zstd: (source) => throughZlib(source, createZstdDecompress()),
};

/** A body in a coding we do not know: it can only be passed through as it is. */
export class UnknownCodingError extends GatewayError {
  constructor(host: string, coding: string) {
    super('UPSTREAM_ENCODING', { host, why: `the coding ${coding} is not known here` });
    this.name = 'UnknownCodingError';
  }
}

/** Codings of a message in the order they were applied, `identity` left out. */
export function readCodings(fields: Fields): readonly string[] {
  return splitList(fields.get('content-encoding') ?? '', 60)
    .map(canonicalCoding)
    .filter((coding) => coding !== 'identity');
}

/** True when all codings can be undone here. */
export function isDecodable(codings: readonly string[]): boolean {
  return codings.length <= MAX_LAYERS && codings.every((coding) => Object.hasOwn(DECODERS, coding));
}

/**
 * Undoes the codings of a body, lazily: nothing is decoded before it is asked for.
 *
 * The iteration throws UnknownCodingError; GatewayError UPSTREAM_ENCODING for too many layers, a ratio beyond 100 : 1
 * after the first megabyte, or corrupt data; UPSTREAM_INCOMPLETE for data that ends too early. An empty body is empty in
 * any coding.
 */
export async function* decodeBytes(
  source: Bytes,
  codings: readonly string[],
  host: string,
): AsyncGenerator<Uint8Array> {
  const unknown = codings.find((coding) => !Object.hasOwn(DECODERS, coding));
  if (unknown !== undefined) throw new UnknownCodingError(host, unknown);
  if (codings.length > MAX_LAYERS)
    throw new GatewayError('UPSTREAM_ENCODING', { host, why: `it has ${codings.length} layers of codings` });
  const received = { bytes: 0 };
  let stage: Bytes = countBytes(source, received);
  for (const coding of codings.toReversed())
    stage = boundRatio(decodeLayer(stage, coding, host), received, { coding, host });
  yield* stage;
}

async function* countBytes(source: Bytes, received: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    received.bytes += chunk.length;
    if (chunk.length > 0) yield chunk;
  }
}

async function* boundRatio(
  source: Bytes,
  received: { bytes: number },
  { coding, host }: { coding: string; host: string },
): AsyncGenerator<Uint8Array> {
  let made = 0;
  for await (const chunk of source) {
    made += chunk.length;
    if (made > RATIO_FREE_BYTES && made > received.bytes * MAX_RATIO)
      throw new GatewayError('UPSTREAM_ENCODING', {
        host,
        why: `its ${coding} data grows more than ${MAX_RATIO} times`,
      });
    yield chunk;
  }
}

async function* decodeLayer(source: Bytes, coding: string, host: string): AsyncGenerator<Uint8Array> {
  const first = await takeFirst(source);
  if (first === undefined) return;
  try {
    yield* DECODERS[coding]!(first);
  } catch (error) {
    throw codingError(error, coding, host);
  }
}

function codingError(error: unknown, coding: string, host: string): unknown {
  if (error instanceof GatewayError || isForeign(error)) return error;
  const code = (error as { code?: unknown }).code;
  if (code === 'Z_BUF_ERROR') return new GatewayError('UPSTREAM_INCOMPLETE', { host }, { cause: error });
  return new GatewayError('UPSTREAM_ENCODING', { host, why: `its ${coding} data is corrupt` }, { cause: error });
}

// Errors of the stream that is read (the client's abort above all) are not errors of the coding.
function isForeign(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

async function takeFirst(source: Bytes): Promise<Bytes | undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return undefined;
  return (async function* () {
    try {
      yield first.value;
      for (;;) {
        const next = await iterator.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  })();
}

// RFC 9110 8.4.1.2 says zlib format; servers exist that send bare deflate data. The first two bytes tell (RFC 1950 2.2).
async function* decodeDeflate(source: Bytes): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let done = false;
  while (head.length < 2 && !done) {
    const next = await iterator.next();
    done = next.done === true;
    if (!next.done) head = Buffer.concat([head, next.value]);
  }
  const isZlib = head.length >= 2 && (head[0]! & 0x0f) === 8 && head.readUInt16BE(0) % 31 === 0;
  const rest = (async function* () {
    try {
      yield head;
      for (
        let next = done ? undefined : await iterator.next();
        next !== undefined && !next.done;
        next = await iterator.next()
      )
        yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
  yield* throughZlib(rest, isZlib ? createInflate() : createInflateRaw());
}
