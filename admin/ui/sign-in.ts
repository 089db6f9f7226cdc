/** The way in: the admin token, or a link that works once (threats 56 to 58). */
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { FormTokens } from '../../gateway/form-token.ts';
import { html } from '../../gateway/html.ts';
import { cookieOf, type OwnCookie, ownCookieLine } from '../../gateway/own-cookies.ts';
import { tokenClientOf } from '../../gateway/pages/sign-in.ts';
import type { Received } from '../../gateway/received.ts';
import type { Reply } from '../../gateway/reply.ts';
import type { Admin } from '../admin.ts';
import { makeUiPage, seeOther } from './page.ts';
import { SESSION_MS, type Session, type Sessions } from './sessions.ts';

export interface SignInParts {
  readonly admin: Pick<Admin, 'door' | 'trustsLoopback' | 'log'>;
  readonly sessions: Sessions;
  /** For the sign-in form itself: before signing in there is no session to bind its token to. */
  readonly tokens: FormTokens;
}

/** Where somebody may be sent after signing in: a screen of ours, nothing else. */
const SCREEN_PATH = /^\/(?:ui\/[\w/.~%?&=+:-]*)?$/;

/** The form. */
export function showSignIn(received: Received, { tokens }: Pick<SignInParts, 'tokens'>, error?: GatewayError): Reply {
  const query = new URLSearchParams(received.path.split('?')[1] ?? '');
  const [once, to] = [query.get('once'), query.get('to') ?? '/'];
  const hidden = html`<input type="hidden" name="form" value="${tokens.make(tokenClientOf(received))}"><input type="hidden" name="to" value="${SCREEN_PATH.test(to) ? to : '/'}">`;
  const fault = error?.message;
  const link =
    once !== null &&
    html`<form action="/ui/sign-in" method="post">${hidden}<input type="hidden" name="once" value="${once}"><p>This link signs you in once, without the token.</p><p><button class="main">Sign in with this link</button></p></form>
<h2>With the token</h2>`;
  const reply = makeUiPage(undefined, {
    title: 'Sign in',
    status: error?.status ?? 200,
    fault,
    body: html`<div class="card">${link}<form action="/ui/sign-in" method="post">${hidden}
<p class="field"><label for="token">Admin token</label><input id="token" name="token" type="password" autocomplete="current-password" required${once === null && html` autofocus`} aria-describedby="token-help"${fault !== undefined && html` aria-invalid="true"`}></p>
<p class="help" id="token-help">It is in the file <code>admin.token</code> of the data folder, or set as <code>ADMIN_TOKEN</code>.</p>
<p><button class="main">Sign in</button></p></form></div>`,
  });
  for (const [name, value] of error?.fields ?? []) reply.fields.append(name, value);
  if (error?.details['seconds'] !== undefined) reply.fields.set('retry-after', String(error.details['seconds']));
  return reply;
}

/** Checks what was posted; every sign-in gets a session of its own, and ends the one there was. */
export async function signIn(received: Received, form: URLSearchParams, parts: SignInParts): Promise<Reply> {
  const { admin, sessions, tokens } = parts;
  if (!tokens.check(tokenClientOf(received), form.get('form') ?? undefined))
    throw new GatewayError('FORBIDDEN', { why: 'the form is out of date; open the page again' });
  try {
    await checkSecret(received, form, parts);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    admin.log.warn('admin sign-in refused', { code: error.code });
    return showSignIn(received, parts, error);
  }
  sessions.end(sessionCookie(received, admin));
  const to = form.get('to') ?? '/';
  admin.log.info('admin signed in');
  return withSession(seeOther(SCREEN_PATH.test(to) ? to : '/'), received, admin, sessions.start());
}

async function checkSecret(received: Received, form: URLSearchParams, { admin, sessions }: SignInParts): Promise<void> {
  const once = form.get('once');
  if (once !== null && sessions.useLink(once)) return;
  if (once === null && (await admin.door.try(form.get('token') ?? '', received.peer.address))) return;
  if (once !== null) {
    await admin.door.noteWrong(received.peer.address);
    throw new GatewayError('FORBIDDEN', { why: 'the link was used already or is too old; sign in with the token' });
  }
  // RFC 9110 15.5.2: a 401 names a scheme; browsers ask nobody about this one.
  const fields = Fields.from({ 'www-authenticate': 'Bearer realm="format gateway admin"' });
  throw new GatewayError('WRONG_TOKEN', {}, { fields });
}

/** Ends the session, for this browser and for whoever else has its cookie. */
export function signOut(received: Received, { admin, sessions }: SignInParts): Reply {
  sessions.end(sessionCookie(received, admin));
  return withSession(seeOther('/'), received, admin, undefined);
}

export function findSession(received: Received, { admin, sessions }: SignInParts): Session | undefined {
  return sessions.find(sessionCookie(received, admin));
}

// On plain loopback not every browser takes `Secure` and `__Host-` (threat 57).
function isSecure(received: Received, { trustsLoopback }: Pick<Admin, 'trustsLoopback'>): boolean {
  return received.peer.secure || !trustsLoopback;
}

function cookieName(received: Received, admin: Pick<Admin, 'trustsLoopback'>): OwnCookie {
  return isSecure(received, admin) ? '__Host-format-admin' : 'format-admin';
}

function sessionCookie(received: Received, admin: Pick<Admin, 'trustsLoopback'>): string | undefined {
  return cookieOf(received, cookieName(received, admin));
}

function withSession(
  reply: Reply,
  received: Received,
  admin: Pick<Admin, 'trustsLoopback'>,
  secret: string | undefined,
): Reply {
  const line = ownCookieLine(cookieName(received, admin), secret ?? '', {
    secure: isSecure(received, admin),
    maxAgeSeconds: secret === undefined ? 0 : SESSION_MS / 1_000,
    sameSite: 'Strict',
  });
  reply.fields.append('set-cookie', line);
  return reply;
}
