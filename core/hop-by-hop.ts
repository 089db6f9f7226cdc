/** Hop-by-hop fields (RFC 9110 7.6.1, P-1): valid for one connection, never forwarded, never stored. */
import type { Fields } from './fields.ts';
import { splitList } from './list-field.ts';

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
] as const;

// Threat 20: `Connection` may name fields of its own, but must not be used to strip what guards a message.
const PROTECTED = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-location',
  'content-range',
  'content-security-policy',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expires',
  'forwarded',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'no-vary-search',
  'origin',
  'pragma',
  'range',
  'referer',
  'set-cookie',
  'strict-transport-security',
  'vary',
  'via',
  'www-authenticate',
  'x-content-type-options',
  'x-forwarded-for',
  'x-frame-options',
]);

const MAX_NAMED = 100;

/**
 * Removes the hop-by-hop fields of a message and those its `Connection` names, in place. Works both ways: towards the
 * origin and towards the client.
 *
 * @returns the same fields.
 */
export function removeHopByHop(fields: Fields): Fields {
  for (const name of splitList(fields.get('connection') ?? '', MAX_NAMED))
    if (!PROTECTED.has(name.toLowerCase())) fields.delete(name);
  for (const name of HOP_BY_HOP) fields.delete(name);
  return fields;
}
