/** Step `fetch`: the original, by the guarded egress; concurrent askers of the same shared resource cause one request (C-6). */

import type { Readable } from 'node:stream';
import { isPrivateOrNoStore, parseCacheControl } from '../../core/cache-control.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Fields } from '../../core/fields.ts';
import type { MadeBy } from '../../core/fleet.ts';
import { readMediaType } from '../../core/media-type.ts';
import { readBody } from '../../egress/read-body.ts';
import type { UpstreamResponse } from '../../egress/upstream-response.ts';
import { isForAll } from '../cache/is-for-all.ts';
import type { OriginalFacts } from '../cache/original-index.ts';
import { isPicture } from '../document-types.ts';
import type { Exchange } from '../exchange.ts';
import { uploadOf } from '../upload.ts';
import { fieldsToAskAgain } from './ask-again.ts';
import { choose, type OriginalHead } from './choose.ts';
import { hintsFor } from './early-hints.ts';
import { digestOf, type Original } from './format.ts';
import { gatherView } from './gather-view.ts';
import { insistedUrl, mayUpgrade, refuseClearForm, wantsUpgrade } from './https-upgrade.ts';
import { offeredForms } from './offered-forms.ts';
import { readOwnDocument } from './own-document.ts';
import { readOwnService } from './own-service.ts';
import type { CacheReport } from './reply-fields.ts';

/** An original as fetched: its fields, and its body either whole or still to come. */
export interface FetchedOriginal extends OriginalHead {
  readonly url: string;
  readonly cache: CacheReport['origin'];
  readonly requestedAt: number;
  readonly receivedAt: number;
  /** The https address that was fetched in place of the http one. */
  readonly upgraded: URL | undefined;
  /** The server of the fleet that made it. Default: none did, it is an origin's. */
  readonly madeBy?: MadeBy | undefined;
  /** The body as it comes; not to be used after `buffer`. */
  readonly response: UpstreamResponse;
  /** The decoded body; `undefined` when it says itself that it is larger than what is formatted. */
  buffer(): Promise<Original | undefined>;
  /** What `buffer` has been asked for already, by whoever shares this fetch. */
  buffered(): Promise<Original | undefined> | undefined;
  /** Of a view with its data: the document alone, which is what is passed on unchanged. */
  readonly plain?: FetchedOriginal;
  /** What the index of originals keeps. */
  facts(original: Original): OriginalFacts;
}

/** Fetches; Markdown that names data comes with them. @throws GatewayError of the egress. */
export async function fetchOriginal(exchange: Exchange): Promise<FetchedOriginal> {
  return await gatherView(exchange, await fetchDocument(exchange));
}

async function fetchDocument(exchange: Exchange): Promise<FetchedOriginal> {
  const { gateway, received } = exchange;
  const own = readOwnDocument(exchange) ?? (await readOwnService(exchange));
  if (own !== undefined) return own;
  const key = collapseKey(exchange);
  if (key === undefined) return await fetchOnce(exchange, received.connection.signal);
  const { value, shared } = await gateway.fetches.run(key, received.connection.signal, async (signal) => {
    const fetched = await fetchOnce(exchange, signal);
    if (isToBeFormatted(fetched, exchange)) await fetched.buffer();
    return fetched;
  });
  // A stream has one reader, and what is private has one owner: the others ask for themselves.
  if (!shared || isShareable(value)) return value;
  return await fetchOnce(exchange, received.connection.signal);
}

function collapseKey(exchange: Exchange): string | undefined {
  const { order, received } = exchange;
  if (order.method !== 'GET' || order.isPassThrough || received.method !== 'GET') return undefined;
  if (order.fields.has('cookie') || order.fields.has('authorization') || order.fields.has('range')) return undefined;
  const selecting = order.fields.entries().filter(([name]) => !/^(?:via|cdn-loop|x-forwarded-for)$/.test(name));
  return canonicalJson([order.url.href, selecting, wantsUpgrade(exchange)]);
}

// Whether the leader will read the body; an error of the choice is the business of the step that comes next.
function isToBeFormatted(fetched: FetchedOriginal, { choice }: Exchange): boolean {
  try {
    return fetched.status < 300 && choose(fetched, choice).kind === 'format';
  } catch {
    // Thrown again, to its own client, when the step `choose` is taken.
    return false;
  }
}

function isShareable(fetched: FetchedOriginal): boolean {
  return (
    fetched.buffered() !== undefined &&
    !fetched.fields.has('set-cookie') &&
    !isPrivateOrNoStore(parseCacheControl(fetched.fields.get('cache-control')))
  );
}

