/** Step `reply`: the finished reply, formatted or passed through, with validators of its own and conditions answered. */
import { codingQuality, parseAcceptEncoding } from '../../core/accept-encoding.ts';
import { evaluateConditions } from '../../core/conditional.ts';
import { formatEntityTag, readEntityTag } from '../../core/etag.ts';
import type { Fields } from '../../core/fields.ts';
import { VaryRecorder } from '../../core/vary.ts';
import { isDecodable } from '../../egress/decode.ts';
import { decodeBody } from '../../egress/read-body.ts';
import type { OriginalFacts } from '../cache/original-index.ts';
import type { Variant } from '../cache/variant-cache.ts';
import { codingFor, encodeBody } from '../content-coding.ts';
import { isDocument } from '../document-types.ts';
import { type Exchange, replyContext } from '../exchange.ts';
import { dropByteFields, dropContentDigests, dropDigests } from '../hop-fields.ts';
import { asPart } from '../range.ts';
import type { Reply } from '../reply.ts';
import type { Trace } from '../traffic/trace.ts';
import { type Choice, isSameForAll, type PassReason, reachablePresentations } from './choose.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import { insistedUrl } from './https-upgrade.ts';
import { traceOf } from './make-trace.ts';
import { formatServer } from './own-set.ts';
import {
  addFormatLinks,
  applyNotes,
  type CacheReport,
  finishFields,
  formatChain,
  setAge,
  takeOriginFields,
} from './reply-fields.ts';

export interface VariantReply {
  readonly facts: OriginalFacts;
  readonly cache: CacheReport['origin'];
  readonly variant: Variant;
  readonly choice: Choice;
  readonly hit: boolean;
  readonly collapsed: boolean;
}

/** Types of the alternates that are offered on documents. */
const ALTERNATES: Readonly<Record<string, string>> = {
  markdown: 'text/markdown',
  text: 'text/plain',
  lite: 'text/html',
  article: 'text/html',
};

/** A reply with what formatters made. */
export async function replyWithVariant(exchange: Exchange, made: VariantReply): Promise<Reply> {
  const { received, target, read, gateway } = exchange;
  const { facts, variant } = made;
  const fields = takeOriginFields(facts.fields, exchange, facts.url);
  dropByteFields(fields);
  fields
    .delete('content-encoding')
    .delete('content-length')
    .delete('last-modified')
    .delete('etag')
    .delete('transfer-encoding');
  const isText = variant.charset !== undefined;
  fields.set('content-type', isText ? `${variant.mediaType}; charset=${variant.charset}` : variant.mediaType);
  // What is shown in another form is no longer the file to be saved under that name.
  if (variant.plan.to !== variant.plan.from) fields.delete('content-disposition');
  applyNotes(fields, variant.notes, target, facts.url);
  nameUpgraded(fields, target);
  setAge(fields, facts, gateway.clock);
  fields.set('format-chain', formatChain(variant.plan));
  if (variant.madeBy !== undefined) fields.set('format-server', formatServer(variant.madeBy));
  addFormatLinks(fields, target, alternatesOf(exchange, variant));
  const coding = codingFor(variant.mediaType, variant.body.byteLength, read);
  // P-7: one tag for each coding; C-12: a function of the variant key.
  const tag = {
    opaque: coding === 'identity' ? variant.key : `${variant.key}-${coding}`,
    weak: !variant.plan.deterministic,
  };
  fields.set('etag', formatEntityTag(tag));
  finishFields(fields, replyContext(exchange, { origin: made.cache, variant: made }), variant.mediaType);
  const trace = traceOf(exchange, {
    original: facts.fields,
    reply: fields,
    decodedBytes: facts.bytes,
    originHit: made.cache.hit,
    variantHit: made.hit,
    presentation: made.choice.kind === 'format' ? made.choice.best.wish.presentation : 'original',
  });
  if (isNotModified(exchange, fields, facts.status)) return notModified(fields, trace);
  const body = await encodeBody(variant.body, coding, variant.coded);
  if (coding !== 'identity') fields.set('content-encoding', coding);
  fields.set('content-length', String(body.byteLength));
  return asPart({ status: facts.status, fields, body: received.method === 'HEAD' ? undefined : body, trace }, received);
}

/** A reply with the origin's bytes, streamed. */
export async function passOriginal(asked: Exchange, fetched: FetchedOriginal, reason: PassReason): Promise<Reply> {
  const exchange = withoutClient(asked, fetched);
  const { received } = exchange;
  const fields = passFields(exchange, fetched, reason);
  const isHead = received.method === 'HEAD';
  const trace = traceOfPass(exchange, fetched, fields);
  if (fetched.status < 300 && isNotModified(exchange, fields, fetched.status, dateOfStored(fetched))) {
    fetched.response.body.destroy();
    return notModified(fields, trace);
  }
  if (isHead || fetched.status === 204 || fetched.status === 304) {
    fetched.response.body.destroy();
    return asWanted(exchange, fetched, { status: fetched.status, fields, body: undefined, trace });
  }
  fetched.response.passThrough();
  const codings = fetched.response.contentCoding;
  const isTaken = codings.length === 0 || reason === 'no-transform' || isCodingTaken(exchange, codings);
  if (isTaken || !isDecodable(codings))
    return asWanted(exchange, fetched, { status: fetched.status, fields, body: fetched.response.body, trace });
  recode(fields);
  fields.delete('content-encoding').delete('content-length');
  return { status: fetched.status, fields, body: decodeBody(fetched.response), trace };
}

