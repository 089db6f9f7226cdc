/** Which processes run what. */
import type { PlanStep } from '../../core/plan.ts';
import type { FormatterDescriptor } from '../descriptor.ts';
import type { FormatterRegistry } from '../registry.ts';

export const SHARED_LANE = 'shared';
export const SVG_LANE = 'svg';

/** What the processes of a lane may read of third-party code, and open early. */
export interface LaneRecipe {
  readonly root: string | undefined;
  readonly modules: readonly string[];
}

/** Third-party code runs alone; SVG apart, since its renderer can hang; the rest shares. */
export function laneOf(step: PlanStep, registry: FormatterRegistry): string {
  const descriptor = registry.get(step.formatter);
  if (descriptor?.source.thirdParty) return ownLane(descriptor);
  return step.from === 'image/svg+xml' ? SVG_LANE : SHARED_LANE;
}

function ownLane({ name, source }: FormatterDescriptor): string {
  return JSON.stringify([name, source.module]);
}

/** The lanes a registry needs, in the order they are started. */
export function lanesFor(registry: FormatterRegistry): Map<string, LaneRecipe> {
  const builtIns = registry.list().filter((each) => !each.source.thirdParty);
  const withSvg = builtIns.filter((each) => each.edges.some((edge) => edge.from === 'image/svg+xml'));
  const modulesOf = (list: readonly FormatterDescriptor[]) => list.map((each) => each.source.module);
  const lanes = new Map<string, LaneRecipe>();
  if (builtIns.length > 0) lanes.set(SHARED_LANE, { root: undefined, modules: modulesOf(builtIns) });
  if (withSvg.length > 0) lanes.set(SVG_LANE, { root: undefined, modules: modulesOf(withSvg) });
  for (const each of registry.list()) {
    if (each.source.thirdParty) lanes.set(ownLane(each), { root: each.source.root, modules: [each.source.module] });
  }
  return lanes;
}
