/** Parts of what is at hand whole (RFC 9110 14, P-8, P-9): of variants, of stored originals, of streams of a known length. */
import { Readable } from 'node:stream';
import { type ByteRange, formatContentRange, readRange } from '../core/byte-range.ts';
import { mayUseRange } from '../core/conditional.ts';
import { readEntityTag } from '../core/etag.ts';
import type { Fields } from '../core/fields.ts';
import { dropContentDigests } from './hop-fields.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';

/**
 * The reply to a GET with Range, made of the reply to one without: 206, 416, or the whole. Says in Accept-Ranges whether
 * parts can be had: where the bytes are told from others by a strong tag, or by a date that the origin gave them.
 *
 * @param isStored True where the bytes are those of a stored response: then a part can be had without either, as it cannot be
 *   put together with parts of others unless its reader wants to (RFC 9111 4, RFC 9110 15.3.7.3). Default false.
 */
export function asPart(
  whole: Reply,
  { method, fields: asked }: Pick<Received, 'method' | 'fields'>,
  isStored = false,
): Reply {
  const { status, fields, body } = whole;
  const size = sizeOf(whole);
  if (status !== 200 || size === undefined || !(isConstant(fields) || (isStored && !fields.has('etag')))) return whole;
  fields.set('accept-ranges', 'bytes');
  if (method !== 'GET' || body === undefined || !mayUseRange(asked, fields.get('etag'))) return whole;
  const part = readRange(asked.get('range'), size);
  if (part === undefined) return whole;
  dropContentDigests(fields);
  if (part === 'unsatisfiable') {
    if (body instanceof Readable) body.destroy();
    fields.delete('content-encoding').set('content-range', `bytes */${size}`).set('content-length', '0');
    return { ...whole, status: 416, body: undefined };
  }
  const { first, last } = part;
  fields
    .set('content-range', formatContentRange({ first, last, size }))
    .set('content-length', String(last - first + 1));
  const cut = body instanceof Readable ? sliceOf(body, part) : body.subarray(first, last + 1);
  return { ...whole, status: 206, body: cut };
}

function sizeOf({ body, fields }: Reply): number | undefined {
  if (body !== undefined && !(body instanceof Readable)) return body.byteLength;
  return fields.statedLength();
}

// Parts of two generations must not be put together: RFC 9110 14.4 and 15.3.7.3.
function isConstant(fields: Fields): boolean {
  const tag = readEntityTag(fields.get('etag'));
  return tag === undefined ? fields.has('last-modified') : !tag.weak;
}

function sliceOf(body: Readable, { first, last }: ByteRange): Readable {
  const slice = Readable.from(bytesBetween(body, first, last), { objectMode: false });
  // Whoever gives up the slice gives up the whole.
  slice.on('close', () => body.destroy());
  return slice;
}

async function* bytesBetween(body: Readable, first: number, last: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    const cut = chunk.subarray(Math.max(0, first - at), Math.max(0, last + 1 - at));
    at += chunk.byteLength;
    if (cut.byteLength > 0) yield cut;
    if (at > last) return;
  }
  // The length that was stated is a promise: a short body breaks off (threat 49).
  throw new Error(`the body ended after ${at} bytes`);
}
