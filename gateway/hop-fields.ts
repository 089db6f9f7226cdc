/** Fields that cross the gateway, and fields that must not (P-1, S-4, threats 20, 23, 25). */
import { OWN_CACHE_CONTROL } from '../core/cache-control.ts';
import type { Fields } from '../core/fields.ts';

/** Via pseudonym and the comment of the W3C guidelines (CT-9). */
export const VIA_COMMENT = '(http://www.w3.org/ns/ct)';

/** Response fields of an origin that would act on the shared origin of prefix mode, or on our own (threat 25, S-4). */
const PREFIX_DROPPED = [
  'content-security-policy',
  'content-security-policy-report-only',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'clear-site-data',
  'service-worker-allowed',
  'alt-svc',
  'nel',
  'report-to',
  'reporting-endpoints',
  'set-login',
  'expect-ct',
  'x-frame-options',
  'x-xss-protection',
  'cross-origin-opener-policy',
  'cross-origin-embedder-policy',
  'cross-origin-resource-policy',
  'document-policy',
  'permissions-policy',
  'feature-policy',
  'origin-agent-cluster',
  'referrer-policy',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'speculation-rules',
  'accept-ch',
  'critical-ch',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-expose-headers',
  'access-control-max-age',
  'activate-storage-access',
  'supports-loading-mode',
];

/** Digests of what is sent in this very message (RFC 9530 2): wrong for a part of it, and where nothing is sent. */
const CONTENT_DIGESTS = ['content-md5', 'content-digest'];

/** Those of the representation in its coding too (RFC 9530 3, RFC 3230), and what is signed along. */
const DIGESTS = [...CONTENT_DIGESTS, 'digest', 'repr-digest', 'signature', 'signature-input'];

/** Fields that speak of the origin's bytes: wrong once the body has been changed (P-6, P-8, P-14, H-8). */
const BYTES_FIELDS = [
  'accept-ranges',
  ...DIGESTS,
  'want-digest',
  'content-range',
  'use-as-dictionary',
  'available-dictionary',
  'x-original-content-length',
  'content-location',
];

/** Never sent on, in any mode: obsolete (C-8) or ours to say. */
const ALWAYS_DROPPED = [
  'warning',
  'format-chain',
  'format-server',
  OWN_CACHE_CONTROL,
  'proxy-authenticate',
  'proxy-status',
];

export function dropPrefixFields(fields: Fields): void {
  for (const name of PREFIX_DROPPED) fields.delete(name);
}

export function dropByteFields(fields: Fields): void {
  for (const name of BYTES_FIELDS) fields.delete(name);
}

export function dropDigests(fields: Fields): void {
  for (const name of DIGESTS) fields.delete(name);
}

export function dropContentDigests(fields: Fields): void {
  for (const name of CONTENT_DIGESTS) fields.delete(name);
}

export function dropAlways(fields: Fields): void {
  for (const name of ALWAYS_DROPPED) fields.delete(name);
}

/** Request fields that are ours to consume (design part 3, "To the origin"). */
export function isOwnRequestField(name: string): boolean {
  return (
    name.startsWith('format-') ||
    name.startsWith('explain-') ||
    name === 'proxy-authorization' ||
    name === 'proxy-connection'
  );
}
