/** What one request is found to be before anything is fetched, and what its reply's fields are made from. */
import { GatewayError } from '../core/errors.ts';
import type { VaryRecorder } from '../core/vary.ts';
import type { PartialPreferences } from '../profiles/preferences.ts';
import { jarOwnerOf } from './jar-owner.ts';
import type { Received } from './received.ts';
import type { Gateway } from './serve.ts';
import { withOwnAccept } from './steps/ask-again.ts';
import type { ChoiceContext } from './steps/choose.ts';
import { type Client, identify } from './steps/identify.ts';
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
  return prepareAs({ received, target, read }, client, gateway);
}

/** What is asked, by whomever. */
interface Asked {
  readonly received: Received;
  readonly target: Target;
  readonly read: VaryRecorder;
  /** Preferences of this one request. Default: none. */
  readonly preferences?: PartialPreferences | undefined;
}

/** The steps after the client is known. */
export function prepareAs({ received, target, read, preferences }: Asked, client: Client, gateway: Gateway): Exchange {
  const negotiation = negotiate(received, target, client, {
    read,
    profiles: gateway.profiles,
    request: preferences,
    linkMbps: gateway.frontEnd?.linkMbps,
  });
  const jarOwner =
    target.mode === 'prefix' && target.picture === undefined ? jarOwnerOf(received, client.user, target) : undefined;
  const order = makeUpstreamRequest(received, target, {
    negotiation,
    jar: gateway.jar,
    jarOwner,
    subdomains: gateway.rules.subdomains,
    pseudonym: gateway.pseudonym,
  });
  // CT-13: who rejected altered fields once is not sent them again.
  const sent = gateway.rejecting.has(target.url.host)
    ? { ...order, fields: withOwnAccept(order, received.fields) }
    : order;
  const choice: ChoiceContext = {
    received,
    target,
    negotiation,
    read,
    registry: gateway.registry(),
    formatsOff: gateway.formatsOff,
    suspended: gateway.suspended(),
  };
  return { received, target, read, client, negotiation, order: sent, choice, gateway, timings: [] };
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
    secure: received.peer.secure,
    clock: gateway.clock,
  };
}

// Threat 25: a worker of one site would see the requests of all others on the shared origin.
function refuseServiceWorker(received: Received, target: Target): void {
  if (target.mode === 'prefix' && received.fields.has('service-worker'))
    throw new GatewayError('FORBIDDEN', { why: 'service workers do not work through this gateway' });
}
