/** A document of our own as an original: it takes the same steps as any origin's Markdown, so every client gets its form. */
import { Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { OwnDocument } from '../documents.ts';
import type { Exchange } from '../exchange.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import type { Original } from './format.ts';

/** Documents change with the program: a client asks again after so long, and mostly gets 304. */
const FRESH_SECONDS = 300;

/**
 * The original of a target that is a document of ours; `undefined` for all others.
 *
 * @throws GatewayError NOT_FOUND, METHOD_NOT_ALLOWED.
 */
export function readOwnDocument({ target, received, gateway }: Exchange): FetchedOriginal | undefined {
  if (target.document === undefined) return undefined;
  if (received.method !== 'GET' && received.method !== 'HEAD')
    throw new GatewayError(
      'METHOD_NOT_ALLOWED',
      { method: received.method, allowed: 'HEAD, GET' },
      { fields: Fields.from({ allow: 'HEAD, GET' }) },
    );
  const document = gateway.documents.find(target.document, target.gatewayPath);
  if (document === undefined)
    throw new GatewayError('NOT_FOUND', { path: `${target.gatewayPath}docs/${target.document}` });
  return asFetched(document, target.url, gateway.clock.now());
}

function asFetched(document: OwnDocument, url: URL, now: number): FetchedOriginal {
  const { body, digest, mediaType } = document;
  const isText = mediaType === 'text/markdown';
  const fields = Fields.from({
    'content-type': isText ? `${mediaType}; charset=utf-8` : mediaType,
    'cache-control': `public, max-age=${FRESH_SECONDS}`,
    etag: `"${digest.slice(0, 32)}"`,
    ...(isText ? { 'content-language': 'en' } : {}),
  });
  const head = { status: 200, fields, essence: mediaType, url: url.href };
  const times = { requestedAt: now, receivedAt: now };
  const cache = { hit: true, ttl: FRESH_SECONDS };
  const original: Promise<Original> = Promise.resolve({ ...head, body, digest, isForAll: true });
  return {
    ...head,
    ...times,
    cache,
    upgraded: undefined,
    response: {
      ...times,
      status: 200,
      message: 'OK',
      fields,
      url,
      host: url.host,
      body: Readable.from([body]),
      hasBody: true,
      contentCoding: [],
      remote: undefined,
      cache: { hit: true },
      passThrough: () => undefined,
      forget: () => undefined,
    },
    buffer: () => original,
    buffered: () => original,
    facts: () => ({ ...times, status: 200, fields, url: url.href, digest, bytes: body.byteLength }),
  };
}
