/** What a component declares of how it is run. */
import type { PlainRecord } from '../../core/component.ts';

/** A component's declaration that cannot be used; the message names the property. */
export class DeclarationError extends Error {}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const MAX_EVERY_MS = 24 * 3_600_000;

/**
 * Milliseconds of an `every`.
 *
 * @throws DeclarationError
 * @example parseEvery('5m') // 300000
 */
export function parseEvery(value: unknown): number {
  const match = typeof value === 'string' ? /^(\d{1,6})(s|m|h)$/.exec(value) : null;
  const ms = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2]!]!;
  if (!(ms >= 1_000 && ms <= MAX_EVERY_MS))
    throw new DeclarationError(`\`every\` must be like 30s, 5m or 1h, from 1s to 24h, got ${JSON.stringify(value)}`);
  return ms;
}

/** Requests a process is given at a time, and processes. @throws DeclarationError */
export function parseSize(plain: PlainRecord): { readonly concurrency: number; readonly processes: number } {
  return { concurrency: whole(plain, 'concurrency', 16, 64), processes: whole(plain, 'processes', 1, 8) };
}

function whole(plain: PlainRecord, name: string, fallback: number, max: number): number {
  const value = plain[name] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new DeclarationError(`\`${name}\` must be a whole number from 1 to ${max}, got ${JSON.stringify(value)}`);
}
