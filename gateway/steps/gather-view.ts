/**
 * Step `gather`, for Markdown with `chart` and `table` fences alone: fetches what the fences name, all at once, by the guarded
 * egress and its cache. Document and data become one original, so a changed row is another variant, and what is shown is
 * as fresh as the data that is fresh for the shortest time (design part 6).
 */
import {
  currentAgeSeconds,
  effectiveCacheControl,
  freshnessLifetimeSeconds,
  isPrivateOrNoStore,
} from '../../core/cache-control.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import { readBody } from '../../egress/read-body.ts';
import { portOf } from '../../egress/target-port.ts';
import { decodeText } from '../../formatters/charset.ts';
import {
  addressOfFence,
  encodeView,
  type Fence,
  type FenceData,
  findFences,
  MAX_FENCES,
  mightHoldFences,
  VIEW_TYPE,
} from '../../formatters/view-fences.ts';
import { hostNameOf } from '../address.ts';
import { isData } from '../document-types.ts';
import type { Exchange } from '../exchange.ts';
import { VIA_COMMENT } from '../hop-fields.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import { digestOf, type Original } from './format.ts';
import { askService, type ServicePlace, servicePlaceOf } from './own-service.ts';

const MAX_DATA_BYTES = 8_000_000;
const ACCEPT = 'text/csv, application/json, application/x-ndjson, text/tab-separated-values;q=0.9, */*;q=0.1';
const TYPE_OF_ENDING: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};

/** The original with its data, or as it is when it holds no fences. */
export async function gatherView(exchange: Exchange, fetched: FetchedOriginal): Promise<FetchedOriginal> {
  if (!mayBeView(exchange, fetched)) return fetched;
  const original = await fetched.buffer();
  if (original === undefined) return fetched;
  const label = readMediaType(fetched.fields.get('content-type'))?.parameters.get('charset');
  const { text: markdown } = decodeText(original.body, 'text/markdown', label);
  if (!mightHoldFences(markdown)) return fetched;
  const fences = findFences(markdown);
  if (fences.length === 0) return fetched;
  const started = exchange.gateway.clock.monotonic();
  const gathered = await gather(exchange, fences.slice(0, MAX_FENCES), fetched.url);
  exchange.timings.push({ name: 'gather', ms: exchange.gateway.clock.monotonic() - started });
  return withData(exchange, { fetched, original, markdown, gathered });
}

function mayBeView({ order, received }: Exchange, { essence, status }: FetchedOriginal): boolean {
  return (
    essence === 'text/markdown' && status === 200 && !order.isPassThrough && /^(?:GET|HEAD)$/.test(received.method)
  );
}

/** Data of a fence, and for how long it is fresh, seconds; 0 where it may not be kept. */
interface Gathered {
  readonly data: FenceData;
  readonly freshSeconds: number;
  readonly isForAll: boolean;
}

async function gather(exchange: Exchange, fences: readonly Fence[], base: string): Promise<readonly Gathered[]> {
  const asked = new Map<string, Promise<Gathered>>();
  return await Promise.all(
    fences.map(async (fence) => {
      if (fence.inline !== undefined) return held(fence.inline, base);
      const url = addressOfFence(fence, base);
      if (fence.fault !== undefined || url === undefined)
        return fault('', fence.fault ?? '`data` must be an address of data');
      const known = asked.get(url.href) ?? fetchData(exchange, url);
      asked.set(url.href, known);
      return known;
    }),
  );
}

/** Rows that stand in the document itself: as fresh as it is. */
function held(text: string, url: string): Gathered {
  return {
    data: { kind: 'data', url, mediaType: 'application/json', text },
    freshSeconds: Number.POSITIVE_INFINITY,
    isForAll: true,
  };
}

async function fetchData(exchange: Exchange, url: URL): Promise<Gathered> {
  try {
    const place = servicePlaceOf(exchange, url);
    return place === undefined
      ? await fetchFrom(exchange, url, reachOf(exchange, url))
      : await askFor(exchange, url, place);
  } catch (error) {
    exchange.received.connection.signal.throwIfAborted();
    // Its sentence is for the client to read; anything else is ours to look at.
    if (error instanceof GatewayError) return fault(url.href, error.message.replace(/\.$/, ''));
    exchange.gateway.log.warn('data of a view failed', { host: url.host, error });
    return fault(url.href, 'the data cannot be fetched');
  }
}

/** Where data is fetched from, and why that is allowed. */
interface Reach {
  readonly url: URL;
  readonly grant: { readonly host: string; readonly port: number } | undefined;
}

// Design part 6: what this client might fetch in this mode; of a site the site itself and its `data` hosts.
function reachOf({ target, gateway }: Exchange, url: URL): Reach {
  const named = (at: URL) => ({ host: at.hostname, port: portOf(at) });
  const { site } = target;
  if (site === undefined) return { url, grant: url.origin === gateway.rules.demoOrigin ? named(url) : undefined };
  if (url.origin === site.upstream.origin) return { url, grant: named(url) };
  if (hostNameOf(url.host) === site.host) {
    const own = new URL(`${url.pathname}${url.search}`, site.upstream);
    return { url: own, grant: named(own) };
  }
  if (site.data.some((each) => each === url.host || each === url.hostname)) return { url, grant: named(url) };
  throw new GatewayError('BLOCKED_TARGET', { host: url.host, why: 'it is not among the data hosts of this site' });
}

