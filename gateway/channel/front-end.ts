/**
 * The front-end's side (S5): asks the back-end for replies as they would be made here, keeps what comes along, tells what
 * it holds already, and shows what it holds while the link is down.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { asks, parseAccept } from '../../core/accept.ts';
import type { BackEnd, BackEndQuestion } from '../../core/back-end.ts';
import { parseCacheControl } from '../../core/cache-control.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import { readWhole } from '../../formatters/pool/web-messages.ts';
import type { Exchange } from '../exchange.ts';
import type { Explanation } from '../explain.ts';
import { giveJar, jarOwnerOf, takeCookies } from '../jar-owner.ts';
import { makeRedirect } from '../pages/layout.ts';
import type { Reply } from '../reply.ts';
import { servicePlaceOf } from '../steps/own-service.ts';
import { uploadOf } from '../upload.ts';
import { unpackBody } from './bodies.ts';
import { makeComingParts } from './coming-parts.ts';
import { FrameReader } from './frames.ts';
import type { FrontEndParts, FrontEndState } from './front-end-state.ts';
import { packHeldParts } from './held-parts.ts';
import { type Asker, askerOf, type HeldReply, makeHeldReplies } from './held-replies.ts';
import { makeLinkMeter } from './link-meter.ts';
import type { Outbox } from './outbox.ts';
import { makePartAccepts } from './part-accepts.ts';
import { makeRenderRequest, type RenderRequest } from './render-request.ts';
import { checkRendered, type RenderedHead } from './rendered-head.ts';
import { finishReply, showHeld } from './show-held.ts';
import { takeParts } from './take-parts.ts';
import { makeWaitingLine, type WaitingLine } from './waiting-line.ts';

export interface FrontEnd {
  /** The reply; `undefined` for what this server answers itself. @throws GatewayError BACK_END_AWAY, BACK_END_AWAITED, or what the back-end threw. */
  answer(exchange: Exchange): Promise<Reply | undefined>;
  /** Why a client gets what it gets, as the back-end tells; `undefined` for what this server answers itself. @throws as `answer` */
  explain(exchange: Exchange): Promise<Explanation | undefined>;
  /** Megabits a second of the link, as measured; `undefined` while nothing is known. */
  readonly linkMbps: number | undefined;
  /** Forms that wait for the link. */
  readonly outbox: Outbox;
}

const RETRY_SECONDS = 5;
const MAX_DICTIONARIES = 4;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const NAVIGATIONS: ReadonlySet<string | undefined> = new Set([undefined, 'document', 'iframe', 'frame']);

export function makeFrontEnd(parts: FrontEndParts): FrontEnd {
  const { clock, outbox, store } = parts;
  const meter = makeLinkMeter(clock);
  const known = store.mbps();
  if (known !== undefined) meter.recall(known);
  const state: FrontEndState = {
    ...parts,
    held: makeHeldReplies(clock, store),
    meter,
    accepts: makePartAccepts(),
    coming: makeComingParts(),
    line: makeWaitingLine(clock),
  };
  return {
    outbox,
    get linkMbps() {
      return meter.mbps;
    },
    async answer(exchange) {
      if (isOwn(exchange)) return undefined;
      const asker = askerOf(exchange);
      state.accepts.learn(exchange);
      if (exchange.order.method === 'GET') return await answerGet(exchange, asker, state);
      return await answerOther(exchange, asker, state);
    },
    explain: async (exchange) => (isOwn(exchange) ? undefined : await explain(exchange, state)),
  };
}

function isOwn(exchange: Exchange): boolean {
  const { document, view, set, url } = exchange.target;
  if (document !== undefined || view !== undefined || set !== undefined) return true;
  return servicePlaceOf(exchange, url) !== undefined;
}

async function explain(exchange: Exchange, { backEnd }: FrontEndState): Promise<Explanation> {
  const nothing = { heldTag: undefined, dictionaries: [], held: packHeldParts([]), wanted: undefined, once: undefined };
  const head = makeRenderRequest(exchange, { ...nothing, explain: true });
  const { signal } = exchange.received;
  const reader = new FrameReader<RenderedHead>(
    await open(backEnd, { head, body: undefined, isSparable: false, signal }),
  );
  try {
    const first = await firstHead(reader, signal);
    const told = await unpackOrRefuse(exchange, async () => {
      const body = await unpackBody(await reader.body(first), first, () => undefined);
      return JSON.parse(Buffer.from(body).toString('utf8')) as Explanation;
    });
    // Where each preference comes from is known here alone.
    return { ...told, preferences: exchange.negotiation.values };
  } finally {
    reader.end();
  }
}

