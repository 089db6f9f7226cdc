/** Who may use the gateway (CLIENTS_ALLOW, USERS; threats 13, 14). */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { type AddressRange, isWithin, parseAddressRange } from './address-range.ts';
import { spendPoint, tooManyRequests } from './rate.ts';
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

/** What is looked at of a request. */
type Asked = Pick<Received, 'fields' | 'peer'>;

export interface Access {
  /** @throws GatewayError SIGN_IN_NEEDED, PROXY_SIGN_IN_NEEDED, TOO_MANY_REQUESTS. */
  check(received: Asked, target: Pick<Target, 'mode' | 'picture' | 'document'>): Promise<User | undefined>;
}

const LOOPBACK = [parseAddressRange('loopback')];
const PROXY_CHALLENGE = Fields.from({ 'proxy-authenticate': 'Basic realm="format gateway", charset="UTF-8"' });

/** Wrong proxy passwords a minute from one address (threat 56). */
const WRONG_PER_MINUTE = 10;
/** A password that was right is taken again for so long: scrypt at every picture of a page would cost seconds. */
const REMEMBERED_MS = 300_000;

export function makeAccess(rules: AccessRules): Access {
  const limiter = new RateLimiterMemory({ points: rules.requestsPerMinute, duration: 60 });
  const authenticate = makeAuthenticate(rules);
  return {
    async check(received, target) {
      await spend(limiter, received);
      const user = await authenticate(received, target);
      // A site's visitors are the site's business; who may have a picture by link its host or signature has settled;
      // the page that says why somebody is not let in is open to all.
      const isOpen = target.mode === 'reverse' || target.picture !== undefined || target.document !== undefined;
      if (isOpen || user !== undefined || isWithin(rules.clientsAllow, received.peer.address)) return user;
      if (target.mode === 'forward') throw new GatewayError('PROXY_SIGN_IN_NEEDED', {}, { fields: PROXY_CHALLENGE });
      throw new GatewayError('SIGN_IN_NEEDED');
    },
  };
}

function makeAuthenticate({
  users,
  sessions,
}: AccessRules): (received: Asked, target: Pick<Target, 'mode'>) => Promise<User | undefined> {
  const wrong = new RateLimiterMemory({ points: WRONG_PER_MINUTE, duration: 60 });
  const remembered = new LRUCache<string, string>({ max: 1_000, ttl: REMEMBERED_MS });
  return async (received, target) => {
    if (target.mode !== 'forward') return findUser(received, { users, sessions });
    const credentials = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(received.fields.get('proxy-authorization') ?? '')?.[1];
    if (credentials === undefined || users.isEmpty) return undefined;
    const key = createHash('sha256').update(credentials).digest('base64');
    const known = remembered.get(key);
    if (known !== undefined) return users.find(known);
    const [name = '', ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
    const attempts = await wrong.get(received.peer.address);
    if (attempts !== null && attempts.remainingPoints <= 0) throw tooManyRequests(attempts);
    const user = await users.check(name, password.join(':'));
    if (user === undefined) await wrong.penalty(received.peer.address);
    else remembered.set(key, user.name);
    return user;
  };
}

async function spend(limiter: RateLimiterMemory, received: Asked): Promise<void> {
  if (!isWithin(LOOPBACK, received.peer.address)) await spendPoint(limiter, received.peer.address);
}
