/** Bodies of our own forms: small, plain, never encoded (a decoder would be a way in). */
import { GatewayError } from '../core/errors.ts';
import { readMediaType } from '../core/media-type.ts';
import type { Received } from './received.ts';

const MAX_BYTES = 65_536;

/**
 * Reads a body of at most `maxBytes`.
 *
 * @throws GatewayError BODY_TOO_LARGE, UNSUPPORTED_BODY when it has a Content-Encoding.
 */
export async function readBody(received: Received, maxBytes = MAX_BYTES): Promise<Buffer> {
  if (received.fields.has('content-encoding'))
    throw new GatewayError('UNSUPPORTED_BODY', { why: 'it has a Content-Encoding' });
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of received.body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) throw new GatewayError('BODY_TOO_LARGE', { max: maxBytes });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * Reads a posted form of at most `maxBytes`.
 *
 * @throws GatewayError UNSUPPORTED_BODY for other kinds of body, BODY_TOO_LARGE.
 */
export async function readForm(received: Received, maxBytes = MAX_BYTES): Promise<URLSearchParams> {
  const type = readMediaType(received.fields.get('content-type'))?.essence;
  if (type !== 'application/x-www-form-urlencoded')
    throw new GatewayError('UNSUPPORTED_BODY', { why: 'a form is wanted' });
  return new URLSearchParams((await readBody(received, maxBytes)).toString('utf8'));
}
