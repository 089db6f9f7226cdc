/** `/-/settings`: see and change how you are served, forget me. No script needed. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import type { ClientKey, ClientRecord, Clients } from '../../profiles/clients.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import type { CookieJar } from '../cookie-jar.ts';
import type { FormTokens } from '../form-token.ts';
import { type Html, html } from '../html.ts';
import { jarOwnerOf } from '../jar-owner.ts';
import { cookieOf, type OwnCookie, ownCookieLine } from '../own-cookies.ts';
import { readForm } from '../read-form.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import type { SessionStore } from '../session-store.ts';
import { clientKeyOf, findUser } from '../steps/identify.ts';
import type { OwnPage } from '../target.ts';
import type { Users } from '../users.ts';
import { makePage, makeRedirect } from './layout.ts';
import { option, preferenceFields, readPreferences, tellPreferences } from './own-preferences.ts';
import type { PageEntry } from './pages.ts';
import { checkToken, tokenClientOf } from './sign-in.ts';

export interface SettingsParts {
  readonly clients: Clients;
  readonly profiles: Profiles;
  readonly users: Users;
  readonly sessions: SessionStore;
  readonly jar: CookieJar;
  readonly tokens: FormTokens;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
}

const COOKIE_SECONDS = 400 * 86_400;

export function makeSettingsPage(parts: SettingsParts): PageEntry {
  return {
    methods: ['GET', 'POST'],
    async handle(received, page, read) {
      if (page.site?.personal === false) throw new GatewayError('NOT_FOUND', { path: `${page.gatewayPath}settings` });
      const path = `${page.gatewayPath}settings`;
      if (received.method !== 'POST') return showSettings(received, read, page, parts);
      const form = await readForm(received);
      checkToken(received, form, parts.tokens);
      const what = form.get('do');
      if (what === 'forget') return forgetClient(received, path, parts);
      if (what === 'save-site' || what === 'drop-site') return saveSite(received, read, { form, page }, parts);
      return saveSettings(received, read, { form, path }, parts);
    },
  };
}

function showSettings(
  received: Received,
  read: VaryRecorder,
  { site, gatewayPath }: OwnPage,
  parts: SettingsParts,
): Reply {
  const path = `${gatewayPath}settings`;
  const detection = parts.detect((name) => read.get(name));
  const user = findUser(received, parts);
  const record = parts.clients.find(clientKeyOf(received, user));
  const token = html`<input type="hidden" name="token" value="${parts.tokens.make(tokenClientOf(received))}">`;
  return makePage({
    title: 'How you are served',
    place: { site, gatewayPath },
    body: html`<h1>How you are served</h1>
<p class="note">This looks like <strong>${detection.class}</strong>, preset <strong>${detection.preset}</strong>: ${detection.evidence.join('; ')}.${user !== undefined && html` Signed in as <strong>${user.name}</strong>.`}</p>
${record !== undefined && tellSavings(record)}
<form action="${path}" method="post">${token}
${profileChoice(record, parts)}
${preferenceFields(record?.settings)}
<p><button name="do" value="save">Save</button></p></form>
${forSites({ path, token, sites: record?.sites ?? {}, host: site?.host })}
<h2>Forget me</h2><form action="${path}" method="post">${token}
<p>Forgets these settings, what was detected, and every cookie that sites have set through this gateway.</p><p><button name="do" value="forget">Forget me</button></p></form>
${user !== undefined && html`<h2>Sign out</h2><form action="${gatewayPath}sign-out" method="post">${token}<p><button>Sign out ${user.name}</button></p></form>`}`,
  });
}

function tellSavings({ saved, requests, firstSeen }: ClientRecord): Html {
  const since = new Date(firstSeen).toISOString().slice(0, 10);
  const amount = saved < 1_000_000 ? `${(saved / 1_000).toFixed(1)} kB` : `${(saved / 1_000_000).toFixed(1)} MB`;
  return html`<p>Since ${since}: ${requests} requests, <strong>${amount}</strong> less than the originals.</p>`;
}

function profileChoice(record: ClientRecord | undefined, { profiles }: SettingsParts): Html {
  const selectable = profiles.list().filter((each) => each.profile.selectable);
  const current = record?.profile ?? '';
  return html`<p><label for="profile">Serve me as</label> <select id="profile" name="profile">${option('', 'what this device looks like', current)}${selectable.map(
    ({ profile }) => option(profile.name, profile.title ?? profile.name, current),
  )}</select></p>`;
}

interface SiteForms {
  readonly path: string;
  readonly token: Html;
  readonly sites: ClientRecord['sites'];
  /** The site this is, in reverse mode: there is no other to speak of there. */
  readonly host: string | undefined;
}

