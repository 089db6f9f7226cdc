/** Accept-Encoding (RFC 9110 12.5.3), N-5. */
import { splitList, splitParameters } from './list-field.ts';
import { readQualityValue } from './quality-value.ts';

const MAX_CODINGS = 50;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// RFC 9110 8.4.1: recipients treat these names as the same.
const ALIASES: Readonly<Record<string, string>> = { 'x-gzip': 'gzip', 'x-compress': 'compress' };

/** A parsed Accept-Encoding field. */
export interface AcceptEncodingField {
  /** Quality by coding name, lower case, `*` and `identity` among them. */
  readonly codings: ReadonlyMap<string, number>;
  /** True when the field was not sent. */
  readonly missing: boolean;
}

/** The name a coding goes by: lower case, `x-gzip` as `gzip`. */
export function canonicalCoding(name: string): string {
  const lower = name.trim().toLowerCase();
  return ALIASES[lower] ?? lower;
}

/** Parses an Accept-Encoding field; malformed members count as not sent, of two for one coding the higher q counts. */
export function parseAcceptEncoding(value: string | undefined): AcceptEncodingField {
  const codings = new Map<string, number>();
  for (const member of splitList(value ?? '', MAX_CODINGS)) {
    const { head, parameters } = splitParameters(member);
    const name = canonicalCoding(head);
    const weight = parameters.find((parameter) => parameter.name === 'q');
    const q = weight === undefined ? 1 : readQualityValue(weight.value ?? '');
    if (q !== undefined && TOKEN.test(name)) codings.set(name, Math.max(q, codings.get(name) ?? 0));
  }
  return { codings, missing: value === undefined };
}

/**
 * The quality of a coding, 0 to 1. `identity` is acceptable unless `identity;q=0` or `*;q=0` without a word on identity
 * says otherwise; where the field does not mention it, it ranks below everything the field names.
 */
export function codingQuality(field: AcceptEncodingField, coding: string): number {
  const name = canonicalCoding(coding);
  const own = field.codings.get(name) ?? field.codings.get('*');
  if (own !== undefined) return own;
  return name === 'identity' ? 0.0001 : 0;
}

/**
 * The coding to send: the client's q first, then our order; `identity` wins only by a higher q or when nothing else will
 * do. A missing field would allow any coding (12.5.3), but clients that send none mostly cannot decode: identity.
 *
 * @param available codings we can make, best first, without `identity`.
 * @returns a coding, `identity`, or `undefined` when not even identity is acceptable.
 * @example chooseCoding(parseAcceptEncoding('gzip, br'), ['br', 'gzip']) // 'br'
 */
export function chooseCoding(field: AcceptEncodingField, available: readonly string[]): string | undefined {
  if (field.missing) return 'identity';
  let best: string | undefined;
  let bestQuality = 0;
  for (const coding of [...available, 'identity']) {
    const quality = codingQuality(field, coding);
    if (quality <= bestQuality) continue;
    best = coding;
    bestQuality = quality;
  }
  return best;
}
