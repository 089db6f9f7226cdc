/** What a client is told when it asks too often. */
import { type RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../core/errors.ts';

/** Spends one point of a key. @throws GatewayError TOO_MANY_REQUESTS when none is left. */
export async function spendPoint(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (limit) {
    // The library rejects with its result; anything else is a fault.
    if (!(limit instanceof RateLimiterRes)) throw limit;
    throw tooManyRequests(limit);
  }
}

/** The error for a limit that is reached, with the time until it is lifted. */
export function tooManyRequests(limit: RateLimiterRes): GatewayError {
  return new GatewayError('TOO_MANY_REQUESTS', { seconds: Math.max(1, Math.ceil(limit.msBeforeNext / 1_000)) });
}
