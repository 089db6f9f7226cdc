/** `/-/explain/TARGET`: why a client gets what it gets, from a real run of the same steps (design part 3, CT-22, N-11). */
import { asks, parseAccept } from '../core/accept.ts';
import { GatewayError } from '../core/errors.ts';
import type { Note } from '../core/executor.ts';
import type { Fields } from '../core/fields.ts';
import { splitList } from '../core/list-field.ts';
import type { Plan, PlanStep } from '../core/plan.ts';
import { VaryRecorder } from '../core/vary.ts';
import type { UnmetWish } from '../formatters/planner.ts';
import type { MergedValue } from '../profiles/merge.ts';
import { type Exchange, prepare } from './exchange.ts';
import { type Html, html } from './html.ts';
import { makePage, makeTextReply } from './pages/layout.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';
import type { Gateway } from './serve.ts';
import { placeOf } from './steps/bar-of.ts';
import { type Choice, choose } from './steps/choose.ts';
import { type FetchedOriginal, fetchOriginal } from './steps/fetch-original.ts';
import { type FailedAttempt, type Formatted, formatOriginal, type Original } from './steps/format.ts';
import { formatChain } from './steps/reply-fields.ts';
import type { Target } from './target.ts';

/** The explanation, as JSON gives it. */
export interface Explanation {
  readonly target: string;
  readonly mode: string;
  readonly presentation: string | null;
  readonly client: {
    readonly class: string;
    readonly preset: string;
    readonly evidence: readonly string[];
    readonly profile: string | null;
    readonly reason: string;
  };
  readonly preferences: Readonly<Record<string, MergedValue>>;
  readonly original: { readonly status: number; readonly type: string; readonly bytes: number | null };
  readonly plan: readonly PlannedStep[];
  readonly alternatives: readonly { readonly plan: readonly PlannedStep[]; readonly why: string }[];
  readonly steps: readonly {
    readonly formatter: string;
    readonly ms: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  }[];
  readonly notes: readonly Note[];
  readonly reply: { readonly type: string; readonly bytes: number | null; readonly chain: string };
  readonly vary: string | null;
  readonly cache: { readonly origin: 'hit' | 'miss'; readonly variant: 'hit' | 'miss' | 'none' };
}

type PlannedStep = Pick<PlanStep, 'formatter' | 'version' | 'from' | 'to' | 'keeps' | 'cost'>;

/** Answers an explanation. @throws GatewayError whatever the explained request would meet. */
export async function explain(received: Received, target: Target, gateway: Gateway): Promise<Reply> {
  const explained = { ...received, method: 'GET', fields: standIn(received.fields) };
  const exchange = await prepare(explained, target, new VaryRecorder(explained.fields), gateway);
  const explanation = (await gateway.frontEnd?.explain(exchange)) ?? (await explainExchange(exchange));
  const wantsJson = asks(parseAccept(received.fields.get('accept')), 'application/json');
  const reply = wantsJson
    ? makeTextReply(200, 'application/json', `${JSON.stringify(explanation, null, 2)}\n`)
    : explanationPage(explanation, target);
  reply.fields.set('vary', 'Accept, User-Agent, Format-Profile, Explain-Accept, Explain-User-Agent, Explain-Profile');
  reply.fields.set('x-request-id', received.id);
  return reply;
}

/** An explanation with the bodies it is about, where they were kept. */
export interface Explained {
  readonly explanation: Explanation;
  /** Decoded; `undefined` where it is larger than what is formatted. */
  readonly original: Shown | undefined;
  /** The original, where nothing else was made. */
  readonly adapted: Shown | undefined;
}

