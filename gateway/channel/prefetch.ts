/**
 * The page that a page calls the next one, asked for before its client does, while the link has nothing else to carry. Off
 * by default: it costs bytes that may be for nothing. Origins are told (`Sec-Purpose: prefetch`), and so is who looks at
 * Cache-Status.
 */
import { VaryRecorder } from '../../core/vary.ts';
import { type Exchange, prepare } from '../exchange.ts';
import { attributeOf, readTags } from '../read-tags.ts';
import { findRoute } from '../steps/find-route.ts';
import { isAnsweredHere } from './answered-here.ts';
import { ask, isPrefetch, questionOf } from './ask.ts';
import type { FrontEndState } from './front-end-state.ts';
import { type Asker, askerOf } from './held-replies.ts';

/** Elements in which a page names the one after it: by relation, or by a word alone. */
const ELEMENTS: ReadonlySet<string> = new Set(['link', 'a', 'area']);
const MAX_WORD_LENGTH = 40;
const NEXT_WORD =
  /^\s*(?:next(?: page)?|weiter|suivante?|siguiente|avanti|volgende|следующая|次へ|下一页)\s*[>»›→]?\s*$/i;

/** Where a page says one goes on; `undefined` where it does not, or leads to another host. */
function nextPageOf(html: string, base: URL): URL | undefined {
  for (const { name, attributes, end } of readTags(html)) {
    if (!ELEMENTS.has(name)) continue;
    const isNext = attributeOf(attributes, 'rel').toLowerCase().split(/\s+/).includes('next');
    const [text = ''] = html.slice(end, end + MAX_WORD_LENGTH).split('<', 1);
    if (!isNext && !NEXT_WORD.test(text)) continue;
    const url = URL.parse(attributeOf(attributes, 'href'), base);
    if (url === null || url.host !== base.host || !/^https?:$/.test(url.protocol)) continue;
    url.hash = '';
    return url.href === base.href ? undefined : url;
  }
  return undefined;
}

/**
 * The exchange of a page as its client would ask for it; `undefined` where that is no page of an origin.
 *
 * @param signal fires when it is no longer wanted
 * @throws GatewayError
 */
async function exchangeOfNext(page: Exchange, next: URL, signal: AbortSignal): Promise<Exchange | undefined> {
  const { received, gateway } = page;
  const fields = received.fields.clone().set('sec-purpose', 'prefetch').set('referer', baseOf(page).href);
  for (const name of ['if-none-match', 'if-modified-since', 'cache-control', 'pragma']) fields.delete(name);
  const place = received.form === 'absolute' ? { absolute: next.href } : { path: next.pathname + next.search };
  const asked = { ...received, ...place, fields, hasBody: false, signal };
  const route = findRoute(asked, gateway.rules);
  if (route.kind !== 'resource' || route.explain) return undefined;
  return await prepare(asked, route, new VaryRecorder(fields), gateway);
}

/** Where its client sees a page. */
function baseOf({ received }: Exchange): URL {
  const { form, absolute, path, authority, peer } = received;
  return new URL(form === 'absolute' ? absolute! : `${peer.secure ? 'https' : 'http'}://${authority}${path}`);
}

/** Asks for the page after this one, where bytes are given for it and the link is idle. Never rejects: nobody has asked for it. */
export async function prefetchAfter(
  page: Exchange,
  { body, asker, state }: { readonly body: Uint8Array; readonly asker: Asker; readonly state: FrontEndState },
): Promise<void> {
  if (state.prefetchBytes === 0 || isPrefetch(page)) return;
  const next = nextPageOf(Buffer.from(body).toString('utf8'), baseOf(page));
  if (next === undefined || state.asking > 0 || !state.backEnd.isUp) return;
  const left = new AbortController();
  const bundle = state.coming.open(asker.client, () => left.abort());
  try {
    const exchange = await exchangeOfNext(page, next, left.signal);
    if (exchange === undefined || isAnsweredHere(exchange)) return;
    const nextAsker = askerOf(exchange);
    if (state.held.find(nextAsker, exchange.received.fields) !== undefined) return;
    bundle.expect([nextAsker.place]);
    await ask(exchange, await questionOf(exchange, nextAsker, { found: undefined, state }));
  } catch (error) {
    state.log.debug('a page was not prefetched', { reason: (error as Error).message });
  } finally {
    bundle.close();
  }
}
