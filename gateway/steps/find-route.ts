/** Step `target`: which upstream resource, or which page of our own, a request is for. */
import { GatewayError } from '../../core/errors.ts';
import type { FleetGate } from '../../core/fleet.ts';
import { portOf } from '../../egress/target-port.ts';
import { parseTargetUrl } from '../../egress/target-url.ts';
import { hostNameOf } from '../address.ts';
import type { Mode } from '../config.ts';
import { decodeWhole, readParameters } from '../modes/data-query.ts';
import { type ImageRules, readImageLink } from '../modes/image-link.ts';
import { readPrefixReferer, readPrefixTarget } from '../modes/prefix.ts';
import { makeSetTarget } from '../modes/set-target.ts';
import type { Subdomains } from '../modes/subdomains.ts';
import { isForOwnPort, isOwnHost, isSubdomain, type OwnNames } from '../own-hosts.ts';
import type { Received } from '../received.ts';
import { findSite, type ServedSite, type Site } from '../sites.ts';
import type { Redirect, Route, Target } from '../target.ts';
import { findGatewayPage, PLAIN, type Place, splitQuery, type Wanted } from './gateway-names.ts';

export interface RouteRules extends OwnNames {
  readonly modes: readonly Mode[];
  readonly sites: readonly ServedSite[];
  /** Origin under which clients know the gateway. */
  readonly publicOrigin: string;
  /** Origin of the demo site, allowed by being ours. */
  readonly demoOrigin: string | undefined;
  readonly images: ImageRules;
  /** Origins of sites' own in prefix mode; `undefined` where all share ours. */
  readonly subdomains: Subdomains | undefined;
  /** Routes and sites of the fleet plan. */
  readonly fleet: Pick<FleetGate, 'findRoute' | 'hasSite'>;
}

/**
 * Finds the route of a request.
 *
 * @throws GatewayError BAD_TARGET, FORBIDDEN, MISDIRECTED, NOT_FOUND, UNKNOWN_PRESENTATION.
 */
export function findRoute(received: Received, rules: RouteRules): Route {
  if (isOwnHost(received, rules)) return findOwnRoute(received, rules);
  if (isSubdomain(received.authority, rules) && isForOwnPort(received) && !hasSite(received, rules))
    return findSubdomainRoute(received, rules);
  if (received.form === 'absolute') return findForwardRoute(received, rules);
  const host = hostNameOf(received.authority);
  const site = rules.modes.includes('reverse') ? findSite(rules.sites, received.authority) : undefined;
  // Design part 3: SITES, then the fleet plan, then the admin's own.
  if (site?.source !== 'file') {
    const placed = findPlaced(received, host, rules);
    if (placed !== undefined) return placed;
  }
  if (site === undefined) throw new GatewayError('MISDIRECTED', { host: received.authority });
  return findSiteRoute(received, site, rules);
}

// An operator's own site keeps its name, wherever that is.
function hasSite({ authority }: Received, { modes, sites }: RouteRules): boolean {
  return modes.includes('reverse') && findSite(sites, authority) !== undefined;
}

function findOwnRoute(received: Received, rules: RouteRules): Route {
  const place: Place = {
    gatewayPath: '/-/',
    site: undefined,
    toTarget: (rest, wanted) => toPrefixTarget(rest, wanted, received, rules),
    toDocument: (below) => toPrefixTarget(`${rules.publicOrigin}/-/${below}`, PLAIN, received, rules),
    toPicture: (path) => toPictureTarget(path, rules, undefined),
    toUnknown: () => belowReferer(received),
  };
  const [path, query] = splitQuery(received.path);
  const placed = findPlaced(received, undefined, rules);
  if (placed !== undefined) return placed;
  if (path === '/' || path === '*') return { kind: 'page', name: 'home', query, site: undefined, gatewayPath: '/-/' };
  if (path === '/robots.txt') return { kind: 'page', name: 'robots', query, site: undefined, gatewayPath: '/-/' };
  return findGatewayPage(received.path, place) ?? place.toTarget(received.path.slice(1), PLAIN);
}

function findSiteRoute(received: Received, site: Site, rules: RouteRules): Route {
  const place: Place = {
    gatewayPath: site.gatewayPath,
    site,
    toTarget: (rest, wanted) => toSiteTarget(rest, wanted, received, site),
    toDocument: (below) => toSiteTarget(`${site.gatewayPath.slice(1)}${below}`, PLAIN, received, site),
    toPicture: (path) => toPictureTarget(path, rules, site),
  };
  return findGatewayPage(received.path, place) ?? place.toTarget(received.path.slice(1), PLAIN);
}