/** A body and its `Content-Type`. */
export interface Shown {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Runs the steps of an exchange and tells what they did; nothing is sent to the client. */
export async function explainExchange(exchange: Exchange): Promise<Explanation> {
  return (await explainWithBodies(exchange, 'to-be-formatted')).explanation;
}

/** As `explainExchange`; reads bodies that pass too, where all are wanted. */
export async function explainWithBodies(exchange: Exchange, wanted: 'to-be-formatted' | 'all'): Promise<Explained> {
  const fetched = await fetchOriginal(exchange);
  const choice = choose(fetched, exchange.choice);
  const { formatted, original, bytes } = await runChoice(exchange, fetched, choice, wanted);
  const explanation = describe({ exchange, fetched, choice, formatted, bytes });
  const variant = formatted?.kind === 'variant' && !formatted.variant.isLarger ? formatted.variant : undefined;
  const shown =
    original === undefined ? undefined : { type: fetched.fields.get('content-type') ?? '', body: original.body };
  return {
    explanation,
    original: shown,
    adapted: variant === undefined ? shown : { type: explanation.reply.type, body: variant.body },
  };
}

interface Run {
  readonly exchange: Exchange;
  readonly fetched: FetchedOriginal;
  readonly choice: Choice;
  readonly formatted: Formatted | undefined;
  readonly bytes: number | null;
}

function describe({ exchange, fetched, choice, formatted, bytes }: Run): Explanation {
  const { target, client, negotiation, read } = exchange;
  const variant = formatted?.kind === 'variant' ? formatted.variant : undefined;
  const isMade = variant !== undefined && !variant.isLarger;
  const final = formatted?.choice ?? choice;
  const reason = final.kind === 'pass' ? final.reason : 'smaller';
  return {
    target: addressOf(target),
    mode: target.mode,
    presentation: isMade && final.kind === 'format' ? final.best.wish.presentation : null,
    client: {
      class: client.detection.class,
      preset: client.detection.preset,
      evidence: client.detection.evidence,
      profile: client.profile?.name ?? null,
      reason: client.profile?.reason ?? 'detected',
    },
    preferences: negotiation.values,
    original: { status: fetched.status, type: fetched.fields.get('content-type') ?? '', bytes },
    plan: isMade ? plannedSteps(variant.plan) : [],
    alternatives: [...(formatted?.failures ?? []).map(toAlternative), ...alternativesOf(final, variant?.plan)],
    steps: isMade ? variant.steps : [],
    notes: isMade ? variant.notes.filter((note) => note.event !== 'fields') : [],
    reply: isMade
      ? {
          type: variant.charset === undefined ? variant.mediaType : `${variant.mediaType}; charset=${variant.charset}`,
          bytes: variant.body.byteLength,
          chain: formatChain(variant.plan),
        }
      : { type: fetched.fields.get('content-type') ?? '', bytes, chain: `none;reason=${reason}` },
    vary: read.vary(fetched.fields.get('vary')) ?? null,
    cache: {
      origin: fetched.cache.hit ? 'hit' : 'miss',
      variant: formatted?.kind !== 'variant' ? 'none' : formatted.hit ? 'hit' : 'miss',
    },
  };
}

async function runChoice(
  exchange: Exchange,
  fetched: FetchedOriginal,
  choice: Choice,
  wanted: 'to-be-formatted' | 'all',
): Promise<{ formatted: Formatted | undefined; original: Original | undefined; bytes: number | null }> {
  const original =
    choice.kind === 'format' ? await fetched.buffer() : wanted === 'all' ? await readPassing(fetched) : undefined;
  if (original === undefined || choice.kind === 'pass') {
    fetched.response.body.destroy();
    const counted = original?.body.byteLength ?? fetched.fields.statedLength() ?? null;
    return { formatted: undefined, original, bytes: counted };
  }
  return {
    formatted: await formatOriginal(original, choice, exchange.choice, exchange.gateway),
    original,
    bytes: original.body.byteLength,
  };
}

// A body that would only pass may be too large or too slow to be shown: the explanation is there all the same.
async function readPassing(fetched: FetchedOriginal): Promise<Original | undefined> {
  try {
    return await fetched.buffer();
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

function standIn(fields: Fields): Fields {
  const explained = fields.clone();
  // JSON was asked of the explanation, not of the resource.
  const accept = splitList(fields.get('accept') ?? '', 100).filter((range) => !/^application\/json\b/i.test(range));
  explained.set('accept', fields.get('explain-accept') ?? (accept.length === 0 ? undefined : accept.join(', ')));
  if (fields.has('explain-user-agent')) explained.set('user-agent', fields.get('explain-user-agent'));
  if (fields.has('explain-profile')) explained.set('format-profile', fields.get('explain-profile'));
  // The page that shows the explanation is a navigation; what it explains is what the fields say.
  return explained;
}

function toAlternative({ plan, why }: FailedAttempt): Explanation['alternatives'][number] {
  return { plan: plannedSteps(plan), why };
}

function alternativesOf(choice: Choice, taken: Plan | undefined): Explanation['alternatives'] {
  const plans = choice.result.plans
    .filter(({ plan }) => plan !== taken)
    .map(({ wish, plan, alternative }) => ({
      plan: plannedSteps(plan),
      why: alternative
        ? `next best chain for ${wish.presentation} (${wish.mediaType})`
        : `ranks lower: ${wish.presentation} (${wish.mediaType}), rank ${wish.rank.join(' / ')}`,
    }));
  return [...plans, ...choice.result.unmet.map((unmet) => ({ plan: [], why: whyUnmet(unmet) }))];
}

function whyUnmet({ wish, reason, missing }: UnmetWish): string {
  const what = `${wish.presentation} (${wish.mediaType})`;
  return reason === 'no-chain'
    ? `${what}: no chain of formatters leads there`
    : `${what}: no formatter meets ${missing.join(', ') || 'all demands together'}`;
}

function plannedSteps(plan: Plan): PlannedStep[] {
  return plan.steps.map(({ formatter, version, from, to, keeps, cost }) => ({
    formatter,
    version,
    from,
    to,
    keeps,
    cost,
  }));
}

/** A target as its client knows it: in front of a site its upstream is nobody's business. */
function addressOf(target: Target): string {
  return target.mode === 'reverse' ? `${target.ownOrigin}/${placeOf(target).rest}` : target.url.href;
}

function explanationPage(explanation: Explanation, target: Target): Reply {
  const { client, original, reply, steps, alternatives, notes } = explanation;
  return makePage({
    title: 'Why this reply',
    place: { gatewayPath: target.gatewayPath, site: target.site },
    body: html`<h1>Why this reply</h1>
<p><a href="/${placeOf(target).rest}">${explanation.target}</a></p>
<table><caption>In short</caption>
${row('Client', `${client.class}, preset ${client.preset}`)}
${row('Because', client.evidence.join('; '))}
${row('Profile', client.profile === null ? 'none stored' : `${client.profile} (${client.reason})`)}
${row('Original', `${original.type || 'no type'}, ${sizeText(original.bytes)}, status ${original.status}`)}
${row('Reply', `${reply.type || 'no type'}, ${sizeText(reply.bytes)}`)}
${row('Chain', reply.chain)}
${row('Vary', explanation.vary ?? 'nothing')}
${row('Caches', `origin ${explanation.cache.origin}, variant ${explanation.cache.variant}`)}
</table>
<h2>Steps</h2>
<table><thead><tr><th scope="col">Formatter</th><th scope="col">ms</th><th scope="col">Bytes in</th><th scope="col">Bytes out</th></tr></thead>
<tbody>${steps.map((step) => html`<tr><td>${step.formatter}</td><td>${step.ms.toFixed(1)}</td><td>${step.bytesIn}</td><td>${step.bytesOut}</td></tr>`)}</tbody></table>
${notes.length > 0 && html`<h2>Notes</h2><ul>${notes.map((note) => html`<li>${note.formatter}: ${note.event} ${JSON.stringify(note.fields)}</li>`)}</ul>`}
<h2>Preferences</h2>
<table><thead><tr><th scope="col">Preference</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
<tbody>${Object.entries(explanation.preferences).map(([path, { value, layer }]) => html`<tr><td>${path}</td><td>${JSON.stringify(value)}</td><td>${layer}</td></tr>`)}</tbody></table>
<h2>Other chains</h2>
<ul>${alternatives.map((each) => html`<li>${each.plan.length === 0 ? '' : `${each.plan.map((step) => step.formatter).join(' → ')}: `}${each.why}</li>`)}</ul>`,
  });
}

function row(name: string, value: string): Html {
  return html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
}

function sizeText(bytes: number | null): string {
  return bytes === null ? 'size not stated' : `${bytes} bytes`;
}
