/** `/-/sign-in` and `/-/sign-out` (threats 56 to 58). */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { GatewayError } from '../../core/errors.ts';
import type { FormTokens } from '../form-token.ts';
import { html } from '../html.ts';
import { cookieOf, ownCookieLine } from '../own-cookies.ts';
import { spendPoint } from '../rate.ts';
import { readForm } from '../read-form.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import type { SessionStore } from '../session-store.ts';
import type { OwnPage } from '../target.ts';
import type { Users } from '../users.ts';
import { makePage, makeRedirect } from './layout.ts';
import type { PageEntry } from './pages.ts';

export interface SignInParts {
  readonly users: Users;
  readonly sessions: SessionStore;
  readonly tokens: FormTokens;
  readonly signInHours: number;
}

/** Wrong passwords a minute, for an account and address together, and for an address alone. */
const WRONG_PER_ACCOUNT = 10;
const WRONG_PER_ADDRESS = 50;

export function makeSignInPages(parts: SignInParts): { signIn: PageEntry; signOut: PageEntry } {
  const byAccount = new RateLimiterMemory({ points: WRONG_PER_ACCOUNT, duration: 60, keyPrefix: 'account' });
  const byAddress = new RateLimiterMemory({ points: WRONG_PER_ADDRESS, duration: 60, keyPrefix: 'address' });
  return {
    signIn: {
      methods: ['GET', 'POST'],
      async handle(received, page) {
        if (received.method !== 'POST') return signInForm(received, page, parts);
        const form = await readForm(received);
        checkToken(received, form, parts.tokens);
        const name = form.get('name') ?? '';
        await spendPoint(byAccount, `${name.slice(0, 64)} ${received.peer.address}`);
        await spendPoint(byAddress, received.peer.address);
        const user = await parts.users.check(name, form.get('password') ?? '');
        if (user === undefined) throw new GatewayError('SIGN_IN_FAILED');
        await byAccount.delete(`${name.slice(0, 64)} ${received.peer.address}`);
        // A new secret at every sign-in: none can be fixed beforehand.
        const old = cookieOf(received, 'format-session');
        if (old !== undefined) parts.sessions.signOut(old);
        const secret = parts.sessions.signIn(user.name, parts.signInHours * 3_600_000);
        return withSession(makeRedirect(303, '/'), received, secret, parts.signInHours * 3_600);
      },
    },
    signOut: {
      methods: ['POST'],
      async handle(received, { gatewayPath }) {
        checkToken(received, await readForm(received), parts.tokens);
        const secret = cookieOf(received, 'format-session');
        if (secret !== undefined) parts.sessions.signOut(secret);
        return withSession(makeRedirect(303, `${gatewayPath}sign-in`), received, '', 0);
      },
    },
  };
}

/** To whom a form's token is bound: nobody can be signed in before signing in. */
export function tokenClientOf(received: Received): string {
  return `${received.peer.address} ${received.fields.get('user-agent') ?? ''}`;
}

/** @throws GatewayError FORBIDDEN when the form was not ours. */
export function checkToken(received: Received, form: URLSearchParams, tokens: FormTokens): void {
  if (!tokens.check(tokenClientOf(received), form.get('token') ?? undefined))
    throw new GatewayError('FORBIDDEN', { why: 'the form is out of date; open its page again' });
}

function signInForm(received: Received, { site, gatewayPath }: OwnPage, { tokens, users }: SignInParts): Reply {
  const place = { site, gatewayPath };
  if (users.isEmpty)
    return makePage({
      title: 'Sign in',
      place,
      body: html`<h1>Sign in</h1><p>Nobody can sign in here: the gateway has no users.</p>`,
    });
  return makePage({
    title: 'Sign in',
    place,
    body: html`<h1>Sign in</h1><form action="${gatewayPath}sign-in" method="post"><input type="hidden" name="token" value="${tokens.make(tokenClientOf(received))}">
<p><label for="name">Name</label><br><input id="name" name="name" type="text" autocomplete="username" autocapitalize="none" required></p>
<p><label for="password">Password</label><br><input id="password" name="password" type="password" autocomplete="current-password" required></p>
<p><button>Sign in</button></p></form>`,
  });
}

function withSession(reply: Reply, received: Received, secret: string, maxAgeSeconds: number): Reply {
  reply.fields.append(
    'set-cookie',
    ownCookieLine('format-session', secret, { secure: received.peer.secure, maxAgeSeconds }),
  );
  return reply;
}
