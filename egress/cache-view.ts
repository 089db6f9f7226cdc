/**
 * How the cache interceptor sees a response. It knows nothing of targeted cache control (C-7) nor of must-understand, and
 * stores under any Vary, so it is shown fields that say what it should do, and the origin's own words ride along under names
 * of ours.
 */
import {
  type CacheDirectives,
  effectiveCacheControl,
  formatCacheControl,
  readAgeSeconds,
} from '../core/cache-control.ts';
import type { Fields } from '../core/fields.ts';
import { parseVary } from '../core/vary.ts';

const ORIGINAL = 'gw-original-';
const REPLACED = ['cache-control', 'expires'] as const;
/** Threat 31. */
const MAX_VARY = 16;

/** Status codes whose caching is known here, as RFC 9110 15 gives it: 206 is for the parts, 304 for what is stored. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 304, 400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 416,
  417, 421, 422, 426, 451, 500, 501, 502, 503, 504, 505,
]);

/** Prepares an origin's fields for the cache, in place. */
export function toCacheView(fields: Fields, status: number): void {
  for (const name of REPLACED) fields.delete(`${ORIGINAL}${name}`);
  // C-8; and RFC 9111 5.1: an Age that is no number is as if absent, of several the first counts.
  fields.delete('warning');
  const age = readAgeSeconds(fields.get('age'));
  fields.set('age', age === undefined ? undefined : String(age));
  const vary = parseVary(fields.get('vary'));
  if (vary !== '*' && vary.length > MAX_VARY) {
    replace(fields, 'no-store');
    return;
  }
  const { directives, target } = effectiveCacheControl(fields);
  if (directives.has('must-understand')) replace(fields, formatCacheControl(asUnderstood(directives, status)));
  else if (target !== undefined) replace(fields, formatCacheControl(directives) || 'no-cache');
}

// RFC 9111 5.2.2.3: who understands the status heeds what stands beside `no-store`, others do not store it.
function asUnderstood(directives: CacheDirectives, status: number): CacheDirectives {
  const rest = new Map(directives);
  if (UNDERSTOOD.has(status)) rest.delete('no-store');
  else rest.set('no-store', true);
  return rest;
}

function replace(fields: Fields, cacheControl: string): void {
  for (const name of REPLACED) {
    const own = fields.get(name);
    fields.set(`${ORIGINAL}${name}`, own ?? '');
    fields.delete(name);
  }
  fields.set('cache-control', cacheControl);
}

/** Gives the origin its own words back, in place. */
export function fromCacheView(fields: Fields): void {
  fields.delete('warning');
  for (const name of REPLACED) {
    const own = fields.get(`${ORIGINAL}${name}`);
    fields.delete(`${ORIGINAL}${name}`);
    if (own !== undefined) fields.set(name, own === '' ? undefined : own);
  }
}
