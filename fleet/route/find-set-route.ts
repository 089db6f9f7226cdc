/** Where requests lead in a fleet plan. */
import type { SetRoute } from '../../core/fleet.ts';
import type { FleetPlan } from '../plan/fleet-plan.ts';
import { normalPath, OWN_PATHS } from './path-pattern.ts';

export interface RouteTable {
  /**
   * The route of a path: the longest match wins, a whole path before the beginning of one.
   *
   * @param host host name without port; `undefined` for an own host. A route that names a host is for that host alone,
   * and one that names none for own hosts.
   * @param path as received; a query is no part of it
   */
  find(host: string | undefined, path: string): SetRoute | undefined;
  /** Whether the plan has a site of this host. */
  hasSite(host: string): boolean;
}

/** Routes of one host. */
interface HostRoutes {
  /** By the whole path. */
  readonly whole: Map<string, SetRoute>;
  /** By what the path begins with. */
  readonly beginning: Map<string, SetRoute>;
  /** Lengths of the keys of `beginning`, longest first: a look-up costs no more than there are lengths. */
  lengths: readonly number[];
}

/** @param plan `undefined` is a plan without routes */
export function makeRouteTable(plan: FleetPlan | undefined): RouteTable {
  const hosts = new Map<string | undefined, HostRoutes>();
  const add = (match: string, route: SetRoute) => {
    const routes = hosts.get(route.host) ?? { whole: new Map(), beginning: new Map(), lengths: [] };
    hosts.set(route.host, routes);
    if (match.endsWith('*')) routes.beginning.set(match.slice(0, -1), route);
    else routes.whole.set(match, route);
  };
  for (const { match, host, strip = '', set, mode, key } of plan?.routes ?? [])
    add(match, { set, mode, key, strip, hasIncludes: false, host });
  // A page of a site and its parts come from one version: the client decides.
  const ofSite = { mode: 'replay', key: 'client', strip: '' } as const;
  for (const { host, content, functions } of plan?.sites ?? []) {
    add('/*', { ...ofSite, set: content.set, hasIncludes: true, host });
    for (const [match, { set }] of Object.entries(functions)) add(match, { ...ofSite, set, hasIncludes: false, host });
  }
  for (const routes of hosts.values())
    routes.lengths = [...new Set([...routes.beginning.keys()].map((start) => start.length))].sort((a, b) => b - a);
  const sites = new Set(plan?.sites.map(({ host }) => host));
  return {
    find(host, path) {
      const routes = hosts.get(host?.toLowerCase());
      return routes === undefined ? undefined : findIn(routes, path);
    },
    hasSite: (host) => sites.has(host.toLowerCase()),
  };
}

function findIn(routes: HostRoutes, received: string): SetRoute | undefined {
  const path = readPath(received);
  if (path === undefined) return undefined;
  const whole = routes.whole.get(path);
  if (whole !== undefined) return withStrip(whole, path);
  for (const length of routes.lengths) {
    const route = length > path.length ? undefined : routes.beginning.get(path.slice(0, length));
    if (route !== undefined) return withStrip(route, path);
  }
  return undefined;
}

/** The path that is compared; `undefined` for one that no route may have. */
function readPath(received: string): string | undefined {
  const end = received.search(/[?#]/);
  const whole = end === -1 ? received : received.slice(0, end);
  // A URL standard parser takes both for the beginning of an authority.
  if (!/^\/(?![/\\])/.test(whole)) return undefined;
  const path = normalPath(whole);
  return path.startsWith('//') || path.startsWith(OWN_PATHS) || mayClimb(path) ? undefined : path;
}

/** A set that decodes the path before it reads its segments would find itself outside what was matched. */
function mayClimb(path: string): boolean {
  return HIDDEN_SLASH.test(path) && path.split(HIDDEN_SLASH).some((segment) => DOUBLE_DOT.test(segment));
}

const HIDDEN_SLASH = /\/|%2f|%5c/i;
const DOUBLE_DOT = /^(?:\.|%2e){2}(?:;.*)?$/i;

// Taken off at a slash alone: `/sales` is no part of `/salesmen`.
function withStrip(route: SetRoute, path: string): SetRoute {
  const { strip } = route;
  const isBelow = path.startsWith(strip) && (path.length === strip.length || path[strip.length] === '/');
  return strip === '' || isBelow ? route : { ...route, strip: '' };
}
