/** Who may use the gateway (CLIENTS_ALLOW, USERS; threats 13, 14). */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { type AddressRange, isWithin, parseAddressRange } from './address-range.ts';
import type { Received } from './received.ts';
import type { SessionStore } from './session-store.ts';
import { findUser } from './steps/identify.ts';
import type { Target } from './target.ts';
import type { User, Users } from './users.ts';

export interface AccessRules {
  readonly clientsAllow: readonly AddressRange[];
  readonly requestsPerMinute: number;
  readonly users: Users;
  readonly sessions: SessionStore;
}

export interface Access {
  /** @throws GatewayError SIGN_IN_NEEDED, PROXY_SIGN_IN_NEEDED, TOO_MANY_REQUESTS. */
  check(received: Received, target: Target): Promise<User | undefined>;
}

const LOOPBACK = [parseAddressRange('loopback')];
const PROXY_CHALLENGE = Fields.from({ 'proxy-authenticate': 'Basic realm="format gateway", charset="UTF-8"' });

export function makeAccess(rules: AccessRules): Access {
  const limiter = new RateLimiterMemory({ points: rules.requestsPerMinute, duration: 60 });
  return {
    async check(received, target) {
      await spend(limiter, received);
      const user = await authenticate(received, target, rules);
      // A site's visitors are the site's business.
      if (target.mode === 'reverse' || user !== undefined || isWithin(rules.clientsAllow, received.peer.address))
        return user;
      if (target.mode === 'forward') throw new GatewayError('PROXY_SIGN_IN_NEEDED', {}, { fields: PROXY_CHALLENGE });
      throw new GatewayError('SIGN_IN_NEEDED');
    },
  };
}

async function authenticate(
  received: Received,
  target: Target,
  { users, sessions }: AccessRules,
): Promise<User | undefined> {
  if (target.mode !== 'forward') return findUser(received, { users, sessions });
  const credentials = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(received.fields.get('proxy-authorization') ?? '')?.[1];
  if (credentials === undefined || users.isEmpty) return undefined;
  const [name = '', ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  return await users.check(name, password.join(':'));
}

async function spend(limiter: RateLimiterMemory, received: Received): Promise<void> {
  if (isWithin(LOOPBACK, received.peer.address)) return;
  try {
    await limiter.consume(received.peer.address);
  } catch (limit) {
    if (!(limit instanceof RateLimiterRes)) throw limit;
    throw new GatewayError('TOO_MANY_REQUESTS', { seconds: Math.max(1, Math.ceil(limit.msBeforeNext / 1_000)) });
  }
}
