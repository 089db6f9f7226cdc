/**
 * The front-end's side (S5): asks the back-end for replies as they would be made here, keeps what comes along, tells what
 * it holds already, and shows what it holds while the link is down.
 */
import { Readable } from 'node:stream';
import type { BackEnd, BackEndQuestion } from '../../core/back-end.ts';
import { parseCacheControl } from '../../core/cache-control.ts';
import type { Clock } from '../../core/clock.ts';
import { evaluateConditions } from '../../core/conditional.ts';
import { GatewayError } from '../../core/errors.ts';
import { formatEntityTag, readEntityTag } from '../../core/etag.ts';
import { Fields } from '../../core/fields.ts';
import type { Log } from '../../core/log.ts';
import { readMediaType } from '../../core/media-type.ts';
import { readWhole } from '../../formatters/pool/web-messages.ts';
import { codingFor, encodeBody } from '../content-coding.ts';
import type { Exchange } from '../exchange.ts';
import { VIA_COMMENT } from '../hop-fields.ts';
import { takeCookies } from '../jar-owner.ts';
import type { Reply } from '../reply.ts';
import { servicePlaceOf } from '../steps/own-service.ts';
import { uploadOf } from '../upload.ts';
import { withAgeNote } from './age-note.ts';
import type { RenderedHead } from './back-end.ts';
import { unpackBody } from './bodies.ts';
import { FrameReader } from './frames.ts';
import { type Asker, askerOf, type HeldReplies, type HeldReply, makeHeldReplies } from './held-replies.ts';
import { makeRenderRequest } from './render-request.ts';

export interface FrontEnd {
  /** The reply; `undefined` for what this server answers itself. @throws GatewayError BACK_END_AWAY, or what the back-end threw. */
  answer(exchange: Exchange): Promise<Reply | undefined>;
}

