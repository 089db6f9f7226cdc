/** The frame of the admin UI's pages: navigation, status, main part. Complete without scripts. */
import { Fields } from '../../core/fields.ts';
import { type Html, html } from '../../gateway/html.ts';
import type { Reply } from '../../gateway/reply.ts';
import type { UiCall } from './screen.ts';

/** Screens by address, as the navigation names them. */
export const SCREENS = [
  ['/', 'Overview'],
  ['/ui/profiles', 'Profiles'],
  ['/ui/clients', 'Clients'],
  ['/ui/preview', 'Preview'],
  ['/ui/formatters', 'Formatters'],
  ['/ui/sites', 'Sites'],
  ['/ui/views', 'Views'],
  ['/ui/traffic', 'Traffic'],
  ['/ui/fleet', 'Fleet'],
  ['/ui/audit', 'Audit log'],
] as const;

export interface PageContent {
  readonly title: string;
  readonly body: Html;
  /** Default 200. */
  readonly status?: number;
  /** What has just been done, said at the top. */
  readonly done?: string | Html | undefined;
  /** What went wrong, said at the top. */
  readonly fault?: string | Html | undefined;
  /** Name of a script of ours that makes the page livelier. */
  readonly script?: 'live-traffic.js';
}

/** A finished page; without a call, one for somebody who is not signed in. */
export function makeUiPage(call: Pick<UiCall, 'received' | 'formToken'> | undefined, content: PageContent): Reply {
  const { title, body, status = 200, done, fault, script } = content;
  const text = html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title} – Format gateway admin</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="icon" href="/ui/static/icon.svg"><link rel="stylesheet" href="/ui/static/style.css">${script !== undefined && html`<script src="/ui/static/${script}" defer></script>`}</head>
<body${call === undefined && html` class="outside"`}><a class="skip" href="#main">Skip to content</a>
<header class="top"><a class="brand" href="/">Format gateway <span>admin</span></a>${call !== undefined && signOut(call)}</header>
${call !== undefined && navigation(call)}
<main id="main" tabindex="-1"><h1>${title}</h1>
${done !== undefined && html`<div class="status done" role="status">${done}</div>`}
${fault !== undefined && html`<div class="status fault" role="alert">${fault}</div>`}
${body}
</main></body></html>
`;
  return makeUiReply(status, 'text/html; charset=utf-8', Buffer.from(text.text));
}

function signOut({ formToken }: Pick<UiCall, 'formToken'>): Html {
  return html`<form action="/ui/sign-out" method="post">${formToken}<button class="quiet">Sign out</button></form>`;
}

function navigation({ received }: Pick<UiCall, 'received'>): Html {
  const path = received.path.split('?')[0]!;
  // `/ui/new-profile` belongs to `/ui/profiles`.
  const makesNew = (href: string) => path.startsWith(href.replace('/ui/', '/ui/new-').slice(0, -1));
  const isHere = (href: string) => path === href || (href !== '/' && (path.startsWith(`${href}/`) || makesNew(href)));
  return html`<nav class="screens" aria-label="Screens"><ul>${SCREENS.map(
    ([href, label]) => html`<li><a href="${href}"${isHere(href) && html` aria-current="page"`}>${label}</a></li>`,
  )}</ul></nav>`;
}

/** Threats 24, 26: nothing from elsewhere, nobody frames it, scripts and styles are files of ours. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A reply of the UI with the fields all of them have. */
export function makeUiReply(status: number, contentType: string, body: Reply['body']): Reply {
  const fields = Fields.from({
    'content-type': contentType,
    'cache-control': 'no-store',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // Not `no-referrer`: browsers then send `Origin: null` with forms (Fetch, serializing a request origin).
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
  });
  return { status, fields, body };
}

/** After a form has been carried out: a reload does not post it again (RFC 9110 15.4.4). */
export function seeOther(location: string): Reply {
  const reply = makeUiReply(303, 'text/plain; charset=utf-8', Buffer.from(`See ${location}\n`));
  reply.fields.set('location', location);
  return reply;
}
