/** One request to one origin, without redirects. The target has been checked. */
import { Readable } from 'node:stream';
import { formatCacheControl, parseCacheControl, readAgeSeconds } from '../core/cache-control.ts';
import type { Clock } from '../core/clock.ts';
import type { Fields } from '../core/fields.ts';
import { removeHopByHop } from '../core/hop-by-hop.ts';
import { canonicalHost } from './allowed-upstream.ts';
import { fromCacheView } from './cache-view.ts';
import type { EgressSettings } from './config.ts';
import { readCodings } from './decode.ts';
import { type DispatchLayers, type Partition, partBytes } from './dispatch-layers.ts';
import { currentExchange, type Exchange, type ExchangeOptions } from './exchange.ts';
import { toFieldRecord } from './field-record.ts';
import type { OriginStore } from './origin-store.ts';
import { answerOf, type Keeping, keepPart } from './part-exchange.ts';
import type { FoundPart } from './part-store.ts';
import { type ResponseHead, ResponseReceiver } from './response-receiver.ts';
import { portOf } from './target-port.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { OriginCacheReport, UpstreamResponse } from './upstream-response.ts';

export interface Sender {
  readonly settings: EgressSettings;
  readonly clock: Clock;
  readonly layers: DispatchLayers;
}

// A shared cache must not answer these from, or keep them for, others (RFC 9111 3.5); P-11: the others are for the origin.
const PAST_CACHE = ['authorization', 'cookie', 'if-match', 'if-unmodified-since'];
// What is answered from a stored response by whoever asked; where none is stored it is for the origin, as its answers
// would be kept as answers to another question (P-8, known traps of the cache interceptor).
const OF_CLIENT = ['if-modified-since', 'if-none-match', 'if-range', 'range'];

/** As many as a cache can count (RFC 9111 1.2.2). */
const MAX_STALE_SECONDS = 2 ** 31 - 1;

type Way = 'cached' | 'bypass' | 'method';

/** Sends a request and waits for the head of its response. Throws as `Egress.fetchUpstream` says. */
export async function sendRequest(sender: Sender, request: UpstreamRequest): Promise<UpstreamResponse> {
  const { clock, layers } = sender;
  const partition = isGranted(request) ? layers.granted : layers.open;
  const fields = fieldsToSend(request);
  const stored = await findStored(request, fields, { partition, now: clock.now() });
  if (stored !== undefined) for (const name of OF_CLIENT) fields.delete(name);
  const asked = stored === undefined ? askParts(request, fields, partition) : undefined;
  const part = asked?.parts.find(asked.question, clock.now());
  if (typeof part === 'object') return answerWithPart(part, request, { layers, now: clock.now() });
  const response = await askOrigin(sender, { ...request, method: stored ?? request.method }, { partition, fields });
  const hasBody = request.method !== 'HEAD' && response.hasBody;
  if (asked === undefined || part === undefined) return { ...response, hasBody, isStored: stored !== undefined };
  const body = response.status === 206 ? keepPart(response, { ...asked, ...boundsOf(sender) }) : undefined;
  if (body === undefined) return { ...response, isStored: false };
  return { ...response, body, cache: { hit: false, fwd: part, stored: true }, isStored: false };
}

function boundsOf({ settings, clock }: Sender): Pick<Keeping, 'maxBytes' | 'now'> {
  return { maxBytes: Math.floor(partBytes(settings) / 4), now: () => clock.now() };
}

interface Place {
  readonly partition: Partition;
  readonly fields: Fields;
}

