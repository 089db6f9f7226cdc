/**
 * A plan is plain data: the chosen edges in order. It is a cache key, an explanation, and a work order that a formatter
 * process or another server can carry out.
 */
import type { PlainRecord } from './component.ts';

/** One chosen edge. */
export interface PlanStep {
  readonly formatter: string;
  readonly version: string;
  readonly from: string;
  readonly to: string;
  readonly keeps: number;
  readonly cost: number;
  /** Demands this step meets, sorted by name; the values are in the plan. */
  readonly meets: readonly string[];
  /** Raw options of the formatter from the merged preferences. */
  readonly options: PlainRecord;
}

/** A chain from the original's media type to the reply's. An empty `steps` is pass-through. */
export interface Plan {
  readonly from: string;
  readonly to: string;
  readonly steps: readonly PlanStep[];
  /** Values of the demands met by the chain, by name. */
  readonly demands: PlainRecord;
  /** Product of the steps' `keeps`. */
  readonly keeps: number;
  /** Sum of the steps' `cost`, relative milliseconds. */
  readonly cost: number;
  /** False when one of the formatters is not deterministic: ETags are weak then. */
  readonly deterministic: boolean;
}

/** One thing the client would take, with what it then needs. The planner is given these in any order. */
export interface Wish {
  /** Exact media type without parameters. */
  readonly mediaType: string;
  /**
   * Rank keys, compared from the first to the last, higher first: presentation rank, client quality, profile quality,
   * order. The planner orders equal ranks by what the chain keeps, then cost, then name.
   */
  readonly rank: readonly number[];
  /** Demands that must be met for this wish to be satisfied. */
  readonly required: PlainRecord;
  /** Demands met when a path meets them; more of them met beats fewer. */
  readonly optional: PlainRecord;
  /** The presentation this wish stands for, for explanations. */
  readonly presentation: string;
}
