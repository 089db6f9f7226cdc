/** Sites the gateway stands in front of: listed, added, changed, removed. */
import { z } from 'zod';
import { GatewayError } from '../../../core/errors.ts';
import { html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import { siteSchema } from '../../../gateway/sites.ts';
import type { ListedSite } from '../../../gateway/sites-store.ts';
import type { Admin } from '../../admin.ts';
import { readFields } from '../forms/read-fields.ts';
import { renderFields } from '../forms/render-field.ts';
import { fieldsOfSchema, type JsonSchema } from '../forms/schema-fields.ts';
import { makeUiPage, seeOther } from '../page.ts';
import { table } from '../parts/table.ts';
import type { Screen, UiCall } from '../screen.ts';

const HELP: Readonly<Record<string, string>> = {
  host: 'name by which clients ask, without a port',
  upstream: 'where it is fetched from, such as http://10.0.0.5:3000',
  profile: 'for clients that have none of their own',
  trust: 'yes leaves its SVG and the raw HTML of its Markdown unsanitised',
  gatewayPath: 'where the gateway’s own pages are; /-/ unless the site has its own there',
  data: 'hosts its views may fetch data from',
  personal: 'no keeps no settings and no client records there',
};
const siteFields = fieldsOfSchema(
  z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
).map((field) => ({ ...field, help: HELP[field.path[0]!] ?? '', kind: field.kind === 'json' ? 'text' : field.kind }));

export function siteScreens(admin: Admin): Screen[] {
  return [
    { method: 'GET', path: '/ui/sites', handle: (call) => listPage(call, admin) },
    { method: 'GET', path: '/ui/new-site', handle: (call) => formPage(call, { site: {}, etag: admin.sites.etag() }) },
    { method: 'POST', path: '/ui/new-site', handle: (call) => save(call, admin, undefined) },
    {
      method: 'GET',
      path: '/ui/sites/:host',
      handle(call) {
        const { source: _source, readOnly: _readOnly, ...site } = ownSite(call, admin);
        return formPage(call, { host: site.host, site, etag: admin.sites.etag() });
      },
    },
    { method: 'POST', path: '/ui/sites/:host', handle: (call) => save(call, admin, ownSite(call, admin).host) },
    { method: 'GET', path: '/ui/sites/:host/delete', handle: (call) => confirmPage(call, admin) },
    {
      method: 'POST',
      path: '/ui/sites/:host/delete',
      handle(call) {
        const { host } = ownSite(call, admin);
        replaceOne(call, admin, { host, by: undefined });
        return seeOther('/ui/sites?done=removed');
      },
    },
  ];
}

function listPage(call: UiCall, { sites }: Admin): Reply {
  const done = { saved: 'Saved. It holds from the next request on.', removed: 'The site was removed.' };
  return makeUiPage(call, {
    title: 'Sites',
    done: done[call.query.get('done') as keyof typeof done],
    body: html`<p>The gateway stands in front of these: it answers for their hosts, and fetches from their upstreams.</p><div class="actions"><a class="button main" href="/ui/new-site">Add a site</a></div>
${table({
  id: 'sites',
  caption: 'In the order in which they are tried; those of the SITES file are changed there',
  columns: [
    { label: 'Host' },
    { label: 'Upstream' },
    { label: 'Profile' },
    { label: 'Trusted' },
    { label: 'Own pages' },
    { label: 'From' },
  ],
  rows: sites
    .list()
    .map(({ host, upstream, profile, trust, gatewayPath, source, readOnly }) => [
      readOnly ? host : html`<a href="/ui/sites/${host}">${host}</a>`,
      html`<code>${upstream}</code>`,
      profile ?? '',
      trust ? 'yes' : 'no',
      gatewayPath,
      source === 'file' ? html`<span class="tag">SITES file, read-only</span>` : 'here',
    ]),
  empty: 'None. Clients use the gateway by its own address, or as their proxy.',
})}`,
  });
}

interface SiteForm {
  /** As it is stored; `undefined` for one that is new. */
  readonly host?: string;
  readonly site: object;
  readonly etag: string;
  readonly error?: GatewayError;
}

function formPage(call: UiCall, { host, site, etag, error }: SiteForm): Reply {
  const path = host === undefined ? '/ui/new-site' : `/ui/sites/${host}`;
  return makeUiPage(call, {
    title: host === undefined ? 'Add a site' : `Site ${host}`,
    ...(error === undefined ? {} : { status: error.status, fault: error.message }),
    body: html`<form action="${path}" method="post">${call.formToken}<input type="hidden" name="etag" value="${etag}"><div class="card">${renderFields(siteFields, { prefix: '', data: site, faults: error === undefined ? new Map() : faultsOf(site) })}</div>
<div class="actions"><button class="main">Save</button> ${host !== undefined && html`<a class="button" href="${path}/delete">Remove</a>`} <a class="button" href="/ui/sites">All sites</a></div></form>`,
  });
}

function faultsOf(site: object): ReadonlyMap<string, string> {
  const issues = siteSchema.safeParse(site).error?.issues ?? [];
  return new Map(issues.map(({ path, message }) => [path.join('.'), message]));
}

function save(call: UiCall, admin: Admin, host: string | undefined): Reply {
  const site = readFields(call.form, siteFields, '');
  try {
    replaceOne(call, admin, { host, by: site });
    return seeOther('/ui/sites?done=saved');
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status >= 500) throw error;
    return formPage(call, { ...(host === undefined ? {} : { host }), site, etag: admin.sites.etag(), error });
  }
}

function replaceOne(
  call: UiCall,
  { sites, siteActions }: Admin,
  { host, by }: { host: string | undefined; by: object | undefined },
): void {
  const own = sites.list().filter(({ readOnly }) => !readOnly);
  const list = own.flatMap((site): object[] => (site.host !== host ? [site] : by === undefined ? [] : [by]));
  if (host === undefined && by !== undefined) list.push(by);
  const etag = call.form.get('etag');
  siteActions.replace(list, { actor: call.actor, ...(etag === null ? {} : { ifMatch: [etag] }) });
}

/** The site a path names; those of the file are none of ours. @throws GatewayError NOT_FOUND. */
function ownSite({ names, received }: UiCall, { sites }: Admin): ListedSite {
  const site = sites.list().find(({ host, readOnly }) => host === names['host'] && !readOnly);
  if (site === undefined) throw new GatewayError('NOT_FOUND', { path: received.path });
  return site;
}

function confirmPage(call: UiCall, admin: Admin): Reply {
  const { host, upstream } = ownSite(call, admin);
  return makeUiPage(call, {
    title: `Remove site ${host}?`,
    body: html`<p>The gateway will answer for ${host} no more (421). Nothing is changed at ${upstream}.</p>
<form action="/ui/sites/${host}/delete" method="post">${call.formToken}<input type="hidden" name="etag" value="${admin.sites.etag()}"><div class="actions"><button class="danger">Remove</button> <a class="button" href="/ui/sites/${host}">Keep it</a></div></form>`,
  });
}
