/** What is said of a reply on the channel. */
import type { PartKind } from './found-parts.ts';

/** A reply on the channel. */
export interface RenderedHead {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  /** Cookies that the origin has set. */
  readonly cookies: readonly string[];
  /** True where the held reply is still right: there are no bytes. */
  readonly isSame: boolean;
  readonly coding: 'identity' | 'zstd';
  readonly dictionary?: string | undefined;
  /** Addresses of parts that follow. */
  readonly parts?: readonly string[] | undefined;
  /** Of a part: its address. */
  readonly part?: string;
  readonly kind?: PartKind;
  /** Of a part that is not sent after all: who wants it asks for it. */
  readonly isAbsent?: boolean;
  /** Bytes of the body that are held already: these are the rest. */
  readonly from?: number;
  readonly length: number;
}

export type HeadOfRendered = Omit<RenderedHead, 'length'>;

/** RFC 9110 5.1, 5.5: a token; and no line in a value. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const FORBIDDEN = /[\0\r\n]/;

/** @throws RangeError for what no reply can be. */
export function checkRendered(head: RenderedHead): RenderedHead {
  const { status, fields, cookies, parts = [], isAbsent = false, from = 1 } = head;
  const isStatus = Number.isInteger(status) && status >= 200 && status <= 599;
  const isText = (each: unknown) => typeof each === 'string';
  if (!isStatus && !isAbsent) throw new RangeError('that is no status of a reply');
  if (!(Number.isSafeInteger(from) && from > 0)) throw new RangeError('that is no rest of a reply');
  if (!Array.isArray(fields) || !fields.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText)))
    throw new RangeError('those are no fields of a reply');
  if (![cookies, parts].every((list) => Array.isArray(list) && list.every(isText)))
    throw new RangeError('those are no cookies, or no addresses');
  if (!fields.every(([name, value]) => FIELD_NAME.test(name) && !FORBIDDEN.test(value)))
    throw new RangeError('a field that cannot be sent');
  return head;
}
