/** What a page needs, made on the back-end's side for the page's client and sent after it, unasked (S5). */
import { parseAccept } from '../../core/accept.ts';
import { VaryRecorder } from '../../core/vary.ts';
import type { Exchange } from '../exchange.ts';
import { makeUpstreamRequest } from '../steps/make-upstream-request.ts';
import type { Target } from '../target.ts';
import type { Bodies } from './bodies.ts';
import { addressOfPart, findParts } from './find-parts.ts';
import type { FoundPart, PartKind } from './found-parts.ts';
import { type KnownParts, readHeldParts } from './held-parts.ts';
import { begunOf, type RenderRequest } from './render-request.ts';
import { readAndPack, render } from './rendered.ts';
import type { HeadOfRendered } from './rendered-head.ts';
import { findInStyle, type PageNames } from './style-parts.ts';

/** A part with what it is on the far side. */
export interface Part extends FoundPart {
  readonly address: string;
  readonly target: Target;
  readonly accept: string;
}

/** A part as it is sent. */
export interface MadePart {
  readonly head: HeadOfRendered;
  readonly bytes: Uint8Array;
  /** Parts that it needs itself. */
  readonly more: readonly Part[];
}

const MAX_PART_BYTES = 2 * 1024 * 1024;
/** Pictures made at a time; one while styles are made: a process is free then for what comes of these. */
const AT_ONCE = 4;
/** What is not there is a part too: it need not be asked for again. */
const SENT_STATUS: ReadonlySet<number> = new Set([200, 404, 410]);
/** Of a page, with what its styles name. */
const MAX_PARTS = 128;

export interface PartsOfPage {
  /** Of the page itself. */
  readonly exchange: Exchange;
  readonly bodies: Bodies;
  /** With `wanted`. */
  readonly request: RenderRequest;
  readonly known: KnownParts;
  readonly names: PageNames;
  /** Those that the client does not hold fresh: text before pictures. */
  readonly missing: readonly Part[];
}

/** @param html the page as its client gets it */
export function partsOfPage(page: Pick<PartsOfPage, 'exchange' | 'request' | 'bodies'>, html: string): PartsOfPage {
  const { request } = page;
  const known = readHeldParts(request.held);
  const base = URL.parse(placeOfPage(request.target)) ?? new URL(request.target.url);
  const { parts, names } = findParts(html, base);
  return { ...page, known, names, missing: parts.flatMap((found) => partOf(found, { request, known })) };
}

/** Where the client finds a page. */
function placeOfPage({ links, ownOrigin, url: text }: RenderRequest['target']): string {
  if (links.mode === 'prefix') return `${ownOrigin}/${text}`;
  const isNamed = links.mode === 'subdomain' || links.mode === 'reverse';
  return isNamed ? text.replace(links.upstreamOrigin, links.siteOrigin) : text;
}

// Only what this very client could ask for by prefix or from the same site.
function partOf(found: FoundPart, { request, known }: Pick<PartsOfPage, 'request' | 'known'>): Part[] {
  const { target, wanted } = request;
  const { links, ownOrigin } = target;
  const { kind, url } = found;
  const accept = wanted?.[kind];
  const address = addressOfPart(url, links);
  if (accept === undefined || known.isFresh(address)) return [];
  const host = links.mode === 'reverse' ? links.siteOrigin : ownOrigin;
  if (links.mode !== 'none' && url.origin !== host) return [];
  const path = url.pathname + url.search;
  const isNamed = links.mode === 'subdomain' || links.mode === 'reverse';
  const own = isNamed ? `${links.upstreamOrigin}${path}` : path.slice(1);
  const inner = links.mode === 'none' ? url : URL.parse(own);
  if (inner === null || !/^https?:$/.test(inner.protocol)) return [];
  const asked: Target = {
    ...target,
    kind: 'resource',
    url: inner,
    presentation: undefined,
    parameters: undefined,
    part: undefined,
    picture: undefined,
    grant: undefined,
    site: undefined,
    explain: false,
  };
  return [{ ...found, address, target: asked, accept }];
}

