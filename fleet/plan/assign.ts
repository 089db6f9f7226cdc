/** Which server holds which function sets (S7): the manager's decision, a pure function of what it is given. */
import { hashText, rendezvousScore } from '../route/rendezvous.ts';
import type { Assignments, Placement } from './fleet-plan.ts';
import { isHolder, type PlacementInput, type PlacementServer, qualifyingFor } from './placement-rules.ts';

/** A server that may have a set, with what speaks for it. */
interface Choice {
  readonly name: string;
  readonly zone: string;
  readonly isKeeper: boolean;
  /** Sets of `affinity` it is to have. */
  readonly friends: number;
  /** True where the set need not be shifted there. */
  readonly hasIt: boolean;
  /** Sets it is to have. */
  readonly load: number;
  readonly score: number;
}

/** What has been decided so far. */
interface Decided {
  readonly assignments: Map<string, readonly string[]>;
  /** Sets by server: those decided, and those it keeps for now. */
  readonly loads: Map<string, number>;
}

const NO_PLACEMENT: Placement = { replicas: 1 };

/**
 * Assigns every set of the plan to as many servers as it wants and as there are for it.
 *
 * A holder that still qualifies stays: a new server gets only what is missing somewhere, unless a set is to be spread and
 * it opens a zone. Zones come before all else where a set is spread; then holders, zones used least, servers with sets it
 * has an affinity to, those that still have its data, and those with the fewest sets. Drained servers lose what another can
 * take. Equal input gives equal output, in whatever order it comes.
 *
 * @example assign({ plan, servers, current: {} }) // { charts: ['b', 'a'] }
 */
export function assign(input: PlacementInput): Assignments {
  const names = inOrder(input.plan.placement, Object.keys(input.plan.functionSets).sort());
  const qualifying = new Map(names.map((set) => [set, qualifyingFor(set, input)]));
  const decided: Decided = { assignments: new Map(), loads: new Map() };
  const keepers = new Map(
    names.map((set) => [set, qualifying.get(set)!.filter((server) => isHolder(set, server, input.current))]),
  );
  for (const kept of keepers.values()) for (const { name } of kept) addLoad(decided, name, 1);
  for (const set of names) {
    for (const { name } of keepers.get(set)!) addLoad(decided, name, -1);
    const kept = new Set(keepers.get(set)!.map(({ name }) => name));
    const choices = qualifying.get(set)!.map((server) => describe(set, server, { input, decided, kept }));
    const placement = input.plan.placement[set] ?? NO_PLACEMENT;
    const chosen = choose(choices, placement).sort((a, b) => b.score - a.score || byName(a, b));
    for (const { name } of chosen) addLoad(decided, name, 1);
    decided.assignments.set(
      set,
      chosen.map(({ name }) => name),
    );
  }
  return Object.fromEntries([...decided.assignments].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Sets after those they have an affinity to; a circle is begun at its first name. */
function inOrder(placement: Readonly<Record<string, Placement>>, sorted: readonly string[]): string[] {
  const known = new Set(sorted);
  const ordered = new Set<string>();
  const begun = new Set<string>();
  const visit = (set: string) => {
    if (begun.has(set) || !known.has(set)) return;
    begun.add(set);
    for (const friend of [...(placement[set]?.affinity ?? [])].sort()) visit(friend);
    ordered.add(set);
  };
  for (const set of sorted) visit(set);
  return [...ordered];
}

function addLoad({ loads }: Decided, name: string, more: number): void {
  loads.set(name, (loads.get(name) ?? 0) + more);
}

function describe(
  set: string,
  { name, zone, held }: PlacementServer,
  {
    input,
    decided,
    kept,
  }: { readonly input: PlacementInput; readonly decided: Decided; readonly kept: ReadonlySet<string> },
): Choice {
  const affinity = input.plan.placement[set]?.affinity ?? [];
  return {
    name,
    zone,
    isKeeper: kept.has(name),
    friends: affinity.filter((friend) => decided.assignments.get(friend)?.includes(name)).length,
    hasIt: held.includes(set),
    load: decided.loads.get(name) ?? 0,
    score: rendezvousScore(hashText(set), hashText(name)),
  };
}

/** One zone of a set that is spread, or all servers of one that is not. */
interface Zone {
  readonly waiting: Choice[];
  taken: number;
}

function choose(choices: readonly Choice[], { replicas, spread }: Placement): Choice[] {
  const zones = new Map<string, Zone>();
  for (const choice of [...choices].sort(byWorth).reverse()) {
    const name = spread === 'zone' ? choice.zone : '';
    const zone = zones.get(name) ?? { waiting: [], taken: 0 };
    zones.set(name, zone);
    zone.waiting.push(choice);
  }
  const chosen: Choice[] = [];
  while (chosen.length < replicas) {
    let best: Zone | undefined;
    for (const zone of zones.values())
      if (zone.waiting.length > 0 && (best === undefined || byZone(zone, best) < 0)) best = zone;
    if (best === undefined) break;
    best.taken += 1;
    chosen.push(best.waiting.pop()!);
  }
  return chosen;
}

// A zone without the set first; a holder stays rather than making zones equal.
function byZone(a: Zone, b: Zone): number {
  const [first, second] = [a.waiting.at(-1)!, b.waiting.at(-1)!];
  return (
    Number(a.taken > 0) - Number(b.taken > 0) ||
    Number(second.isKeeper) - Number(first.isKeeper) ||
    a.taken - b.taken ||
    byWorth(first, second)
  );
}

function byWorth(a: Choice, b: Choice): number {
  return (
    Number(b.isKeeper) - Number(a.isKeeper) ||
    b.friends - a.friends ||
    Number(b.hasIt) - Number(a.hasIt) ||
    a.load - b.load ||
    b.score - a.score ||
    byName(a, b)
  );
}

function byName(a: Choice, b: Choice): number {
  return a.name < b.name ? -1 : 1;
}
