/** The admin token, and how often somebody may be wrong about it (threat 56). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { spendPoint } from '../gateway/rate.ts';

/** Wrong tokens a minute from one address, at the API and at the sign-in together. */
const WRONG_PER_MINUTE = 10;

export interface TokenDoor {
  /** Whether this is the token; takes one time whatever it is. */
  isRight(given: string): boolean;
  /** Counts a wrong token. @throws GatewayError TOO_MANY_REQUESTS. */
  noteWrong(address: string): Promise<void>;
  /**
   * Tries a token for a person who signs in: after too many wrong ones the right one is not looked at either.
   *
   * @throws GatewayError TOO_MANY_REQUESTS.
   */
  try(given: string, address: string): Promise<boolean>;
}

export function makeTokenDoor(token: string): TokenDoor {
  const limiter = new RateLimiterMemory({ points: WRONG_PER_MINUTE, duration: 60 });
  // Digests have one length, so that the comparison takes one time.
  const isRight = (given: string) => timingSafeEqual(digest(given), digest(token));
  return {
    isRight,
    noteWrong: (address) => spendPoint(limiter, address),
    async try(given, address) {
      await spendPoint(limiter, address);
      if (!isRight(given)) return false;
      await limiter.delete(address);
      return true;
    },
  };
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
