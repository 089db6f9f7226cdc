/** A question to the back-end, and what is taken from its answer. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BackEnd, BackEndQuestion } from '../../core/back-end.ts';
import { parseCacheControl } from '../../core/cache-control.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import { readWhole } from '../../formatters/pool/web-messages.ts';
import type { Exchange } from '../exchange.ts';
import { takeCookies } from '../jar-owner.ts';
import type { Reply } from '../reply.ts';
import { uploadOf } from '../upload.ts';
import { unpackBody } from './bodies.ts';
import { FrameReader } from './frames.ts';
import type { FrontEndState } from './front-end-state.ts';
import { packHeldParts } from './held-parts.ts';
import type { Asker, HeldReply } from './held-replies.ts';
import { makeRenderRequest, type RenderRequest } from './render-request.ts';
import { checkRendered, type RenderedHead } from './rendered-head.ts';
import { finishReply, showHeld } from './show-held.ts';
import { takeParts } from './take-parts.ts';

export const RETRY_SECONDS = 5;
const MAX_DICTIONARIES = 4;
/** Methods that may be asked as often as one likes (RFC 9110 9.2.1). */
export const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Asking {
  readonly asker: Asker;
  readonly found: HeldReply | undefined;
  readonly state: FrontEndState;
}

export interface Question extends Asking {
  readonly head: RenderRequest;
  readonly body: Uint8Array | undefined;
}

export async function questionOf(
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
    begun: state.begun.tell(asker, wanted !== undefined),
    once: SAFE.has(order.method) ? undefined : randomBytes(24).toString('base64url'),
    explain: false,
  });
  return { head, body, asker, found, state };
}

export interface Asked {
  readonly reply: Reply;
  /** The page that it is, where what it needs comes with it. */
  readonly page: Uint8Array | undefined;
  /** Resolves when all that comes with it is here. */
  readonly parts: Promise<void>;
}

export async function ask(exchange: Exchange, { head: request, body, asker, found, state }: Question): Promise<Asked> {
  const { received, order, timings } = exchange;
  const { held, backEnd, clock, coming, meter } = state;
  const { wanted } = request;
  if (wanted !== undefined && !isPrefetch(exchange)) coming.leave(asker.client);
  const started = clock.monotonic();
  const { signal } = received.connection;
  state.asking += 1;
  let reader: FrameReader<RenderedHead>;
  let head: RenderedHead;
  try {
    const stream = await open(backEnd, { head: request, body, isSparable: found !== undefined, signal });
    reader = new FrameReader<RenderedHead>(stream, meter, isPrefetch(exchange) ? state.prefetchBytes : undefined);
    head = await firstHead(reader, signal);
  } finally {
    state.asking -= 1;
  }
  timings.push({ name: 'channel', ms: clock.monotonic() - started });
  if (order.method !== 'GET' && head.status < 400) held.drop(asker.client, asker.place);
  if (head.length === -1) {
    const rest = Readable.from(reader.rest());
    const streamed = finishReply(exchange, { status: head.status, fields: Fields.from(head.fields), body: rest });
    return { reply: takeCookies(streamed, head.cookies, exchange), page: undefined, parts: Promise.resolve() };
  }
  const asked = await takeFirst(exchange, { head, reader, wanted, asker, found, state });
  return { ...asked, reply: takeCookies(asked.reply, head.cookies, exchange) };
}

// What breaks off before anything of it can be shown is a link that is down.
export async function firstHead(reader: FrameReader<RenderedHead>, signal: AbortSignal): Promise<RenderedHead> {
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

async function takeFirst(exchange: Exchange, first: First): Promise<Asked> {
  const { head, reader, wanted, asker, found, state } = first;
  const { held, clock } = state;
  const fields = Fields.from(head.fields);
  let bytes: Uint8Array;
  try {
    bytes = await reader.body(head);
  } catch (error) {
    state.begun.keep(asker, head, reader.begun);
    throw exchange.received.connection.signal.aborted ? error : away(error);
  }
  const isAlone = wanted === undefined || head.parts === undefined;
  if (isAlone) reader.end();
  const parts = isAlone ? Promise.resolve() : takeParts(exchange, { parts: head.parts, reader, wanted, asker, state });
  if (head.isSame && found !== undefined) {
    held.renew(asker.client, found, fields);
    const reply = await showHeld(exchange, { ...found, fields }, { held, clock, how: 'fwd=stale' });
    return { reply, page: wanted && isPage(fields) ? found.body : undefined, parts };
  }
  const body = await unpackOrRefuse(exchange, async () => {
    if (head.isSame) throw new RangeError('what is to be the same is not held');
    const whole = state.begun.join(asker, head, bytes);
    return await unpackBody(whole, head, (digest) => held.body(asker.client, digest));
  });
  const made = { place: asker.place, wishes: asker.wishes, status: head.status, fields, body };
  if (mayBeHeld(exchange, head, asker))
    held.put(asker.client, { ...made, isPage: isPage(fields), isPart: isPrefetch(exchange) }, exchange.received.fields);
  const reply = await showHeld(exchange, made, { held, clock, how: 'fwd=miss' });
  return { reply, page: wanted && isPage(fields) ? body : undefined, parts };
}

export function isPrefetch({ received }: Exchange): boolean {
  return received.fields.get('sec-purpose') === 'prefetch';
}

// The back-end is believed in what it tells, not in that it tells it well (threat 67).
export async function unpackOrRefuse<T>({ target }: Exchange, unpack: () => Promise<T>): Promise<T> {
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

/** @throws GatewayError BACK_END_AWAY, or what the back-end threw; the signal's reason */
export async function open(backEnd: BackEnd, question: BackEndQuestion): Promise<Readable> {
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
