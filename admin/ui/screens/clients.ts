/** Clients that were seen: what they were taken for and why, their profiles, and forgetting them. */
import { GatewayError } from '../../../core/errors.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import { CLIENT_CLASSES } from '../../../profiles/client-class.ts';
import type { ClientRecord } from '../../../profiles/clients.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, seeOther } from '../page.ts';
import { bytesText, countText, timeMark } from '../parts/figures.ts';
import { table } from '../parts/table.ts';
import type { Screen, UiCall } from '../screen.ts';

const PAGE = 50;

export function clientScreens(admin: Admin): Screen[] {
  const { clientActions } = admin;
  const pathOf = (call: UiCall) => `/ui/clients/${encodeURIComponent(call.names['id']!)}`;
  return [
    { method: 'GET', path: '/ui/clients', handle: (call) => listPage(call, admin) },
    { method: 'GET', path: '/ui/clients/:id', handle: (call) => clientPage(call, admin) },
    {
      method: 'POST',
      path: '/ui/clients/:id/assign',
      handle(call) {
        const profile = call.form.get('profile') ?? '';
        try {
          clientActions.assign(call.names['id']!, profile === '' ? null : profile, call.actor);
        } catch (error) {
          if (!(error instanceof GatewayError) || error.code !== 'BAD_INPUT') throw error;
          return clientPage(call, admin, error);
        }
        return seeOther(`${pathOf(call)}?done=assigned`);
      },
    },
    {
      method: 'POST',
      path: '/ui/clients/:id/profile',
      async handle(call) {
        const { profile } = await clientActions.makeProfile(call.names['id']!, {}, call.actor);
        return seeOther(`/ui/profiles/${profile.name}?done=saved`);
      },
    },
    { method: 'GET', path: '/ui/clients/:id/forget', handle: (call) => confirmPage(call, admin) },
    {
      method: 'POST',
      path: '/ui/clients/:id/forget',
      handle(call) {
        clientActions.forget(call.names['id']!, call.actor);
        return seeOther('/ui/clients?done=forgotten');
      },
    },
  ];
}

function listPage(call: UiCall, { clients }: Admin): Reply {
  const { query } = call;
  const text = query.get('q')?.trim() ?? '';
  const wanted = CLIENT_CLASSES.find((each) => each === query.get('class'));
  const offset = Math.min(1_000_000, Number(/^\d{1,7}$/.exec(query.get('offset') ?? '')?.[0] ?? 0));
  const found = clients.list({ limit: PAGE + 1, offset, class: wanted, text: text || undefined });
  const more = (from: number, label: string) =>
    html`<a class="button" href="/ui/clients?${new URLSearchParams({ q: text, class: wanted ?? '', offset: String(from) }).toString()}">${label}</a>`;
  return makeUiPage(call, {
    title: 'Clients',
    done: query.get('done') === 'forgotten' ? 'The client was forgotten.' : undefined,
    body: html`<form class="inline" action="/ui/clients" method="get" role="search"><div class="field"><label for="q">Word of the User-Agent or profile, or an id</label><input id="q" name="q" type="search" value="${text}"></div>
<div class="field"><label for="class">Class</label><select id="class" name="class"><option value="">any</option>${CLIENT_CLASSES.map((each) => html`<option value="${each}"${each === wanted && html` selected`}>${each}</option>`)}</select></div><button class="main">Filter</button></form>
${table({
  id: 'clients',
  caption: 'Clients, the one seen last first',
  columns: [
    { label: 'Client' },
    { label: 'Taken for' },
    { label: 'Profile' },
    { label: 'Last seen' },
    { label: 'Requests', isNumber: true },
    { label: 'Saved', isNumber: true },
    { label: 'Do' },
  ],
  rows: found.slice(0, PAGE).map((record) => clientRow(record, call)),
  empty:
    text === '' && wanted === undefined
      ? 'Nobody has been here yet.'
      : 'No client fits the filter. Try a shorter word.',
})}
<div class="actions">${offset > 0 && more(Math.max(0, offset - PAGE), 'Newer ones')}${found.length > PAGE && more(offset + PAGE, 'Older ones')}</div>`,
  });
}

