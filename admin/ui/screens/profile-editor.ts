/** One profile: looked at, changed, tried before it is stored. */
import { GatewayError } from '../../../core/errors.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import { presets } from '../../../profiles/presets.ts';
import type { Profile } from '../../../profiles/profile.ts';
import type { Impact } from '../../actions/find-impact.ts';
import type { Admin } from '../../admin.ts';
import { formatterFields } from '../forms/profile-fields.ts';
import { profileForm } from '../forms/profile-form.ts';
import { draftOf, faultsOf, type ProfileDraft, profileOf, readProfileForm } from '../forms/read-profile.ts';
import { makeUiPage, seeOther } from '../page.ts';
import { impactTable } from '../parts/impact-table.ts';
import type { Screen, UiCall } from '../screen.ts';

export function profileEditorScreens(admin: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/profiles/:name',
      handle(call) {
        const stored = storedProfile(call, admin);
        const done = call.query.get('done') === 'saved' ? savedNote(call, stored.profile.name) : undefined;
        return editorPage(call, admin, { draft: draftOf(stored.profile), etag: stored.etag, done });
      },
    },
    {
      method: 'POST',
      path: '/ui/profiles/:name',
      handle: (call) => handlePost(call, admin, call.names['name']!),
    },
    {
      method: 'GET',
      path: '/ui/new-profile',
      handle(call) {
        const [base, model] = [call.query.get('extends'), call.query.get('like')];
        const { name: _name, ...like } = admin.profiles.get(model ?? '')?.profile ?? ({} as Partial<Profile>);
        const profile = { ...like, ...(base === null || base === '' ? {} : { extends: base }) };
        return editorPage(call, admin, { draft: draftOf({ name: '', ...profile }), etag: undefined });
      },
    },
    {
      method: 'POST',
      path: '/ui/new-profile',
      handle: (call) => handlePost(call, admin, undefined),
    },
  ];
}

interface Editor {
  readonly draft: ProfileDraft;
  /** Of the edition that is changed; `undefined` for a profile that is new. */
  readonly etag: string | undefined;
  readonly status?: number;
  readonly done?: Html | string | undefined;
  readonly fault?: Html | string | undefined;
  readonly faults?: ReadonlyMap<string, string>;
  readonly impact?: Impact;
}

async function handlePost(call: UiCall, admin: Admin, name: string | undefined): Promise<Reply> {
  const { form } = call;
  const wanted = form.get('do') ?? 'save';
  const fields = formatterFields(admin.registry(), namedFormatters(form));
  const draft = readProfileForm(name ?? form.get('name')?.trim() ?? '', form, fields);
  const etag = name === undefined ? undefined : (form.get('etag') ?? undefined);
  if (wanted === 'add-site')
    return editorPage(call, admin, { draft: { ...draft, rows: [...draft.rows, { host: '', prefers: {} }] }, etag });
  const dropped = /^drop-site\.(\d+)$/.exec(wanted)?.[1];
  if (dropped !== undefined) {
    const rows = draft.rows.filter((_, index) => index !== Number(dropped));
    return editorPage(call, admin, { draft: { ...draft, rows }, etag });
  }
  try {
    if (wanted === 'impact') return editorPage(call, admin, { draft, etag, impact: admin.impact(profileOf(draft)) });
    return await save(call, admin, { draft, etag });
  } catch (error) {
    return editorPage(call, admin, { draft, ...afterFault(error, draft, etag, admin) });
  }
}

async function save(call: UiCall, { profileActions }: Admin, { draft, etag }: Editor): Promise<Reply> {
  const { actor } = call;
  if (etag === undefined) await profileActions.create(profileOf(draft), actor);
  else await profileActions.replace(draft.name, profileOf(draft), { actor, ifMatch: [etag] });
  return seeOther(`/ui/profiles/${draft.name}?done=saved`);
}

/** The page after something went wrong: filled as it was, with what is wrong where it is. */
function afterFault(
  error: unknown,
  draft: ProfileDraft,
  etag: string | undefined,
  { profiles }: Admin,
): Omit<Editor, 'draft'> {
  if (!(error instanceof GatewayError) || error.status >= 500) throw error;
  if (error.code !== 'STALE') {
    const faults = faultsOf(draft);
    return { etag, status: error.status, faults, fault: faultNote(error, faults) };
  }
  const now = profiles.get(draft.name);
  const fault = html`<p><strong>Somebody has changed this profile since you opened it.</strong> Nothing was stored. The form holds what you wrote; saving again puts it over theirs.</p>
<div class="sides"><div><h2>Stored now</h2><pre tabindex="0">${now === undefined ? 'gone' : JSON.stringify(now.profile, null, 2)}</pre></div><div><h2>Yours</h2><pre tabindex="0">${JSON.stringify(profileOf(draft), null, 2)}</pre></div></div>`;
  return { etag: now?.etag, status: 412, fault };
}

