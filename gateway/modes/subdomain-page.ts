/** Which page made a request to a subdomain, as its own server knows it (S-3). */
import type { Fields } from '../../core/fields.ts';
import type { Subdomains } from './subdomains.ts';

/**
 * The page, or its origin where no more is told; `undefined` for an unknown one, which counts as another site's. Only what
 * a browser says itself is believed: scripts can set none of these fields to another page's.
 */
export function readSubdomainPage(
  fields: Fields,
  target: URL,
  subdomains: Pick<Subdomains, 'originOf'>,
): URL | undefined {
  const page = upstreamOf(fields.get('referer'), subdomains);
  if (page !== undefined) return page;
  if (fields.get('sec-fetch-site') === 'same-origin') return new URL(target.origin);
  return upstreamOf(fields.get('origin'), subdomains);
}

function upstreamOf(text: string | undefined, subdomains: Pick<Subdomains, 'originOf'>): URL | undefined {
  const url = text === undefined ? null : URL.parse(text);
  const origin = url === null ? undefined : subdomains.originOf(url.host);
  return origin === undefined ? undefined : new URL(url!.href.slice(url!.origin.length), origin);
}
