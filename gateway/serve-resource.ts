/** Serving an upstream resource: the steps from `identify` to `reply`. */
import type { VaryRecorder } from '../core/vary.ts';
import { answerOptions } from './answer-options.ts';
import { LOOKED_AT_MS } from './cache/looked-at.ts';
import type { MemoEntry } from './cache/reply-memo.ts';
import { type Exchange, prepare } from './exchange.ts';
import { explain } from './explain.ts';
import { takeCookies } from './jar-owner.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';
import type { Gateway } from './serve.ts';
import { choose } from './steps/choose.ts';
import { type FetchedOriginal, fetchOriginal } from './steps/fetch-original.ts';
import { formatOriginal } from './steps/format.ts';
import { asUpgraded } from './steps/https-upgrade.ts';
import { clientKeyOf } from './steps/identify.ts';
import { groundOf, lookUp } from './steps/look-up.ts';
import { passBody, passOriginal, replyWithVariant } from './steps/make-reply.ts';
import { formatServer } from './steps/own-set.ts';
import { findOwnVariant, placeOfVariant } from './steps/own-variant.ts';
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
  const options = answerOptions(received, gateway.pseudonym);
  if (options !== undefined) return options;
  const brought = await gateway.frontEnd?.answer(exchange);
  if (brought !== undefined) return brought;
  const held = await lookUp(exchange);
  if (held !== undefined) return held;
  const fetched = await fetchOriginal(exchange);
  const shown = fetched.upgraded === undefined ? exchange : asUpgraded(exchange, fetched.upgraded);
  const reply = takeCookies(await answer(shown, fetched), fetched.fields.getAll('set-cookie'), exchange);
  // Who made the original comes before who formatted it.
  const { madeBy } = fetched;
  if (madeBy !== undefined)
    reply.fields.set(
      'format-server',
      [formatServer(madeBy), reply.fields.get('format-server')].filter(Boolean).join(', '),
    );
  return reply;
}

/** A reply for somebody else's client, and the cookies that its origin set: what a back-end makes for a front-end. */
export async function answerExchange(exchange: Exchange): Promise<{ reply: Reply; cookies: readonly string[] }> {
  const held = await lookUp(exchange);
  if (held !== undefined) return { reply: held, cookies: [] };
  const fetched = await fetchOriginal(exchange);
  const shown = fetched.upgraded === undefined ? exchange : asUpgraded(exchange, fetched.upgraded);
  return { reply: await answer(shown, fetched), cookies: fetched.fields.getAll('set-cookie') };
}

/**
 * A reply given before to the same request, where everything it stands on is as it was.
 *
 * @throws GatewayError of the access rules.
 */
export async function replyFromMemo(received: Received, gateway: Gateway): Promise<Reply | undefined> {
  const entry = gateway.memo.find(received);
  if (entry === undefined) return undefined;
  await gateway.access.check(received, entry);
  if (!isStillRight(entry, received, gateway)) return undefined;
  return gateway.memo.replyOf(entry, received);
}

function isStillRight(entry: MemoEntry, received: Received, gateway: Gateway): boolean {
  const now = gateway.clock.monotonic();
  if (now - entry.checkedAt < LOOKED_AT_MS) return true;
  const { ground, record } = entry;
  const current = groundOf(gateway);
  if (
    current.registry !== ground.registry ||
    current.profiles !== ground.profiles ||
    current.sites !== ground.sites ||
    current.suspended !== ground.suspended
  )
    return false;
  if (!gateway.originals.holds(entry.url, entry.facts) || gateway.variants.get(entry.variantKey) === undefined)
    return false;
  if (entry.personal && record !== undefined) {
    const seen = gateway.identity.clients.see(clientKeyOf(received, undefined), record);
    if (seen.profile !== record.profile || seen.settings !== record.settings || seen.sites !== record.sites)
      return false;
  }
  entry.checkedAt = now;
  return true;
}

async function answer(exchange: Exchange, fetched: FetchedOriginal): Promise<Reply> {
  const { gateway, choice: context } = exchange;
  const choice = choose(fetched, context);
  if (choice.kind === 'pass' && fetched.plain !== undefined) return await answer(exchange, fetched.plain);
  const original = choice.kind === 'pass' ? await fetched.buffered() : await fetched.buffer();
  if (choice.kind === 'pass' && original !== undefined)
    return await passBody(exchange, { fetched, body: original.body, reason: choice.reason });
  if (choice.kind === 'pass') return await passOriginal(exchange, fetched, choice.reason);
  if (original === undefined) return await passOriginal(exchange, fetched, 'not-asked');
  const own = await findOwnVariant(exchange, fetched, { choice, original });
  if (own !== undefined) {
    const reply = await answer(own.exchange, own.fetched);
    reply.fields.set('content-location', placeOfVariant(own.exchange));
    return reply;
  }
  const formatted = await formatOriginal(original, choice, context, gateway);
  if (formatted.kind === 'pass') {
    const { body } = (await fetched.plain?.buffered()) ?? original;
    return await passBody(exchange, { fetched: fetched.plain ?? fetched, body, reason: formatted.choice.reason });
  }
  for (const step of formatted.hit ? [] : formatted.variant.steps)
    exchange.timings.push({ name: step.formatter, ms: step.ms });
  if (formatted.variant.isLarger) return await passBody(exchange, { fetched, body: original.body, reason: 'smaller' });
  return await replyWithVariant(exchange, { facts: fetched.facts(original), cache: fetched.cache, ...formatted });
}
