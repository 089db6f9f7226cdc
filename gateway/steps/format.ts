/** Step `format`: runs the best chain; when it fails, the next best; in the end the original, unless it is the hostile thing itself. */
import { GatewayError } from '../../core/errors.ts';
import { type Executor, FormatFailure, type FormatJob, type FormatOutcome } from '../../core/executor.ts';
import type { Fields } from '../../core/fields.ts';
import type { FleetGate } from '../../core/fleet.ts';
import type { Log } from '../../core/log.ts';
import { readMediaType } from '../../core/media-type.ts';
import type { Plan } from '../../core/plan.ts';
import { sha256Of } from '../../core/whole-body.ts';
import type { Improver } from '../cache/improver.ts';
import type { SingleFlight } from '../cache/single-flight.ts';
import { type Variant, type VariantCache, variantKeyOf } from '../cache/variant-cache.ts';
import { packVariant, unpackVariant } from '../cache/variant-parcel.ts';
import { isCommonPicture, isPicture } from '../document-types.ts';
import { encodeReply, replyCharsetOf } from '../reply-charset.ts';
import { type Choice, type ChoiceContext, choose } from './choose.ts';
import { withHttpsNote } from './https-mark.ts';

/** An original with its decoded body. */
export interface Original {
  readonly status: number;
  readonly fields: Fields;
  readonly essence: string;
  readonly url: string;
  readonly body: Uint8Array;
  /** Hex sha256 of `body`. */
  readonly digest: string;
  /** False where it was fetched with credentials or is one client's: what is made of it is kept in memory alone. */
  readonly isForAll: boolean;
}

export interface FormatParts {
  readonly executor: Executor;
  readonly variants: VariantCache;
  readonly flights: SingleFlight<Variant>;
  readonly improver: Pick<Improver, 'isHurried' | 'add'>;
  /** Where variants made on other servers are found. */
  readonly fleet: Pick<FleetGate, 'findVariant' | 'offerVariant'>;
  readonly log: Log;
}

/** A chain that was tried in vain. */
export interface FailedAttempt {
  readonly plan: Plan;
  /** For the client: what a formatter says that it cannot is its own word; of a fault the kind alone is told. */
  readonly why: string;
}

/** What became of it: a variant, or the choice to pass the original. */
export type Formatted = { readonly failures: readonly FailedAttempt[] } & (
  | {
      readonly kind: 'variant';
      readonly variant: Variant;
      readonly choice: Choice;
      readonly hit: boolean;
      readonly collapsed: boolean;
    }
  | { readonly kind: 'pass'; readonly choice: Choice & { kind: 'pass' } }
);

const MAX_ATTEMPTS = 4;
/** Fields of the original that formatters may read. */
const READABLE_FIELDS = ['content-language', 'last-modified', 'content-disposition', 'content-location', 'link'];

/**
 * Formats an original.
 *
 * @throws GatewayError SHED, CONTENT_TOO_LARGE, BAD_CHART, BAD_CONTENT, NOT_ACCEPTABLE.
 */
export async function formatOriginal(
  original: Original,
  first: Choice,
  context: ChoiceContext,
  parts: FormatParts,
): Promise<Formatted> {
  if (first.kind === 'format' && isNotWorthWhile(original, first.best.plan, context))
    return { kind: 'pass', choice: { ...first, kind: 'pass', reason: 'smaller' }, failures: [] };
  const failed = new Set<string>();
  const failures: FailedAttempt[] = [];
  let choice = first;
  for (let attempt = 0; choice.kind === 'format' && attempt < MAX_ATTEMPTS; attempt++) {
    try {
      return { kind: 'variant', choice, failures, ...(await makeVariant(original, choice.best.plan, context, parts)) };
    } catch (error) {
      if (!(error instanceof FormatFailure)) throw error;
      parts.log.warn('formatting failed', {
        formatter: error.formatter,
        kind: error.kind,
        reason: error.message,
        host: context.target.url.host,
      });
      refuseHopeless(error, original, context);
      failures.push({ plan: choice.best.plan, why: whyFailed(error) });
      const left = whatFailed(error, choice.best.plan);
      if (failed.has(left)) break;
      failed.add(left);
      choice = choose(original, context, failed);
    }
  }
  const pass: Choice & { kind: 'pass' } =
    choice.kind === 'pass' ? choice : { kind: 'pass', reason: 'failed', result: choice.result, wishes: choice.wishes };
  return { kind: 'pass', choice: pass, failures };
}

