/** Step `look-up`: a fresh original whose variant is held needs neither fetch nor work; a validator of ours is answered 304. */
import { directiveSeconds, parseCacheControl } from '../../core/cache-control.ts';
import { readMediaType } from '../../core/media-type.ts';
import { parseVary } from '../../core/vary.ts';
import type { OriginalFacts } from '../cache/original-index.ts';
import type { MemoGround } from '../cache/reply-memo.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import { choose } from './choose.ts';
import { keyFor } from './format.ts';
import { wantsUpgrade } from './https-upgrade.ts';
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
  // What is known of the http address is what its origin says to all others.
  if (wantsUpgrade(exchange)) return undefined;
  const facts = gateway.originals.find(order.url.href, order.fields);
  if (facts === undefined) return undefined;
  const ttl = ttlSeconds(facts.fields, facts, gateway.clock);
  if ((ttl ?? 0) < (directiveSeconds(directives, 'min-fresh') ?? 0)) return undefined;
  const essence = readMediaType(facts.fields.get('content-type'))?.essence ?? '';
  const original = { ...facts, essence };
  const choice = choose(original, context);
  if (choice.kind === 'pass') return undefined;
  if (exchange.target.presentation === undefined && facts.offers?.includes(choice.best.plan.to)) return undefined;
  const variant = await gateway.variants.find(keyFor(original, choice.best.plan, context));
  if (variant === undefined || variant.isLarger) return undefined;
  const cache = { hit: true, ttl };
  const reply = await replyWithVariant(exchange, { facts, cache, variant, choice, hit: true, collapsed: false });
  remember(exchange, { reply, facts, variantKey: variant.key, ttl: cache.ttl ?? 0 });
  return reply;
}

interface Given {
  readonly reply: Reply;
  readonly facts: OriginalFacts;
  readonly variantKey: string;
  readonly ttl: number;
}

// The next request like this one need not take the steps again.
function remember(exchange: Exchange, { reply, facts, variantKey, ttl }: Given): void {
  const { received, read, client, target, gateway, order } = exchange;
  const varying = parseVary(facts.fields.get('vary'));
  if (varying === '*' || client.user !== undefined) return;
  gateway.memo.put(received, {
    reply,
    names: [...read.names(), ...varying],
    ground: groundOf(gateway),
    record: client.record,
    url: order.url.href,
    facts,
    ageSeconds: Number(reply.fields.get('age') ?? 0),
    ttlSeconds: ttl,
    variantKey,
    mode: target.mode,
    picture: target.picture,
    personal: target.site?.personal !== false,
  });
}

/** What every remembered reply stands on, as it is now. */
export function groundOf(gateway: Exchange['gateway']): MemoGround {
  return {
    registry: gateway.registry(),
    profiles: gateway.profiles.get('default'),
    sites: gateway.rules.sites,
    suspended: gateway.suspended().size,
  };
}