async function askOrigin(
  sender: Sender,
  request: UpstreamRequest,
  { partition, fields }: Place,
): Promise<UpstreamResponse> {
  const { clock, layers } = sender;
  const way = findWay(request, fields);
  const requestedAt = clock.now();
  const { options, exchange, receiver } = makeExchange(sender, request, fields);
  // C-9: what may not be answered from the cache, and may not be answered without it, is a 504 (RFC 9111 5.2.1.7).
  if (way === 'bypass' && exchange.isOnlyIfCached) receiver.answer(504);
  else if (!exchange.signal.aborted) {
    const dispatcher = way === 'bypass' ? partition.direct : partition.cached;
    currentExchange.run(exchange, () => dispatcher.dispatch(options, receiver));
  }
  const head = await receiver.head;
  const receivedAt = clock.now();
  const cache = reportCache({ way, exchange, head, now: receivedAt });
  fromCacheView(head.fields);
  return {
    status: head.status,
    message: head.message,
    fields: head.fields,
    url: request.url,
    host: exchange.host,
    body: head.body,
    hasBody: request.method !== 'HEAD' && ![204, 205, 304].includes(head.status),
    contentCoding: readCodings(head.fields),
    remote: layers.remoteOf(request.url.origin),
    requestedAt,
    receivedAt,
    cache,
    passThrough: () => receiver.relax(sender.settings.passIdleTimeoutMs),
    forget: () => forget(partition, keyOf(request.url, options.method, fields)),
  };
}

/** What a range that no stored whole answers is asked of; `undefined` where parts have no say. */
function askParts(
  { method, url, cache = true }: UpstreamRequest,
  fields: Fields,
  { parts, store }: Partition,
): Pick<Keeping, 'parts' | 'store' | 'question'> | undefined {
  if (parts === undefined || store === undefined || method !== 'GET' || !cache || !fields.has('range'))
    return undefined;
  if ([...PAST_CACHE, 'if-none-match', 'if-modified-since', 'host'].some((name) => fields.has(name))) return undefined;
  return { parts, store, question: { url, fields: fields.clone() } };
}

function answerWithPart(
  part: FoundPart,
  { url }: UpstreamRequest,
  { layers, now }: { readonly layers: DispatchLayers; readonly now: number },
): UpstreamResponse {
  const { fields, bytes } = answerOf(part);
  return {
    status: 206,
    message: 'Partial Content',
    fields,
    url,
    host: canonicalHost(url.hostname),
    body: Readable.from([bytes]),
    hasBody: true,
    contentCoding: readCodings(fields),
    remote: layers.remoteOf(url.origin),
    requestedAt: now,
    receivedAt: now,
    cache: { hit: true, ageSeconds: part.ageSeconds, ttlSeconds: part.ttlSeconds },
    passThrough: () => undefined,
    forget: () => undefined,
  };
}

interface Prepared {
  readonly options: ExchangeOptions;
  readonly exchange: Exchange;
  readonly receiver: ResponseReceiver;
}

function makeExchange({ clock, settings }: Sender, request: UpstreamRequest, fields: Fields): Prepared {
  const { url, method, body, signal } = request;
  const host = canonicalHost(url.hostname);
  const passes = request.timing === 'pass-through';
  const deadlines = {
    headersMs: settings.headersTimeoutMs,
    idleMs: passes ? settings.passIdleTimeoutMs : settings.idleTimeoutMs,
    totalMs: passes ? undefined : settings.totalTimeoutMs,
  };
  const abandoned = new AbortController();
  const abandon = (reason: Error) => abandoned.abort(reason);
  const sendsStream = body instanceof Readable;
  const receiver = new ResponseReceiver({ clock, host, deadlines, signal, sendsStream, abandon });
  const exchange: Exchange = {
    host,
    signal: abandoned.signal,
    now: () => clock.now(),
    onHints: request.onHints,
    isOfCache: findWay(request, fields) === 'cached',
    isForPeer: request.isForPeer === true,
    entry: undefined,
    forwarded: false,
    forwardedStatus: undefined,
    isOnlyIfCached: isOnlyIfCached(fields),
    kept: false,
    storedUntil: undefined,
  };
  const options: ExchangeOptions = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: toFieldRecord(fields),
    body: body ?? null,
    exchange,
  };
  return { options, exchange, receiver };
}

function isGranted({ grant, url }: UpstreamRequest): boolean {
  return grant !== undefined && canonicalHost(grant.host) === canonicalHost(url.hostname) && grant.port === portOf(url);
}

