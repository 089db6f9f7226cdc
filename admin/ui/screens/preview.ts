/** What a client would get, beside the original: sizes, chain, reasons, times, and what else could have been made. */

import { GatewayError } from '../../../core/errors.ts';
import { PRESENTATIONS } from '../../../core/presentation.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import type { Admin } from '../../admin.ts';
import { parsePreview } from '../../preview/preview.ts';
import { preferenceGroups } from '../forms/profile-fields.ts';
import { readFields } from '../forms/read-fields.ts';
import { renderFields } from '../forms/render-field.ts';
import { makeUiPage } from '../page.ts';
import { explanationPart } from '../parts/explanation.ts';
import type { Screen, UiCall } from '../screen.ts';

/** Preferences that can be tried out here. */
const groups = preferenceGroups.filter(({ title }) => ['Images', 'Page', 'Text'].includes(title));
const fields = groups.flatMap((group) => group.fields);
const PREFIX = 'options.';

export function previewScreens(admin: Admin): Screen[] {
  return [{ method: 'GET', path: '/ui/preview', handle: (call) => previewPage(call, admin) }];
}

interface Outcome {
  readonly result?: Html;
  readonly error?: GatewayError;
}

async function previewPage(call: UiCall, admin: Admin): Promise<Reply> {
  const options = readFields(call.query, fields, PREFIX);
  const { result, error } = await runPreview(call, options, admin);
  return makeUiPage(call, {
    title: 'Preview',
    ...(error === undefined ? {} : { status: error.status, fault: error.message }),
    body: html`${previewForm(call, options, admin, error)}${result}`,
  });
}

async function runPreview({ query, received }: UiCall, options: object, admin: Admin): Promise<Outcome> {
  const get = (name: string) => query.get(name)?.trim() || undefined;
  const url = get('url');
  if (url === undefined) return {};
  const sent = Object.entries({ 'user-agent': get('userAgent'), accept: get('accept') }).filter(
    ([, value]) => value !== undefined,
  );
  try {
    const request = parsePreview({
      url,
      profile: get('profile'),
      client: get('client'),
      as: get('as'),
      ...(sent.length === 0 ? {} : { fields: Object.fromEntries(sent) }),
      ...(Object.keys(options).length === 0 ? {} : { options }),
    });
    const explained = await admin.preview(request, received.connection.signal);
    const id = admin.frames.keep(explained);
    return { result: explanationPart(explained.explanation, { frames: id, permalink: permalinkOf(query) }) };
  } catch (error) {
    if (error instanceof GatewayError && error.status !== 500) return { error };
    throw error;
  }
}

/** The address of this very preview, without what was left empty. */
function permalinkOf(query: URLSearchParams): string {
  return `/ui/preview?${new URLSearchParams([...query].filter(([, value]) => value.trim() !== '')).toString()}`;
}

function previewForm(call: UiCall, options: object, { profiles, clients }: Admin, error?: GatewayError): Html {
  const { query } = call;
  const text = (name: string) => query.get(name) ?? '';
  const known = clients.get(text('client'));
  const invalid = error !== undefined && html` aria-invalid="true"`;
  const faults = new Map<string, string>();
  for (const { path } of fields)
    if (error?.message.includes(`\`${path.join('.')}\``) === true) faults.set(PREFIX + path.join('.'), error.message);
  return html`<form class="panel" action="/ui/preview" method="get">
<div class="field wide"><label for="url">Address</label><input id="url" name="url" type="text" inputmode="url" value="${text('url')}" required placeholder="https://example.org/page"${faults.size === 0 && invalid}></div>
<div class="fields">${select(
    'profile',
    'With the profile',
    'as rules and detection decide',
    profiles.list().map(({ profile }) => profile.name),
    text('profile'),
  )}
${select('as', 'Shown as', 'as preferences decide', PRESENTATIONS, text('as'))}
<div class="field"><label for="client">As the client</label><input id="client" name="client" type="text" value="${text('client')}" aria-describedby="client-help"><span class="help" id="client-help">${known === undefined ? 'an id, from the list of clients' : known.userAgent}</span></div>
<div class="field"><label for="userAgent">User-Agent</label><input id="userAgent" name="userAgent" type="text" value="${text('userAgent')}"></div>
<div class="field"><label for="accept">Accept</label><input id="accept" name="accept" type="text" value="${text('accept')}"></div></div>
<details${Object.keys(options).length > 0 && html` open`}><summary>Change preferences for this run</summary>${groups.map(
    ({ title, fields: part }) =>
      html`<h2>${title}</h2>${renderFields(part, { prefix: PREFIX, data: options, faults })}`,
  )}</details>
<div class="actions"><button class="main">Run</button></div></form>`;
}

function select(name: string, label: string, empty: string, options: readonly string[], current: string): Html {
  return html`<div class="field"><label for="${name}">${label}</label><select id="${name}" name="${name}"><option value="">${empty}</option>${options.map(
    (option) => html`<option value="${option}"${option === current && html` selected`}>${option}</option>`,
  )}</select></div>`;
}
