/** Cache-Control (RFC 9111 5.2), its targeted kin (RFC 9213) and the arithmetic of freshness (RFC 9111 4.2). */
import type { Fields } from './fields.ts';
import { readHttpDate } from './http-date.ts';
import { parseParameter, splitList, splitParameters } from './list-field.ts';
import { readStructuredDictionary } from './structured-dictionary.ts';

const MAX_DIRECTIVES = 100;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9111 1.2.2: what a delta-seconds too large to hold counts as. */
const MAX_SECONDS = 2 ** 31;

/** Directives whose argument is a number of seconds. */
const IN_SECONDS = new Set(['max-age', 's-maxage', 'stale-if-error', 'stale-while-revalidate']);

/** Directives by name in lower case; `true` where there is no value. */
export type CacheDirectives = ReadonlyMap<string, string | true>;

/** Parses a Cache-Control value. Of a directive that is repeated the first counts (RFC 9111 4.2.1). */
export function parseCacheControl(value: string | undefined): CacheDirectives {
  const directives = new Map<string, string | true>();
  for (const member of splitList(value ?? '', MAX_DIRECTIVES)) {
    const { name, value: argument } = parseParameter(member);
    if (TOKEN.test(name) && !directives.has(name)) directives.set(name, argument ?? true);
  }
  return directives;
}

/** @example formatCacheControl([['private', true], ['max-age', 60]]) // 'private, max-age=60' */
export function formatCacheControl(directives: Iterable<readonly [string, string | number | true]>): string {
  const members: string[] = [];
  for (const [name, value] of directives) {
    if (value === true) members.push(name);
    else if (TOKEN.test(String(value))) members.push(`${name}=${value}`);
    else members.push(`${name}="${String(value).replace(/["\\]/g, '\\$&')}"`);
  }
  return members.join(', ');
}

/**
 * Seconds of a directive such as `max-age`; `undefined` when absent. An argument that is no whole number counts 0: bad
 * freshness information is no freshness (RFC 9111 4.2.1).
 */
export function directiveSeconds(directives: CacheDirectives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return value !== true && /^\d+$/.test(value) ? Math.min(Number(value), MAX_SECONDS) : 0;
}

/** True when the body must not be changed: `no-transform`, or the older `X-No-Transform` that some sites send (H-9). */
export function isNoTransform(fields: Fields): boolean {
  if (parseCacheControl(fields.get('cache-control')).has('no-transform')) return true;
  const alias = fields.get('x-no-transform');
  return alias !== undefined && !/^\s*(?:0|false|no|off)?\s*$/i.test(alias);
}

/** True when no cache shared between clients may keep the message: `private` or `no-store` (C-1). */
export function isPrivateOrNoStore(directives: CacheDirectives): boolean {
  // `private="set-cookie"` names fields only (RFC 9111 5.2.2.7); to keep the rest is allowed, not to keep it is safe.
  return directives.has('private') || directives.has('no-store');
}

/** Response field that speaks to this gateway alone (RFC 9213 2); never sent on. */
export const OWN_CACHE_CONTROL = 'format-cache-control';

/** Targeted fields we listen to, the nearest to us first (RFC 9213 2.2), each with how it is read. */
const TARGETED: readonly (readonly [name: string, read: (value: string) => CacheDirectives | undefined])[] = [
  [OWN_CACHE_CONTROL, readTargeted],
  ['cdn-cache-control', readTargeted],
  ['surrogate-control', readSurrogateControl],
];

/**
 * The directives a shared cache in this place goes by: those of the first targeted field that is there and well-formed,
 * else Cache-Control (RFC 9213 2.2). `undefined` name: plain Cache-Control decided.
 */
export function effectiveCacheControl(fields: Fields): { directives: CacheDirectives; target: string | undefined } {
  for (const [target, read] of TARGETED) {
    const value = fields.get(target);
    const directives = value === undefined ? undefined : read(value);
    if (directives !== undefined) return { directives, target };
  }
  return { directives: parseCacheControl(fields.get('cache-control')), target: undefined };
}