/** A reply with the origin's bytes, which have been read already. */
export async function passBody(
  asked: Exchange,
  { fetched, body, reason }: { fetched: FetchedOriginal; body: Uint8Array; reason: PassReason },
): Promise<Reply> {
  const exchange = withoutClient(asked, fetched);
  const fields = passFields(exchange, fetched, reason);
  const coding = codingFor(fetched.essence, body.byteLength, exchange.read, false);
  if (coding !== (fetched.fields.get('content-encoding') ?? 'identity')) recode(fields);
  fields.delete('content-encoding');
  fields.set('vary', exchange.read.vary(fields.get('vary')));
  const trace = traceOfPass(exchange, fetched, fields, body);
  if (isNotModified(exchange, fields, fetched.status)) return notModified(fields, trace);
  const encoded = await encodeBody(body, coding, new Map());
  if (coding !== 'identity') fields.set('content-encoding', coding);
  fields.set('content-length', String(encoded.byteLength));
  const isHead = exchange.received.method === 'HEAD';
  return asWanted(exchange, fetched, { status: fetched.status, fields, body: isHead ? undefined : encoded, trace });
}

// What anybody gets was not chosen by who asks. But in prefix mode the jar's cookies may have chosen it, and for some clients
// https stands in for a redirect to it.
function withoutClient(exchange: Exchange, fetched: FetchedOriginal): Exchange {
  const { target, received, client } = exchange;
  if (target.mode === 'prefix' || target.upgraded !== undefined) return exchange;
  if (insistedUrl(target.url, fetched) !== undefined || !isSameForAll(fetched, exchange.choice)) return exchange;
  return { ...exchange, read: new VaryRecorder(received.fields), client: { ...client, personal: false } };
}

// Where Range went to the origin, its answer is the origin's own.
function asWanted({ order, received }: Exchange, { response }: FetchedOriginal, reply: Reply): Reply {
  const isStored = response.isStored === true;
  return order.fields.has('range') && !isStored ? reply : asPart(reply, received, isStored);
}

function traceOfPass(exchange: Exchange, fetched: FetchedOriginal, reply: Fields, body?: Uint8Array): Trace {
  return traceOf(exchange, {
    original: fetched.fields,
    reply,
    decodedBytes: body?.byteLength,
    originHit: fetched.cache.hit,
    presentation: 'original',
  });
}

function passFields(exchange: Exchange, fetched: FetchedOriginal, reason: PassReason): Fields {
  const { target, gateway, order, read } = exchange;
  const fields = takeOriginFields(fetched.fields, exchange, fetched.url);
  // A range was only asked for where the body passes; elsewhere none can be had (P-8).
  if (!order.isPassThrough) fields.delete('accept-ranges');
  if (fetched.fields.has('content-encoding')) read.add('accept-encoding');
  fields.set('format-chain', `none;reason=${reason}`);
  nameUpgraded(fields, target);
  setAge(fields, fetched, gateway.clock);
  if (reason !== 'no-transform' && fetched.status < 300) addFormatLinks(fields, target, []);
  finishFields(fields, replyContext(exchange, { origin: fetched.cache }), fetched.essence);
  return fields;
}

function alternatesOf({ choice }: Exchange, variant: Variant): { presentation: string; mediaType: string }[] {
  // A picture has no other forms but other formats, which Accept asks for.
  if (!isDocument(variant.plan.from)) return [];
  return reachablePresentations(variant.plan.from, choice)
    .filter((presentation) => ALTERNATES[presentation] !== undefined)
    .filter((presentation) => ALTERNATES[presentation] !== variant.mediaType)
    .map((presentation) => ({ presentation, mediaType: ALTERNATES[presentation]! }));
}

// RFC 9110 8.7: what the client gets is the representation of that address.
function nameUpgraded(fields: Fields, { upgraded }: Exchange['target']): void {
  if (upgraded !== undefined) fields.set('content-location', upgraded.href);
}

function isCodingTaken({ received }: Exchange, codings: readonly string[]): boolean {
  const accepted = parseAcceptEncoding(received.fields.get('accept-encoding'));
  return !accepted.missing && codings.every((each) => codingQuality(accepted, each) > 0);
}

// P-12, P-13, N-8: conditions are judged against our own validator, on the fields the 200 would have.
function isNotModified({ received }: Exchange, fields: Fields, status: number, date?: string): boolean {
  const outcome = evaluateConditions({
    method: received.method,
    fields: received.fields,
    etag: fields.get('etag'),
    lastModified: fields.get('last-modified') ?? date,
    status,
  });
  return outcome === 'not-modified';
}

// RFC 9111 4.3.2: If-Modified-Since is held against the date of what is stored, where it has no other.
function dateOfStored({ response, fields }: FetchedOriginal): string | undefined {
  return response.isStored === true ? fields.get('date') : undefined;
}

// RFC 9110 15.4.5: what the 200 would have said of caching and selection, and nothing of the body.
function notModified(fields: Fields, trace: Trace): Reply {
  for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language', 'transfer-encoding'])
    fields.delete(name);
  dropContentDigests(fields);
  return { status: 304, fields, body: undefined, trace };
}

// P-6, P-7, P-14: the bytes differ from those the origin's strong tag, its digests and its signatures stand for.
function recode(fields: Fields): void {
  dropDigests(fields);
  const tag = readEntityTag(fields.get('etag'));
  if (tag !== undefined) fields.set('etag', formatEntityTag({ ...tag, weak: true }));
}
