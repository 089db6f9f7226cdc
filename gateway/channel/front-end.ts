/**
 * The front-end's side (S5): asks the back-end for replies as they would be made here, keeps what comes along, tells what
 * it holds already, and shows what it holds while the link is down.
 */
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
import { servicePlaceOf } from '../steps/own-service.ts';
import { uploadOf } from '../upload.ts';
import { unpackBody } from './bodies.ts';
import { makeComingParts } from './coming-parts.ts';
import { FrameReader } from './frames.ts';
import type { FrontEndParts, FrontEndState } from './front-end-state.ts';
import { packHeldParts } from './held-parts.ts';
import { type Asker, askerOf, type HeldReply, makeHeldReplies } from './held-replies.ts';
import { makeLinkMeter } from './link-meter.ts';
import { makePartAccepts, type WantedParts } from './part-accepts.ts';
import { makeRenderRequest } from './render-request.ts';
import type { RenderedHead } from './rendered.ts';
import { finishReply, showHeld } from './show-held.ts';
import { takeParts } from './take-parts.ts';

export interface FrontEnd {
  /** The reply; `undefined` for what this server answers itself. @throws GatewayError BACK_END_AWAY, or what the back-end threw. */
  answer(exchange: Exchange): Promise<Reply | undefined>;
  /** Megabits a second of the link, as measured; `undefined` while nothing is known. */
  readonly linkMbps: number | undefined;
}

const RETRY_SECONDS = 5;

export function makeFrontEnd(parts: FrontEndParts): FrontEnd {
  const { clock } = parts;
  const meter = makeLinkMeter(clock);
  const held = makeHeldReplies(clock);
  const state: FrontEndState = { ...parts, held, meter, accepts: makePartAccepts(), coming: makeComingParts() };
  return {
    get linkMbps() {
      return meter.mbps;
    },
    async answer(exchange) {
      const { target, received, order } = exchange;
      if (target.document !== undefined || target.view !== undefined || target.set !== undefined) return undefined;
      if (servicePlaceOf(exchange, target.url) !== undefined) return undefined;
      const asker = askerOf(exchange);
      state.accepts.learn(exchange);
      if (order.method !== 'GET') return await ask(exchange, { asker, found: undefined, state });
      await state.coming.arrived(asker.client, asker.place);
      const found = held.find(asker, received.fields);
      if (found !== undefined && held.isFresh(found) && !mustAsk(exchange))
        return await showHeld(exchange, found, { held, clock, how: 'hit' });
      try {
        return await ask(exchange, { asker, found, state });
      } catch (error) {
        if (error instanceof GatewayError && error.code !== 'BACK_END_AWAY') throw error;
        if (found === undefined || received.signal.aborted) throw error;
        return await showHeld(exchange, found, { held, clock, how: 'hit; detail="link-down"', isOld: true });
      }
    },
  };
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

async function ask(exchange: Exchange, { asker, found, state }: Asking): Promise<Reply> {
  const { received, gateway, order, timings } = exchange;
  const { held, backEnd, clock, coming, meter } = state;
  const upload = uploadOf(received, gateway.limits.maxUploadBytes);
  const body =
    upload === undefined ? undefined : await readWhole(ReadableStream.from(upload), gateway.limits.maxUploadBytes);
  const wanted = state.accepts.of(exchange);
  if (wanted !== undefined) coming.leave(asker.client);
  const others = wanted === undefined ? [] : held.dictionaries(asker.client, asker.site);
  const request = makeRenderRequest(exchange, {
    heldTag: found?.fields.get('etag'),
    dictionaries: [...new Set([...(found === undefined ? [] : [found.digest]), ...others])].slice(0, 4),
    held: packHeldParts(wanted === undefined ? [] : held.parts(asker.client, asker.site)),
    wanted,
  });
  const started = clock.monotonic();
  const stream = await open(backEnd, { head: request, body, isSparable: found !== undefined, signal: received.signal });
  const reader = new FrameReader<RenderedHead>(stream, meter);
  const head = await reader.head();
  if (head === undefined) throw away(new Error('the back-end sent nothing'));
  timings.push({ name: 'channel', ms: clock.monotonic() - started });
  if (order.method !== 'GET' && head.status < 400) held.drop(asker.client, asker.place);
  if (head.length === -1) {
    const body = Readable.from(reader.rest());
    const streamed = finishReply(exchange, { status: head.status, fields: Fields.from(head.fields), body });
    return takeCookies(streamed, head.cookies, exchange);
  }
  const reply = await takeFirst(exchange, { head, reader, wanted, asker, found, state });
  return takeCookies(reply, head.cookies, exchange);
}

interface First extends Asking {
  readonly head: RenderedHead;
  readonly reader: FrameReader<RenderedHead>;
  readonly wanted: WantedParts | undefined;
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
  const body = await unpackBody(bytes, head, (digest) => held.body(asker.client, digest));
  const made = { place: asker.place, wishes: asker.wishes, status: head.status, fields, body };
  if (mayBeHeld(exchange, head, asker))
    held.put(asker.client, { ...made, isPage: isPage(fields), isPart: false }, exchange.received.fields);
  return await showHeld(exchange, made, { held, clock, how: 'fwd=miss' });
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
