/** Tokens of our own forms: a page of an origin shares our origin in prefix mode and could post to them (threat 57). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';

export interface FormTokens {
  /** A token for a client, good for a day. */
  make(client: string): string;
  check(client: string, token: string | undefined): boolean;
}

const LIFE_MS = 86_400_000;

export function makeFormTokens(key: Uint8Array, clock: Clock): FormTokens {
  const sign = (client: string, made: string) =>
    createHmac('sha256', key).update(`form ${made} ${client}`).digest('base64url');
  return {
    make(client) {
      const made = clock.now().toString(36);
      return `${made}.${sign(client, made)}`;
    },
    check(client, token) {
      const [made = '', signature = ''] = (token ?? '').split('.');
      const wanted = Buffer.from(sign(client, made));
      const given = Buffer.from(signature);
      const age = clock.now() - Number.parseInt(made, 36);
      return age >= 0 && age < LIFE_MS && given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}
