/** Step `look-up`: a fresh original whose variant is held needs neither fetch nor work; a validator of ours is answered 304. */
import { parseCacheControl } from '../../core/cache-control.ts';
import { readMediaType } from '../../core/media-type.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import { choose } from './choose.ts';
import { keyFor } from './format.ts';
import { replyWithVariant } from './make-reply.ts';
import { ttlSeconds } from './reply-fields.ts';

/** The reply, or `undefined` when the original has to be asked for. */
export async function lookUp(exchange: Exchange): Promise<Reply | undefined> {
  const { received, order, gateway, choice: context } = exchange;
  if (order.method !== 'GET' || order.isPassThrough) return undefined;
  // RFC 9111 5.2.1: the client insists on hearing from the origin.
  const directives = parseCacheControl(received.fields.get('cache-control'));
  if (
    directives.has('no-cache') ||
    directives.has('no-store') ||
    directives.has('max-age') ||
    received.fields.get('pragma') === 'no-cache'
  )
    return undefined;
  if (order.fields.has('cookie') || order.fields.has('authorization')) return undefined;
  const facts = gateway.originals.find(order.url.href, order.fields);
  if (facts === undefined) return undefined;
  const essence = readMediaType(facts.fields.get('content-type'))?.essence ?? '';
  const original = { ...facts, essence };
  const choice = choose(original, context);
  if (choice.kind === 'pass') return undefined;
  const variant = gateway.variants.get(keyFor(original, choice.best.plan, context));
  if (variant === undefined || variant.isLarger) return undefined;
  const cache = { hit: true, ttl: ttlSeconds(facts.fields, facts, gateway.clock) };
  return await replyWithVariant(exchange, { facts, cache, variant, choice, hit: true, collapsed: false });
}
