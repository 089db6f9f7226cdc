/** Conditional requests (RFC 9110 13) against a validator of ours (P-9 to P-13). */
import { type EntityTag, isStrongMatch, isWeakMatch, parseEntityTags, readEntityTag } from './etag.ts';
import type { Fields } from './fields.ts';
import { readHttpDate } from './http-date.ts';

/** What the reply would be without conditions. */
export interface ConditionalExchange {
  readonly method: string;
  /** Request fields. */
  readonly fields: Fields;
  /** Our validator, as in the ETag field. */
  readonly etag?: string | undefined;
  /** Last-Modified of the reply, as a field value. */
  readonly lastModified?: string | undefined;
  /** Status without conditions. */
  readonly status: number;
}

export type ConditionalOutcome = 'proceed' | 'not-modified' | 'precondition-failed';

/**
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 13.2.2.
 *
 * @example evaluateConditions({ method: 'GET', fields: Fields.from({ 'if-none-match': '"a"' }), etag: '"a"', status: 200 }) // 'not-modified'
 */
export function evaluateConditions(exchange: ConditionalExchange): ConditionalOutcome {
  const { fields, method, status } = exchange;
  // 13.2.1: conditions are ignored when the reply without them is neither a success nor a 412, and for methods
  // that select no representation.
  if (status !== 412 && (status < 200 || status > 299)) return 'proceed';
  if (method === 'CONNECT' || method === 'OPTIONS' || method === 'TRACE') return 'proceed';
  const own = readEntityTag(exchange.etag);
  const modified = readHttpDate(exchange.lastModified);
  if (!passesMatch(fields, own, modified)) return 'precondition-failed';
  const safe = method === 'GET' || method === 'HEAD';
  if (isUnchanged(fields, own, modified, safe)) return safe ? 'not-modified' : 'precondition-failed';
  return 'proceed';
}

/** Steps 1 and 2: If-Match by strong comparison; If-Unmodified-Since only where there is no If-Match. */
function passesMatch(fields: Fields, own: EntityTag | undefined, modified: number | undefined): boolean {
  const ifMatch = fields.get('if-match');
  if (ifMatch !== undefined) {
    const tags = parseEntityTags(ifMatch);
    return tags === '*' || (own !== undefined && tags.some((tag) => isStrongMatch(tag, own)));
  }
  const since = readHttpDate(fields.get('if-unmodified-since'));
  // 13.1.4: ignored when the date is malformed or the representation has no modification date.
  return since === undefined || modified === undefined || modified <= since;
}

/** Steps 3 and 4: If-None-Match by weak comparison; If-Modified-Since only where there is none (P-13). */
function isUnchanged(fields: Fields, own: EntityTag | undefined, modified: number | undefined, safe: boolean): boolean {
  const ifNoneMatch = fields.get('if-none-match');
  if (ifNoneMatch !== undefined) {
    const tags = parseEntityTags(ifNoneMatch);
    return tags === '*' || (own !== undefined && tags.some((tag) => isWeakMatch(tag, own)));
  }
  const since = readHttpDate(fields.get('if-modified-since'));
  return safe && since !== undefined && modified !== undefined && modified <= since;
}

/**
 * True when a Range field may be honoured: there is no If-Range, or it holds our own strong ETag (RFC 9110 13.1.5, P-9).
 * A date never does: what we send is made of more than the original's date tells.
 */
export function mayUseRange(fields: Fields, etag: string | undefined): boolean {
  if (!fields.has('if-range')) return true;
  const wanted = readEntityTag(fields.get('if-range'));
  const own = readEntityTag(etag);
  return wanted !== undefined && own !== undefined && isStrongMatch(wanted, own);
}
