/** Redirects followed by hand (threat 3): every hop is a request of its own, checked as the first was. */
import type { Readable } from 'node:stream';
import { GatewayError } from '../core/errors.ts';
import { parseTargetUrl } from './target-url.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { UpstreamResponse } from './upstream-response.ts';

/** Hops followed at most. */
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
// What one origin must not learn of another (threat 23; CVE-2022-31151 and CVE-2023-45143 elsewhere).
const SECRET = ['authorization', 'cookie', 'proxy-authorization', 'host', 'origin', 'referer'];
const BODY_FIELDS = ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location'];

type FetchOnce = (request: UpstreamRequest) => Promise<UpstreamResponse>;

/**
 * Fetches and follows redirects, within the origin (`same`) or anywhere (`any`). A redirect that is not followed is the
 * response: one to another origin under `same`, one without a Location, one that would repeat a streamed body.
 *
 * @throws GatewayError UPSTREAM_REDIRECTS after 5 hops; BLOCKED_TARGET or BAD_TARGET for a hop to where nothing may go.
 */
export async function followRedirects(fetchOnce: FetchOnce, first: UpstreamRequest): Promise<UpstreamResponse> {
  let request = first;
  for (let hops = 0; ; hops++) {
    const response = await fetchOnce(request);
    const next = nextRequest(request, response);
    if (next === undefined) return response;
    response.body.destroy();
    if (hops === MAX_REDIRECTS) throw new GatewayError('UPSTREAM_REDIRECTS', { host: request.url.host });
    request = next;
  }
}

function nextRequest(request: UpstreamRequest, response: UpstreamResponse): UpstreamRequest | undefined {
  const location = response.fields.getAll('location')[0];
  if (!REDIRECTS.has(response.status) || location === undefined) return undefined;
  const resolved = URL.parse(location, request.url);
  if (resolved === null) return undefined;
  const isSameOrigin = resolved.origin === request.url.origin;
  if (!isSameOrigin && request.followRedirects !== 'any') return undefined;
  // A relative Location is resolved first; what comes out is held to the rules of any target.
  const url = parseTargetUrl(resolved.href);
  const becomesGet =
    response.status === 303 ? request.method !== 'HEAD' : response.status < 303 && request.method === 'POST';
  if (!becomesGet && isStream(request.body)) return undefined;
  const fields = request.fields.clone();
  if (!isSameOrigin) for (const name of SECRET) fields.delete(name);
  if (becomesGet) for (const name of BODY_FIELDS) fields.delete(name);
  return { ...request, url, fields, ...(becomesGet ? { method: 'GET', body: undefined } : {}) };
}

function isStream(body: Uint8Array | Readable | undefined): boolean {
  return body !== undefined && !(body instanceof Uint8Array);
}
