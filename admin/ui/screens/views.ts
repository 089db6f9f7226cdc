/** Views: Markdown documents kept here. */
import { GatewayError } from '../../../core/errors.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, seeOther } from '../page.ts';
import { bytesText, timeMark } from '../parts/figures.ts';
import { table } from '../parts/table.ts';
import type { Screen, UiCall } from '../screen.ts';

const NEW = '# Title\n\n```table\ndata: https://example.org/data.csv\n```\n';

export function viewScreens(admin: Admin): Screen[] {
  return [
    { method: 'GET', path: '/ui/views', handle: (call) => listPage(call, admin) },
    {
      method: 'GET',
      path: '/ui/new-view',
      handle: (call) => formPage(call, { name: '', markdown: NEW, etag: undefined }),
    },
    { method: 'POST', path: '/ui/new-view', handle: (call) => save(call, admin) },
    { method: 'GET', path: '/ui/views/:name', handle: (call) => formPage(call, viewOf(call, admin)) },
    { method: 'POST', path: '/ui/views/:name', handle: (call) => save(call, admin) },
    { method: 'GET', path: '/ui/views/:name/delete', handle: (call) => confirmPage(call, admin) },
    {
      method: 'POST',
      path: '/ui/views/:name/delete',
      handle(call) {
        const etag = call.form.get('etag');
        const how = { actor: call.actor, ...(etag === null ? {} : { ifMatch: [etag] }) };
        admin.viewActions.remove(call.names['name']!, how);
        return seeOther('/ui/views?done=removed');
      },
    },
  ];
}

function listPage(call: UiCall, { views }: Admin): Reply {
  const done = { saved: 'Saved.', removed: 'The view was removed.' };
  return makeUiPage(call, {
    title: 'Views',
    done: done[call.query.get('done') as keyof typeof done],
    body: html`<p>A view is a Markdown document whose fences name data of other services. Clients find it on the gateway below <code>/-/views/</code>, each in its own form.</p>
<div class="actions"><a class="button main" href="/ui/new-view">New view</a></div>
${table({
  id: 'views',
  caption: 'Views by name',
  columns: [{ label: 'Name' }, { label: 'Size', isNumber: true }, { label: 'Changed' }],
  rows: views
    .list()
    .map(({ name, bytes, changed }) => [
      html`<a href="/ui/views/${name}">${name}</a>`,
      bytesText(bytes),
      timeMark(changed),
    ]),
  empty: 'None yet.',
})}`,
  });
}

interface ViewForm {
  readonly name: string;
  readonly markdown: string;
  /** Of the edition that is changed; `undefined` for a view that is new. */
  readonly etag: string | undefined;
  readonly error?: GatewayError;
  /** What is stored now, where somebody else has changed it. */
  readonly stored?: string | undefined;
}

function formPage(call: UiCall, { name, markdown, etag, error, stored }: ViewForm): Reply {
  const isNew = etag === undefined;
  const path = isNew ? '/ui/new-view' : `/ui/views/${name}`;
  const invalid = error !== undefined && html` aria-invalid="true" aria-describedby="view-fault"`;
  return makeUiPage(call, {
    title: isNew ? 'New view' : `View ${name}`,
    ...(error === undefined ? {} : { status: error.status, fault: html`<p id="view-fault">${error.message}</p>` }),
    body: html`${stored !== undefined && html`<h2>Stored now</h2><p>Saving again puts yours over it.</p><pre tabindex="0">${stored}</pre>`}
<form action="${path}" method="post">${call.formToken}${!isNew && html`<input type="hidden" name="etag" value="${etag}">`}
${isNew && nameField(name, invalid)}
<div><label for="markdown">Markdown</label><textarea id="markdown" name="markdown" rows="20"${!isNew && invalid}>
${markdown}</textarea></div>
<div class="actions"><button class="main">Save</button> ${!isNew && html`<a class="button" href="${path}/delete">Remove</a>`} <a class="button" href="/ui/views">All views</a></div></form>`,
  });
}

function nameField(name: string, invalid: Html | false): Html {
  return html`<div class="field"><label for="name">Name</label><input id="name" name="name" type="text" value="${name}" required autocapitalize="none" autocomplete="off"${invalid === false ? html` aria-describedby="name-help"` : invalid}><span class="help" id="name-help">a to z, 0 to 9 and -; it is part of the address</span></div>`;
}

function save(call: UiCall, { viewActions, views }: Admin): Reply {
  const { form, actor, names } = call;
  const name = names['name'] ?? form.get('name')?.trim() ?? '';
  // Forms send line ends as CR LF (WHATWG HTML, form-data set); a document keeps its own.
  const markdown = (form.get('markdown') ?? '').replaceAll('\r\n', '\n');
  const etag = names['name'] === undefined ? undefined : (form.get('etag') ?? '');
  try {
    // What is new must not take the place of what is there.
    viewActions.put(name, markdown, { actor, ifMatch: etag === undefined ? [] : [etag] });
    return seeOther('/ui/views?done=saved');
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status >= 500) throw error;
    const now = error.code === 'STALE' ? views.get(name) : undefined;
    if (etag !== undefined)
      return formPage(call, { name, markdown, etag: now?.etag ?? etag, error, stored: now?.markdown });
    const taken = new GatewayError('CONFLICT', { why: `there is a view \`${name}\` already` }, { cause: error });
    return formPage(call, { name, markdown, etag, error: now === undefined ? error : taken });
  }
}

function viewOf({ names, received }: UiCall, { views }: Admin): ViewForm {
  const view = views.get(names['name']!);
  if (view === undefined) throw new GatewayError('NOT_FOUND', { path: received.path });
  return view;
}

function confirmPage(call: UiCall, admin: Admin): Reply {
  const { name, etag } = viewOf(call, admin);
  return makeUiPage(call, {
    title: `Remove view ${name}?`,
    body: html`<p>Its text stays in the audit log, and nowhere else.</p><form action="/ui/views/${name}/delete" method="post">${call.formToken}<input type="hidden" name="etag" value="${etag}"><div class="actions"><button class="danger">Remove</button> <a class="button" href="/ui/views/${name}">Keep it</a></div></form>`,
  });
}
