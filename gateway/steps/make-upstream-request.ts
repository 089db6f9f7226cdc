/** The request the origin gets (design part 3, "To the origin"; P-1, CT-2, CT-9, CT-10). */

import { hasWildcard } from '../../core/accept.ts';
import { isNoTransform } from '../../core/cache-control.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Fields } from '../../core/fields.ts';
import { removeHopByHop } from '../../core/hop-by-hop.ts';
import { readMaxForwards } from '../answer-options.ts';
import { dropForeignHints } from '../client-hints.ts';
import { type CookieJar, type SiteContext, siteOf } from '../cookie-jar.ts';
import { isOwnRequestField, VIA_COMMENT } from '../hop-fields.ts';
import { readPrefixReferer } from '../modes/prefix.ts';
import { readSubdomainPage } from '../modes/subdomain-page.ts';
import type { Subdomains } from '../modes/subdomains.ts';
import { withoutOwnCookies } from '../own-cookies.ts';
import type { Received } from '../received.ts';
import { isIsolated, type Target } from '../target.ts';
import type { Negotiation } from './negotiate.ts';

/** What goes upstream. */
export interface UpstreamOrder {
  readonly method: string;
  readonly url: URL;
  readonly fields: Fields;
  /** True when the reply will be passed through whatever it is, so that ranges and conditions may go upstream. */
  readonly isPassThrough: boolean;
}

export interface UpstreamParts {
  readonly negotiation: Negotiation;
  readonly jar: CookieJar;
  /** Owner of the cookie jar in prefix mode. */
  readonly jarOwner: string | undefined;
  /** Origins of sites' own; `undefined` without. */
  readonly subdomains: Pick<Subdomains, 'originOf'> | undefined;
  /** Our name in Via. */
  readonly pseudonym: string;
}

/** Fields that say who asks: a picture by link is fetched for anybody. */
const PERSONAL = ['cookie', 'authorization', 'origin', 'referer'];
/** Codings we decode. */
const OWN_CODINGS = 'gzip, deflate, br, zstd';
const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-range', 'range'];

/**
 * Makes the upstream request.
 *
 * @throws GatewayError LOOP when the request has come through this gateway before (P-3, threat 4).
 */
export function makeUpstreamRequest(received: Received, target: Target, parts: UpstreamParts): UpstreamOrder {
  checkLoop(received, parts.pseudonym);
  const fields = received.fields.clone();
  removeHopByHop(fields);
  for (const name of fields.names()) if (isOwnRequestField(name)) fields.delete(name);
  fields.delete('host').delete('expect');
  const noTransform = isNoTransform(received.fields);
  const isSafe = received.method === 'GET' || received.method === 'HEAD';
  const isPassThrough =
    noTransform || target.presentation === 'original' || !mayBeFormatted(received, target, parts.negotiation);
  if (!noTransform) setNegotiationFields(fields, target, parts.negotiation);
  if (isSafe && !isPassThrough) for (const name of CONDITIONS) fields.delete(name);
  if (target.picture === undefined) setCookies(fields, received, target, parts);
  else for (const name of PERSONAL) fields.delete(name);
  if (target.mode === 'prefix') dropForeignHints(fields);
  setVia(fields, received, target, parts.pseudonym);
  if (received.method === 'OPTIONS') countForward(fields);
  const method = received.method === 'HEAD' && !isPassThrough ? 'GET' : received.method;
  return { method, url: target.url, fields, isPassThrough };
}

/** Types that an Accept may name to ask for a change. */
const FORMATTABLE =
  /^(?:text\/(?:html|plain|markdown|vnd\.wap\.wml|gemini|csv|tab-separated-values)|application\/(?:json|x-ndjson|xhtml\+xml|vnd\.wap\.xhtml\+xml|epub\+zip)|image\/)/;

function mayBeFormatted(received: Received, target: Target, { unasked, accept }: Negotiation): boolean {
  // CT-1: only GET, HEAD and POST exchanges are transformed.
  if (!/^(?:GET|HEAD|POST)$/.test(received.method)) return false;
  if (target.presentation !== undefined || target.explain || unasked) return true;
  return accept.ranges.some((range) => range.subtype !== '*' && range.q > 0 && FORMATTABLE.test(range.essence));
}

