/** Plans that need a formatter of another server are run there (design part 7: "by function"). */

import { pack, unpack } from '../core/envelope.ts';
import { type FailureKind, FormatFailure, type FormatJob, type FormatOutcome } from '../core/executor.ts';
import type { MadeBy } from '../core/fleet.ts';
import type { Plan } from '../core/plan.ts';
import type { FleetView, Member } from './fleet-view.ts';
import { PeerRefused } from './peers/peer-errors.ts';
import type { Peers } from './peers/peers.ts';

const TIMEOUT_MS = 30_000;
const MAX_OUTCOME_BYTES = 256 * 1024 * 1024;

/** Other servers that have all formatters of a plan, in the same versions, the least busy first. */
export function serverOfPlan({ steps }: Plan, { self, members }: FleetView): readonly Member[] {
  return members
    .filter(({ name, formatters }) => {
      const has = new Set(formatters);
      return name !== self && steps.every(({ formatter, version }) => has.has(`${formatter}@${version}`));
    })
    .sort((a, b) => Number(a.isDraining) - Number(b.isDraining) || a.load - b.load || (a.name < b.name ? -1 : 1));
}

/**
 * Runs a job on the first of these servers that can be reached.
 *
 * @throws FormatFailure
 */
export async function formatElsewhere(
  { body, ...job }: FormatJob,
  { order, peers, signal }: { order: readonly Member[]; peers: Peers; signal: AbortSignal },
): Promise<{ outcome: FormatOutcome; madeBy: MadeBy }> {
  const { formatter } = job.plan.steps[0]!;
  let failure: unknown;
  // Formatting changes nothing: it may be asked for again elsewhere.
  for (const member of order.slice(0, 2)) {
    try {
      const reply = await peers.send(member.name, {
        method: 'POST',
        path: 'format',
        body: pack(job, body),
        signal,
        timeoutMs: TIMEOUT_MS,
      });
      const { head, body: made } = unpack(await reply.readAll(MAX_OUTCOME_BYTES));
      if (reply.status === 200)
        return {
          outcome: {
            ...(head as unknown as Omit<FormatOutcome, 'body'>),
            charset: textOf(head['charset']),
            body: made,
          },
          madeBy: { server: member.name, set: setOf(member, job.plan), by: 'replay' },
        };
      failure = new FormatFailure(head['kind'] as FailureKind, String(head['formatter']), String(head['reason']), {
        retryAfterSeconds: Number(head['retryAfterSeconds'] ?? 1),
      });
      break;
    } catch (error) {
      if (signal.aborted) throw new FormatFailure('aborted', formatter, 'the client has gone', { cause: error });
      failure = error;
      if (error instanceof PeerRefused) break;
    }
  }
  if (failure instanceof FormatFailure) throw failure;
  throw new FormatFailure('failed', formatter, 'no server that has it could be reached', { cause: failure });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The set that brought the first formatter which did not ship with the program. */
function setOf({ placedFormatters }: Member, { steps }: Plan): string {
  const placed = placedFormatters.find(({ manifest }) => steps.some((step) => step.formatter === manifest['name']));
  return placed?.set ?? '';
}