async function answerGet(exchange: Exchange, asker: Asker, state: FrontEndState): Promise<Reply> {
  const { held, clock, coming, line } = state;
  await coming.arrived(asker.client, asker.place);
  const found = held.find(asker, exchange.received.fields);
  if (found !== undefined && held.isFresh(found) && !mustAsk(exchange))
    return await showHeld(exchange, found, { held, clock, how: 'hit' });
  const who = `${asker.client} ${asker.place}`;
  try {
    const reply = await ask(exchange, await questionOf(exchange, asker, { found, state }));
    line.leave(who);
    return reply;
  } catch (error) {
    if (!isAway(error) || exchange.received.signal.aborted) throw error;
    if (found !== undefined)
      return await showHeld(exchange, found, { held, clock, how: 'hit; detail="link-down"', isOld: true });
    throw isNavigation(exchange) ? awaited(error, line.stand(who)) : error;
  }
}

async function answerOther(exchange: Exchange, asker: Asker, state: FrontEndState): Promise<Reply> {
  const { received, order, target, client } = exchange;
  const question = await questionOf(exchange, asker, { found: undefined, state });
  try {
    return await ask(exchange, question);
  } catch (error) {
    // Who has gone away is not told where the form is; it was not asked for by a person who would look there either.
    const own = target.ownOrigin;
    const mayBeKept = isAway(error) && !SAFE.has(order.method) && isNavigation(exchange) && !received.signal.aborted;
    if (!mayBeKept || own === undefined) throw error;
    const reply = makeRedirect(303, '');
    const isJarred = target.mode === 'prefix' && target.picture === undefined;
    const owner = isJarred ? (jarOwnerOf(received, client.user, target) ?? giveJar(reply, exchange)) : undefined;
    const name = state.outbox.keep({ head: question.head, body: question.body ?? new Uint8Array(), jarOwner: owner });
    reply.fields.set('location', `${own}${target.gatewayPath}waiting?id=${name}`);
    return reply;
  }
}

function isAway(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.code === 'BACK_END_AWAY';
}

// CT-3: what scripts and pictures ask for is no page that a person looks at.
function isNavigation({ received: { fields } }: Exchange): boolean {
  return NAVIGATIONS.has(fields.get('sec-fetch-dest')) && asks(parseAccept(fields.get('accept')), 'text/html');
}

function awaited(cause: unknown, standing: ReturnType<WaitingLine['stand']>): GatewayError {
  const seconds = RETRY_SECONDS;
  if (standing === undefined) return new GatewayError('SHED', { seconds: 6 * seconds }, { cause });
  const fields = Fields.from({ 'retry-after': String(seconds), refresh: String(seconds) });
  return new GatewayError('BACK_END_AWAITED', { ...standing, seconds }, { cause, fields });
}

// RFC 9111 5.2.1: the client insists on hearing from the origin.
function mustAsk({ received }: Exchange): boolean {
  const directives = parseCacheControl(received.fields.get('cache-control'));
  return ['no-cache', 'no-store', 'max-age'].some((name) => directives.has(name));
}

interface Asking {
  readonly asker: Asker;
  readonly found: HeldReply | undefined;
  readonly state: FrontEndState;
}

interface Question extends Asking {
  readonly head: RenderRequest;
  readonly body: Uint8Array | undefined;
}

async function questionOf(
  exchange: Exchange,
  asker: Asker,
  { found, state }: Omit<Asking, 'asker'>,
): Promise<Question> {
  const { received, gateway, order } = exchange;
  const { held } = state;
  const upload = uploadOf(received, gateway.limits.maxUploadBytes);
  const body =
    upload === undefined ? undefined : await readWhole(ReadableStream.from(upload), gateway.limits.maxUploadBytes);
  const wanted = state.accepts.of(exchange);
  const others = wanted === undefined ? [] : held.dictionaries(asker.client, asker.site);
  const head = makeRenderRequest(exchange, {
    heldTag: found?.fields.get('etag'),
    dictionaries: [...new Set([...(found === undefined ? [] : [found.digest]), ...others])].slice(0, MAX_DICTIONARIES),
    held: packHeldParts(wanted === undefined ? [] : held.parts(asker.client, asker.site)),
    wanted,
    once: SAFE.has(order.method) ? undefined : randomBytes(24).toString('base64url'),
    explain: false,
  });
  return { head, body, asker, found, state };
}