function setNegotiationFields(fields: Fields, target: Target, { accept, acceptText }: Negotiation): void {
  // An explanation's own Accept has been replaced by the one that is explained.
  if (target.explain) fields.set('accept', acceptText);
  if (acceptText !== undefined && !accept.anything && !hasWildcard(accept))
    fields.set('accept', `${acceptText}, */*;q=0.1`);
  fields.set('accept-encoding', OWN_CODINGS);
}

function setCookies(fields: Fields, received: Received, target: Target, parts: UpstreamParts): void {
  if (target.mode !== 'prefix') {
    fields.set('cookie', withoutOwnCookies(fields.get('cookie')));
    return;
  }
  const { jar, jarOwner, subdomains } = parts;
  const page =
    isIsolated(target) && subdomains !== undefined
      ? readSubdomainPage(received.fields, target.url, subdomains)
      : readPrefixReferer(received.fields.get('referer'), received.authority);
  fields.set(
    'cookie',
    jarOwner === undefined ? undefined : jar.cookieField(jarOwner, target.url, siteContext(received, target, page)),
  );
  setFetchSite(fields, target.url, page);
  // Origin and Referer name the page's own address, as its own server knows it; an unknown page is cross-site.
  if (fields.has('origin')) fields.set('origin', page?.origin ?? 'null');
  fields.set('referer', page === undefined ? undefined : refererFor(page, target.url));
}

// The default policy of browsers: strict-origin-when-cross-origin (Referrer Policy 3.7).
function refererFor(page: URL, url: URL): string | undefined {
  if (page.protocol === 'https:' && url.protocol === 'http:') return undefined;
  return page.origin === url.origin ? `${page.origin}${page.pathname}${page.search}` : `${page.origin}/`;
}

// Fetch Metadata 2.3: to a browser all sites of the gateway are one, by which an origin would let in whom it keeps out.
function setFetchSite(fields: Fields, url: URL, page: URL | undefined): void {
  if (!fields.has('sec-fetch-site') || (page === undefined && fields.get('sec-fetch-site') === 'none')) return;
  const isSameSite = page !== undefined && page.protocol === url.protocol && siteOf(page) === siteOf(url);
  fields.set('sec-fetch-site', page?.origin === url.origin ? 'same-origin' : isSameSite ? 'same-site' : 'cross-site');
}

function siteContext(received: Received, target: Target, page: URL | undefined): SiteContext {
  if (page !== undefined && page.protocol === target.url.protocol && siteOf(page) === siteOf(target.url))
    return 'same-site';
  const destination = received.fields.get('sec-fetch-dest');
  // A GET that names its origin is a script's or a WebSocket's (Fetch 3.2), whatever an old browser leaves out.
  const isNavigation = (destination === undefined || destination === 'document') && !received.fields.has('origin');
  return isNavigation && /^(?:GET|HEAD)$/.test(received.method) ? 'cross-site-navigation' : 'cross-site';
}

// P-2, RFC 9110 7.6.2: whoever gets 0 answers itself (`answerOptions`); a malformed number is no number.
function countForward(fields: Fields): void {
  const left = readMaxForwards(fields);
  if (left !== undefined) fields.set('max-forwards', String(Math.max(0, left - 1)));
}

function checkLoop(received: Received, pseudonym: string): void {
  const passed = `${received.fields.get('via') ?? ''}, ${received.fields.get('cdn-loop') ?? ''}`;
  if (passed.includes(pseudonym)) throw new GatewayError('LOOP');
}

function setVia(fields: Fields, received: Received, target: Target, pseudonym: string): void {
  fields.append('via', `${received.httpVersion} ${pseudonym} ${VIA_COMMENT}`);
  // RFC 8586: survives intermediaries that drop Via.
  fields.append('cdn-loop', pseudonym);
  const believed = received.peer.trusted;
  for (const name of [
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-port',
    'forwarded',
    'x-real-ip',
    'x-original-url',
    'x-rewrite-url',
  ])
    fields.delete(name);
  if (!believed) {
    fields.delete('x-forwarded-for');
    // CT-8, H-6: only a trusted peer may speak of the device behind it.
    for (const name of fields.names()) if (name.startsWith('x-device-')) fields.delete(name);
  }
  fields.set('x-forwarded-for', [fields.get('x-forwarded-for'), received.peer.address].filter(Boolean).join(', '));
  if (target.mode !== 'reverse') return;
  fields.set('x-forwarded-host', received.authority);
  fields.set('x-forwarded-proto', received.peer.secure ? 'https' : 'http');
}
