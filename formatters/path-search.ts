/**
 * Best-first search over (media type, demands met).
 *
 * Labels leave the queue in the order of an upper bound of what they can become, so the first finished one is the best.
 * A label is dropped when an earlier one at the same type has met at least as much, at no more loss, cost or steps, and
 * has visited no type the other has not: whatever the later one could still do, the earlier one can too.
 */
import type { Wish } from '../core/plan.ts';
import type { GraphEdge } from './registry.ts';

/** An edge on a path and the wanted demands that it meets first. */
export interface PathStep {
  readonly edge: GraphEdge;
  readonly meets: readonly string[];
}

const MAX_STEPS = 8;
/** Bits of a mask: two words. Demands beyond are not planned for; required ones come first. */
const MAX_DEMANDS = 64;
/** Bound of the work a hostile graph can cause, in labels taken from the queue. */
const MAX_LABELS = 4000;

/** Demands as bits: the first 32 in `low`. */
interface Mask {
  readonly low: number;
  readonly high: number;
}

interface Arrow extends Mask {
  readonly edge: GraphEdge;
  readonly name: string;
}

interface Label extends Mask {
  readonly at: string;
  readonly keeps: number;
  readonly cost: number;
  readonly steps: number;
  readonly visited: readonly string[];
  readonly arrow: Arrow | undefined;
  readonly parent: Label | undefined;
  /** Optional demands met at best by any continuation; exact when finished. */
  readonly bound: number;
  readonly finished: boolean;
  readonly trail: string;
}

interface Search {
  readonly to: string;
  readonly names: readonly string[];
  readonly required: Mask;
  readonly optional: Mask;
  readonly arrows: ReadonlyMap<string, readonly Arrow[]>;
  /** What can still be met from a type on the way to `to`; types that cannot reach `to` are absent. */
  readonly ahead: ReadonlyMap<string, Mask>;
}

/** The best path for a wish; an empty one when the original satisfies it; `undefined` when there is none. */
export function findPath(
  edges: readonly GraphEdge[],
  from: string,
  wish: Pick<Wish, 'mediaType' | 'required' | 'optional'>,
): PathStep[] | undefined {
  const search = prepare(edges, wish);
  const start = search === undefined ? undefined : firstLabel(search, from);
  if (search === undefined || start === undefined) return undefined;
  const queue: Label[] = [start];
  const settled = new Map<string, Label[]>();
  for (let taken = 0; queue.length > 0 && taken < MAX_LABELS; taken++) {
    const label = queue.pop()!;
    if (label.finished) return pathOf(label, search);
    const here = settled.get(label.at) ?? [];
    if (here.some((earlier) => dominates(earlier, label))) continue;
    settled.set(label.at, [...here, label]);
    if (label.at === search.to && includes(label, search.required)) {
      enqueue(queue, { ...label, bound: count(both(label, search.optional)), finished: true });
    }
    for (const next of continuations(label, search)) enqueue(queue, next);
  }
  return undefined;
}

function prepare(
  edges: readonly GraphEdge[],
  wish: Pick<Wish, 'mediaType' | 'required' | 'optional'>,
): Search | undefined {
  const requiredNames = Object.keys(wish.required).sort();
  const optionalNames = Object.keys(wish.optional).filter((name) => !Object.hasOwn(wish.required, name));
  const names = [...requiredNames, ...optionalNames.sort()].slice(0, MAX_DEMANDS);
  if (requiredNames.length > MAX_DEMANDS) return undefined;
  const bits = new Map(names.map((name, index) => [name, index]));
  const arrows = new Map<string, Arrow[]>();
  const sources = new Map<string, Set<string>>();
  for (const edge of edges) {
    const mask = maskOf(edge.meets, bits);
    // A same-type edge exists to meet demands: without one that is wanted it is never run.
    if (edge.from === edge.to && count(mask) === 0) continue;
    const name = `${edge.formatter} ${edge.from} ${edge.to} ${edge.meets.join(',')}\n`;
    pushTo(arrows, edge.from, { edge, name, low: mask.low, high: mask.high });
    if (!sources.has(edge.to)) sources.set(edge.to, new Set());
    sources.get(edge.to)!.add(edge.from);
  }
  return {
    to: wish.mediaType,
    names,
    required: maskOf(requiredNames, bits),
    optional: maskOf(Object.keys(wish.optional), bits),
    arrows,
    ahead: lookAhead(arrows, sources, wish.mediaType),
  };
}

