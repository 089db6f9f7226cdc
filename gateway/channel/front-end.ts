/**
 * The front-end's side (S5): asks the back-end for replies as they would be made here, keeps what comes along, tells what
 * it holds already, and shows what it holds while the link is down.
 */
import { asks, parseAccept } from '../../core/accept.ts';
import { parseCacheControl } from '../../core/cache-control.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { Exchange } from '../exchange.ts';
import type { Explanation } from '../explain.ts';
import { giveJar, jarOwnerOf } from '../jar-owner.ts';
import { makeRedirect } from '../pages/layout.ts';
import type { Reply } from '../reply.ts';
import { isAnsweredHere } from './answered-here.ts';
import { ask, firstHead, open, questionOf, RETRY_SECONDS, SAFE, unpackOrRefuse } from './ask.ts';
import { makeBegunBodies } from './begun-bodies.ts';
import { unpackBody } from './bodies.ts';
import { makeComingParts } from './coming-parts.ts';
import { FrameReader } from './frames.ts';
import type { FrontEndParts, FrontEndState } from './front-end-state.ts';
import { packHeldParts } from './held-parts.ts';
import { type Asker, askerOf, type HeldReply, makeHeldReplies } from './held-replies.ts';
import { makeLinkMeter } from './link-meter.ts';
import type { Outbox } from './outbox.ts';
import { makePartAccepts } from './part-accepts.ts';
import { prefetchAfter } from './prefetch.ts';
import { makeRenderRequest } from './render-request.ts';
import type { RenderedHead } from './rendered-head.ts';
import { showHeld } from './show-held.ts';
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

const NAVIGATIONS: ReadonlySet<string | undefined> = new Set([undefined, 'document', 'iframe', 'frame']);

export function makeFrontEnd(parts: FrontEndParts): FrontEnd {
  const { clock, outbox, store } = parts;
  const meter = makeLinkMeter(clock);
  const known = store.mbps();
  if (known !== undefined) {
    meter.recall(known);
    parts.backEnd.pace(known);
  }
  const state: FrontEndState = {
    ...parts,
    held: makeHeldReplies(clock, store),
    meter,
    begun: makeBegunBodies(),
    accepts: makePartAccepts(),
    coming: makeComingParts(),
    line: makeWaitingLine(clock),
    asking: 0,
  };
  return {
    outbox,
    get linkMbps() {
      return meter.mbps;
    },
    async answer(exchange) {
      if (isAnsweredHere(exchange)) return undefined;
      const asker = askerOf(exchange);
      state.accepts.learn(exchange);
      if (exchange.order.method === 'GET') return await answerGet(exchange, asker, state);
      return await answerOther(exchange, asker, state);
    },
    explain: async (exchange) => (isAnsweredHere(exchange) ? undefined : await explain(exchange, state)),
  };
}

async function explain(exchange: Exchange, { backEnd }: FrontEndState): Promise<Explanation> {
  const nothing = {
    heldTag: undefined,
    dictionaries: [],
    held: packHeldParts([]),
    wanted: undefined,
    begun: [],
    once: undefined,
  };
  const head = makeRenderRequest(exchange, { ...nothing, explain: true });
  const { signal } = exchange.received.connection;
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

/** @param isAgain a picture broke off before: the rest of it is asked for */
async function answerGet(exchange: Exchange, asker: Asker, state: FrontEndState, isAgain = false): Promise<Reply> {
  const { held, clock, coming, line, begun } = state;
  await coming.arrived(asker.client, asker.place);
  const found = held.find(asker, exchange.received.fields);
  if (found !== undefined && held.isFresh(found) && !mustAsk(exchange))
    return await showHeld(exchange, found, { held, clock, how: howHeld(found) });
  const who = `${asker.client} ${asker.place}`;
  try {
    const { reply, page, parts } = await ask(exchange, await questionOf(exchange, asker, { found, state }));
    line.leave(who);
    if (page !== undefined) void parts.then(() => prefetchAfter(exchange, { body: page, asker, state }));
    return reply;
  } catch (error) {
    if (!isAway(error) || exchange.received.connection.signal.aborted) throw error;
    if (!isAgain && begun.has(asker)) return await answerGet(exchange, asker, state, true);
    if (found !== undefined)
      return await showHeld(exchange, found, { held, clock, how: 'hit; detail="link-down"', isOld: true });
    throw isNavigation(exchange) ? awaited(error, line.stand(who)) : error;
  }
}

// Came before it was asked for, as a page of its own.
function howHeld({ isPart, isPage }: HeldReply): string {
  return isPart && isPage ? 'hit; detail="prefetched"' : 'hit';
}

async function answerOther(exchange: Exchange, asker: Asker, state: FrontEndState): Promise<Reply> {
  const { received, order, target, client } = exchange;
  const question = await questionOf(exchange, asker, { found: undefined, state });
  try {
    return (await ask(exchange, question)).reply;
  } catch (error) {
    // Who has gone away is not told where the form is; it was not asked for by a person who would look there either.
    const own = target.ownOrigin;
    const mayBeKept =
      isAway(error) && !SAFE.has(order.method) && isNavigation(exchange) && !received.connection.signal.aborted;
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
