/**
 * Our cookies where pages of others run scripts on names beside ours (SUBDOMAINS): a script may set a cookie for all names
 * below a common parent, so ours are believed only where nobody else can have set them (threats 23, 24).
 */
import type { OwnCookie } from './own-cookies.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';

const HOST = '__Host-';

/**
 * A request with our cookies under their plain names: over TLS only those that carried `__Host-`, which browsers let
 * no other name set (RFC 6265bis 4.1.3.2); without TLS only those that came once.
 */
export function takeHostCookies(received: Received): Received {
  const field = received.fields.getAll('cookie').join('; ');
  if (!field.includes('format-')) return received;
  const pairs = field.split(';').map((pair) => pair.trim());
  const names = pairs.map((pair) => pair.split('=', 1)[0]!.trim());
  const kept = pairs.flatMap((pair, at) => {
    const name = names[at]!;
    if (name.startsWith(`${HOST}format-`))
      return received.peer.secure && !name.endsWith('-own-jar') ? [pair.slice(HOST.length)] : [];
    if (!name.startsWith('format-')) return [pair];
    if (name === 'format-own-jar') return [];
    return received.peer.secure || names.indexOf(name) !== names.lastIndexOf(name) ? [] : [pair];
  });
  return { ...received, fields: received.fields.clone().set('cookie', kept.join('; ') || undefined) };
}

/** A reply whose lines for our cookies carry `__Host-`, where the client's connection is encrypted. */
export function giveHostCookies(reply: Reply, { peer }: Pick<Received, 'peer'>): Reply {
  const lines = reply.fields.getAll('set-cookie');
  if (!peer.secure || !lines.some((line) => line.startsWith('format-'))) return reply;
  reply.fields.delete('set-cookie');
  for (const line of lines) reply.fields.append('set-cookie', line.startsWith('format-') ? `${HOST}${line}` : line);
  return reply;
}

/** Adds one of our cookies to a request. */
export function withCookie(received: Received, name: OwnCookie, value: string): Received {
  const pairs = [...received.fields.getAll('cookie'), `${name}=${value}`];
  return { ...received, fields: received.fields.clone().set('cookie', pairs.join('; ')) };
}