function readTargeted(value: string): CacheDirectives | undefined {
  const members = readStructuredDictionary(value);
  if (members === undefined || members.size === 0) return undefined;
  const directives = new Map<string, string | true>();
  for (const [name, item] of members) {
    // RFC 9213 2.1: a value of another type than the directive wants (max-age="60", max-age=1.5) voids that directive.
    if (item === true) directives.set(name, true);
    else if (typeof item === 'number' && Number.isInteger(item) && item >= 0) directives.set(name, String(item));
    else if (typeof item === 'string' && !IN_SECONDS.has(name)) directives.set(name, item);
  }
  return directives;
}

/**
 * Surrogate-Control, the elder of the targeted fields (W3C note "Edge Architecture Specification", 2001), which content
 * systems still send. Members for another surrogate by name are not for us; of `max-age=60+30` the first number is freshness.
 * `undefined` where nothing in it speaks of keeping.
 */
function readSurrogateControl(value: string): CacheDirectives | undefined {
  const directives = new Map<string, string | true>();
  for (const member of splitList(value, MAX_DIRECTIVES)) {
    const { head, parameters } = splitParameters(member);
    if (parameters.length > 0) continue;
    const { name, value: argument } = parseParameter(head);
    if (name === 'no-store') directives.set(name, true);
    else if (name === 'max-age' && argument !== undefined) directives.set(name, argument.replace(/\+\d+$/, ''));
  }
  return directives.size === 0 ? undefined : directives;
}

/** Times of one exchange, milliseconds since 1970. */
export interface ExchangeTimes {
  /** When the request was sent. */
  readonly requestedAt: number;
  /** When the response's fields had arrived. */
  readonly receivedAt: number;
  readonly now: number;
}

/** Current age in seconds (RFC 9111 4.2.3, C-2). */
export function currentAgeSeconds(fields: Fields, times: ExchangeTimes): number {
  const date = readHttpDate(fields.get('date')) ?? times.receivedAt;
  const apparentAge = Math.max(0, times.receivedAt - date);
  const correctedAge = (readAgeSeconds(fields.get('age')) ?? 0) * 1000 + (times.receivedAt - times.requestedAt);
  const residentTime = Math.max(0, times.now - times.receivedAt);
  return Math.floor((Math.max(apparentAge, correctedAge) + residentTime) / 1000);
}

/**
 * An Age value: of several the first counts, one that is no whole number is as if absent (RFC 9111 5.1). A number with
 * parameters, which Age has none of, is taken for that number: nothing grows younger by what is appended.
 */
export function readAgeSeconds(value: string | undefined): number | undefined {
  const first = /^[^,;]*/.exec(value ?? '')?.[0].trim() ?? '';
  return /^\d+$/.test(first) ? Math.min(Number(first), MAX_SECONDS) : undefined;
}

/**
 * Freshness lifetime in seconds for a shared cache (RFC 9111 4.2.1): `s-maxage`, `max-age`, `Expires`; `undefined` when
 * the response states none (heuristics are the cache's business).
 */
export function freshnessLifetimeSeconds(fields: Fields, receivedAt: number): number | undefined {
  const { directives, target } = effectiveCacheControl(fields);
  const stated = directiveSeconds(directives, 's-maxage') ?? directiveSeconds(directives, 'max-age');
  // RFC 9213 2.2: where a targeted field decides, Expires has no say.
  if (stated !== undefined || target !== undefined) return stated;
  if (!fields.has('expires')) return undefined;
  const expires = readHttpDate(fields.get('expires'));
  // RFC 9111 5.3: an invalid date, `0` above all, means already expired.
  if (expires === undefined) return 0;
  const date = readHttpDate(fields.get('date')) ?? receivedAt;
  return Math.max(0, Math.floor((expires - date) / 1000));
}
