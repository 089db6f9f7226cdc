/** Reading of fleet plans. */
import type { FleetPlan, Placement, PlanRoute } from './fleet-plan.ts';
import { PlanError, type PlanFault } from './plan-error.ts';
import { findReferenceFaults } from './plan-references.ts';
import { planSchema } from './plan-schema.ts';

/**
 * A plan with all defaults filled in: hosts in lower case, every set with a placement.
 *
 * @param json as `JSON.parse` gives it
 * @throws PlanError with all its faults.
 */
export function parsePlan(json: unknown): FleetPlan {
  const result = planSchema.safeParse(json);
  const shape: PlanFault[] = (result.error?.issues ?? []).map((issue) => ({
    path: issue.path.join('.'),
    message: issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message,
  }));
  const faults = [...shape, ...findReferenceFaults(json), ...findPrototypes(json, [])];
  if (!result.success || faults.length > 0) throw new PlanError(faults);
  const { functionSets, placement, routes, sites, authority, servers } = result.data;
  return {
    functionSets,
    placement: Object.fromEntries(
      Object.keys(functionSets).map((name) => [name, withoutAbsent(placement[name] ?? { replicas: 1 }) as Placement]),
    ),
    routes: routes.map((route) => withoutAbsent(route) as PlanRoute),
    sites,
    authority,
    ...(servers === undefined ? {} : { servers }),
  };
}

function withoutAbsent(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

// Threat 59: records leave this key out silently, so that it would be signed and yet not read.
function findPrototypes(value: unknown, path: readonly string[]): PlanFault[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === '__proto__'
      ? [{ path: [...path, key].join('.'), message: 'this key is never taken' }]
      : findPrototypes(each, [...path, key]),
  );
}

/** Deeper than the schema goes: what lies below is refused as unknown. */
const MAX_DEPTH = 8;