// The pages of the gateway stay on its own hosts; presentations and explanations are of this origin alone, by its path.
function findSubdomainRoute(received: Received, rules: RouteRules): Route {
  const origin = rules.subdomains!.originOf(received.authority);
  if (origin === undefined) throw new GatewayError('MISDIRECTED', { host: received.authority });
  checkPrefixMode(rules);
  const [path, query] = splitQuery(received.path);
  const page = path === '/-/enter' ? 'enter' : path === '/robots.txt' ? 'robots' : undefined;
  if (page !== undefined) return { kind: 'page', name: page, query, site: undefined, gatewayPath: '/-/' };
  const toTarget = (rest: string, wanted: Wanted) =>
    toIsolated(`${origin}/${wanted.query === undefined ? rest : decodeWhole(rest)}`, wanted, received, rules);
  const presented = /^\/-\/(?:as|explain)\//.test(path)
    ? findGatewayPage(received.path, {
        gatewayPath: '/-/',
        site: undefined,
        toTarget,
        toDocument: (below) => toTarget(`-/${below}`, PLAIN),
        toPicture: (place) => toPictureTarget(place, rules, undefined),
      })
    : undefined;
  return presented ?? toTarget(path === '*' ? '' : received.path.slice(1), PLAIN);
}

/** A target whose origin has a client-visible origin of its own. */
function toIsolated(address: string, wanted: Wanted, received: Received, rules: RouteRules): Target {
  const url = parseTargetUrl(address);
  const below = rules.subdomains!.belowFor(received.peer);
  const siteOrigin = rules.subdomains!.subdomainOf(below, url.origin);
  return {
    kind: 'resource',
    mode: 'prefix',
    url,
    grant: grantOf(url, undefined, rules),
    site: undefined,
    presentation: wanted.presentation,
    part: wanted.part,
    parameters: wanted.query === undefined ? undefined : readParameters(wanted.query),
    explain: wanted.explain,
    links: {
      mode: 'subdomain',
      siteOrigin,
      upstreamOrigin: url.origin,
      publicOrigin: ownOriginFor(received, rules),
      below,
    },
    ownOrigin: siteOrigin,
    gatewayPath: '/-/',
  };
}

function checkPrefixMode({ modes }: RouteRules): void {
  if (!modes.includes('prefix')) throw new GatewayError('FORBIDDEN', { why: 'prefix mode is switched off here' });
}

function findForwardRoute(received: Received, rules: RouteRules): Route {
  if (!rules.modes.includes('forward')) throw new GatewayError('MISDIRECTED', { host: received.authority });
  const url = parseTargetUrl(received.absolute!);
  return {
    kind: 'resource',
    mode: 'forward',
    url,
    grant: grantOf(url, undefined, rules),
    site: undefined,
    presentation: undefined,
    explain: false,
    links: { mode: 'none' },
    // Only prefix mode can answer for any address under our own name.
    ownOrigin: rules.modes.includes('prefix') ? ownOriginFor(received, rules) : undefined,
    gatewayPath: '/-/',
  } satisfies Target;
}

/** Our own origin as a client knows it. Who came without TLS may know none: the same host, by the port that was used. */
export function ownOriginFor({ peer }: Received, { publicOrigin }: RouteRules): string {
  const own = new URL(publicOrigin);
  return own.protocol === 'https:' && !peer.secure ? `http://${own.hostname}:${peer.localPort}` : publicOrigin;
}

function toPrefixTarget(rest: string, wanted: Wanted, received: Received, rules: RouteRules): Route {
  const isExplicit = /^https?:/i.test(rest) || wanted !== PLAIN;
  const below = isExplicit ? undefined : belowReferer(received);
  if (below !== undefined) return below;
  const target = readPrefixTarget(rest);
  if (target === undefined) throw new GatewayError('NOT_FOUND', { path: received.path });
  const own = 'url' in target ? ownNames(target.url, `${rules.publicOrigin}/-/`) : {};
  const isOurs = own.document !== undefined || own.view !== undefined;
  if (!isOurs) checkPrefixMode(rules);
  if ('proper' in target) return redirectTo(307, `${wanted.lead}${target.proper}${wanted.query ?? ''}`);
  if (rules.subdomains !== undefined && !isOurs) {
    if (wanted.explain) return toIsolated(target.url.href, wanted, received, rules);
    if (wanted === PLAIN)
      return { ...redirectTo(307, placeBelow(target.url, received, rules.subdomains)), enters: true };
  }
  return {
    kind: 'resource',
    mode: 'prefix',
    url: target.url,
    grant: grantOf(target.url, undefined, rules),
    ...own,
    site: undefined,
    presentation: wanted.presentation,
    part: wanted.part,
    parameters: wanted.query === undefined ? undefined : readParameters(wanted.query),
    explain: wanted.explain,
    links: { mode: 'prefix', publicOrigin: rules.publicOrigin },
    ownOrigin: rules.publicOrigin,
    gatewayPath: '/-/',
  } satisfies Target;
}

