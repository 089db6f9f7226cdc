/** Serving an upstream resource: the steps from `identify` to `reply`. */
import { GatewayError } from '../core/errors.ts';
import type { VaryRecorder } from '../core/vary.ts';
import { explain } from './explain.ts';
import { jarOwnerOf, takeCookies } from './jar-owner.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';
import type { Gateway } from './serve.ts';
import { type ChoiceContext, choose } from './steps/choose.ts';
import { type FetchedOriginal, fetchOriginal } from './steps/fetch-original.ts';
import { formatOriginal } from './steps/format.ts';
import { type Client, identify } from './steps/identify.ts';
import { lookUp } from './steps/look-up.ts';
import { passBody, passOriginal, replyWithVariant } from './steps/make-reply.ts';
import { makeUpstreamRequest, type UpstreamOrder } from './steps/make-upstream-request.ts';
import { type Negotiation, negotiate } from './steps/negotiate.ts';
import type { ReplyContext } from './steps/reply-fields.ts';
import type { Target } from './target.ts';

/** What the steps before the fetch have found out. */
export interface Exchange {
  readonly received: Received;
  readonly target: Target;
  readonly read: VaryRecorder;
  readonly client: Client;
  readonly negotiation: Negotiation;
  readonly order: UpstreamOrder;
  readonly choice: ChoiceContext;
  readonly gateway: Gateway;
  readonly timings: { name: string; ms: number }[];
}

/** @throws GatewayError whatever a step may throw. */
export async function serveResource(
  received: Received,
  target: Target,
  read: VaryRecorder,
  gateway: Gateway,
): Promise<Reply> {
  if (target.explain) return await explain(received, target, gateway);
  const exchange = await prepare(received, target, read, gateway);
  const held = await lookUp(exchange);
  if (held !== undefined) return held;
  const fetched = await fetchOriginal(exchange);
  return takeCookies(await answer(exchange, fetched), fetched, exchange);
}

/** The steps before anything is fetched. */
export async function prepare(
  received: Received,
  target: Target,
  read: VaryRecorder,
  gateway: Gateway,
): Promise<Exchange> {
  refuseServiceWorker(received, target);
  const user = await gateway.access.check(received, target);
  const client = identify(received, target, read, { ...gateway.identity, user });
  const negotiation = negotiate(received, target, client, { read, profiles: gateway.profiles });
  const jarOwner = target.mode === 'prefix' ? jarOwnerOf(received, user) : undefined;
  const order = makeUpstreamRequest(received, target, {
    negotiation,
    jar: gateway.jar,
    jarOwner,
    pseudonym: gateway.pseudonym,
  });
  const choice: ChoiceContext = {
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

async function answer(exchange: Exchange, fetched: FetchedOriginal): Promise<Reply> {
  const { gateway, choice: context } = exchange;
  const choice = choose(fetched, context);
  const original = choice.kind === 'pass' ? await fetched.buffered() : await fetched.buffer();
  if (choice.kind === 'pass' && original !== undefined)
    return await passBody(exchange, { fetched, body: original.body, reason: choice.reason });
  if (choice.kind === 'pass') return await passOriginal(exchange, fetched, choice.reason);
  if (original === undefined) return await passOriginal(exchange, fetched, 'not-asked');
  const formatted = await formatOriginal(original, choice, context, gateway);
  if (formatted.kind === 'pass')
    return await passBody(exchange, { fetched, body: original.body, reason: formatted.choice.reason });
  for (const step of formatted.hit ? [] : formatted.variant.steps)
    exchange.timings.push({ name: step.formatter, ms: step.ms });
  if (formatted.variant.isLarger) return await passBody(exchange, { fetched, body: original.body, reason: 'smaller' });
  return await replyWithVariant(exchange, { facts: fetched.facts(original), cache: fetched.cache, ...formatted });
}

/** What the fields of this exchange's reply are made from. */
export function replyContext(
  { target, client, read, gateway, received, timings }: Exchange,
  cache: ReplyContext['cache'],
): ReplyContext {
  return {
    target,
    client,
    read,
    timings,
    cache,
    pseudonym: gateway.pseudonym,
    requestId: received.id,
    clock: gateway.clock,
  };
}

// Threat 25: a worker of one site would see the requests of all others on the shared origin.
function refuseServiceWorker(received: Received, target: Target): void {
  if (target.mode === 'prefix' && received.fields.has('service-worker'))
    throw new GatewayError('FORBIDDEN', { why: 'service workers do not work through this gateway' });
}