/** What is wrong, with a link to each field. */
function faultNote(error: GatewayError, faults: ReadonlyMap<string, string>): Html {
  if (faults.size === 0) return html`<p>${error.message}</p>`;
  return html`<p>Nothing was stored. Please mend:</p><ul>${[...faults].map(
    ([name, message]) => html`<li><a href="#${name}">${name || 'the profile'}</a>: ${message}</li>`,
  )}</ul>`;
}

function editorPage(call: UiCall, admin: Admin, editor: Editor): Reply {
  const { draft, etag, status, done, fault, faults = new Map(), impact } = editor;
  const { profiles, registry } = admin;
  const isNew = etag === undefined && profiles.get(draft.name) === undefined;
  const action = etag === undefined ? '/ui/new-profile' : `/ui/profiles/${encodeURIComponent(draft.name)}`;
  return makeUiPage(call, {
    title: etag === undefined ? 'New profile' : `Profile ${draft.name}`,
    ...(status === undefined ? {} : { status }),
    done,
    fault,
    body: html`${etag !== undefined && otherWays(draft.name, admin, call)}
${impact !== undefined && html`<section class="panel" aria-label="Impact" role="status"><h2>What would change, and for whom</h2>${impactTable(impact)}</section>`}
<form action="${action}" method="post">${call.formToken}${etag !== undefined && html`<input type="hidden" name="etag" value="${etag}">`}
<div class="actions"><button class="main" name="do" value="save">${isNew ? 'Make profile' : 'Save'}</button><button name="do" value="impact">What would change?</button></div>
${etag === undefined && nameField(draft.name, faults.get('name'))}
${profileForm({ draft, faults, registry: registry(), profiles })}
<div class="actions"><button class="main" name="do" value="save">${isNew ? 'Make profile' : 'Save'}</button><button name="do" value="impact">What would change?</button></div></form>`,
  });
}

function nameField(name: string, fault: string | undefined): Html {
  return html`<div class="field"><label for="name">Name</label><input id="name" name="name" type="text" value="${name}" required autocapitalize="none" autocomplete="off" aria-describedby="name-help${fault !== undefined && ' name-fault'}"${fault !== undefined && html` aria-invalid="true"`}><span class="help" id="name-help">a to z, 0 to 9 and -; it cannot be changed later</span>${fault !== undefined && html`<span class="wrong" id="name-fault">${fault}</span>`}</div>`;
}

function otherWays(name: string, { profiles, audit }: Admin, { formToken }: UiCall): Html {
  const path = `/ui/profiles/${encodeURIComponent(name)}`;
  const isPreset = profiles.get(name)?.preset === true;
  return html`<div class="actions"><a class="button" href="${path}/json">As JSON</a> <a class="button" href="/ui/preview?profile=${encodeURIComponent(name)}">Preview with it</a> <a class="button" href="/ui/new-profile?like=${encodeURIComponent(name)}">New one like it</a>
${audit.last('profile', name) !== undefined && html`<form class="beside" action="${path}/undo" method="post">${formToken}<button>Undo the last change</button></form>`}
${!isPreset && html`<a class="button" href="${path}/delete">${presets.has(name) ? 'Back to the preset' : 'Remove'}</a>`}</div>
${isPreset && html`<p class="help">This is a preset. Saved, your edition takes its place until it is removed.</p>`}`;
}

function savedNote({ formToken }: UiCall, name: string): Html {
  return html`<p>Saved. It holds from the next request on. <form class="beside" action="/ui/profiles/${name}/undo" method="post">${formToken}<button class="quiet">Undo</button></form></p>`;
}

/** The profile a path names. @throws GatewayError NOT_FOUND. */
export function storedProfile({ names, received }: UiCall, { profiles }: Pick<Admin, 'profiles'>) {
  const stored = profiles.get(names['name']!);
  if (stored === undefined) throw new GatewayError('NOT_FOUND', { path: received.path });
  return stored;
}

function namedFormatters(form: URLSearchParams): string[] {
  return [...form.keys()].flatMap((key) => /^prefers\.formatters\.([a-z0-9-]{1,64})$/.exec(key)?.[1] ?? []);
}
