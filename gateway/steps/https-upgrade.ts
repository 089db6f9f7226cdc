/**
 * Forward mode for clients that cannot do today's https (design part 3): where an origin answers http with a redirect to
 * the same address by https, that is fetched in their stead and shown under the http address they asked for.
 */
import { GatewayError } from '../../core/errors.ts';
import type { Fields } from '../../core/fields.ts';
import type { Exchange } from '../exchange.ts';

const CLASSES: ReadonlySet<string> = new Set(['feature-phone', 'e-reader']);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);

/** Whether https may stand in for http here: for what carries no credentials, and for clients that need it. */
export function mayUpgrade({ received, order }: Exchange, isWanted: boolean): boolean {
  if (!isWanted || (received.method !== 'GET' && received.method !== 'HEAD')) return false;
  return !order.fields.has('cookie') && !order.fields.has('authorization');
}

/** Whether the client is one of those who need it, and asks by http in forward mode. */
export function wantsUpgrade({ target, client, negotiation }: Exchange): boolean {
  if (target.mode !== 'forward' || target.url.protocol !== 'http:') return false;
  return CLASSES.has(client.detection.class) || negotiation.preferences.httpsUpgrade;
}

/** Where an origin insists on https: the same host, path and query. Any other redirect is the client's to follow. */
export function insistedUrl(url: URL, { status, fields }: { status: number; fields: Fields }): URL | undefined {
  const location = REDIRECTS.has(status) ? fields.getAll('location')[0] : undefined;
  const secure = location === undefined ? null : URL.parse(location, url);
  if (secure === null || secure.protocol !== 'https:' || secure.hostname !== url.hostname) return undefined;
  return secure.pathname === url.pathname && secure.search === url.search && secure.username === ''
    ? secure
    : undefined;
}

/**
 * A form of a page that came by https must not be sent in the clear because the page was shown under http.
 *
 * @throws GatewayError FORBIDDEN for what carries a body to a host that insists on https.
 */
export function refuseClearForm(exchange: Exchange, isWanted: boolean): void {
  const { received, target, gateway } = exchange;
  if (!isWanted || !received.hasBody || !gateway.insisting.has(target.url.host)) return;
  throw new GatewayError('FORBIDDEN', {
    why: `${target.url.host} takes forms by https only, and this gateway does not send them in the clear`,
  });
}

/** The exchange as its reply is made: addresses of the same host stay within reach, and the page says what was done. */
export function asUpgraded(exchange: Exchange, secure: URL): Exchange {
  const links = {
    mode: 'reverse',
    siteOrigin: exchange.target.url.origin,
    upstreamOrigin: secure.origin,
    gatewayPath: exchange.target.gatewayPath,
  } as const;
  const target = { ...exchange.target, links, upgraded: secure };
  return { ...exchange, target, choice: { ...exchange.choice, target } };
}