function lookAhead(
  arrows: ReadonlyMap<string, readonly Arrow[]>,
  sources: ReadonlyMap<string, ReadonlySet<string>>,
  to: string,
): Map<string, Mask> {
  const ahead = new Map<string, Mask>([[to, { low: 0, high: 0 }]]);
  for (const type of ahead.keys()) {
    for (const source of sources.get(type) ?? []) if (!ahead.has(source)) ahead.set(source, { low: 0, high: 0 });
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const [type, mask] of ahead) {
      let next = mask;
      for (const arrow of arrows.get(type) ?? []) {
        const beyond = ahead.get(arrow.edge.to);
        if (beyond === undefined || (type === to && arrow.edge.to !== to)) continue;
        next = union(union(next, arrow), beyond);
      }
      if (next.low === mask.low && next.high === mask.high) continue;
      ahead.set(type, next);
      changed = true;
    }
  }
  return ahead;
}

function firstLabel(search: Search, from: string): Label | undefined {
  const ahead = search.ahead.get(from);
  if (ahead === undefined || !includes(ahead, search.required)) return undefined;
  return {
    at: from,
    low: 0,
    high: 0,
    keeps: 1,
    cost: 0,
    steps: 0,
    visited: [from],
    arrow: undefined,
    parent: undefined,
    bound: count(both(ahead, search.optional)),
    finished: false,
    trail: '',
  };
}

function continuations(label: Label, search: Search): Label[] {
  if (label.steps === MAX_STEPS) return [];
  const found: Label[] = [];
  for (const arrow of search.arrows.get(label.at) ?? []) {
    const { edge } = arrow;
    const stays = edge.to === label.at;
    const met = union(label, arrow);
    // A same-type edge must meet something new; a conversion never returns to a type, nor leaves the wanted one.
    if (stays ? met.low === label.low && met.high === label.high : label.at === search.to) continue;
    if (!stays && label.visited.includes(edge.to)) continue;
    const ahead = search.ahead.get(edge.to);
    if (ahead === undefined) continue;
    const possible = union(met, ahead);
    if (!includes(possible, search.required)) continue;
    found.push({
      at: edge.to,
      low: met.low,
      high: met.high,
      keeps: label.keeps * edge.keeps,
      cost: label.cost + edge.cost,
      steps: label.steps + 1,
      visited: stays ? label.visited : [...label.visited, edge.to],
      arrow,
      parent: label,
      bound: count(both(possible, search.optional)),
      finished: false,
      trail: label.trail + arrow.name,
    });
  }
  return found;
}

function pathOf(finished: Label, search: Search): PathStep[] {
  const path: PathStep[] = [];
  for (let label: Label | undefined = finished; label?.arrow !== undefined; label = label.parent) {
    const before = label.parent!;
    const fresh = { low: label.arrow.low & ~before.low, high: label.arrow.high & ~before.high };
    path.unshift({ edge: label.arrow.edge, meets: search.names.filter((_, bit) => hasBit(fresh, bit)) });
  }
  return path;
}

/** Keeps the queue sorted, best last. */
function enqueue(queue: Label[], label: Label): void {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(queue[middle]!, label) > 0) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, label);
}

/** Negative when `a` is to be taken first. */
function compare(a: Label, b: Label): number {
  return (
    b.bound - a.bound ||
    b.keeps - a.keeps ||
    a.cost - b.cost ||
    a.steps - b.steps ||
    (a.trail < b.trail ? -1 : a.trail > b.trail ? 1 : Number(b.finished) - Number(a.finished))
  );
}

function dominates(earlier: Label, later: Label): boolean {
  return (
    includes(earlier, later) &&
    earlier.keeps >= later.keeps &&
    earlier.cost <= later.cost &&
    earlier.steps <= later.steps &&
    earlier.visited.every((type) => later.visited.includes(type))
  );
}

function maskOf(names: readonly string[], bits: ReadonlyMap<string, number>): Mask {
  let low = 0;
  let high = 0;
  for (const name of names) {
    const bit = bits.get(name);
    if (bit === undefined) continue;
    if (bit < 32) low |= 1 << bit;
    else high |= 1 << (bit - 32);
  }
  return { low, high };
}

const union = (a: Mask, b: Mask): Mask => ({ low: a.low | b.low, high: a.high | b.high });
const both = (a: Mask, b: Mask): Mask => ({ low: a.low & b.low, high: a.high & b.high });
const includes = (a: Mask, b: Mask): boolean => (b.low & ~a.low) === 0 && (b.high & ~a.high) === 0;
const hasBit = (mask: Mask, bit: number): boolean =>
  ((bit < 32 ? mask.low >>> bit : mask.high >>> (bit - 32)) & 1) === 1;

function count(mask: Mask): number {
  let bits = 0;
  for (let rest = mask.low; rest !== 0; rest &= rest - 1) bits++;
  for (let rest = mask.high; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
