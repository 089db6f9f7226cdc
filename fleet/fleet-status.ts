/** The state of the fleet, for people and for `--wait`. */
import type { FleetAgent } from './agent.ts';
import type { Member } from './fleet-view.ts';
import { explainAssignment } from './plan/explain-assignment.ts';
import type { FleetPlan } from './plan/fleet-plan.ts';
import { isUpToDate, readyFor } from './ready-sets.ts';
import { versionOf } from './reconciler.ts';
import type { Registry } from './registry/registry.ts';

export interface SetStatus {
  readonly name: string;
  /** Version that the plan wants. */
  readonly version: string;
  readonly replicas: number;
  readonly assigned: readonly string[];
  /** Servers that answer for it in that version with the newest data. */
  readonly ready: readonly string[];
  /** Who holds what of it. */
  readonly holders: readonly {
    readonly server: string;
    readonly version: string;
    readonly editions: Readonly<Record<string, number>>;
    readonly isReady: boolean;
  }[];
  /** Newest editions of its data sets. */
  readonly editions: Readonly<Record<string, number>>;
  /** Why it is not as planned, a sentence each. */
  readonly why: readonly string[];
}

export interface ServerStatus extends Omit<Member, 'placedFormatters' | 'formatters'> {
  /** Whether it routes as this server does. */
  readonly agrees: boolean;
}

export interface FleetStatus {
  /** The server that says this. */
  readonly server: string;
  readonly registry: { readonly kind: Registry['kind']; readonly isConnected: boolean };
  readonly manager: string | null;
  readonly serial: number;
  /** The plan of that serial, with its placement, routes and sites; `null` before the first. */
  readonly plan: FleetPlan | null;
  readonly servers: readonly ServerStatus[];
  readonly sets: readonly SetStatus[];
  readonly authorities: Readonly<Record<string, string>>;
  /** What differs from the plan, a sentence each. */
  readonly drift: readonly string[];
  /** True when every assignment is ready and every live server routes by it. */
  readonly isSettled: boolean;
}

export function describeFleet(parts: {
  readonly agent: FleetAgent;
  readonly registry: Registry;
  readonly self: string;
}): FleetStatus {
  const { agent, registry, self } = parts;
  const members = agent.members.all();
  const own = members.find(({ name }) => name === self)!;
  const sets = describeSets(agent, members);
  const servers = members.map(({ placedFormatters: _placed, formatters: _all, ...member }) => ({
    ...member,
    agrees: member.serial === own.serial && member.routesBy === own.routesBy,
  }));
  const isPlanned = agent.plans.serial === 0 || agent.manager.serial === agent.plans.serial;
  const drift = [
    ...(isPlanned ? [] : ['the manager has not assigned the newest plan yet']),
    ...sets.flatMap(({ why }) => why),
    ...servers.filter(({ agrees }) => !agrees).map(({ name }) => `${name} does not route by the newest state yet`),
  ];
  return {
    server: self,
    registry: { kind: registry.kind, isConnected: registry.isConnected },
    manager: members.find(({ isManager }) => isManager)?.name ?? null,
    serial: agent.plans.serial,
    plan: agent.plans.plan ?? null,
    servers,
    sets,
    authorities: agent.authorities(),
    drift,
    isSettled: drift.length === 0,
  };
}

function describeSets(agent: FleetAgent, members: readonly Member[]): SetStatus[] {
  const { plan } = agent.plans;
  if (plan === undefined) return [];
  const servers = members.map(({ name, zone, isDraining, sets }) => ({
    name,
    zone,
    isDraining,
    held: Object.keys(sets),
  }));
  const assignments = agent.manager.assignments;
  const unmet = explainAssignment({ plan, servers, current: assignments }, assignments);
  return Object.entries(plan.functionSets).map(([name, set]) => {
    const version = versionOf(set);
    const holding = members.filter(({ sets }) => sets[name] !== undefined);
    const ready = readyFor(name, version, members);
    const assigned = assignments[name] ?? [];
    const editions: Record<string, number> = {};
    for (const { name: data, edition } of agent.editions.of(name)) editions[data] = edition;
    const isNewest = (server: string) =>
      Object.entries(editions).every(
        ([data, edition]) => (members.find((each) => each.name === server)?.sets[name]?.editions[data] ?? 0) >= edition,
      );
    const why = [
      ...unmet.filter((each) => each.set === name).map(({ sentence }) => sentence),
      ...assigned
        .filter((server) => !ready.includes(server) || !isNewest(server))
        .map((server) => whyNotReady(name, server, members)),
      ...holding
        .filter((member) => !assigned.includes(member.name))
        .map((member) => `${member.name} still holds ${name}, which it is to give up`),
    ];
    return {
      name,
      version,
      replicas: plan.placement[name]?.replicas ?? 1,
      assigned,
      ready,
      holders: holding.map((member) => ({
        server: member.name,
        ...member.sets[name]!,
        isReady: member.sets[name]!.version === version && isUpToDate(member, holding, name),
      })),
      editions,
      why,
    };
  });
}

function whyNotReady(set: string, server: string, members: readonly Member[]): string {
  const member = members.find(({ name }) => name === server);
  if (member === undefined) return `${server}, which shall have ${set}, is not there`;
  const problem = member.problems[set];
  return problem === undefined ? `${server} is getting ${set}` : `${server} cannot make ${set} ready: ${problem}`;
}
