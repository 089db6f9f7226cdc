/** Conditions on what is stored and changed through an API (RFC 9110 13.1.1, 13.1.2). */
import { createHash } from 'node:crypto';
import { GatewayError } from './errors.ts';

/** Entity tags, quoted, that allow a change; `undefined` allows any, `'*'` any that exists, `[]` only what is new. */
export type IfMatch = readonly string[] | '*' | undefined;

/**
 * Checks a condition against the tag of what is stored.
 *
 * @param etag `undefined` where nothing is stored.
 * @throws GatewayError STALE.
 */
export function checkIfMatch(etag: string | undefined, ifMatch: IfMatch): void {
  if (ifMatch === undefined) return;
  const isMet =
    ifMatch === '*' ? etag !== undefined : etag === undefined ? ifMatch.length === 0 : ifMatch.includes(etag);
  if (!isMet) throw new GatewayError('STALE', { etag: etag ?? 'gone' });
}

/** The strong entity tag of an edition, quoted: equal for equal text, on every server. */
export function editionTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}
