/** A moment, for people and for machines. */
import { oneLine } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';

// Without a zone a server's own would decide, and each would write another time.
const ZONED = /(?:Z|GMT|UTC?|[+-]\d{2}:?\d{2}|E[SD]T|C[SD]T|M[SD]T|P[SD]T)\s*$|^\d{4}-\d{2}-\d{2}$/i;

/**
 * A `time` element in UTC where the text can be understood, else the text. Handles RFC 822 and RFC 3339.
 *
 * @example writeTime('Mon, 01 Jan 2024 10:00:00 GMT') // '<time datetime="2024-01-01T10:00:00Z">2024-01-01 10:00 UTC</time>'
 */
export function writeTime(text: string): string {
  const plain = oneLine(text) ?? '';
  const ms = ZONED.test(plain) ? Date.parse(plain) : Number.NaN;
  if (!Number.isFinite(ms) || Math.abs(ms) > 8e15) return escapeText(plain);
  const iso = new Date(ms).toISOString();
  if (/^\d{4}-\d{2}-\d{2}$/.test(plain)) return `<time datetime="${plain}">${plain}</time>`;
  return `<time datetime="${iso.slice(0, 19)}Z">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
