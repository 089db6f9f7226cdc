/** The back-end's side: makes replies for a front-end's clients, and sends a page and its pictures in one reply (S5). */
import { Readable } from 'node:stream';
import { parseAccept } from '../../core/accept.ts';
import type { RenderHandler } from '../../core/back-end.ts';
import { readMediaType } from '../../core/media-type.ts';
import { VaryRecorder } from '../../core/vary.ts';
import type { Exchange } from '../exchange.ts';
import { makeRequestId, type Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import type { Gateway } from '../serve.ts';
import { answerExchange } from '../serve-resource.ts';
import { makeUpstreamRequest } from '../steps/make-upstream-request.ts';
import type { Target } from '../target.ts';
import { type Bodies, makeBodies, packBody } from './bodies.ts';
import { findParts, placeOfPart, shortName } from './find-parts.ts';
import { frame, openFrame } from './frames.ts';
import { type RenderRequest, readRenderRequest } from './render-request.ts';

/** A reply on the channel. */
export interface RenderedHead {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  /** Cookies that the origin has set. */
  readonly cookies: readonly string[];
  /** True where the held reply is still right: there are no bytes. */
  readonly isSame: boolean;
  readonly coding: 'identity' | 'zstd';
  readonly dictionary?: string | undefined;
  /** Addresses of the parts that follow. */
  readonly parts?: readonly string[];
  /** Of a part: its address. */
  readonly part?: string;
  readonly length: number;
}

const DICTIONARY_BYTES = 64 * 1024 * 1024;
const MAX_PART_BYTES = 2 * 1024 * 1024;
/** Pictures made at a time. */
const AT_ONCE = 4;

export function makeRenderHandler(gateway: () => Gateway): RenderHandler {
  const bodies = makeBodies(DICTIONARY_BYTES);
  return async (head, body, signal) => {
    const request = head as unknown as RenderRequest;
    const exchange = exchangeFor(request, { body, signal, gateway: gateway() });
    const rendered = await render(exchange, request, bodies);
    if (rendered.kind === 'stream') return Readable.from(joined(rendered.head, rendered.body));
    const parts = request.partAccept === undefined ? [] : partsOf(rendered, request);
    return Readable.from(framesOf(exchange, rendered, { parts, request, bodies }), { objectMode: false });
  };
}

interface Here {
  readonly body: Buffer;
  readonly signal: AbortSignal;
  readonly gateway: Gateway;
}

function exchangeFor(request: RenderRequest, { body, signal, gateway }: Here): Exchange {
  const { fields, order, target, negotiation, client } = readRenderRequest(request);
  const received: Received = {
    id: makeRequestId(),
    method: order.method,
    fields,
    authority: '',
    // A request of this form is remembered by nobody.
    form: 'absolute',
    path: '/',
    absolute: order.url.href,
    peer: { address: '', secure: false, trusted: false, localAddress: '', localPort: 0 },
    httpVersion: '2.0',
    body: Readable.from([body]),
    hasBody: body.byteLength > 0,
    signal,
  };
  const read = new VaryRecorder(fields);
  const choice = {
    received,
    target,
    negotiation,
    read,
    registry: gateway.registry(),
    formatsOff: gateway.formatsOff,
    suspended: gateway.suspended(),
  };
  return { received, target, read, client, negotiation, order, choice, gateway, timings: [] };
}

type Rendered =
  | {
      readonly kind: 'whole';
      readonly head: Omit<RenderedHead, 'length'>;
      readonly bytes: Uint8Array;
      readonly text: string;
    }
  | { readonly kind: 'stream'; readonly head: Omit<RenderedHead, 'length'>; readonly body: Readable };

async function render(exchange: Exchange, request: RenderRequest, bodies: Bodies): Promise<Rendered> {
  const { reply, cookies } = await answerExchange(exchange);
  const head = headOf(reply, cookies);
  const { body } = reply;
  if (body instanceof Readable) return { kind: 'stream', head, body };
  const tag = reply.fields.get('etag');
  const bytes = body ?? new Uint8Array();
  const mediaType = readMediaType(reply.fields.get('content-type'))?.essence ?? '';
  const text = mediaType.includes('html') ? Buffer.from(bytes).toString('utf8') : '';
  if (tag !== undefined && tag === request.heldTag)
    return { kind: 'whole', head: { ...head, isSame: true }, bytes: new Uint8Array(), text };
  const { packing, bytes: packed } = await packBody(bytes, mediaType, dictionaryOf(request, bodies));
  if (text !== '') bodies.keep(bytes);
  return { kind: 'whole', head: { ...head, ...packing }, bytes: packed, text };
}

function headOf({ status, fields }: Reply, cookies: readonly string[]): Omit<RenderedHead, 'length'> {
  const kept = fields.clone().delete('content-length').delete('x-request-id');
  return { status, fields: kept.entries(), cookies, isSame: false, coding: 'identity' };
}

function dictionaryOf({ dictionaries }: RenderRequest, bodies: Bodies) {
  for (const digest of dictionaries) {
    const body = bodies.get(digest);
    if (body !== undefined) return { digest, body };
  }
  return undefined;
}

async function* joined(head: object, body: Readable): AsyncGenerator<Uint8Array> {
  yield openFrame(head);
  yield* body as AsyncIterable<Uint8Array>;
}

interface Part {
  readonly address: string;
  readonly target: Target;
}

/** The pictures of a page, each as the target that the client's request for it will have. */
function partsOf({ text }: Extract<Rendered, { kind: 'whole' }>, { target, heldParts }: RenderRequest): readonly URL[] {
  if (text === '') return [];
  const place = placeOfPage(target);
  const base = URL.parse(place) ?? new URL(target.url);
  const held = new Set(heldParts);
  return findParts(text, base).filter((url) => !held.has(shortName(placeOfPart(url, target.links))));
}

/** Where the client finds a page. */
function placeOfPage({ links, ownOrigin, url: text }: RenderRequest['target']): string {
  if (links.mode === 'prefix') return `${ownOrigin}/${text}`;
  return links.mode === 'subdomain' ? text.replace(links.upstreamOrigin, links.siteOrigin) : text;
}

interface Following {
  readonly parts: readonly URL[];
  readonly request: RenderRequest;
  readonly bodies: Bodies;
}

async function* framesOf(
  exchange: Exchange,
  page: Extract<Rendered, { kind: 'whole' }>,
  { parts, request, bodies }: Following,
): AsyncGenerator<Uint8Array> {
  const targets = parts.flatMap((url) => targetOf(url, request));
  // Text before pictures.
  yield frame({ ...page.head, parts: targets.map(({ address }) => address) }, page.bytes);
  const making = new Map<number, Promise<Buffer | undefined>>();
  const start = (index: number) => {
    const part = targets[index];
    if (part !== undefined) making.set(index, renderPart(exchange, part, request, bodies));
  };
  for (let index = 0; index < AT_ONCE; index++) start(index);
  for (let index = 0; index < targets.length; index++) {
    const made = await making.get(index);
    start(index + AT_ONCE);
    if (made !== undefined) yield made;
  }
}

// Only what this very client could ask for by prefix or from the same site.
function targetOf(url: URL, { target }: RenderRequest): Part[] {
  const { links, ownOrigin } = target;
  const isOurs = links.mode === 'prefix' || links.mode === 'subdomain';
  if (isOurs && url.origin !== ownOrigin) return [];
  const path = url.pathname + url.search;
  const own = links.mode === 'subdomain' ? `${links.upstreamOrigin}${path}` : path.slice(1);
  const inner = isOurs ? URL.parse(own) : url;
  if (inner === null || !/^https?:$/.test(inner.protocol)) return [];
  const { url: _url, ...same } = target;
  return [
    {
      address: placeOfPart(url, links),
      target: {
        ...same,
        kind: 'resource',
        url: inner,
        presentation: undefined,
        parameters: undefined,
        part: undefined,
        picture: undefined,
        grant: undefined,
        site: undefined,
        explain: false,
      },
    },
  ];
}

async function renderPart(
  page: Exchange,
  { address, target }: Part,
  request: RenderRequest,
  bodies: Bodies,
): Promise<Buffer | undefined> {
  const { gateway, negotiation } = page;
  const fields = page.received.fields.clone().set('accept', request.partAccept!).set('sec-fetch-dest', 'image');
  fields.delete('upgrade-insecure-requests').delete('content-type').delete('content-length');
  const received = { ...page.received, method: 'GET', fields, hasBody: false };
  const read = new VaryRecorder(fields);
  const wishes = { ...negotiation, acceptText: request.partAccept!, accept: parseAccept(request.partAccept!) };
  try {
    const order = makeUpstreamRequest(received, target, {
      subdomains: gateway.rules.subdomains,
      negotiation: wishes,
      jar: gateway.jar,
      jarOwner: undefined,
      pseudonym: gateway.pseudonym,
    });
    const choice = { ...page.choice, received, target, negotiation: wishes, read };
    const exchange: Exchange = { ...page, received, target, read, negotiation: wishes, order, choice, timings: [] };
    const rendered = await render(exchange, { ...request, heldTag: undefined, dictionaries: [] }, bodies);
    if (rendered.kind === 'stream') {
      rendered.body.destroy();
      return undefined;
    }
    if (rendered.head.status !== 200 || rendered.bytes.byteLength > MAX_PART_BYTES) return undefined;
    return frame({ ...rendered.head, part: address }, rendered.bytes);
  } catch {
    // Who asks for it alone is told what is wrong with it.
    return undefined;
  }
}
