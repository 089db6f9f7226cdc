/** The gateway's own cookies: read from requests, never passed to an origin (threat 23). */
import type { Received } from './received.ts';

/**
 * - `format-client`: bearer of saved settings.
 * - `format-jar`: bearer of a cookie jar.
 * - `format-own-jar`: on a subdomain, bearer of the jar of the gateway's own host; never sent by a client.
 * - `format-session`: bearer of a sign-in.
 * - `format-pass`: on a subdomain, what of these the gateway's own host has, sealed.
 * - `format-admin`: the admin UI's; ports share cookies, so it arrives here too. Over TLS it is `__Host-format-admin`.
 */
export type OwnCookie =
  | 'format-client'
  | 'format-jar'
  | 'format-own-jar'
  | 'format-session'
  | 'format-pass'
  | 'format-admin'
  | '__Host-format-admin';

/** Value of one of our cookies, or `undefined`. */
export function cookieOf(received: Pick<Received, 'fields'>, name: OwnCookie): string | undefined {
  for (const pair of received.fields.getAll('cookie').join('; ').split(';')) {
    const [key, value] = splitPair(pair);
    if (key === name && /^[\w-]{16,1024}$/.test(value)) return value;
  }
  return undefined;
}

/** A Cookie field without our own cookies; `undefined` when nothing is left. */
export function withoutOwnCookies(field: string | undefined): string | undefined {
  const kept = (field ?? '')
    .split(';')
    .filter((pair) => pair.trim() !== '' && !/^(?:__Host-)?format-/.test(splitPair(pair)[0]));
  return kept.length === 0 ? undefined : kept.map((pair) => pair.trim()).join('; ');
}

/** A Set-Cookie line for one of our cookies. `maxAgeSeconds` 0 removes it; `sameSite` is `Lax` by default. */
export function ownCookieLine(
  name: OwnCookie,
  value: string,
  options: { secure: boolean; maxAgeSeconds: number; sameSite?: 'Lax' | 'Strict' },
): string {
  const flags = ['Path=/', `Max-Age=${options.maxAgeSeconds}`, 'HttpOnly', `SameSite=${options.sameSite ?? 'Lax'}`];
  return [`${name}=${value}`, ...flags, ...(options.secure ? ['Secure'] : [])].join('; ');
}

function splitPair(pair: string): [string, string] {
  const mark = pair.indexOf('=');
  return mark === -1
    ? [pair.trim(), '']
    : [
        pair.slice(0, mark).trim(),
        pair
          .slice(mark + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ];
}
