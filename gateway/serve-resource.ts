/** Serving an upstream resource: the steps from `identify` to `reply`. */
import type { VaryRecorder } from '../core/vary.ts';
import { type Exchange, prepare } from './exchange.ts';
import { explain } from './explain.ts';
import { takeCookies } from './jar-owner.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';
import type { Gateway } from './serve.ts';
import { choose } from './steps/choose.ts';
import { type FetchedOriginal, fetchOriginal } from './steps/fetch-original.ts';
import { formatOriginal } from './steps/format.ts';
import { lookUp } from './steps/look-up.ts';
import { passBody, passOriginal, replyWithVariant } from './steps/make-reply.ts';
import type { Target } from './target.ts';

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