/** Makes the missing parts, some at a time, and gives them as they are done; what they need themselves comes along. */
export async function* makeParts(page: PartsOfPage): AsyncGenerator<MadePart> {
  const waiting = [...page.missing];
  const seen = new Set(waiting.map(({ address }) => address));
  const running = new Map<Part, Promise<readonly [Part, MadePart]>>();
  const busy = (kind: PartKind) => [...running.keys()].filter((part) => part.kind === kind).length;
  const start = () => {
    for (const part of [...waiting]) {
      const mostPictures = busy('style') > 0 ? 1 : AT_ONCE;
      if (part.kind === 'image' && busy('image') >= mostPictures) break;
      waiting.splice(waiting.indexOf(part), 1);
      running.set(
        part,
        makePart(page, part).then((made) => [part, made] as const),
      );
    }
  };
  start();
  while (running.size > 0) {
    const [part, { more, ...made }] = await Promise.race(running.values());
    running.delete(part);
    const fresh = more.filter(({ address }) => !seen.has(address)).slice(0, Math.max(0, MAX_PARTS - seen.size));
    for (const each of fresh) seen.add(each.address);
    waiting.unshift(...fresh);
    start();
    yield { ...made, more: fresh };
  }
}

async function makePart(page: PartsOfPage, part: Part): Promise<MadePart> {
  const { request, bodies, known } = page;
  const { address } = part;
  const telling = {
    isHeld: (_tag: string | undefined, digest: string) => known.isSame(address, digest),
    dictionary: bodies.get(known.tagOf(address) ?? '-'),
    bodies,
    begun: begunOf(request, address),
  };
  try {
    const exchange = exchangeOf(page.exchange, part);
    const made = await render(exchange, telling);
    if (made.kind === 'stream' && !SENT_STATUS.has(made.head.status)) made.body.destroy();
    if (!SENT_STATUS.has(made.head.status)) return absent(address);
    const whole = made.kind === 'stream' ? await readAndPack(made, MAX_PART_BYTES, telling) : made;
    if (whole.kind === 'stream' || whole.bytes.byteLength > MAX_PART_BYTES) return absent(address);
    const { head, bytes, text } = whole;
    const isThere = head.status === 200;
    // Whether the text needs that writing only the client knows. It is near now, and comes as soon as it is asked for.
    if (part.kind === 'font' && isThere) return absent(address);
    const isRead = isThere && part.kind === 'style' && part.isForLater !== true;
    const needed = isRead ? findInStyle(text, part.url, page.names) : [];
    const instead = isThere || part.instead === undefined ? [] : [part.instead];
    const more = [...needed, ...instead].flatMap((found) => partOf(found, page));
    return { head: { ...head, part: address, kind: part.kind }, bytes, more };
  } catch {
    // Who asks for it alone is told what is wrong with it.
    return absent(address);
  }
}

function absent(part: string): MadePart {
  const head = { status: 0, fields: [], cookies: [], isSame: false, coding: 'identity', part, isAbsent: true } as const;
  return { head, bytes: new Uint8Array(), more: [] };
}

/** As the page's client would ask for the part. */
function exchangeOf(page: Exchange, { kind, target, accept }: Part): Exchange {
  const { gateway, negotiation } = page;
  const fields = page.received.fields.clone().set('accept', accept);
  if (fields.has('sec-fetch-dest')) fields.set('sec-fetch-dest', kind);
  for (const name of ['upgrade-insecure-requests', 'content-type', 'content-length', 'origin']) fields.delete(name);
  const received = { ...page.received, method: 'GET', fields, hasBody: false };
  const read = new VaryRecorder(fields);
  const wishes = { ...negotiation, acceptText: accept, accept: parseAccept(accept) };
  const order = makeUpstreamRequest(received, target, {
    negotiation: wishes,
    jar: gateway.jar,
    jarOwner: undefined,
    subdomains: gateway.rules.subdomains,
    pseudonym: gateway.pseudonym,
  });
  // The page's own origin knows its client by what the front-end sent along; nobody else is told.
  if (target.url.origin === page.order.url.origin) {
    for (const name of ['cookie', 'authorization']) order.fields.set(name, page.order.fields.get(name));
    order.fields.set('referer', page.order.url.href);
  }
  const choice = { ...page.choice, received, target, negotiation: wishes, read };
  return { ...page, received, target, read, negotiation: wishes, order, choice, timings: [] };
}
