/** Which servers a set may be on, and why others may not. */
import type { Assignments, FleetPlan } from './fleet-plan.ts';

/** A live server as placement sees it. */
export interface PlacementServer {
  readonly name: string;
  readonly zone: string;
  readonly isDraining: boolean;
  /** Names of the sets that it holds now. */
  readonly held: readonly string[];
}

/** What assignments are made from. */
export interface PlacementInput {
  readonly plan: FleetPlan;
  /** Those alive, in any order. */
  readonly servers: readonly PlacementServer[];
  /** The assignments before. */
  readonly current: Assignments;
}

/** Whether a server is one of those that a set wants, drained or not; else why not. */
export function whyNot(
  plan: FleetPlan,
  set: string,
  server: Pick<PlacementServer, 'name' | 'zone'>,
): string | undefined {
  const { servers, zone } = plan.placement[set] ?? {};
  // Threat 67: the plan's list says who is a member.
  if (plan.servers !== undefined && !Object.hasOwn(plan.servers, server.name)) return 'no member of the plan';
  if (servers?.includes(server.name) === false) return 'not one of the servers it is for';
  return zone !== undefined && server.zone !== zone ? `in zone ${server.zone}, not ${zone}` : undefined;
}

/** Servers a set may be on: those that stay; where there are none, the drained ones that have it. */
export function qualifyingFor(set: string, { plan, servers, current }: PlacementInput): readonly PlacementServer[] {
  const wanted = servers.filter((server) => whyNot(plan, set, server) === undefined);
  const staying = wanted.filter(({ isDraining }) => !isDraining);
  if (staying.length > 0) return staying;
  return wanted.filter((server) => server.held.includes(set) || isHolder(set, server, current));
}

/** Whether a server was to have a set; where nobody says who was, whether it has it. */
export function isHolder(set: string, { name, held }: PlacementServer, current: Assignments): boolean {
  return Object.hasOwn(current, set) ? current[set]!.includes(name) : held.includes(set);
}
