/**
 * Finds the best chains through the format graph. Pure: the same edges, in any order, give the same plans on every
 * server.
 *
 * A wish's best chain: the most optional demands met, then the most kept, the least cost, the fewest steps, then names.
 * Chains of several wishes are ordered by the wishes' ranks first.
 */
import type { PlainRecord } from '../core/component.ts';
import type { Plan, PlanStep, Wish } from '../core/plan.ts';
import { findPath, type PathStep } from './path-search.ts';
import type { GraphEdge } from './registry.ts';

/** What is to be planned. */
export interface PlanRequest {
  /** Essence of the original's media type. */
  readonly from: string;
  /** What the client would take, in any order. */
  readonly wishes: readonly Wish[];
  /** `prefers.formatters`: options by formatter name; `true` is `{}`, `false` switches a formatter off. */
  readonly options?: PlainRecord;
  /** Formatters not to be used: they failed, or are suspended. */
  readonly without?: ReadonlySet<string>;
  /** Most plans to return. Default 8. */
  readonly limit?: number;
}

/** A chain that satisfies a wish. */
export interface RankedPlan {
  readonly wish: Wish;
  readonly plan: Plan;
  /** True when a better chain for the same wish precedes it. */
  readonly alternative: boolean;
}

/** A wish that no chain satisfies. */
export interface UnmetWish {
  readonly wish: Wish;
  /** `no-chain`: the type cannot be reached. `demands`: it can, but not with all that is required. */
  readonly reason: 'no-chain' | 'demands';
  /** Required demands that no usable edge meets; empty when only their combination fails. */
  readonly missing: readonly string[];
}

export interface PlanResult {
  /** Best first. */
  readonly plans: readonly RankedPlan[];
  /** Of the wishes that were looked at before `limit` was reached. */
  readonly unmet: readonly UnmetWish[];
}

interface Found extends RankedPlan {
  readonly met: number;
  readonly order: string;
}

/**
 * Plans for the wishes, best first; of each wish the best chain and those that remain when one of its formatters fails.
 *
 * @example
 * findPlans(registry.edges(), { from: 'text/html', wishes: [wishFor('text/plain')] }).plans[0]?.plan.steps
 * // [{ formatter: 'html-to-text', from: 'text/html', to: 'text/plain', … }]
 */
export function findPlans(graph: readonly GraphEdge[], request: PlanRequest): PlanResult {
  const { from, options = {}, without = new Set(), limit = 8 } = request;
  const usable = graph.filter((edge) => !without.has(edge.formatter) && optionOf(options, edge.formatter) !== false);
  const plans: Found[] = [];
  const unmet: UnmetWish[] = [];
  for (const group of byRank(request.wishes)) {
    const found: Found[] = [];
    for (const wish of group) {
      const chains = chainsFor(usable, from, wish, limit > 1);
      if (chains.length === 0) unmet.push(explainUnmet(usable, from, wish));
      chains.forEach((steps, index) => {
        found.push(describe(steps, { from, wish, options }, index > 0));
      });
    }
    plans.push(...found.sort(comparePlans));
    if (plans.length >= limit) break;
  }
  return { plans: plans.slice(0, limit).map(({ wish, plan, alternative }) => ({ wish, plan, alternative })), unmet };
}

/** Own property only: a formatter may be called `constructor`. */
function optionOf(options: PlainRecord, formatter: string): unknown {
  return Object.hasOwn(options, formatter) ? options[formatter] : undefined;
}

function byRank(wishes: readonly Wish[]): Wish[][] {
  const groups: Wish[][] = [];
  for (const wish of [...wishes].sort((a, b) => compareRank(b, a))) {
    const last = groups.at(-1);
    if (last !== undefined && compareRank(last[0]!, wish) === 0) last.push(wish);
    else groups.push([wish]);
  }
  return groups;
}

function compareRank(a: Wish, b: Wish): number {
  for (let i = 0; i < Math.max(a.rank.length, b.rank.length); i++) {
    const difference = (a.rank[i] ?? 0) - (b.rank[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The best path, then for each of its formatters the best path without it. */
function chainsFor(usable: readonly GraphEdge[], from: string, wish: Wish, alternatives: boolean): PathStep[][] {
  const best = findPath(usable, from, wish);
  if (best === undefined) return [];
  const chains = [best];
  const keys = new Set([keyOf(best)]);
  for (const formatter of alternatives ? new Set(best.map((step) => step.edge.formatter)) : []) {
    const rest = usable.filter((edge) => edge.formatter !== formatter);
    const next = findPath(rest, from, wish);
    if (next === undefined || keys.has(keyOf(next))) continue;
    keys.add(keyOf(next));
    chains.push(next);
  }
  return chains;
}

function keyOf(path: readonly PathStep[]): string {
  return path.map(({ edge }) => `${edge.formatter} ${edge.from} ${edge.to} ${edge.meets.join(',')}`).join('\n');
}

function describe(
  path: readonly PathStep[],
  request: { from: string; wish: Wish; options: PlainRecord },
  alternative: boolean,
): Found {
  const { from, wish, options } = request;
  const met = new Set(path.flatMap((step) => step.meets));
  const steps = path.map(({ edge, meets }): PlanStep => {
    const { formatter, version, keeps, cost } = edge;
    const given = optionOf(options, formatter);
    const own = typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as PlainRecord) : {};
    return { formatter, version, from: edge.from, to: edge.to, keeps, cost, meets: [...meets].sort(), options: own };
  });
  const values: PlainRecord = { ...wish.optional, ...wish.required };
  const plan: Plan = {
    from,
    to: wish.mediaType,
    steps,
    demands: Object.fromEntries([...met].sort().map((name) => [name, values[name]!])),
    keeps: steps.reduce((product, step) => product * step.keeps, 1),
    cost: steps.reduce((sum, step) => sum + step.cost, 0),
    deterministic: path.every(({ edge }) => edge.deterministic),
  };
  const optional = Object.keys(wish.optional).filter((name) => met.has(name)).length;
  const order = JSON.stringify([keyOf(path), wish.mediaType, wish.presentation, plan.demands]);
  return { wish, plan, alternative, met: optional, order };
}

/** Of equal rank; a wish's alternatives never precede its best, since the search orders by the same keys. */
function comparePlans(a: Found, b: Found): number {
  return (
    b.met - a.met ||
    b.plan.keeps - a.plan.keeps ||
    a.plan.cost - b.plan.cost ||
    a.plan.steps.length - b.plan.steps.length ||
    (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)
  );
}

function explainUnmet(usable: readonly GraphEdge[], from: string, wish: Wish): UnmetWish {
  if (findPath(usable, from, { ...wish, required: {}, optional: {} }) === undefined)
    return { wish, reason: 'no-chain', missing: [] };
  const possible = new Set(usable.flatMap((edge) => edge.meets));
  return {
    wish,
    reason: 'demands',
    missing: Object.keys(wish.required)
      .filter((name) => !possible.has(name))
      .sort(),
  };
}
