/** The admin UI: pages for people, made on the server from the same functions as the API (design part 4; threats 56 to 62). */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { makeFormTokens } from '../../gateway/form-token.ts';
import { html } from '../../gateway/html.ts';
import { readForm } from '../../gateway/read-form.ts';
import type { Received } from '../../gateway/received.ts';
import type { Reply } from '../../gateway/reply.ts';
import type { Admin } from '../admin.ts';
import { refuseForeignOrigin } from '../foreign-origin.ts';
import { matchPath } from '../match-path.ts';
import { readStaticFile } from './assets.ts';
import { makeUiPage, SCREENS, seeOther } from './page.ts';
import type { Screen, UiCall } from './screen.ts';
import { uiScreens } from './screens.ts';
import { makeSessions, type Session } from './sessions.ts';
import { findSession, type SignInParts, showSignIn, signIn, signOut } from './sign-in.ts';

/** A view of the largest size, percent-encoded. */
const MAX_FORM_BYTES = 1_000_000;

export interface AdminUi {
  /** Whether a request is for the UI: its own addresses, and any other page that a browser asks for and nobody else has. */
  isFor(received: Received): boolean;
  answer(received: Received): Promise<Reply>;
  /** A path that signs in once, within fifteen minutes. */
  makeSignInPath(): string;
}

export function makeAdminUi(admin: Admin): AdminUi {
  const { clock } = admin;
  const parts: SignInParts = {
    admin,
    sessions: makeSessions(clock),
    tokens: makeFormTokens(randomBytes(32), clock),
  };
  const screens = uiScreens(admin);
  return {
    isFor,
    makeSignInPath: () => `/?once=${parts.sessions.makeLink()}`,
    async answer(received) {
      const session = findSession(received, parts);
      try {
        const reply = await answer(received, session, { parts, screens });
        return withId(received.method === 'HEAD' ? { ...reply, body: undefined } : reply, received);
      } catch (error) {
        if (!(error instanceof GatewayError) || error.status >= 500)
          admin.log.error('admin page failed', { requestId: received.id, error });
        return withId(errorPage(received, session, error), received);
      }
    },
  };
}

const MACHINES = /^\/(?:api|metrics|healthz|readyz|preview)(?:\/|$)/;

function isFor({ path, method, fields }: Received): boolean {
  const name = path.split('?')[0]!;
  if (name === '/' || name === '/ui' || name.startsWith('/ui/')) return true;
  const isBrowser = method === 'GET' && /\btext\/html\b/.test(fields.get('accept') ?? '');
  return isBrowser && !MACHINES.test(name);
}

interface Ui {
  readonly parts: SignInParts;
  readonly screens: readonly Screen[];
}

async function answer(received: Received, session: Session | undefined, { parts, screens }: Ui): Promise<Reply> {
  const [path = '', query = ''] = received.path.split('?', 2);
  const method = received.method === 'HEAD' ? 'GET' : received.method;
  if (method !== 'GET' && method !== 'POST') throw notAllowed(received, 'GET, HEAD, POST');
  refuseForeignRequest(received, parts.admin);
  const file = method === 'GET' ? readStaticFile(path) : undefined;
  if (file !== undefined) return file;
  if (path === '/ui/sign-in' && method === 'POST') return await signIn(received, await postedForm(received), parts);
  if (path === '/ui' || path === '/ui/sign-in') return seeOther('/');
  if (session === undefined) {
    if (method === 'POST') throw new GatewayError('FORBIDDEN', { why: 'the session has ended; sign in again' });
    return path === '/' ? showSignIn(received, parts) : seeOther(`/?to=${encodeURIComponent(received.path)}`);
  }
  const form = method === 'POST' ? await postedForm(received) : new URLSearchParams();
  if (method === 'POST' && !session.tokens.check('admin', form.get('form') ?? undefined))
    throw new GatewayError('FORBIDDEN', { why: 'the form is out of date; open its page again' });
  if (path === '/ui/sign-out' && method === 'POST') return signOut(received, parts);
  const { screen, names } = findScreen(screens, received, path);
  return await screen.handle({ ...callOf(received, session), names, query: new URLSearchParams(query), form });
}

function callOf(received: Received, session: Session): Pick<UiCall, 'received' | 'actor' | 'ended' | 'formToken'> {
  return {
    received,
    ended: session.ended,
    actor: { kind: 'session', id: session.id, address: received.peer.address },
    formToken: html`<input type="hidden" name="form" value="${session.tokens.make('admin')}">`,
  };
}

function findScreen(screens: readonly Screen[], received: Received, path: string) {
  const matches = screens.flatMap((screen) => {
    const names = matchPath(screen.path, path);
    return names === undefined ? [] : [{ screen, names }];
  });
  const method = received.method === 'HEAD' ? 'GET' : received.method;
  const found = matches.find(({ screen }) => screen.method === method);
  if (found !== undefined) return found;
  if (matches.length === 0) throw new GatewayError('NOT_FOUND', { path });
  throw notAllowed(received, matches.map(({ screen }) => screen.method).join(', '));
}

function notAllowed({ method }: Received, allowed: string): GatewayError {
  return new GatewayError('METHOD_NOT_ALLOWED', { method, allowed }, { fields: Fields.from({ allow: allowed }) });
}

// Threat 57: ports share cookies and are one site, so a page that came through the gateway counts as foreign too.
function refuseForeignRequest(received: Received, { trustsLoopback }: Pick<Admin, 'trustsLoopback'>): void {
  const { fields, method } = received;
  const site = fields.get('sec-fetch-site') ?? 'none';
  const isOurs = site === 'same-origin' || site === 'none';
  const isNavigation = fields.get('sec-fetch-mode') === 'navigate' && fields.get('sec-fetch-dest') === 'document';
  // A link from elsewhere may lead here: looking changes nothing.
  if (method !== 'POST' && isNavigation) return;
  refuseForeignOrigin(received, trustsLoopback);
  if (!isOurs) throw new GatewayError('FORBIDDEN', { why: 'the request comes from another origin' });
}

async function postedForm(received: Received): Promise<URLSearchParams> {
  return await readForm(received, MAX_FORM_BYTES);
}

function errorPage(received: Received, session: Session | undefined, error: unknown): Reply {
  const known = error instanceof GatewayError ? error : new GatewayError('INTERNAL', {}, { cause: error });
  const titles: Readonly<Record<number, string>> = { 403: 'Not allowed', 404: 'Nothing here', 429: 'Too many tries' };
  const reply = makeUiPage(session === undefined ? undefined : callOf(received, session), {
    title: titles[known.status] ?? 'That did not work',
    status: known.status,
    body: html`<p>${known.message}</p>
${
  session === undefined
    ? html`<p><a href="/">Sign in</a></p>`
    : html`<p>Perhaps it is on one of these:</p><ul>${SCREENS.map(([href, label]) => html`<li><a href="${href}">${label}</a></li>`)}</ul>`
}
<p class="help">Request ${received.id}</p>`,
  });
  for (const [name, value] of known.fields ?? []) reply.fields.append(name, value);
  if (known.details['seconds'] !== undefined) reply.fields.set('retry-after', String(known.details['seconds']));
  return reply;
}

function withId(reply: Reply, { id }: Received): Reply {
  reply.fields.set('x-request-id', id);
  return reply;
}
