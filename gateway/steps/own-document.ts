/** A document of our own as an original: it takes the same steps as any origin's Markdown, so every client gets its form. */
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { OwnDocument } from '../documents.ts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../serve.ts';
import type { Target } from '../target.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import { digestOf } from './format.ts';
import { asFetched } from './made-here.ts';

/** Documents change with the program: a client asks again after so long, and mostly gets 304. */
const FRESH_SECONDS = 300;

/**
 * The original of a target that is a document of ours; `undefined` for all others.
 *
 * @throws GatewayError NOT_FOUND, METHOD_NOT_ALLOWED.
 */
export function readOwnDocument({ target, received, gateway }: Exchange): FetchedOriginal | undefined {
  if (target.document === undefined && target.view === undefined) return undefined;
  if (received.method !== 'GET' && received.method !== 'HEAD')
    throw new GatewayError(
      'METHOD_NOT_ALLOWED',
      { method: received.method, allowed: 'HEAD, GET' },
      { fields: Fields.from({ allow: 'HEAD, GET' }) },
    );
  if (target.view !== undefined) return readOwnView(target.view, target, gateway);
  const document = gateway.documents.find(target.document!, target.gatewayPath);
  if (document === undefined)
    throw new GatewayError('NOT_FOUND', { path: `${target.gatewayPath}docs/${target.document}` });
  return asOriginal(document, { url: target.url, now: gateway.clock.now(), freshSeconds: FRESH_SECONDS });
}

/** A view that an admin keeps here: changed there, it is another one at the next request. */
function readOwnView(name: string, { url, gatewayPath }: Target, { views, clock }: Gateway): FetchedOriginal {
  const view = views.get(name);
  if (view === undefined) throw new GatewayError('NOT_FOUND', { path: `${gatewayPath}views/${name}` });
  const body = Buffer.from(view.markdown);
  return asOriginal(
    { mediaType: 'text/markdown', body, digest: digestOf(body) },
    { url, now: clock.now(), freshSeconds: 0 },
  );
}

interface Frame {
  readonly url: URL;
  readonly now: number;
  /** Seconds it may be kept unasked; 0 for none. */
  readonly freshSeconds: number;
}

function asOriginal({ body, digest, mediaType }: OwnDocument, frame: Frame): FetchedOriginal {
  const isText = mediaType === 'text/markdown';
  const fields = Fields.from({
    'content-type': isText ? `${mediaType}; charset=utf-8` : mediaType,
    'cache-control': frame.freshSeconds > 0 ? `public, max-age=${frame.freshSeconds}` : 'no-cache',
    etag: `"${digest.slice(0, 32)}"`,
    ...(isText && frame.freshSeconds > 0 ? { 'content-language': 'en' } : {}),
  });
  return asFetched({ ...frame, status: 200, fields, body, digest });
}
