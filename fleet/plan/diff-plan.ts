/** What a new fleet plan would change, for people and for programs. */
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Assignments, FleetPlan, FunctionSet, Placement, PlanRoute, PlanSite } from './fleet-plan.ts';

export interface PlanChange {
  readonly part: 'set' | 'placement' | 'route' | 'site' | 'authority' | 'server';
  readonly change: 'added' | 'removed' | 'changed';
  /** Of the set, host or server; of a route its host and its match. */
  readonly name: string;
  /** @example 'charts: bundle 1f2e3d4c5b6a replaces 0a1b2c3d4e5f; data set sales is new.' */
  readonly sentence: string;
}

/** What a server gains and loses. */
export interface ServerShift {
  readonly server: string;
  readonly gains: readonly string[];
  readonly loses: readonly string[];
  readonly sentence: string;
}

const NO_PLAN: FleetPlan = { functionSets: {}, placement: {}, routes: [], sites: [], authority: {} };
const SHORT_DIGEST = 12;

/**
 * All that differs between two plans, in the order of the plan and of names. Empty where they mean the same.
 *
 * @param old `undefined` before the first plan
 */
export function diffPlan(old: FleetPlan = NO_PLAN, next: FleetPlan): readonly PlanChange[] {
  return [
    ...diffMaps('set', old.functionSets, next.functionSets, { one: tellSet, both: tellSets }),
    ...diffMaps('placement', ofSets(old.placement, next), next.placement, { one: tellPlacement }),
    ...diffMaps('route', byPlace(old.routes), byPlace(next.routes), { one: tellRoute }),
    ...diffMaps('site', byHost(old.sites), byHost(next.sites), { one: tellSite }),
    ...diffMaps('authority', old.authority, next.authority, { one: (server) => `its authority is ${server}` }),
    ...diffMaps('server', old.servers ?? {}, next.servers ?? {}, { one: ({ url, key }) => `${url}, key ${key}` }),
  ];
}

/** Which server gains and loses which sets, by name; servers that keep what they have are left out. */
export function diffAssignments(before: Assignments, after: Assignments): readonly ServerShift[] {
  const [had, has] = [byServer(before), byServer(after)];
  return [...new Set([...had.keys(), ...has.keys()])].sort().flatMap((server) => {
    const gains = [...(has.get(server) ?? [])].filter((set) => !had.get(server)?.has(set)).sort();
    const loses = [...(had.get(server) ?? [])].filter((set) => !has.get(server)?.has(set)).sort();
    if (gains.length + loses.length === 0) return [];
    const told = [gains.length > 0 && `gains ${gains.join(', ')}`, loses.length > 0 && `loses ${loses.join(', ')}`];
    return [{ server, gains, loses, sentence: `${server} ${told.filter(Boolean).join(' and ')}.` }];
  });
}

function byServer(assignments: Assignments): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [set, servers] of Object.entries(assignments))
    for (const server of servers) found.set(server, (found.get(server) ?? new Set()).add(set));
  return found;
}

type Named<T> = Readonly<Record<string, T>>;

interface Teller<T> {
  /** One thing, as the end of a sentence. */
  readonly one: (thing: T) => string;
  /** How one became another. Default: the new, then the old. */
  readonly both?: (before: T, after: T) => string;
}

function diffMaps<T>(part: PlanChange['part'], old: Named<T>, next: Named<T>, { one, both }: Teller<T>): PlanChange[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
  const tellBoth = both ?? ((before: T, after: T) => `now ${one(after)}; before, ${one(before)}`);
  return names.flatMap((name): PlanChange[] => {
    const [before, after] = [own(old, name), own(next, name)];
    if (after === undefined) return [{ part, change: 'removed', name, sentence: `${name}: the ${part} is removed.` }];
    if (before === undefined)
      return [{ part, change: 'added', name, sentence: `${name}: a new ${part}, ${one(after)}.` }];
    if (canonicalJson(before) === canonicalJson(after)) return [];
    return [{ part, change: 'changed', name, sentence: `${name}: ${tellBoth(before, after)}.` }];
  });
}

function own<T>(map: Named<T>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** Placement of sets that the other plan has; that of the rest goes with them. */
function ofSets(placement: Named<Placement>, other: FleetPlan): Named<Placement> {
  return Object.fromEntries(Object.entries(placement).filter(([set]) => Object.hasOwn(other.functionSets, set)));
}

function byPlace(routes: readonly PlanRoute[]): Named<PlanRoute> {
  return Object.fromEntries(routes.map((route) => [`${route.host ?? ''}${route.match}`, route]));
}

function byHost(sites: readonly PlanSite[]): Named<PlanSite> {
  return Object.fromEntries(sites.map((site) => [site.host, site]));
}

function short(digest: string): string {
  return digest.slice('sha256:'.length).slice(0, SHORT_DIGEST);
}

function tellSet({ bundles, data }: FunctionSet): string {
  const names = Object.keys(data).sort();
  const bundlesTold = `${bundles.length === 1 ? 'bundle' : 'bundles'} ${bundles.map(short).join(', ') || 'none'}`;
  return names.length === 0 ? bundlesTold : `${bundlesTold}, data ${names.join(', ')}`;
}

function tellSets(before: FunctionSet, after: FunctionSet): string {
  const gone = before.bundles.filter((digest) => !after.bundles.includes(digest)).map(short);
  const come = after.bundles.filter((digest) => !before.bundles.includes(digest)).map(short);
  const told: string[] = [];
  if (gone.length > 0 && come.length > 0) told.push(`bundle ${come.join(', ')} replaces ${gone.join(', ')}`);
  else if (come.length > 0) told.push(`bundle ${come.join(', ')} is added`);
  else if (gone.length > 0) told.push(`bundle ${gone.join(', ')} is removed`);
  else if (canonicalJson(before.bundles) !== canonicalJson(after.bundles))
    told.push('its bundles stand in another order');
  for (const name of [...new Set([...Object.keys(before.data), ...Object.keys(after.data)])].sort()) {
    const [old, next] = [own(before.data, name), own(after.data, name)];
    if (old === undefined) told.push(`data set ${name} is new`);
    else if (next === undefined) told.push(`data set ${name} is removed`);
    else if (old !== next) told.push(`data set ${name} begins with ${short(next)} instead of ${short(old)}`);
  }
  return told.join('; ');
}

/** @example tellPlacement({ replicas: 1, servers: ['b'] }) // 'on 1 server, only b' */
export function tellPlacement({ replicas, servers, zone, spread, affinity }: Placement): string {
  const told = [`on ${replicas} ${replicas === 1 ? 'server' : 'servers'}`];
  if (servers !== undefined) told.push(`only ${servers.join(', ')}`);
  if (zone !== undefined) told.push(`in zone ${zone}`);
  if (spread !== undefined) told.push('spread over zones');
  if (affinity !== undefined && affinity.length > 0) told.push(`near ${affinity.join(', ')}`);
  return told.join(', ');
}

function tellRoute({ set, mode, key, strip }: PlanRoute): string {
  return `to ${set} by ${mode}, chosen by ${key}${strip === undefined ? '' : `, without ${strip}`}`;
}

function tellSite({ content, functions }: PlanSite): string {
  const paths = Object.keys(functions).sort();
  const told = paths.map((path) => `${path} from ${functions[path]!.set}`);
  return [`content from ${content.set}`, ...told].join(', ');
}