async function fetchOnce(exchange: Exchange, signal: AbortSignal): Promise<FetchedOriginal> {
  const { order, gateway, received, target } = exchange;
  const started = gateway.clock.monotonic();
  const wantsHttps = wantsUpgrade(exchange);
  refuseClearForm(exchange, wantsHttps);
  const onHints = hintsFor(exchange);
  const send = (fields: Fields, body: Readable | undefined, url = order.url) =>
    gateway.egress.fetchUpstream({
      method: order.method,
      url,
      fields,
      ...(body === undefined ? {} : { body }),
      signal,
      followRedirects: target.picture === undefined ? 'never' : 'any',
      timing: order.isPassThrough ? 'pass-through' : 'formatted',
      grant: target.grant,
      onHints,
    });
  let response = await send(order.fields, uploadOf(received, gateway.limits.maxUploadBytes));
  const again = fieldsToAskAgain(response, exchange);
  if (again !== undefined) {
    const wasRejected = response.status === 406;
    response.body.destroy();
    response = await send(again, undefined);
    if (wasRejected && response.status !== 406) gateway.rejecting.add(order.url.host);
  }
  const secure = wantsHttps ? insistedUrl(order.url, response) : undefined;
  if (secure !== undefined) gateway.insisting.add(order.url.host);
  const upgraded = mayUpgrade(exchange, secure !== undefined) ? secure : undefined;
  if (upgraded !== undefined) {
    response.body.destroy();
    response = await send(order.fields, undefined, upgraded);
  }
  dropInvalidated(exchange, response);
  exchange.timings.push({ name: 'fetch', ms: gateway.clock.monotonic() - started });
  return wrap(response, { exchange, signal, upgraded });
}

interface Wrapped {
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
  readonly upgraded: URL | undefined;
}

function wrap(response: UpstreamResponse, { exchange, signal, upgraded }: Wrapped): FetchedOriginal {
  const { gateway, order } = exchange;
  const times = { requestedAt: response.requestedAt, receivedAt: response.receivedAt };
  const essence = readMediaType(response.fields.get('content-type'))?.essence ?? '';
  const head = { status: response.status, fields: response.fields, essence, url: response.url.href };
  let held: Promise<Original | undefined> | undefined;
  const read = async (): Promise<Original | undefined> => {
    const maxBytes = isPicture(essence) ? gateway.limits.maxImageBytes : gateway.limits.maxPageBytes;
    if (Number(response.fields.get('content-length') ?? 0) > maxBytes) return undefined;
    const body = await readBody(response, { maxBytes, maxDecodedBytes: 4 * maxBytes, signal });
    const isKept = order.method === 'GET' && isForAll(order.fields, response.fields);
    return { ...head, body, digest: digestOf(body), isForAll: isKept };
  };
  return {
    ...head,
    ...times,
    response,
    upgraded,
    cache: originReport(response),
    buffer() {
      held ??= read();
      return held;
    },
    buffered: () => held,
    facts(original) {
      const facts = {
        ...times,
        status: head.status,
        fields: head.fields,
        url: head.url,
        digest: original.digest,
        bytes: original.body.byteLength,
        offers: [...offeredForms(original).keys()],
      };
      // What others get at the http address is the redirect.
      if (order.method === 'GET' && upgraded === undefined) gateway.originals.put(order.url.href, order.fields, facts);
      return facts;
    },
  };
}

function originReport({ cache, status }: UpstreamResponse): CacheReport['origin'] {
  const forwarded = cache.hit
    ? {}
    : { forward: cache.fwd ?? 'uri-miss', status: cache.fwdStatus ?? status, stored: cache.stored === true };
  return { hit: cache.hit, ...forwarded, ...(cache.ttlSeconds === undefined ? {} : { ttl: cache.ttlSeconds }) };
}

// RFC 9111 4.4: an unsafe method that worked makes what is known of its target, and of where it points, invalid (C-4).
function dropInvalidated({ order, gateway }: Exchange, { status, fields }: UpstreamResponse): void {
  if (/^(?:GET|HEAD|OPTIONS|TRACE)$/.test(order.method) || status >= 400) return;
  gateway.originals.drop(order.url.href);
  for (const name of ['location', 'content-location']) {
    const url = URL.parse(fields.get(name) ?? '', order.url);
    if (fields.has(name) && url?.origin === order.url.origin) gateway.originals.drop(url.href);
  }
}