async function ask(exchange: Exchange, { head: request, body, asker, found, state }: Question): Promise<Reply> {
  const { received, order, timings } = exchange;
  const { held, backEnd, clock, coming, meter } = state;
  const { wanted } = request;
  if (wanted !== undefined) coming.leave(asker.client);
  const started = clock.monotonic();
  const stream = await open(backEnd, { head: request, body, isSparable: found !== undefined, signal: received.signal });
  const reader = new FrameReader<RenderedHead>(stream, meter);
  const head = await firstHead(reader, received.signal);
  timings.push({ name: 'channel', ms: clock.monotonic() - started });
  if (order.method !== 'GET' && head.status < 400) held.drop(asker.client, asker.place);
  if (head.length === -1) {
    const rest = Readable.from(reader.rest());
    const streamed = finishReply(exchange, { status: head.status, fields: Fields.from(head.fields), body: rest });
    return takeCookies(streamed, head.cookies, exchange);
  }
  const reply = await takeFirst(exchange, { head, reader, wanted, asker, found, state });
  return takeCookies(reply, head.cookies, exchange);
}

// What breaks off before anything of it can be shown is a link that is down.
async function firstHead(reader: FrameReader<RenderedHead>, signal: AbortSignal): Promise<RenderedHead> {
  try {
    const head = await reader.head();
    if (head !== undefined) return checkRendered(head);
  } catch (error) {
    reader.end();
    throw signal.aborted ? error : away(error);
  }
  throw away(new Error('the back-end sent nothing'));
}

interface First extends Asking {
  readonly head: RenderedHead;
  readonly reader: FrameReader<RenderedHead>;
  readonly wanted: RenderRequest['wanted'];
}

async function takeFirst(exchange: Exchange, first: First): Promise<Reply> {
  const { head, reader, wanted, asker, found, state } = first;
  const { held, clock } = state;
  const fields = Fields.from(head.fields);
  let bytes: Uint8Array;
  try {
    bytes = await reader.body(head);
  } catch (error) {
    throw exchange.received.signal.aborted ? error : away(error);
  }
  if (wanted === undefined || head.parts === undefined) reader.end();
  else void takeParts(exchange, { parts: head.parts, reader, wanted, asker, state });
  if (head.isSame && found !== undefined) {
    held.renew(asker.client, found, fields);
    return await showHeld(exchange, { ...found, fields }, { held, clock, how: 'fwd=stale' });
  }
  const body = await unpackOrRefuse(exchange, async () => {
    if (head.isSame) throw new RangeError('what is to be the same is not held');
    return await unpackBody(bytes, head, (digest) => held.body(asker.client, digest));
  });
  const made = { place: asker.place, wishes: asker.wishes, status: head.status, fields, body };
  if (mayBeHeld(exchange, head, asker))
    held.put(asker.client, { ...made, isPage: isPage(fields), isPart: false }, exchange.received.fields);
  return await showHeld(exchange, made, { held, clock, how: 'fwd=miss' });
}

// The back-end is believed in what it tells, not in that it tells it well (threat 67).
async function unpackOrRefuse<T>({ target }: Exchange, unpack: () => Promise<T>): Promise<T> {
  try {
    return await unpack();
  } catch (error) {
    throw new GatewayError('UPSTREAM_PROTOCOL', { host: target.url.host }, { cause: error });
  }
}

// What comes with a cookie may be about who gets it: nobody else of that address may see it.
function mayBeHeld({ order }: Exchange, { status, cookies, fields }: RenderedHead, { isShared }: Asker): boolean {
  const cacheControl = parseCacheControl(Fields.from(fields).get('cache-control'));
  return order.method === 'GET' && status === 200 && !cacheControl.has('no-store') && !(isShared && cookies.length > 0);
}

function isPage(fields: Fields): boolean {
  return readMediaType(fields.get('content-type'))?.essence.includes('html') === true;
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