async function fetchFrom(exchange: Exchange, named: URL, { url, grant }: Reach): Promise<Gathered> {
  const { gateway, received } = exchange;
  const response = await gateway.egress.fetchUpstream({
    method: 'GET',
    url,
    fields: Fields.from({
      accept: ACCEPT,
      'accept-encoding': 'gzip, deflate, br, zstd',
      via: `1.1 ${gateway.pseudonym} ${VIA_COMMENT}`,
      'cdn-loop': gateway.pseudonym,
    }),
    signal: received.connection.signal,
    followRedirects: exchange.target.site === undefined ? 'any' : 'same',
    grant,
  });
  const { status, fields, requestedAt, receivedAt } = response;
  const limits = { maxBytes: MAX_DATA_BYTES, maxDecodedBytes: 2 * MAX_DATA_BYTES, signal: received.connection.signal };
  if (status === 200 && dataTypeOf(fields, url) !== undefined)
    return toGathered(
      named,
      { status, fields, body: await readBody(response, limits) },
      { requestedAt, receivedAt, now: gateway.clock.now() },
    );
  response.body.destroy();
  return toGathered(named, { status, fields, body: Buffer.alloc(0) }, { requestedAt, receivedAt, now: receivedAt });
}

async function askFor(exchange: Exchange, named: URL, place: ServicePlace): Promise<Gathered> {
  const now = exchange.gateway.clock.now();
  return toGathered(named, await askService(exchange, place, ACCEPT), { requestedAt: now, receivedAt: now, now });
}

interface DataReply {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array;
}

type Times = Parameters<typeof currentAgeSeconds>[1];

async function toGathered(named: URL, { status, fields, body }: DataReply, times: Times): Promise<Gathered> {
  if (status !== 200) return fault(named.href, `the server \`${named.host}\` answered ${status}`);
  const mediaType = dataTypeOf(fields, named);
  const type = readMediaType(fields.get('content-type'));
  if (mediaType === undefined)
    return fault(named.href, `\`${named.host}\` sent no data but ${type?.essence ?? 'something of no type'}`);
  const { text } = decodeText(body, mediaType, type?.parameters.get('charset'));
  const { directives } = effectiveCacheControl(fields);
  const isForAll = !isPrivateOrNoStore(directives) && !fields.has('set-cookie');
  return {
    data: { kind: 'data', url: named.href, mediaType, text },
    freshSeconds: isForAll && !directives.has('no-cache') ? freshFor(fields, times) : 0,
    isForAll,
  };
}

function dataTypeOf(fields: Fields, url: URL): string | undefined {
  const essence = readMediaType(fields.get('content-type'))?.essence ?? '';
  if (isData(essence)) return essence;
  if (essence !== 'text/plain' && essence !== 'application/octet-stream' && essence !== '') return undefined;
  return TYPE_OF_ENDING[/\.([a-z]+)$/i.exec(url.pathname)?.[1]?.toLowerCase() ?? ''];
}

function freshFor(fields: Fields, times: Times): number {
  const lifetime = freshnessLifetimeSeconds(fields, times.receivedAt) ?? 0;
  return Math.max(0, Math.floor(lifetime - currentAgeSeconds(fields, times)));
}

// A fault may be gone at the next request.
async function fault(url: string, why: string): Promise<Gathered> {
  return { data: { kind: 'fault', url, why }, freshSeconds: 0, isForAll: true };
}

interface View {
  readonly fetched: FetchedOriginal;
  readonly original: Original;
  readonly markdown: string;
  readonly gathered: readonly Gathered[];
}

function withData({ gateway, order }: Exchange, { fetched, original, markdown, gathered }: View): FetchedOriginal {
  const body = encodeView({ markdown, data: gathered.map(({ data }) => data) });
  const now = gateway.clock.now();
  const freshSeconds = Math.min(
    freshFor(fetched.fields, { ...fetched, now }),
    ...gathered.map((each) => each.freshSeconds),
  );
  const isForAll = original.isForAll && gathered.every((each) => each.isForAll);
  const fields = fieldsOf(fetched.fields, { freshSeconds, isForAll });
  const head = { status: fetched.status, fields, essence: VIEW_TYPE, url: fetched.url };
  const times = { requestedAt: now, receivedAt: now };
  const view = Promise.resolve({ ...head, body, digest: digestOf(body), isForAll });
  return {
    ...fetched,
    ...head,
    ...times,
    plain: fetched,
    buffer: () => view,
    buffered: () => view,
    facts(made) {
      const facts = { ...head, ...times, digest: made.digest, bytes: made.body.byteLength };
      if (order.method === 'GET' && isForAll) gateway.originals.put(order.url.href, order.fields, facts);
      return facts;
    },
  };
}

/** The document's fields, but for what said something of its bytes, and how long document and data are fresh together. */
function fieldsOf(origin: Fields, { freshSeconds, isForAll }: { freshSeconds: number; isForAll: boolean }): Fields {
  const fields = origin.clone();
  for (const name of [
    'etag',
    'last-modified',
    'content-length',
    'content-encoding',
    'expires',
    'age',
    'pragma',
    'cdn-cache-control',
  ])
    fields.delete(name);
  const { directives } = effectiveCacheControl(origin);
  if (!isPrivateOrNoStore(directives))
    fields.set(
      'cache-control',
      !isForAll ? 'private, no-cache' : freshSeconds > 0 ? `max-age=${freshSeconds}` : 'no-cache',
    );
  return fields.set('content-type', VIEW_TYPE);
}