/** From there on a picture is sent sooner than coding it with more care takes, both processes at it (measured). */
const HURRY_MBPS = 1.5;
/** Milliseconds that it takes at the least to make a picture less, beside others (measured). */
const MAKING_MS = 12;
const BYTES_PER_MEGABIT_MS = 125;
/** What is larger is made less over the fastest link: clients have memory to spare, too. */
const MAX_SPARED_BYTES = 8_192;
/** Demands that make a picture less; every other one is something that a client needs of it. */
const LESSENING: ReadonlySet<string> = new Set(['clean', 'quality', 'maxWidth', 'maxBytes', 'light', 'hasty']);

// A small picture is there sooner than it could be made less, and others wait for their turn.
function isNotWorthWhile({ body }: Original, { from, demands }: Plan, { linkMbps = 0 }: ChoiceContext): boolean {
  if (linkMbps < HURRY_MBPS || !isCommonPicture(from)) return false;
  const spared = Math.min(linkMbps * BYTES_PER_MEGABIT_MS * MAKING_MS, MAX_SPARED_BYTES);
  return body.byteLength <= spared && Object.keys(demands).every((name) => LESSENING.has(name));
}

function whyFailed({ formatter, kind, message }: FormatFailure): string {
  return kind === 'cannot' ? `${formatter} cannot: ${message}` : `${formatter} failed (${kind})`;
}

// Who says that it cannot do one thing may well do another: a picture format less, not a formatter less.
function whatFailed(error: FormatFailure, plan: Plan): string {
  const step = error.kind === 'cannot' ? plan.steps.find((each) => each.formatter === error.formatter) : undefined;
  return step === undefined ? error.formatter : `${error.formatter} > ${step.to}`;
}

/** Hex digest of an original's body. */
export function digestOf(body: Uint8Array): string {
  return sha256Of(body).toString('hex');
}

/** The cache key of what a plan would make of an original. */
export function keyFor(original: Omit<Original, 'body' | 'isForAll'>, plan: Plan, context: ChoiceContext): string {
  return variantKeyOf({
    digest: original.digest,
    plan,
    url: original.url,
    charset: charsetOf(original.fields),
    fields: readableFields(original.fields),
    language: original.fields.get('content-language'),
    replyCharset: replyCharsetOf(plan.to, context),
    ...(context.target.upgraded === undefined ? {} : { upgraded: true }),
  });
}

async function makeVariant(
  original: Original,
  plan: Plan,
  context: ChoiceContext,
  parts: FormatParts,
): Promise<{ variant: Variant; hit: boolean; collapsed: boolean }> {
  const key = keyFor(original, plan, context);
  // While the disk was asked, another asker may have made it.
  const held = parts.variants.get(key) ?? (await parts.variants.find(key)) ?? parts.variants.get(key);
  if (held !== undefined) return { variant: held, hit: true, collapsed: false };
  const { signal } = context.received.connection;
  // Who finds it being made already waits for that.
  const mayHurry = original.isForAll && !parts.flights.has(key);
  const { linkMbps } = context;
  const isHurried = mayHurry && (linkMbps === undefined ? parts.improver.isHurried() : linkMbps >= HURRY_MBPS);
  const hasty = isHurried ? inHaste(plan) : undefined;
  if (hasty === undefined) return await makeAt(key, original, plan, { context, parts, signal });
  const make = (calm: AbortSignal) => makeAt(key, original, plan, { context, parts, signal: calm });
  parts.improver.add({ key, bytes: original.body.byteLength, make });
  const hastyKey = keyFor(original, hasty, context);
  const made = parts.variants.get(hastyKey);
  if (made !== undefined) return { variant: made, hit: true, collapsed: false };
  // It is not for the disk, nor for other servers: the better one will be.
  return await makeAt(hastyKey, { ...original, isForAll: false }, hasty, { context, parts, signal });
}

/** Coding AVIF well takes most of a second; coding it in haste takes less than WebP does, and weighs less. */
function inHaste(plan: Plan): Plan | undefined {
  return plan.to === 'image/avif' ? { ...plan, demands: { ...plan.demands, hasty: true } } : undefined;
}

