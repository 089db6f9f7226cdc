/** Why sets are on fewer servers than they want. */
import type { Assignments } from './fleet-plan.ts';
import { type PlacementInput, qualifyingFor, whyNot } from './placement-rules.ts';

export interface UnmetPlacement {
  readonly set: string;
  /** Replicas that the plan wants. */
  readonly wanted: number;
  /** Those assigned. */
  readonly placed: number;
  /** Live servers that cannot have it, by name, each with the reason. */
  readonly excluded: Readonly<Record<string, string>>;
  /** All of it, for people. */
  readonly sentence: string;
}

/** Sets that have fewer servers than they want, by name. */
export function explainAssignment(input: PlacementInput, assignments: Assignments): readonly UnmetPlacement[] {
  return Object.keys(input.plan.functionSets)
    .sort()
    .flatMap((set) => {
      const wanted = input.plan.placement[set]?.replicas ?? 1;
      const placed = Object.hasOwn(assignments, set) ? assignments[set]!.length : 0;
      return placed < wanted ? [explain(set, input, { wanted, placed })] : [];
    });
}

function explain(
  set: string,
  input: PlacementInput,
  { wanted, placed }: Pick<UnmetPlacement, 'wanted' | 'placed'>,
): UnmetPlacement {
  const { plan, servers } = input;
  const may = new Set(qualifyingFor(set, input).map(({ name }) => name));
  const excluded: Record<string, string> = {};
  for (const server of [...servers].sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (!may.has(server.name)) excluded[server.name] = whyNot(plan, set, server) ?? 'drained';
  for (const name of [...(plan.placement[set]?.servers ?? Object.keys(plan.servers ?? {}))].sort())
    if (!servers.some((server) => server.name === name)) excluded[name] = 'not alive';
  const reasons = Object.entries(excluded).map(([name, why]) => `${name} is ${why}`);
  const sentence = `${set} wants ${wanted} ${wanted === 1 ? 'server' : 'servers'} and has ${placed}: ${
    reasons.join('; ') || `there ${servers.length === 1 ? 'is' : 'are'} only ${servers.length}`
  }.`;
  return { set, wanted, placed, excluded, sentence };
}