export interface FrontEndParts {
  readonly backEnd: BackEnd;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_SECONDS = 5;
/** What browsers send for pictures, until this client has shown what it sends. */
const USUAL_PICTURES = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const MAX_CLIENTS = 1_000;

interface State extends FrontEndParts {
  readonly held: HeldReplies;
  /** Accept of pictures by User-Agent, as last seen. */
  readonly pictures: Map<string, string>;
  /** Parts that are on their way, by client and place. */
  readonly coming: Map<string, Promise<void>>;
}

export function makeFrontEnd(parts: FrontEndParts): FrontEnd {
  const state: State = { ...parts, held: makeHeldReplies(parts.clock), pictures: new Map(), coming: new Map() };
  return {
    async answer(exchange) {
      const { target, received, order } = exchange;
      if (target.document !== undefined || target.view !== undefined || target.set !== undefined) return undefined;
      if (servicePlaceOf(exchange, target.url) !== undefined) return undefined;
      const asker = askerOf(exchange);
      learnPictures(exchange, state);
      if (order.method !== 'GET') return await ask(exchange, asker, undefined, state);
      await state.coming.get(keyOf(asker.client, asker.place));
      const found = state.held.find(asker, received.fields);
      if (found !== undefined && state.held.isFresh(found) && !mustAsk(exchange))
        return await replyWith(exchange, found, { state, how: 'hit' });
      try {
        return await ask(exchange, asker, found, state);
      } catch (error) {
        if (error instanceof GatewayError && error.code !== 'BACK_END_AWAY') throw error;
        if (found === undefined || received.signal.aborted) throw error;
        return await replyWith(exchange, found, { state, how: 'hit; detail="link-down"', isOld: true });
      }
    },
  };
}

// RFC 9111 5.2.1: the client insists on hearing from the origin.
function mustAsk({ received }: Exchange): boolean {
  const directives = parseCacheControl(received.fields.get('cache-control'));
  return ['no-cache', 'no-store', 'max-age'].some((name) => directives.has(name));
}

function learnPictures({ received: { fields } }: Exchange, { pictures }: State): void {
  const [userAgent = '', accept] = [fields.get('user-agent'), fields.get('accept')];
  if (accept === undefined || fields.get('sec-fetch-dest') !== 'image') return;
  if (pictures.size >= MAX_CLIENTS) pictures.clear();
  pictures.set(userAgent, accept);
}

/** Accept of the client's requests for pictures; nobody without pictures is sent any. */
function pictureAccept(
  { received: { fields }, negotiation, order }: Exchange,
  { pictures }: State,
): string | undefined {
  if (!negotiation.preferences.images.load || order.isPassThrough || !negotiation.unasked) return undefined;
  const seen = pictures.get(fields.get('user-agent') ?? '');
  return seen ?? (fields.has('sec-fetch-dest') ? USUAL_PICTURES : (fields.get('accept') ?? '*/*'));
}

async function ask(exchange: Exchange, asker: Asker, found: HeldReply | undefined, state: State): Promise<Reply> {
  const { received, gateway, order, timings } = exchange;
  const { held, backEnd, clock } = state;
  const upload = uploadOf(received, gateway.limits.maxUploadBytes);
  const body =
    upload === undefined ? undefined : await readWhole(ReadableStream.from(upload), gateway.limits.maxUploadBytes);
  const request = makeRenderRequest(exchange, {
    heldTag: found?.fields.get('etag'),
    dictionaries: [...(found === undefined ? [] : [found.digest]), ...held.dictionaries(asker.client)].slice(0, 4),
    heldParts: held.freshParts(asker.client),
    partAccept: pictureAccept(exchange, state),
  });
  const started = clock.monotonic();
  const reader = new FrameReader<RenderedHead>(
    await open(backEnd, { head: request, body, isSparable: found !== undefined, signal: received.signal }),
  );
  const head = await reader.head();
  if (head === undefined) throw away(new Error('the back-end sent nothing'));
  timings.push({ name: 'channel', ms: clock.monotonic() - started });
  if (order.method !== 'GET' && head.status < 400) held.drop(asker.client, asker.place);
  const fields = Fields.from(head.fields);
  if (head.length === -1) {
    const streamed = finish(exchange, { status: head.status, fields, body: Readable.from(reader.rest()) });
    return takeCookies(streamed, head.cookies, exchange);
  }
  const reply = await takeFirst(exchange, { head, fields, reader, asker, found, state });
  void takeParts(exchange, { head, reader, asker, state });
  return takeCookies(reply, head.cookies, exchange);
}

interface First {
  readonly head: RenderedHead;
  readonly fields: Fields;
  readonly reader: FrameReader<RenderedHead>;
  readonly asker: Asker;
  readonly found: HeldReply | undefined;
  readonly state: State;
}

async function takeFirst(exchange: Exchange, { head, fields, reader, asker, found, state }: First): Promise<Reply> {
  const { held } = state;
  const bytes = await reader.body(head);
  if (head.isSame && found !== undefined) {
    held.renew(asker.client, found, fields);
    return await replyWith(exchange, { ...found, fields }, { state, how: 'fwd=stale' });
  }
  const body = await unpackBody(bytes, head, { get: (digest) => held.body(asker.client, digest) });
  const made = { place: asker.place, wishes: asker.wishes, status: head.status, fields, body };
  const isKept =
    exchange.order.method === 'GET' &&
    head.status === 200 &&
    !parseCacheControl(fields.get('cache-control')).has('no-store');
  if (isKept) held.put(asker.client, { ...made, isPage: isPage(fields), isPart: false }, exchange.received.fields);
  return await replyWith(exchange, made, { state, how: 'fwd=miss' });
}

function isPage(fields: Fields): boolean {
  return readMediaType(fields.get('content-type'))?.essence.includes('html') === true;
}

/** What follows the page: kept for when the client asks for it. */
async function takeParts(
  exchange: Exchange,
  { head, reader, asker, state }: Omit<First, 'fields' | 'found'>,
): Promise<void> {
  const { held, coming, log } = state;
  const arrived = new Map<string, () => void>();
  for (const place of head.parts ?? []) {
    const { promise, resolve } = Promise.withResolvers<void>();
    coming.set(keyOf(asker.client, place), promise);
    arrived.set(place, resolve);
  }
  const settle = (place: string) => {
    coming.delete(keyOf(asker.client, place));
    arrived.get(place)?.();
    arrived.delete(place);
  };
  const accept = pictureAccept(exchange, state);
  const asked = exchange.received.fields.clone().set('accept', accept).set('sec-fetch-dest', 'image');
  try {
    for (let part = await reader.head(); part !== undefined; part = await reader.head()) {
      const bytes = await reader.body(part);
      const body = await unpackBody(bytes, part, { get: () => undefined });
      const place = part.part ?? '';
      const fields = Fields.from(part.fields);
      const made = { place, wishes: asker.wishes, status: part.status, fields, body };
      held.put(asker.client, { ...made, isPage: false, isPart: true }, asked);
      settle(place);
    }
  } catch (error) {
    log.debug('the parts of a page did not come whole', { reason: (error as Error).message });
  } finally {
    for (const place of arrived.keys()) settle(place);
    reader.end();
  }
}

function keyOf(client: string, place: string): string {
  return `${client} ${place}`;
}

async function open(backEnd: BackEnd, question: BackEndQuestion): Promise<Readable> {
  try {
    return await backEnd.render(question);
  } catch (error) {
    throw error instanceof GatewayError || question.signal.aborted ? error : away(error);
  }
}

function away(cause: unknown): GatewayError {
  const fields = Fields.from({ 'retry-after': String(RETRY_SECONDS) });
  return new GatewayError('BACK_END_AWAY', { seconds: RETRY_SECONDS }, { cause, fields });
}

interface Showing {
  readonly state: State;
  /** What Cache-Status says of it. */
  readonly how: string;
  /** The link is down: the page says how old it is. */
  readonly isOld?: boolean;
}

async function replyWith(
  exchange: Exchange,
  held: Pick<HeldReply, 'status' | 'fields' | 'body'> & Partial<Pick<HeldReply, 'receivedAt'>>,
  { state, how, isOld = false }: Showing,
): Promise<Reply> {
  const { received, read } = exchange;
  const fields = held.fields.clone();
  const mediaType = readMediaType(fields.get('content-type'))?.essence ?? '';
  if (held.receivedAt !== undefined) fields.set('age', String(state.held.age(held as HeldReply)));
  // What other caches did for it was then; what this one does is now (RFC 9211).
  const before = how.startsWith('hit') ? undefined : fields.get('cache-status');
  fields.set('cache-status', [before, `gw-channel; ${how}`].filter(Boolean).join(', '));
  if (isOld) fields.delete('etag').set('cache-control', 'no-store');
  const shown = isOld ? withAgeNote(mediaType, held.body, state.clock.now() - (held.receivedAt ?? 0)) : held.body;
  const isWhole = held.status === 200 && shown.byteLength > 0;
  const coding = isWhole ? codingFor(mediaType, shown.byteLength, read) : 'identity';
  const tag = readEntityTag(fields.get('etag'));
  if (tag !== undefined && coding !== 'identity')
    fields.set('etag', formatEntityTag({ ...tag, opaque: `${tag.opaque}-${coding}` }));
  const outcome = evaluateConditions({
    method: received.method,
    fields: received.fields,
    etag: fields.get('etag'),
    lastModified: fields.get('last-modified'),
    status: held.status,
  });
  if (outcome === 'not-modified') {
    for (const name of ['content-type', 'content-encoding', 'content-language']) fields.delete(name);
    return finish(exchange, { status: 304, fields, body: undefined });
  }
  const body = await encodeBody(shown, coding, new Map());
  if (coding !== 'identity') fields.set('content-encoding', coding);
  if (held.status !== 204 && held.status !== 304) fields.set('content-length', String(body.byteLength));
  const isBodyless = received.method === 'HEAD' || body.byteLength === 0;
  return finish(exchange, { status: held.status, fields, body: isBodyless ? undefined : body });
}

function finish({ read, gateway, received, timings }: Exchange, reply: Reply): Reply {
  const { fields } = reply;
  fields.set('vary', read.vary(fields.get('vary')));
  fields.append('via', `1.1 ${gateway.pseudonym} ${VIA_COMMENT}`);
  fields.set('x-request-id', received.id);
  const own = timings.map(({ name, ms }) => `${name};dur=${ms.toFixed(1)}`);
  fields.set('server-timing', [fields.get('server-timing'), ...own].filter(Boolean).join(', ') || undefined);
  return reply;
}
