/** A moment, for people and for machines. */
import { oneLine } from './page-facts.ts';
import { escapeText } from './serialise.ts';

// Without a zone a server's own would decide, and each would write another time.
const ZONED = /(?:Z|GMT|UTC?|[+-]\d{2}:?\d{2}|E[SD]T|C[SD]T|M[SD]T|P[SD]T)\s*$|^\d{4}-\d{2}-\d{2}$/i;

/** The moment in ISO 8601, in UTC, or the day where only that is told; `undefined` for what cannot be understood. */
export function isoTime(text: string): string | undefined {
  const plain = oneLine(text) ?? '';
  const ms = ZONED.test(plain) ? Date.parse(plain) : Number.NaN;
  if (!Number.isFinite(ms)) return undefined;
  return /^\d{4}-\d{2}-\d{2}$/.test(plain) ? plain : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/**
 * A `time` element in UTC where the text can be understood, else the text. Handles RFC 822 and RFC 3339.
 *
 * @example writeTime('Mon, 01 Jan 2024 10:00:00 GMT') // '<time datetime="2024-01-01T10:00:00Z">2024-01-01 10:00 UTC</time>'
 */
export function writeTime(text: string): string {
  const iso = isoTime(text);
  if (iso === undefined) return escapeText(oneLine(text) ?? '');
  const shown = iso.length === 10 ? iso : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  return `<time datetime="${iso}">${shown}</time>`;
}
