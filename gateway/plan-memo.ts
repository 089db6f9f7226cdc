/** Plans found before: planning is a pure function, and most requests ask for what another has asked for. */
import { LRUCache } from 'lru-cache';
import { findPlans, type PlanRequest, type PlanResult } from '../formatters/planner.ts';
import type { FormatterRegistry } from '../formatters/registry.ts';

const MAX_PLANS = 2_000;
const memos = new WeakMap<
  FormatterRegistry,
  { plans: LRUCache<string, PlanResult>; reachable: LRUCache<string, readonly string[]> }
>();

/** `findPlans` over a registry's edges, remembered for as long as the registry is in use. */
export function findPlansOf(registry: FormatterRegistry, request: PlanRequest): PlanResult {
  const { plans } = memoOf(registry);
  const key = JSON.stringify([
    request.from,
    request.wishes,
    request.options,
    [...(request.without ?? [])],
    request.limit,
  ]);
  let result = plans.get(key);
  if (result === undefined) {
    result = findPlans(registry.edges(), request);
    plans.set(key, result);
  }
  return result;
}

/** What `find` gives for a key, remembered for as long as the registry is in use. */
export function reachableOf(
  registry: FormatterRegistry,
  key: string,
  find: () => readonly string[],
): readonly string[] {
  const { reachable } = memoOf(registry);
  let found = reachable.get(key);
  if (found === undefined) {
    found = find();
    reachable.set(key, found);
  }
  return found;
}

function memoOf(registry: FormatterRegistry) {
  let memo = memos.get(registry);
  if (memo === undefined) {
    memo = { plans: new LRUCache({ max: MAX_PLANS }), reachable: new LRUCache({ max: MAX_PLANS }) };
    memos.set(registry, memo);
  }
  return memo;
}
