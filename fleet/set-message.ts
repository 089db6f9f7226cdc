/** A request for a set as the set sees it: web-standard, the path below its mount. */
import type { SetRequest } from '../core/fleet.ts';

/** Fields that fetch itself is the master of. */
const NOT_SENT: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

export function requestForSet({
  route,
  url,
  method,
  fields,
  body,
  signal,
}: Pick<SetRequest, 'url' | 'method' | 'fields' | 'body' | 'signal'> & {
  readonly route: Pick<SetRequest['route'], 'strip'>;
}): Request {
  const path = url.pathname.startsWith(route.strip) ? url.pathname.slice(route.strip.length) : url.pathname;
  const below = new URL(`${url.origin}${path.startsWith('/') ? '' : '/'}${path}${url.search}`);
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD';
  return new Request(below, {
    method,
    headers: fields.entries().filter(([name]) => !NOT_SENT.has(name)) as [string, string][],
    ...(hasBody ? { body: new Uint8Array(body) } : {}),
    signal,
  });
}
