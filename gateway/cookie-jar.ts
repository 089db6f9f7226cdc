/**
 * The cookie jar of prefix mode: cookies of origins live here, per client and site, and never reach the client
 * (S-3, threat 23). The rules of matching are RFC 6265bis's, kept by tough-cookie.
 */

import { getDomain } from 'tldts';
import { Cookie, domainMatch, pathMatch } from 'tough-cookie';
import type { Clock } from '../core/clock.ts';
import type { SessionStore } from './session-store.ts';

/** How the request relates to the page that made it (RFC 6265bis 5.2). */
export type SiteContext = 'same-site' | 'cross-site-navigation' | 'cross-site';

export interface CookieJar {
  /** Value of the Cookie field for an upstream request, or `undefined`. */
  cookieField(owner: string, url: URL, context: SiteContext): string | undefined;
  /** Takes the Set-Cookie lines of an upstream response. */
  take(owner: string, url: URL, lines: readonly string[]): void;
  forget(owner: string): void;
}

const MAX_COOKIE_CHARACTERS = 4_096;

export function makeCookieJar(store: SessionStore, clock: Clock): CookieJar {
  return {
    cookieField(owner, url, context) {
      const site = siteOf(url);
      const now = clock.now();
      const found: Cookie[] = [];
      for (const row of store.cookies(owner, site)) {
        const cookie = Cookie.fromJSON(row.value);
        if (cookie === undefined) continue;
        if (endOf(cookie) <= now) store.removeCookie(owner, site, row);
        else if (isSent(cookie, url, context)) found.push(cookie);
      }
      // RFC 6265 5.4: longer paths first, then the older cookie.
      found.sort((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0) || creationOf(a) - creationOf(b));
      return found.length === 0 ? undefined : found.map((cookie) => cookie.cookieString()).join('; ');
    },
    take(owner, url, lines) {
      for (const line of lines) {
        const cookie = readCookie(line, url, clock);
        if (cookie === undefined) continue;
        const row = { domain: cookie.domain!, path: cookie.path!, name: cookie.key };
        const ends = endOf(cookie);
        if (ends <= clock.now()) store.removeCookie(owner, siteOf(url), row);
        else store.putCookie(owner, siteOf(url), { ...row, value: JSON.stringify(cookie.toJSON()) });
      }
    },
    forget: (owner) => store.forget(owner),
  };
}

/** Registrable domain, or the host itself for addresses and single labels; with the scheme-less "site" of RFC 6265bis. */
export function siteOf(url: URL): string {
  return getDomain(url.hostname, { allowPrivateDomains: true }) ?? url.hostname;
}

function isSent(cookie: Cookie, url: URL, context: SiteContext): boolean {
  const host = url.hostname;
  if (cookie.hostOnly ? cookie.domain !== host : domainMatch(host, cookie.domain ?? '') !== true) return false;
  if (!pathMatch(url.pathname, cookie.path ?? '/')) return false;
  if (cookie.secure && url.protocol !== 'https:' && !isLoopback(host)) return false;
  if (context === 'same-site' || cookie.sameSite === 'none') return true;
  // Absent SameSite counts as Lax (RFC 6265bis 5.7).
  return cookie.sameSite !== 'strict' && context === 'cross-site-navigation';
}

// RFC 6265 5.3 with the prefixes of 6265bis 4.1.3.
function readCookie(line: string, url: URL, clock: Clock): Cookie | undefined {
  const cookie = line.length <= MAX_COOKIE_CHARACTERS ? Cookie.parse(line, { loose: true }) : undefined;
  if (cookie === undefined) return undefined;
  const host = url.hostname;
  const domain = cookie.domain?.replace(/^\./, '').toLowerCase();
  if (domain !== undefined && domain !== '' && domain !== host) {
    // A cookie for a whole public suffix would be shared by strangers.
    if (domainMatch(host, domain) !== true || getDomain(domain, { allowPrivateDomains: true }) === null)
      return undefined;
    cookie.domain = domain;
    cookie.hostOnly = false;
  } else {
    cookie.hostOnly = domain === undefined || domain === '';
    cookie.domain = host;
  }
  if (cookie.path === null || !cookie.path.startsWith('/')) cookie.path = url.pathname.replace(/\/[^/]*$/, '') || '/';
  if (cookie.secure && url.protocol !== 'https:' && !isLoopback(host)) return undefined;
  if (cookie.key.startsWith('__Secure-') && !cookie.secure) return undefined;
  if (cookie.key.startsWith('__Host-') && !(cookie.secure && cookie.hostOnly && cookie.path === '/')) return undefined;
  cookie.creation = new Date(clock.now());
  return cookie;
}

function creationOf(cookie: Cookie): number {
  return cookie.creation instanceof Date ? cookie.creation.getTime() : 0;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '[::1]';
}

/** Milliseconds since 1970 at which a cookie ends; infinite for session cookies, which end with the jar. */
function endOf(cookie: Cookie): number {
  return cookie.expiryTime(cookie.creation instanceof Date ? cookie.creation : undefined) ?? Number.POSITIVE_INFINITY;
}
