/** `/-/enter` on a subdomain: a pass becomes a cookie of that subdomain, and the way goes on to the page (SUBDOMAINS). */
import type { Passes } from '../modes/subdomain-pass.ts';
import { ownCookieLine } from '../own-cookies.ts';
import { makeRedirect } from './layout.ts';
import type { PageEntry } from './pages.ts';

/** @param lifeMs for which the subdomain knows a client */
export function makeEnterPage(passes: Pick<Passes, 'admit'>, lifeMs: number): PageEntry {
  return {
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    handle(received, { query }) {
      const to = query.get('to') ?? '/';
      // A path of this very host, nothing else: no redirect leads away from here.
      const reply = makeRedirect(307, /^\/(?![/\\])[\u0021-\u007e]*$/.test(to) ? to : '/');
      const pass = passes.admit(query.get('pass') ?? '', received);
      if (pass !== undefined)
        reply.fields.append(
          'set-cookie',
          ownCookieLine('format-pass', pass, {
            secure: received.peer.secure,
            maxAgeSeconds: Math.floor(lifeMs / 1_000),
          }),
        );
      return reply;
    },
  };
}
