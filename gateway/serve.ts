/**
 * The product in one function: a request becomes a reply in named steps, each taking the record before it.
 *
 * receive -> target -> identify -> negotiate -> look-up -> fetch -> choose -> format -> store -> reply
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Executor } from '../core/executor.ts';
import type { FleetGate } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import { VaryRecorder } from '../core/vary.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import type { FormatterRegistry } from '../formatters/registry.ts';
import type { Profiles } from '../profiles/profiles.ts';
import type { Access } from './access.ts';
import { hostNameOf } from './address.ts';
import type { Improver } from './cache/improver.ts';
import type { OriginalIndex } from './cache/original-index.ts';
import type { RememberedHosts } from './cache/remembered-hosts.ts';
import type { ReplyMemo } from './cache/reply-memo.ts';
import type { SingleFlight } from './cache/single-flight.ts';
import type { Variant, VariantCache } from './cache/variant-cache.ts';
import type { FrontEnd } from './channel/front-end.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { Documents } from './documents.ts';
import { makeErrorReply } from './error-page.ts';
import { giveHostCookies, takeHostCookies } from './host-cookies.ts';
import type { Passes } from './modes/subdomain-pass.ts';
import { isOwnHost, isSubdomain } from './own-hosts.ts';
import { makeRedirect, type OwnPlace } from './pages/layout.ts';
import type { Pages } from './pages/pages.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';
import { replyFromMemo, serveResource } from './serve-resource.ts';
import type { Services } from './services/services.ts';
import { findSite } from './sites.ts';
import type { FetchedOriginal } from './steps/fetch-original.ts';
import { findRoute, ownOriginFor, type RouteRules } from './steps/find-route.ts';
import type { IdentifyParts } from './steps/identify.ts';
import { traceOfFailure } from './steps/make-trace.ts';
import { redirectToSet } from './steps/own-set.ts';
import type { Target } from './target.ts';
import type { Trace } from './traffic/trace.ts';
import type { Views } from './views-store.ts';

/** Everything that serving needs; put together in `main.ts`. */
export interface Gateway {
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: RouteRules;
  readonly access: Access;
  readonly identity: IdentifyParts;
  readonly profiles: Profiles;
  readonly jar: CookieJar;
  readonly egress: Egress;
  readonly executor: Executor;
  /** The registry in use now; a switch swaps it whole. */
  readonly registry: () => FormatterRegistry;
  readonly formatsOff: ReadonlySet<string>;
  /** Formatters suspended after repeated faults. */
  readonly suspended: () => ReadonlySet<string>;
  readonly originals: OriginalIndex;
  readonly variants: VariantCache;
  /** Hosts that insist on https. */
  readonly insisting: RememberedHosts;
  /** Hosts that reject request fields that are not as the client sent them (CT-13). */
  readonly rejecting: RememberedHosts;
  readonly memo: ReplyMemo;
  readonly flights: SingleFlight<Variant>;
  readonly improver: Improver;
  /** Fetches under way that several clients may share. */
  readonly fetches: SingleFlight<FetchedOriginal>;
  readonly pages: Pages;
  /** What clients take along to subdomains. */
  readonly passes: Passes;
  /** What `/-/docs` answers from. */
  readonly documents: Documents;
  /** What `/-/services` answers from, and views ask over no socket. */
  readonly services: Pick<Services, 'answer'>;
  /** Function sets of the fleet, here and on other servers. */
  readonly fleet: FleetGate;
  /** Asks the back-end server, where this is a front-end (S5). */
  readonly frontEnd?: FrontEnd | undefined;
  /** What `/-/views` answers from. */
  readonly views: Pick<Views, 'get'>;
  /** Our name in Via, Cache-Status and Proxy-Status. */
  readonly pseudonym: string;
  readonly limits: { readonly maxPageBytes: number; readonly maxImageBytes: number; readonly maxUploadBytes: number };
}

/** Answers a request. Never throws: whatever goes wrong becomes an error reply in the client's own format. */
export async function serve(received: Received, gateway: Gateway): Promise<Reply> {
  if (gateway.rules.subdomains === undefined) return await serveReceived(received, gateway);
  return giveHostCookies(await serveReceived(asBelieved(received, gateway), gateway), received);
}

/** A request with those of our cookies that are believed where sites have subdomains of their own. */
export function asBelieved(received: Received, { rules, passes }: Gateway): Received {
  if (rules.subdomains === undefined) return received;
  const believed = takeHostCookies(received);
  return isSubdomain(received.authority, rules) ? passes.open(believed) : believed;
}

async function serveReceived(received: Received, gateway: Gateway): Promise<Reply> {
  const read = new VaryRecorder(received.fields);
  let target: Target | undefined;
  try {
    const remembered = await replyFromMemo(received, gateway);
    if (remembered !== undefined) return remembered;
    const route = findRoute(received, gateway.rules);
    if (route.kind === 'redirect') {
      const { status, location, enters } = route;
      return makeRedirect(status, enters === true ? gateway.passes.entranceTo(location, received) : location);
    }
    if (route.kind === 'page') return await gateway.pages.answer(received, route, read);
    const elsewhere = redirectToSet(received, route, gateway);
    if (elsewhere !== undefined) return elsewhere;
    target = route;
    return await serveResource(received, route, read, gateway);
  } catch (error) {
    return { ...answerError(error, received, read, gateway), trace: traceError(error, received, target, gateway) };
  }
}

function traceError(
  error: unknown,
  { fields }: Received,
  target: Target | undefined,
  { identity }: Gateway,
): Trace | undefined {
  if (target === undefined) return undefined;
  const { class: clientClass } = identity.detect((name) => fields.get(name));
  return traceOfFailure(target, clientClass, error instanceof GatewayError ? error.code : 'INTERNAL');
}

function answerError(error: unknown, received: Received, read: VaryRecorder, gateway: Gateway): Reply {
  const { log, pseudonym, rules } = gateway;
  const isOurPage = received.method === 'GET' && received.form === 'origin' && isOwnHost(received, rules);
  const here = isOurPage ? received.path : undefined;
  const place = placeOfOwnPages(received, rules);
  const reply = makeErrorReply(error, { read, requestId: received.id, pseudonym, here, place });
  if (reply.status < 500 || received.connection.signal.aborted) return reply;
  // RFC 9110 15.6.4: for now, and nobody's fault.
  if (reply.status === 503 && error instanceof GatewayError)
    log.warn('not now', { requestId: received.id, status: 503, code: error.code, reason: error.message });
  else log.error('request failed', { requestId: received.id, status: reply.status, error });
  return reply;
}

/** Where whoever made a request finds our own pages: on its host, or by our own name where that is another's. */
function placeOfOwnPages(received: Received, rules: RouteRules): OwnPlace | undefined {
  if (isOwnHost(received, rules)) return undefined;
  const isSites = received.form === 'origin' && !isSubdomain(received.authority, rules);
  const site = isSites && rules.modes.includes('reverse') ? findSite(rules.sites, received.authority) : undefined;
  if (site !== undefined) return { gatewayPath: site.gatewayPath, site };
  if (isSites && rules.fleet.hasSite(hostNameOf(received.authority))) return undefined;
  return { origin: ownOriginFor(received, rules), gatewayPath: '/-/', site: undefined };
}