function forSites({ path, token, sites, host }: SiteForms): Html {
  const held = Object.entries(sites).filter(([name]) => host === undefined || name === host);
  return html`<h2>For ${host === undefined ? 'one site' : 'this site'} alone</h2>
${
  held.length > 0 &&
  html`<ul>${held.map(
    ([name, chosen]) =>
      html`<li><form action="${path}" method="post">${token}<input type="hidden" name="site" value="${name}">${name}: ${tellPreferences(chosen)} <button name="do" value="drop-site">Remove</button></form></li>`,
  )}</ul>`
}
<form action="${path}" method="post">${token}
${
  host === undefined
    ? html`<p><label for="site">Site</label> <input id="site" name="site" type="text" autocapitalize="none" placeholder="example.org" required></p>`
    : html`<input type="hidden" name="site" value="${host}">`
}
${preferenceFields(undefined, 'site-')}
<p><button name="do" value="save-site">Save for this site</button></p></form>`;
}

/** Most sites a client may have settings of its own for. */
const MAX_SITES = 100;

function saveSettings(
  received: Received,
  read: VaryRecorder,
  { form, path }: { form: URLSearchParams; path: string },
  parts: SettingsParts,
): Reply {
  const chosen = readPreferences(form);
  const profile = form.get('profile') || undefined;
  if (profile !== undefined && parts.profiles.get(profile)?.profile.selectable !== true)
    throw new GatewayError('UNKNOWN_PROFILE', { name: profile, known: 'those on the page' });
  const { record, keep } = seeForKeeping(received, read, parts);
  parts.clients.choose(record.id, chosen);
  parts.clients.assign(record.id, profile);
  return keep(makeRedirect(303, path));
}

function saveSite(
  received: Received,
  read: VaryRecorder,
  { form, page }: { form: URLSearchParams; page: OwnPage },
  parts: SettingsParts,
): Reply {
  const host = page.site?.host ?? readHost(form.get('site') ?? '');
  const chosen = form.get('do') === 'drop-site' ? undefined : readPreferences(form);
  const { record, keep } = seeForKeeping(received, read, parts);
  const { [host]: _, ...others } = record.sites;
  const sites = chosen === undefined ? others : { ...others, [host]: chosen };
  if (Object.keys(sites).length > MAX_SITES)
    throw new GatewayError('BAD_INPUT', { why: `there is room for ${MAX_SITES} sites; remove one first` });
  parts.clients.choose(record.id, record.settings, sites);
  return keep(makeRedirect(303, `${page.gatewayPath}settings`));
}

// People paste whole addresses; what counts is the host in it.
function readHost(text: string): string {
  const written = text.trim();
  const url = URL.parse(/^https?:\/\//i.test(written) ? written : `http://${written}`);
  if (url === null || url.hostname === '' || url.username !== '')
    throw new GatewayError('BAD_INPUT', { why: '`site` must be a host name such as example.org' });
  return url.hostname;
}

/** The record to keep choices in, and a way to let the client keep the key to it. */
function seeForKeeping(
  received: Received,
  read: VaryRecorder,
  parts: SettingsParts,
): { record: ClientRecord; keep: (reply: Reply) => Reply } {
  const user = findUser(received, parts);
  const secret = cookieOf(received, 'format-client') ?? randomBytes(24).toString('base64url');
  const key: ClientKey = user === undefined ? { kind: 'cookie', secret } : { kind: 'user', name: user.name };
  const detection = parts.detect((name) => read.get(name));
  const record = parts.clients.see(key, { ...detection, userAgent: received.fields.get('user-agent') ?? '' });
  return {
    record,
    keep(reply) {
      if (user === undefined) setCookie(reply, received, 'format-client', secret);
      return reply;
    },
  };
}

function forgetClient(received: Received, path: string, parts: SettingsParts): Reply {
  const user = findUser(received, parts);
  for (const key of [
    clientKeyOf(received, user),
    { kind: 'address', address: received.peer.address, userAgent: received.fields.get('user-agent') ?? '' } as const,
  ]) {
    const record = parts.clients.find(key);
    if (record !== undefined) parts.clients.forget(record.id);
  }
  const owner = jarOwnerOf(received, user, undefined);
  if (owner !== undefined) parts.jar.forget(owner);
  const reply = makeRedirect(303, path);
  for (const name of ['format-client', 'format-jar'] as const) setCookie(reply, received, name, '');
  return reply;
}

function setCookie(reply: Reply, received: Received, name: OwnCookie, value: string): void {
  reply.fields.append(
    'set-cookie',
    ownCookieLine(name, value, { secure: received.peer.secure, maxAgeSeconds: value === '' ? 0 : COOKIE_SECONDS }),
  );
}