// Bodies that were not rewritten keep their links: the Referer says which origin an unknown path belongs to.
function belowReferer({ fields, authority, path }: Received): Redirect | undefined {
  const page = readPrefixReferer(fields.get('referer'), authority);
  return page === undefined ? undefined : redirectTo(307, `/${page.origin}${path}`);
}

/** Where a client finds a target on a subdomain; what is on one already stays there. */
function placeBelow(url: URL, { peer }: Received, subdomains: Subdomains): string {
  const { origin, href } = url;
  if (subdomains.isBelow(url.host)) return href;
  return `${subdomains.subdomainOf(subdomains.belowFor(peer), origin)}${href.slice(href.indexOf('/', origin.length))}`;
}

// There TARGET is always a path of that site, never a URL (design part 3).
function toSiteTarget(rest: string, wanted: Wanted, received: Received, site: Site): Route {
  const base = `${site.upstream.origin}${site.upstream.pathname.replace(/\/$/, '')}`;
  const siteOrigin = `${received.peer.secure ? 'https' : 'http'}://${received.authority}`;
  const url = parseTargetUrl(`${base}/${wanted.query === undefined ? rest : decodeWhole(rest)}`);
  return {
    kind: 'resource',
    mode: 'reverse',
    url,
    grant: grantOf(site.upstream, site, undefined),
    ...ownNames(url, `${base}${site.gatewayPath}`),
    site,
    presentation: wanted.presentation,
    part: wanted.part,
    parameters: wanted.query === undefined ? undefined : readParameters(wanted.query),
    explain: wanted.explain,
    links: {
      mode: 'reverse',
      siteOrigin,
      upstreamOrigin: site.upstream.origin,
      gatewayPath: site.gatewayPath,
    },
    ownOrigin: siteOrigin,
    gatewayPath: site.gatewayPath,
  } satisfies Target;
}

// Names under /-/ are ours, whatever the plan says (design part 8).
function findPlaced(received: Received, host: string | undefined, rules: RouteRules): Route | undefined {
  const { path, authority, peer } = received;
  if (host !== undefined && rules.fleet.hasSite(host) && path.startsWith('/-/'))
    return findGatewayPage(path, placedSite(received, host, rules));
  if (path === '*' || path.startsWith('/-/')) return undefined;
  const set = rules.fleet.findRoute(host, splitQuery(path)[0]);
  if (set === undefined) return undefined;
  const origin = `${peer.secure ? 'https' : 'http'}://${authority || 'localhost'}`;
  return makeSetTarget(parseTargetUrl(`${origin}${path}`), set, PLAIN);
}

/** A site of the fleet plan, for the gateway's own names on its host. */
function placedSite(received: Received, host: string, rules: RouteRules): Place {
  const origin = `${received.peer.secure ? 'https' : 'http'}://${received.authority}`;
  const toTarget = (rest: string, wanted: Wanted): Route => {
    const url = parseTargetUrl(`${origin}/${wanted.query === undefined ? rest : decodeWhole(rest)}`);
    const set = rules.fleet.findRoute(host, url.pathname);
    if (set === undefined) throw new GatewayError('NOT_FOUND', { path: url.pathname });
    return makeSetTarget(url, set, wanted);
  };
  return {
    gatewayPath: '/-/',
    site: undefined,
    toTarget,
    toDocument: (below) => toTarget(`-/${below}`, PLAIN),
    toPicture: (path) => toPictureTarget(path, rules, undefined),
  };
}

function toPictureTarget(path: string, rules: RouteRules, at: Site | undefined): Target {
  const { url, site, picture } = readImageLink(path, rules.images, { sites: rules.sites, site: at });
  return {
    kind: 'resource',
    mode: at === undefined ? 'prefix' : 'reverse',
    url,
    grant: grantOf(url, site, rules),
    site,
    presentation: 'full',
    picture,
    explain: false,
    links: { mode: 'none' },
    ownOrigin: undefined,
    gatewayPath: at?.gatewayPath ?? '/-/',
  };
}

/** What of ours an address names: a document of the documentation, or a view. */
function ownNames({ origin, pathname }: URL, gateway: string): Pick<Target, 'document' | 'view'> {
  const address = `${origin}${pathname}`;
  if (!address.startsWith(gateway)) return {};
  const [, kind, name = ''] = /^(docs|views)(?:\/(.*))?$/s.exec(address.slice(gateway.length)) ?? [];
  if (kind === 'docs') return { document: name };
  return kind === 'views' ? { view: name.replace(/\/$/, '') } : {};
}

function grantOf(url: URL, site: Site | undefined, rules: RouteRules | undefined): Target['grant'] {
  const named = site?.upstream ?? (url.origin === rules?.demoOrigin ? url : undefined);
  return named === undefined ? undefined : { host: named.hostname, port: portOf(named) };
}

function redirectTo(status: 303 | 307, location: string): Redirect {
  return { kind: 'redirect', status, location };
}
