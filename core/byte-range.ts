/** Byte ranges (RFC 9110 14). */

/** Offsets of the first and the last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * One range of bytes, or `undefined` where Range is absent, malformed, of another unit, or names several: the whole is
 * sent then, which RFC 9110 14.2 allows, and many small parts are no way to make us work (RFC 9110 17.15).
 */
export function readRange(value: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=\s*(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))\s*$/i.exec(value ?? '');
  if (match === null || size === 0) return undefined;
  const [, from, to, suffix] = match;
  if (suffix !== undefined)
    return Number(suffix) === 0 ? 'unsatisfiable' : { first: Math.max(0, size - Number(suffix)), last: size - 1 };
  const first = Number(from);
  const last = to === undefined ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== undefined && Number(to) < first) return undefined;
  return first >= size ? 'unsatisfiable' : { first, last };
}

/** A range with the length of the whole. */
export interface ContentRange extends ByteRange {
  readonly size: number;
}

/** A Content-Range of a 206 whose whole length is known; `undefined` for what is none (RFC 9110 14.4). */
export function readContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(value?.trim() ?? '');
  if (match === null) return undefined;
  const [first, last, size] = match.slice(1).map(Number) as [number, number, number];
  return first <= last && last < size ? { first, last, size } : undefined;
}

/** @example formatContentRange({ first: 0, last: 9, size: 100 }) // 'bytes 0-9/100' */
export function formatContentRange({ first, last, size }: ContentRange): string {
  return `bytes ${first}-${last}/${size}`;
}
