/** How the addresses in a resource map to those the client is given, and back. */
import type { PlainData } from '../component.ts';
import { formatLabel } from './subdomain-label.ts';

/**
 * What happens to addresses; plain data, so that it may stand in a plan.
 *
 * - `prefix`: the target rides in our path, `/https://host/path`. `publicOrigin` is ours.
 * - `reverse`: the upstream's origin becomes the site's; others stay. `gatewayPath` is where our own pages are.
 * - `subdomain`: prefix mode where each origin has a name of its own below `below`; `siteOrigin` is the page's.
 * - `none`: addresses stay.
 */
export type LinkMap =
  | { readonly mode: 'prefix'; readonly publicOrigin: string }
  | {
      readonly mode: 'reverse';
      readonly siteOrigin: string;
      readonly upstreamOrigin: string;
      readonly gatewayPath: string;
    }
  | {
      readonly mode: 'subdomain';
      readonly siteOrigin: string;
      readonly upstreamOrigin: string;
      readonly publicOrigin: string;
      /** As an origin: `https://sites.example:8443`. */
      readonly below: string;
    }
  | { readonly mode: 'none' };

/** A target found in a path. `isCanonical` is false for a spelling that should be redirected to `/` + `href`. */
export interface PathTarget {
  /** `https://host/path?query`, as it was written: not yet checked. */
  readonly href: string;
  readonly isCanonical: boolean;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const PREFIXED = /^\/https?:\/\/[^/?#]/i;
// These can run code, read local data or stand for another document's memory.
const DROPPED_SCHEMES = new Set('javascript vbscript livescript mocha jar blob filesystem file view-source'.split(' '));
// Media that a browser shows as a picture, sound or font and never as a document.
const SAFE_DATA = /^data:(?:image|font|audio|video)\/(?!svg|[^,;]*xml)|^data:application\/(?:x-)?font/i;

/** A LinkMap read from plain data (the `links` demand); `undefined` when it is none. */
export function readLinkMap(value: PlainData | undefined): LinkMap | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { mode, publicOrigin, siteOrigin, upstreamOrigin, gatewayPath, below } = value;
  if (mode === 'none') return { mode };
  if (mode === 'prefix' && typeof publicOrigin === 'string') return { mode, publicOrigin };
  if (typeof siteOrigin !== 'string' || typeof upstreamOrigin !== 'string') return undefined;
  if (mode === 'subdomain' && typeof publicOrigin === 'string' && typeof below === 'string')
    return { mode, siteOrigin, upstreamOrigin, publicOrigin, below };
  if (mode !== 'reverse') return undefined;
  return { mode, siteOrigin, upstreamOrigin, gatewayPath: typeof gatewayPath === 'string' ? gatewayPath : '/-/' };
}

/**
 * The address a client is given for `href`, found in a resource whose base is `base`.
 *
 * `undefined` means that it must not be given out: a script, a document in a `data:` URL, or no address at all. A
 * reference to a place within the page, and `mailto:` or `tel:`, stay. Encoded exactly once (S-6): mapping twice
 * changes nothing.
 *
 * @example toClient({ mode: 'prefix', publicOrigin: 'http://gw' }, '../b?c#d', 'https://e.org/x/a') // '/https://e.org/b?c#d'
 */
export function toClient(map: LinkMap, href: string, base: string): string | undefined {
  const text = cleanAddress(href);
  if (text === '' || text.startsWith('#')) return text;
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return otherScheme(scheme, text);
  if (map.mode === 'none') return text;
  if (map.mode === 'prefix' && PREFIXED.test(text)) return text;
  const url = readUrl(text, base);
  if (url === undefined) return undefined;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  if (map.mode === 'prefix') return url.origin === map.publicOrigin ? pathOf(url) : `/${withoutUser(url).href}`;
  if (url.origin !== map.upstreamOrigin && url.origin !== map.siteOrigin) {
    if (map.mode === 'subdomain') return toSubdomain(map, url);
    return scheme !== undefined || text.startsWith('//') ? text : url.href;
  }
  // An absolute address stays one: it may be read apart from the page (a canonical link, a feed).
  return scheme === undefined ? pathOf(url) : map.siteOrigin + pathOf(url);
}

/**
 * The origin by which clients know another one, below a name; `undefined` where no label holds it.
 *
 * @example subdomainOf('https://sites.example', 'https://e.org') // 'https://e-org.sites.example'
 */
export function subdomainOf(below: string, origin: string): string | undefined {
  const label = formatLabel(origin);
  return label === undefined ? undefined : below.replace('://', `://${label}.`);
}

// What no label holds goes by way of the gateway's own host, which knows another.
function toSubdomain({ publicOrigin, below }: LinkMap & { mode: 'subdomain' }, url: URL): string {
  const [scheme, name] = below.split('://');
  if (url.origin === publicOrigin || (url.protocol === `${scheme}:` && url.host.endsWith(`.${name}`))) return url.href;
  const clean = withoutUser(url);
  const own = subdomainOf(below, clean.origin);
  return own === undefined ? `${publicOrigin}/${clean.href}` : own + clean.href.slice(clean.origin.length);
}

/**
 * The target in a path of prefix mode; `undefined` when there is none. Takes `/https://host/…`, `/https:/host/…` (some
 * proxy collapsed the slashes) and a target that is percent-encoded whole, which is decoded once (S-6).
 *
 * @example toTarget('/https:/example.org/a?b') // { href: 'https://example.org/a?b', isCanonical: false }
 */
export function toTarget(path: string): PathTarget | undefined {
  const match = /^\/(https?)(:|%3a)(\/{1,2}|%2f%2f|%2f)/i.exec(path);
  if (match === null) return undefined;
  const scheme = match[1]!.toLowerCase();
  const rest = path.slice(match[0].length);
  if (match[3]!.startsWith('%')) {
    const decoded = decodeOnce(rest);
    return decoded === undefined ? undefined : { href: `${scheme}://${decoded}`, isCanonical: false };
  }
  return { href: `${scheme}://${rest}`, isCanonical: match[0] === `/${scheme}://` };
}

/** As the URL standard has it: no spaces or controls around, no tab or line feed within. */
export function cleanAddress(href: string): string {
  // Almost every address is clean already.
  if (!/[\u0000-\u0020]/.test(href)) return href;
  return href.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, '').replace(/[\t\n\r]/g, '');
}

/** `href` resolved against `base`; `undefined` when either is no address. */
export function readUrl(href: string, base?: string): URL | undefined {
  return URL.parse(href, base) ?? undefined;
}

function otherScheme(scheme: string, text: string): string | undefined {
  if (DROPPED_SCHEMES.has(scheme)) return undefined;
  return scheme === 'data' && !SAFE_DATA.test(text) ? undefined : text;
}

function pathOf(url: URL): string {
  const clean = withoutUser(url);
  const path = clean.href.slice(clean.origin.length);
  // A path that starts with two slashes would name another host.
  return path.startsWith('//') ? `/.${path}` : path;
}

// Names and passwords in links end up in logs and Referer fields (threat 8).
function withoutUser(url: URL): URL {
  url.username = '';
  url.password = '';
  return url;
}

function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not UTF-8 behind the percent signs: no target that we could have written.
    return undefined;
  }
}