async function makeAt(
  key: string,
  original: Original,
  plan: Plan,
  { context, parts, signal: asker }: { context: ChoiceContext; parts: FormatParts; signal: AbortSignal },
): Promise<{ variant: Variant; hit: boolean; collapsed: boolean }> {
  const { value, shared } = await parts.flights.run(key, asker, async (signal) => {
    const brought = original.isForAll ? await findElsewhere(key, parts, signal) : undefined;
    if (brought !== undefined) return brought;
    const outcome = await parts.executor.run(jobFor(original, plan, context), signal);
    const made = toVariant(key, plan, original, encodeReply(outcome, replyCharsetOf(plan.to, context)));
    const variant =
      context.target.upgraded === undefined ? made : { ...made, body: withHttpsNote(made.mediaType, made.body) };
    parts.variants.put(variant, original.isForAll);
    if (original.isForAll) parts.fleet.offerVariant(key, () => packVariant(variant));
    return variant;
  });
  return { variant: value, hit: false, collapsed: shared };
}

/** A variant that another server of the fleet has made: keys are equal everywhere. */
async function findElsewhere(key: string, { fleet, variants }: FormatParts, signal: AbortSignal) {
  const bytes = await fleet.findVariant(key, signal);
  const variant = bytes === undefined ? undefined : unpackVariant(key, bytes);
  if (variant !== undefined) variants.put(variant, true);
  return variant;
}

function jobFor(original: Original, plan: Plan, { target }: ChoiceContext): FormatJob {
  return {
    plan,
    body: original.body,
    digest: original.digest,
    mediaType: original.essence,
    charset: charsetOf(original.fields),
    url: original.url,
    fields: readableFields(original.fields),
    grant: target.grant,
  };
}

function toVariant(key: string, plan: Plan, original: Original, outcome: FormatOutcome): Variant {
  return { key, plan, ...outcome, isLarger: isLarger(plan, original, outcome), coded: new Map() };
}

/** Demands that exist to make a page less: where they make it more, they have failed. */
const LIGHTENING: ReadonlySet<string> = new Set(['full', 'lite', 'article', 'split']);

// Law: a reply is never larger than the original of the same type, apart from rewritten addresses; nor is a picture
// larger than an original that the client takes. What a plugin or a width was asked to do is done whatever it costs.
function isLarger(plan: Plan, original: Original, outcome: FormatOutcome): boolean {
  const grown = outcome.body.byteLength - original.body.byteLength;
  if (isPicture(plan.from))
    return grown >= 0 && !('color' in plan.demands) && !('format' in plan.demands) && isCommonPicture(plan.from);
  return (
    grown > markBytes(outcome) &&
    plan.to === plan.from &&
    Object.keys(plan.demands).every((name) => LIGHTENING.has(name))
  );
}

// Our own mark on a page does not count against it.
function markBytes({ notes }: FormatOutcome): number {
  const bytes = notes.find(({ event }) => event === 'page.bar')?.fields['bytes'];
  return typeof bytes === 'number' ? bytes : 0;
}

// The original is no way out when it is the hostile thing itself, or when the client has gone.
function refuseHopeless(error: FormatFailure, original: Original, { target, received }: ChoiceContext): void {
  if (error.kind === 'aborted' || received.connection.signal.aborted) throw error;
  if (error.kind === 'busy') throw new GatewayError('SHED', { seconds: error.retryAfterSeconds }, { cause: error });
  // What the URL asked makes no sense here: its author is told what does.
  if (error.kind === 'unprocessable' && original.status < 400)
    throw new GatewayError('BAD_CHART', { why: error.message }, { cause: error });
  if (error.kind === 'hostile' && original.status < 400)
    throw new GatewayError('BAD_CONTENT', { why: error.message }, { cause: error });
  // Threat 40: an SVG that does not come to an end, or takes all memory, is not passed on either.
  if (original.essence === 'image/svg+xml' && (error.kind === 'timeout' || error.kind === 'too-large'))
    throw new GatewayError('BAD_CONTENT', { why: 'the drawing costs too much to be drawn' }, { cause: error });
  if (error.kind === 'too-large' && (isPicture(original.essence) || target.presentation !== undefined))
    throw new GatewayError('CONTENT_TOO_LARGE', { why: error.message }, { cause: error });
}

function charsetOf(fields: Fields): string | undefined {
  return readMediaType(fields.get('content-type'))?.parameters.get('charset');
}

function readableFields(fields: Fields): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of READABLE_FIELDS) {
    const value = fields.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