function clientRow(record: ClientRecord, { formToken }: UiCall): (Html | string)[] {
  const { id, userAgent, preset, profile, evidence } = record;
  return [
    html`<a class="agent" href="/ui/clients/${id}">${userAgent || 'no User-Agent'}</a>`,
    html`<details><summary>${record.class}, preset ${preset}</summary>${evidence.join('; ')}</details>`,
    profile === undefined ? 'none assigned' : html`<a href="/ui/profiles/${profile}">${profile}</a>`,
    timeMark(record.lastSeen),
    countText(record.requests),
    bytesText(record.saved),
    html`<form class="beside" action="/ui/clients/${id}/profile" method="post">${formToken}<button>Make a profile of it</button></form>`,
  ];
}

function recordOf({ names, received }: UiCall, { clients }: Admin): ClientRecord {
  const record = clients.get(names['id']!);
  if (record === undefined) throw new GatewayError('NOT_FOUND', { path: received.path });
  return record;
}

function clientPage(call: UiCall, admin: Admin, error?: GatewayError): Reply {
  const record = recordOf(call, admin);
  const { id, formToken } = { ...record, formToken: call.formToken };
  const current = error === undefined ? (record.profile ?? '') : (call.form.get('profile') ?? '');
  return makeUiPage(call, {
    title: 'Client',
    ...(error === undefined ? {} : { status: error.status, fault: error.message }),
    done: call.query.get('done') === 'assigned' ? 'Done. It holds from the next request on.' : undefined,
    body: html`<div class="card"><dl class="facts"><dt>User-Agent</dt><dd class="mono">${record.userAgent || 'none'}</dd>
<dt>Taken for</dt><dd>${record.class}, preset <a href="/ui/profiles/${record.preset}">${record.preset}</a></dd>
<dt>Evidence</dt><dd>${record.evidence.join('; ') || 'none'}</dd>
<dt>Known by</dt><dd>${{ user: 'its sign-in', cookie: 'the cookie of its settings', address: 'a digest of its address and User-Agent' }[record.kind]}</dd>
<dt>Seen</dt><dd>${timeMark(record.firstSeen)} to ${timeMark(record.lastSeen)}</dd>
<dt>Requests</dt><dd>${countText(record.requests)}, ${bytesText(record.saved)} saved</dd>
<dt>Own settings</dt><dd>${record.settings === undefined ? 'none' : html`<code>${JSON.stringify(record.settings)}</code>`}${Object.keys(record.sites).length > 0 && html`; by site <code>${JSON.stringify(record.sites)}</code>`}</dd></dl></div>
<h2>Profile</h2><form class="inline" action="/ui/clients/${id}/assign" method="post">${formToken}<div class="field"><label for="profile">Assigned profile</label><select id="profile" name="profile"><option value="">none: rules and detection decide</option>${admin.profiles
      .list()
      .map(
        ({ profile }) =>
          html`<option value="${profile.name}"${profile.name === current && html` selected`}>${profile.name}</option>`,
      )}</select></div><button class="main">Assign</button></form>
<form class="actions" action="/ui/clients/${id}/profile" method="post">${formToken}<button>Make a profile of it</button> <a class="button" href="/ui/preview?client=${id}">Preview as this client</a> <a class="button" href="/ui/clients/${id}/forget">Forget it</a></form>`,
  });
}

function confirmPage(call: UiCall, admin: Admin): Reply {
  const { id, userAgent } = recordOf(call, admin);
  return makeUiPage(call, {
    title: 'Forget this client?',
    body: html`<p class="mono">${userAgent || 'no User-Agent'}</p><p>What was detected, assigned and chosen goes. This cannot be undone; the client is detected anew when it comes again.</p>
<form action="/ui/clients/${id}/forget" method="post">${call.formToken}<div class="actions"><button class="danger">Forget</button> <a class="button" href="/ui/clients/${id}">Keep it</a></div></form>`,
  });
}
