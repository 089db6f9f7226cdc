/** `/-/settings`: see and change how you are served, forget me. No script needed. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { isPresentation, type Presentation } from '../../core/presentation.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import type { ClientKey, ClientRecord, Clients } from '../../profiles/clients.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { PartialPreferences } from '../../profiles/preferences.ts';
import { parsePreferences } from '../../profiles/profile.ts';
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
import type { Users } from '../users.ts';
import { makePage, makeRedirect } from './layout.ts';
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

const CHOICES: readonly Presentation[] = ['full', 'lite', 'article', 'text', 'markdown', 'original'];
const COOKIE_SECONDS = 400 * 86_400;

export function makeSettingsPage(parts: SettingsParts): PageEntry {
  return {
    methods: ['GET', 'POST'],
    async handle(received, page, read) {
      if (page.site?.personal === false) throw new GatewayError('NOT_FOUND', { path: `${page.gatewayPath}settings` });
      const path = `${page.gatewayPath}settings`;
      if (received.method !== 'POST') return showSettings(received, read, path, parts);
      const form = await readForm(received);
      checkToken(received, form, parts.tokens);
      if (form.get('do') === 'forget') return forgetClient(received, path, parts);
      return saveSettings(received, read, { form, path }, parts);
    },
  };
}

function showSettings(received: Received, read: VaryRecorder, path: string, parts: SettingsParts): Reply {
  const detection = parts.detect((name) => read.get(name));
  const user = findUser(received, parts);
  const record = parts.clients.find(clientKeyOf(received, user));
  const token = parts.tokens.make(tokenClientOf(received));
  return makePage({
    title: 'How you are served',
    body: html`<h1>How you are served</h1>
<p class="note">This looks like <strong>${detection.class}</strong>, preset <strong>${detection.preset}</strong>: ${detection.evidence.join('; ')}.${user !== undefined && html` Signed in as <strong>${user.name}</strong>.`}</p>
<form action="${path}" method="post"><input type="hidden" name="token" value="${token}">
${choicesFor(record, parts)}
<p><button name="do" value="save">Save</button></p></form>
<h2>Forget me</h2><form action="${path}" method="post"><input type="hidden" name="token" value="${token}">
<p>Forgets these settings, what was detected, and every cookie that sites have set through this gateway.</p><p><button name="do" value="forget">Forget me</button></p></form>`,
  });
}

function choicesFor(record: ClientRecord | undefined, { profiles }: SettingsParts): Html {
  const settings = record?.settings;
  const presentation = typeof settings?.presentation === 'string' ? settings.presentation : settings?.presentation?.[0];
  const selectable = profiles.list().filter((each) => each.profile.selectable);
  return html`<p><label for="profile">Serve me as</label> <select id="profile" name="profile">${option('', 'what this device looks like', record?.profile ?? '')}${selectable.map(
    ({ profile }) => option(profile.name, profile.title ?? profile.name, record?.profile ?? ''),
  )}</select></p>
<p><label for="presentation">Show pages</label> <select id="presentation" name="presentation">${option('', 'as that prefers', presentation ?? '')}${CHOICES.map((each) => option(each, each, presentation ?? ''))}</select></p>
<p><label for="images">Pictures</label> <select id="images" name="images">${option('', 'as that prefers', imagesOf(settings))}${option('yes', 'show', imagesOf(settings))}${option('no', 'alternative text only', imagesOf(settings))}</select></p>
<p><label for="quality">Picture quality (1 to 100)</label> <input id="quality" name="quality" type="number" min="1" max="100" value="${settings?.images?.quality ?? ''}"></p>`;
}

function imagesOf(settings: PartialPreferences | undefined): string {
  const load = settings?.images?.load;
  return load === undefined ? '' : load ? 'yes' : 'no';
}

function option(value: string, label: string, current: string): Html {
  return value === current
    ? html`<option value="${value}" selected>${label}</option>`
    : html`<option value="${value}">${label}</option>`;
}

function saveSettings(
  received: Received,
  read: VaryRecorder,
  { form, path }: { form: URLSearchParams; path: string },
  parts: SettingsParts,
): Reply {
  const settings = readSettings(form);
  const profile = form.get('profile') || undefined;
  if (profile !== undefined && parts.profiles.get(profile)?.profile.selectable !== true)
    throw new GatewayError('UNKNOWN_PROFILE', { name: profile, known: 'those on the page' });
  const user = findUser(received, parts);
  const held = cookieOf(received, 'format-client');
  const secret = held ?? randomBytes(24).toString('base64url');
  const key: ClientKey = user === undefined ? { kind: 'cookie', secret } : { kind: 'user', name: user.name };
  const detection = parts.detect((name) => read.get(name));
  const record = parts.clients.see(key, { ...detection, userAgent: received.fields.get('user-agent') ?? '' });
  parts.clients.choose(record.id, settings);
  parts.clients.assign(record.id, profile);
  const reply = makeRedirect(303, path);
  if (user === undefined) setCookie(reply, received, 'format-client', secret);
  return reply;
}

function readSettings(form: URLSearchParams): PartialPreferences | undefined {
  const presentation = form.get('presentation') ?? '';
  const images = form.get('images') ?? '';
  const quality = form.get('quality') ?? '';
  if (presentation !== '' && !isPresentation(presentation))
    throw new GatewayError('BAD_INPUT', { why: '`presentation` is not one of those on the page' });
  if (quality !== '' && !/^(?:[1-9]\d?|100)$/.test(quality))
    throw new GatewayError('BAD_INPUT', { why: '`quality` must be 1 to 100' });
  const pictures = {
    ...(images === '' ? {} : { load: images === 'yes' }),
    ...(quality === '' ? {} : { quality: Number(quality) }),
  };
  const settings = {
    ...(isPresentation(presentation) ? { presentation } : {}),
    ...(Object.keys(pictures).length > 0 ? { images: pictures } : {}),
  };
  return Object.keys(settings).length === 0 ? undefined : parsePreferences(settings);
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
  const owner = jarOwnerOf(received, user);
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
