/** Whose cookie jar a prefix-mode request uses: the signed-in user's, else the bearer's of our random cookie. */
import { createHash, randomBytes } from 'node:crypto';
import type { Exchange } from './exchange.ts';
import { cookieOf, ownCookieLine } from './own-cookies.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';
import { isIsolated, type Target } from './target.ts';
import type { User } from './users.ts';

/** Browsers cap cookies at 400 days (RFC 6265bis 5.5). */
const JAR_SECONDS = 400 * 86_400;

/**
 * The owner, or `undefined` when the client has no jar yet. Never an address and User-Agent, which many share.
 *
 * @param target what is asked; `undefined` for a page of our own
 */
export function jarOwnerOf(received: Received, user: User | undefined, target: Target | undefined): string | undefined {
  if (user !== undefined) return `user:${user.name}`;
  const secret = cookieOf(received, 'format-jar');
  if (secret !== undefined) return ownerOfSecret(secret, target);
  const carried = cookieOf(received, 'format-own-jar');
  return carried === undefined ? undefined : ownerOfSecret(carried, undefined);
}

/** Puts what the origin set into the jar; gives the client its bearer cookie when this is the first. */
export function takeCookies(
  reply: Reply,
  given: readonly string[],
  { received, target, client, gateway }: Exchange,
): Reply {
  const isKept = target.mode === 'prefix' && target.picture === undefined;
  const lines = isKept ? [...given] : [];
  if (lines.length === 0) return reply;
  const held = jarOwnerOf(received, client.user, target);
  if (held !== undefined) {
    gateway.jar.take(held, target.url, lines);
    return reply;
  }
  gateway.jar.take(giveJar(reply, { received, target }), target.url, lines);
  return reply;
}

/** Gives a client that has no jar its bearer cookie. Returns the owner of the jar. */
export function giveJar(reply: Reply, { received, target }: Pick<Exchange, 'received' | 'target'>): string {
  const secret = randomBytes(24).toString('base64url');
  reply.fields.append(
    'set-cookie',
    ownCookieLine('format-jar', secret, { secure: received.peer.secure, maxAgeSeconds: JAR_SECONDS }),
  );
  return ownerOfSecret(secret, target);
}

// The database keeps no usable bearer secret. What a subdomain gave is worth nothing on another.
function ownerOfSecret(secret: string, target: Target | undefined): string {
  const bound = target !== undefined && isIsolated(target) ? `${secret} ${target.url.origin}` : secret;
  return `jar:${createHash('sha256').update(bound).digest('base64url')}`;
}
