/** Query parameters of the API. */
import { GatewayError } from '../../core/errors.ts';

/** A whole number from 0. @throws GatewayError BAD_INPUT. */
export function readWhole(
  query: URLSearchParams,
  name: string,
  { fallback, max }: { fallback: number; max: number },
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,15}$/.test(text) || Number(text) > max)
    throw new GatewayError('BAD_INPUT', { why: `\`${name}\` must be a whole number up to ${max}, got \`${text}\`` });
  return Number(text);
}