function fieldsToSend({ fields, url, body }: UpstreamRequest): Fields {
  const sent = removeHopByHop(fields.clone()).delete('expect');
  if (!(body instanceof Readable)) sent.delete('content-length');
  // RFC 9111 5.2.1.2: without a number it means however stale, which the cache interceptor does not know.
  const wishes = parseCacheControl(sent.get('cache-control'));
  if (wishes.get('max-stale') === true)
    sent.set('cache-control', formatCacheControl(new Map([...wishes, ['max-stale', String(MAX_STALE_SECONDS)]])));
  // The default goes without saying, also in the cache key.
  if (sent.getAll('host').length !== 1 || sent.get('host') === url.host) sent.delete('host');
  return sent;
}

function findWay({ method, cache = true }: UpstreamRequest, fields: Fields): Way {
  // Other methods pass the cache too: it forgets what they change (C-4).
  if (method !== 'GET' && method !== 'HEAD') return 'method';
  return cache && ![...PAST_CACHE, ...OF_CLIENT].some((name) => fields.has(name)) ? 'cached' : 'bypass';
}

/**
 * The method of a stored response that answers a request with conditions or a range of the client's own, or a HEAD
 * (RFC 9111 4: by what a GET stored, if that is fresh); `undefined` where there is none.
 */
async function findStored(
  { method, url, cache = true }: UpstreamRequest,
  fields: Fields,
  { partition: { store }, now }: { partition: Partition; now: number },
): Promise<'GET' | undefined> {
  if (store === undefined || !cache || PAST_CACHE.some((name) => fields.has(name))) return undefined;
  const isOfClient = method === 'GET' && OF_CLIENT.some((name) => fields.has(name));
  if (!isOfClient && method !== 'HEAD') return undefined;
  const found = await store.get(keyOf(url, 'GET', fields));
  return found !== undefined && (method === 'GET' || found.staleAt > now) ? 'GET' : undefined;
}

function keyOf({ origin, pathname, search }: URL, method: string, fields: Fields): Parameters<OriginStore['get']>[0] {
  return { origin, method, path: `${pathname}${search}`, headers: toFieldRecord(fields) };
}

function reportCache({
  way,
  exchange,
  head,
  now,
}: {
  way: Way;
  exchange: Exchange;
  head: ResponseHead;
  now: number;
}): OriginCacheReport {
  if (way !== 'cached') return { hit: false, fwd: way };
  const { entry, forwarded, forwardedStatus, storedUntil, kept } = exchange;
  const seconds = (until: number) => Math.floor((until - now) / 1000);
  // The interceptor marks what it serves stale instead of a failed answer; the origin's own Warning was taken away.
  const isStale = head.fields.get('warning')?.startsWith('110') === true;
  if (kept && !isStale) return { hit: false };
  const fromCache = !forwarded || isStale;
  if (fromCache && entry === undefined) return { hit: false };
  if (fromCache && entry !== undefined)
    return { hit: true, ageSeconds: readAgeSeconds(head.fields.get('age')) ?? 0, ttlSeconds: seconds(entry.staleAt) };
  const reason = entry === undefined ? 'uri-miss' : entry.staleAt <= now ? 'stale' : 'request';
  return {
    hit: false,
    fwd: reason,
    ...(forwardedStatus === undefined || forwardedStatus === head.status ? {} : { fwdStatus: forwardedStatus }),
    stored: storedUntil !== undefined,
    ...(storedUntil === undefined ? {} : { ttlSeconds: seconds(storedUntil) }),
  };
}

function forget({ store }: Partition, key: Parameters<OriginStore['delete']>[0]): void {
  // The entry is written when the last byte has come, which may be just now.
  if (store !== undefined) setImmediate(() => void store.delete(key));
}

function isOnlyIfCached(fields: Fields): boolean {
  return parseCacheControl(fields.get('cache-control')).has('only-if-cached');
}
