/** Why a fleet plan cannot be used. */

export interface PlanFault {
  /** Where in the plan, with dots; empty for the plan itself. */
  readonly path: string;
  /** What is wrong and what was expected. */
  readonly message: string;
}

/** What is told of a plan at once; the rest is counted. */
const MAX_TOLD = 100;

/** A plan that does not make sense; all that is wrong with it. */
export class PlanError extends Error {
  readonly faults: readonly PlanFault[];

  constructor(faults: readonly PlanFault[]) {
    const told = faults.slice(0, MAX_TOLD).map(({ path, message }) => `${path || 'the plan'}: ${message}`);
    if (faults.length > MAX_TOLD) told.push(`and ${faults.length - MAX_TOLD} more`);
    super(told.join('\n'));
    this.name = 'PlanError';
    this.faults = faults;
  }
}
