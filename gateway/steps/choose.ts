/** Step `choose`: the final media type, now that the original's is known (design part 3, "Which format"; the laws). */
import { qualityOf } from '../../core/accept.ts';
import { isNoTransform } from '../../core/cache-control.ts';
import type { PlainRecord } from '../../core/component.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { Wish } from '../../core/plan.ts';
import { VaryRecorder } from '../../core/vary.ts';
import { findPlans, type PlanResult, type RankedPlan } from '../../formatters/planner.ts';
import type { FormatterRegistry } from '../../formatters/registry.ts';
import { isDocument, isPicture } from '../document-types.ts';
import { findPlansOf, reachableOf } from '../plan-memo.ts';
import type { Received } from '../received.ts';
import type { Target } from '../target.ts';
import { makeWishes } from './make-wishes.ts';
import { presentationsOf } from './named-presentations.ts';
import type { Negotiation } from './negotiate.ts';
import { TYPE_OF } from './presentation-types.ts';
import { addFormatLinks } from './reply-fields.ts';

/** Why a body is sent as it came (`Format-Chain: none;reason=…`). */
export type PassReason = 'no-transform' | 'smaller' | 'not-asked' | 'attachment' | 'unmet' | 'failed';

export type Choice =
  | {
      readonly kind: 'pass';
      readonly reason: PassReason;
      readonly result: PlanResult;
      readonly wishes: readonly Wish[];
    }
  | {
      readonly kind: 'format';
      readonly best: RankedPlan;
      readonly result: PlanResult;
      readonly wishes: readonly Wish[];
    };

/** What the choice looks at. */
export interface ChoiceContext {
  readonly received: Received;
  readonly target: Target;
  readonly negotiation: Negotiation;
  readonly read: VaryRecorder;
  readonly registry: FormatterRegistry;
  /** Media types that are passed through untouched. */
  readonly formatsOff: ReadonlySet<string>;
  /** Formatters that are suspended now: as if they were not there. */
  readonly suspended: ReadonlySet<string>;
  /** Megabits a second of the link that the reply goes over: what is worth its time depends on it. `undefined` when unknown. */
  readonly linkMbps?: number | undefined;
}

/** What is known of the original. */
export interface OriginalHead {
  readonly status: number;
  readonly fields: Fields;
  /** Essence of its media type; empty when it names none. */
  readonly essence: string;
}

const NO_PLANS: PlanResult = { plans: [], unmet: [] };

/**
 * Chooses.
 *
 * @param failed Formatters that have failed for this request; `name > media type` where one only said that it cannot.
 * @throws GatewayError NOT_ACCEPTABLE where the URL named a presentation that cannot be had, or the profile is strict.
 */
export function choose(
  original: OriginalHead,
  context: ChoiceContext,
  failed: ReadonlySet<string> = new Set(),
): Choice {
  const { target, registry, formatsOff } = context;
  checkPicture(original, target);
  const forbidden = whyUntouched(original, context);
  if (forbidden !== undefined) return { kind: 'pass', reason: forbidden, result: NO_PLANS, wishes: [] };
  const isSaved = isAttachment(original) && target.presentation === undefined;
  // What is to be saved is changed for who names another form alone.
  const negotiation = isSaved ? { ...context.negotiation, unasked: false } : context.negotiation;
  const from = original.essence;
  const edges = registry.edges();
  const bytes = original.fields.statedLength();
  const wishes = makeWishes({ from, bytes, target, negotiation, read: context.read, edges }).filter(
    (wish) => !formatsOff.has(wish.mediaType),
  );
  const result = plan(context, { from, wishes, failed });
  const best = result.plans[0];
  if (best !== undefined && best.plan.steps.length > 0) return { kind: 'format', best, result, wishes };
  if (best === undefined && failed.size === 0) checkAcceptable(original, context, wishes);
  const isTaken = best !== undefined || qualityOf(negotiation.accept, from).q > 0 || target.presentation === 'original';
  const reason = failed.size > 0 ? 'failed' : !isTaken ? 'unmet' : isSaved ? 'attachment' : 'not-asked';
  return { kind: 'pass', reason, result, wishes };
}

function plan(
  context: ChoiceContext,
  request: { from: string; wishes: readonly Wish[]; failed: ReadonlySet<string> },
): PlanResult {
  const { registry, negotiation, suspended } = context;
  const { failed, ...asked } = request;
  const options = negotiation.preferences.formatters as PlainRecord;
  if (failed.size === 0) return findPlansOf(registry, { ...asked, options, without: suspended });
  const left = registry
    .edges()
    .filter((edge) => !failed.has(edge.formatter) && !failed.has(`${edge.formatter} > ${edge.to}`));
  return findPlans(left, { ...asked, options, without: suspended });
}

