/** An original that was made in this process: it takes the same steps as any origin's. */
import { Readable } from 'node:stream';
import type { Fields } from '../../core/fields.ts';
import type { MadeBy } from '../../core/fleet.ts';
import { readMediaType } from '../../core/media-type.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import { digestOf, type Original } from './format.ts';

export interface MadeHere {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
  readonly url: URL;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Seconds it may be kept unasked; 0 for none. */
  readonly freshSeconds: number;
  /** The server that made it, where a route of the fleet plan led there. */
  readonly madeBy?: MadeBy | undefined;
  /** Hex sha256 of the body, where it is known already. */
  readonly digest?: string;
}

export function asFetched({
  status,
  fields,
  body,
  url,
  now,
  freshSeconds,
  madeBy,
  digest = digestOf(body),
}: MadeHere): FetchedOriginal {
  const essence = readMediaType(fields.get('content-type'))?.essence ?? '';
  const head = { status, fields, essence, url: url.href };
  const times = { requestedAt: now, receivedAt: now };
  const original: Promise<Original> = Promise.resolve({ ...head, body, digest, isForAll: true });
  return {
    ...head,
    ...times,
    // RFC 9211 2.2: what no cache was asked for is no hit of one.
    cache: freshSeconds > 0 ? { hit: true, ttl: freshSeconds } : { hit: false, forward: 'bypass' },
    upgraded: undefined,
    madeBy,
    response: {
      ...times,
      status,
      message: '',
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
    facts: () => ({ ...times, status, fields, url: url.href, digest, bytes: body.byteLength }),
  };
}
