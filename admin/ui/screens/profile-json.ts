/** A profile as JSON: the other way in, for who writes faster than forms are filled. */
import { GatewayError } from '../../../core/errors.ts';
import { html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, seeOther } from '../page.ts';
import type { Screen, UiCall } from '../screen.ts';
import { storedProfile } from './profile-editor.ts';

export function profileJsonScreens(admin: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/profiles/:name/json',
      handle(call) {
        const { profile, etag } = storedProfile(call, admin);
        return jsonPage(call, { text: JSON.stringify(profile, null, 2), etag });
      },
    },
    { method: 'POST', path: '/ui/profiles/:name/json', handle: (call) => save(call, admin) },
    {
      method: 'GET',
      path: '/ui/new-profile-json',
      handle: (call) => jsonPage(call, { text: '{\n  "name": "",\n  "prefers": {}\n}', etag: undefined }),
    },
    { method: 'POST', path: '/ui/new-profile-json', handle: (call) => save(call, admin) },
  ];
}

interface JsonState {
  readonly text: string;
  /** Of the edition that is changed; `undefined` for a profile that is new. */
  readonly etag: string | undefined;
  readonly error?: GatewayError;
}

async function save(call: UiCall, { profileActions, profiles }: Admin): Promise<Reply> {
  const { form, actor, names } = call;
  const text = form.get('json') ?? '';
  const name = names['name'];
  const etag = form.get('etag') ?? undefined;
  try {
    const raw = parseJson(text);
    const stored =
      name === undefined
        ? await profileActions.create(raw, actor)
        : (await profileActions.replace(name, raw, { actor, ...(etag === undefined ? {} : { ifMatch: [etag] }) }))
            .stored;
    return seeOther(`/ui/profiles/${stored.profile.name}?done=saved`);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status >= 500) throw error;
    const now = error.code === 'STALE' ? profiles.get(name ?? '') : undefined;
    return jsonPage(call, { text, etag: now?.etag ?? etag, error }, now?.profile);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('BAD_INPUT', { why: `this is not JSON: ${(cause as Error).message}` }, { cause });
  }
}

function jsonPage(call: UiCall, { text, etag, error }: JsonState, stored?: unknown): Reply {
  const name = call.names['name'];
  const path = name === undefined ? '/ui/new-profile-json' : `/ui/profiles/${encodeURIComponent(name)}/json`;
  return makeUiPage(call, {
    title: name === undefined ? 'New profile from JSON' : `Profile ${name} as JSON`,
    ...(error === undefined ? {} : { status: error.status, fault: html`<p id="json-fault">${error.message}</p>` }),
    body: html`${stored !== undefined && html`<h2>Stored now</h2><p>Saving again puts yours over it.</p><pre tabindex="0">${JSON.stringify(stored, null, 2)}</pre>`}
<form action="${path}" method="post">${call.formToken}${etag !== undefined && html`<input type="hidden" name="etag" value="${etag}">`}
<div><label for="json">Profile</label><textarea id="json" name="json" rows="24" spellcheck="false"${error !== undefined && html` aria-invalid="true" aria-describedby="json-fault"`}>
${text}</textarea></div><div class="actions"><button class="main">Save</button> <a class="button" href="${name === undefined ? '/ui/profiles' : `/ui/profiles/${encodeURIComponent(name)}`}">${name === undefined ? 'All profiles' : 'The form'}</a></div></form>`,
  });
}