// What is no picture, the error page of an origin too, is not given out under the name of one.
function checkPicture({ status, essence }: OriginalHead, { picture, url }: Target): void {
  if (picture === undefined || isPicture(essence) || status === 304) return;
  if (status === 404 || status === 410) throw new GatewayError('NOT_FOUND', { path: url.pathname });
  throw new GatewayError('NOT_A_PICTURE', { type: essence || 'of no stated type', status });
}

/**
 * True where whoever asks gets the origin's own bytes: the sender forbids to change them, or the operator does for this
 * type. Nothing that a client says makes a difference then, so nothing of it belongs into Vary (N-8).
 */
export function isSameForAll({ fields, essence }: OriginalHead, { formatsOff }: ChoiceContext): boolean {
  return isNoTransform(fields) || formatsOff.has(essence);
}

function whyUntouched(
  original: OriginalHead,
  { received, target, formatsOff, negotiation }: ChoiceContext,
): PassReason | undefined {
  const { status, fields, essence } = original;
  // CT-2, CT-12, P-4: no-transform is obeyed both ways, whatever else is asked.
  if (isNoTransform(received.fields) || isNoTransform(fields)) return 'no-transform';
  if (!/^(?:GET|HEAD|POST)$/.test(received.method)) return 'not-asked';
  // P-8: parts are not formatted; the others have no body that stands for the resource.
  if (status < 200 || status === 204 || status === 205 || status === 206 || (status >= 300 && status < 400))
    return 'not-asked';
  if (formatsOff.has(essence) || target.presentation === 'original') return 'not-asked';
  if (target.presentation === undefined && isAttachment(original) && !asksForOther(essence, negotiation))
    return 'attachment';
  return undefined;
}

function isAttachment({ fields }: OriginalHead): boolean {
  return /^\s*attachment/i.test(fields.get('content-disposition') ?? '');
}

// Every browser names HTML, and pictures behind it, whatever it is that a person saves.
function asksForOther(from: string, { accept, unasked }: Negotiation): boolean {
  const page = qualityOf(accept, 'text/html');
  return accept.ranges.some(({ type, subtype, q, index }) => {
    if (q === 0 || subtype === '*' || `${type}/${subtype}` === from) return false;
    return !unasked || !page.explicit || q > page.q || (q === page.q && index < page.index);
  });
}

// N-4: 406 only where the URL named the form or the profile is strict; never for an origin's own error page.
function checkAcceptable(original: OriginalHead, context: ChoiceContext, wishes: readonly Wish[]): void {
  const { target, negotiation } = context;
  const isUntaken =
    qualityOf(negotiation.accept, original.essence).q === 0 ||
    (wishes.length > 0 && !negotiation.preferences.presentation.includes('original'));
  if (original.status >= 400) return;
  if (target.presentation === undefined && !(negotiation.preferences.strict && isUntaken)) return;
  const known = reachablePresentations(original.essence, context);
  throw new GatewayError(
    'NOT_ACCEPTABLE',
    {
      type: original.essence || 'of no stated type',
      asked: target.presentation ?? negotiation.acceptText ?? negotiation.preferences.presentation.join(', '),
      known: known.join(', '),
    },
    { fields: linksToForms(original, target, known) },
  );
}

// N-12, RFC 9110 15.5.7: what can be had is told to programs too.
function linksToForms({ essence }: OriginalHead, target: Target, known: readonly string[]): Fields {
  const typeOf = (presentation: string) => {
    if (presentation === 'original') return essence;
    return isDocument(essence) && Object.hasOwn(TYPE_OF, presentation)
      ? TYPE_OF[presentation as keyof typeof TYPE_OF]
      : '';
  };
  const alternates = known
    .map((presentation) => ({ presentation, mediaType: typeOf(presentation) }))
    .filter(({ mediaType }) => mediaType !== '');
  const fields = new Fields();
  addFormatLinks(fields, target, alternates);
  return fields;
}

/** Presentations of a resource that some chain can make. */
export function reachablePresentations(from: string, context: ChoiceContext): readonly string[] {
  const { registry, target, negotiation, received, suspended } = context;
  // Remembered for all clients: no field of this one goes into Vary for it.
  const read = new VaryRecorder(received.fields);
  const key = JSON.stringify([from, target.mode, negotiation.preferences.formatters, [...suspended]]);
  return reachableOf(registry, key, () =>
    presentationsOf(from, registry.edges()).filter((presentation) => {
      if (presentation === 'original') return true;
      const edges = registry.edges();
      // The query of a chart is none of the others'.
      const other = { ...target, presentation, parameters: undefined };
      const wishes = makeWishes({ from, target: other, negotiation, read, edges });
      return findPlansOf(registry, { from, wishes, without: suspended, limit: 1 }).plans.length > 0;
    }),
  );
}
