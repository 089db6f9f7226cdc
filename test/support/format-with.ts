/** Plans and runs formatters in the test's own process, as a formatter process would. */
import { systemClock } from '../../core/clock.ts';
import type { Formatter, PlainRecord } from '../../core/component.ts';
import type { FormatOutcome } from '../../core/executor.ts';
import type { Plan } from '../../core/plan.ts';
import { readBuiltIns } from '../../formatters/built-ins.ts';
import { findPlans } from '../../formatters/planner.ts';
import { makeRegistry } from '../../formatters/registry.ts';
import { runPlan } from '../../formatters/runner.ts';

export interface Asked {
  readonly from: string;
  readonly to: string;
  readonly demands?: PlainRecord;
  readonly maxPixels?: number;
}

export interface Maker {
  /** The best plan; throws when there is none. */
  plan(asked: Asked): Plan;
  /** @throws FormatFailure */
  make(body: Uint8Array, asked: Asked): Promise<FormatOutcome>;
}

/** A planner and runner over some built-in formatters. */
export async function formatWith(...names: readonly string[]): Promise<Maker> {
  const modules = names.map((name) => new URL(`../../formatters/${name}/index.ts`, import.meta.url).href);
  const registry = makeRegistry(await readBuiltIns(modules)).freeze();
  const formatters = new Map<string, Formatter>();
  for (const module of modules) {
    const { default: formatter } = (await import(module)) as { default: Formatter };
    await formatter.open?.({ log: () => undefined });
    formatters.set(formatter.name, formatter);
  }
  const plan = ({ from, to, demands = {} }: Asked): Plan => {
    const wish = { mediaType: to, rank: [0], required: {}, optional: demands, presentation: 'full' };
    const best = findPlans(registry.edges(), { from, wishes: [wish] }).plans[0];
    if (best === undefined) throw new RangeError(`no chain from ${from} to ${to}`);
    return best.plan;
  };
  return {
    plan,
    make: async (body, asked) =>
      await runPlan(
        { plan: plan(asked), body, mediaType: asked.from, charset: undefined, url: 'http://a.example/x', fields: {} },
        {
          clock: systemClock,
          limits: {
            maxInputBytes: 33_554_432,
            maxOutputBytes: 33_554_432,
            timeoutMs: 20_000,
            maxPixels: asked.maxPixels ?? 50_000_000,
          },
          signal: new AbortController().signal,
          load: async (step) => formatters.get(step.formatter)!,
          fetch: async () => Promise.reject(new TypeError('nothing is fetched here')),
          log: () => undefined,
          onStep: () => undefined,
          track: () => undefined,
        },
      ),
  };
}
