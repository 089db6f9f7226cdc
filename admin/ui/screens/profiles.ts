/** The list of profiles, a trial of their rules, and what is done to one without its form. */
import { GatewayError } from '../../../core/errors.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import { presets } from '../../../profiles/presets.ts';
import type { Profile } from '../../../profiles/profile.ts';
import type { ProfileMatch } from '../../actions/match-profile.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, seeOther } from '../page.ts';
import { table } from '../parts/table.ts';
import type { Screen, UiCall } from '../screen.ts';
import { storedProfile } from './profile-editor.ts';

export function profileScreens(admin: Admin): Screen[] {
  return [
    { method: 'GET', path: '/ui/profiles', handle: (call) => listPage(call, admin) },
    {
      method: 'POST',
      path: '/ui/profiles/:name/undo',
      async handle({ names, actor }) {
        const name = names['name']!;
        const stored = await admin.profileActions.undo(name, { actor });
        return seeOther(`/ui/profiles?done=undone&name=${encodeURIComponent(stored?.profile.name ?? name)}`);
      },
    },
    {
      method: 'GET',
      path: '/ui/profiles/:name/delete',
      handle: (call) => confirmPage(call, admin),
    },
    {
      method: 'POST',
      path: '/ui/profiles/:name/delete',
      async handle(call) {
        const name = call.names['name']!;
        const etag = call.form.get('etag');
        try {
          await admin.profileActions.remove(name, { actor: call.actor, ...(etag === null ? {} : { ifMatch: [etag] }) });
        } catch (error) {
          if (!(error instanceof GatewayError) || (error.code !== 'CONFLICT' && error.code !== 'STALE')) throw error;
          return confirmPage(call, admin, error);
        }
        return seeOther(`/ui/profiles?done=removed&name=${encodeURIComponent(name)}`);
      },
    },
  ];
}

function listPage(call: UiCall, admin: Admin): Reply {
  const all = admin.profiles.list();
  const own = all.filter(({ preset }) => !preset);
  const trial = tryRules(call, admin);
  return makeUiPage(call, {
    title: 'Profiles',
    done: doneNote(call),
    ...(trial.error === undefined ? {} : { status: trial.error.status, fault: trial.error.message }),
    body: html`<form class="inline" action="/ui/new-profile" method="get"><div class="field"><label for="extends">New profile, standing on</label><select id="extends" name="extends">${all.map(
      ({ profile }) => html`<option value="${profile.name}">${profile.name}</option>`,
    )}</select></div><button class="main">New profile</button> <a class="button" href="/ui/new-profile-json">New from JSON</a></form>
<h2>Stored here</h2>${profileTable('stored', 'Profiles made or changed here; the highest priority wins, then the name', own)}
<h2>Presets</h2>${profileTable(
      'presets',
      'What each kind of device starts with',
      all.filter(({ preset }) => preset),
    )}
<h2 id="try">Which profile would a request get?</h2>
<form class="panel" action="/ui/profiles#try" method="get">${['userAgent', 'address', 'url'].map((name) => trialField(name, call.query.get(name) ?? ''))}<p><button>Find out</button></p></form>
${trial.match !== undefined && matchResult(trial.match)}`,
  });
}

function profileTable(id: string, caption: string, list: readonly { readonly profile: Profile }[]): Html {
  return table({
    id,
    caption,
    columns: [
      { label: 'Name' },
      { label: 'Title' },
      { label: 'Stands on' },
      { label: 'Shows' },
      { label: 'For' },
      { label: 'Priority', isNumber: true },
    ],
    rows: list.map(({ profile }) => [
      html`<a href="/ui/profiles/${profile.name}">${profile.name}</a>`,
      profile.title ?? '',
      profile.extends ?? '',
      [profile.prefers?.presentation ?? []].flat().join(', '),
      rulesOf(profile),
      profile.priority ?? 0,
    ]),
    empty: 'None yet. Make one here, or of a client that was seen.',
  });
}

function rulesOf({ match, sites }: Profile): Html {
  const rules = Object.entries(match ?? {}).map(([key, values]) => `${key}: ${(values ?? []).join(', ')}`);
  const exceptions = Object.keys(sites ?? {}).length;
  const all = [...rules, ...(exceptions === 0 ? [] : [`${exceptions} ${exceptions === 1 ? 'site' : 'sites'} apart`])];
  return html`${all.join('; ')}`;
}

const TRIAL_LABELS: Readonly<Record<string, readonly [string, string]>> = {
  userAgent: ['User-Agent', 'as the client sends it'],
  address: ['Address of the client', 'such as 10.8.0.4; 127.0.0.1 where it is left empty'],
  url: ['Address it asks for', 'where exceptions for sites matter'],
};

function trialField(name: string, value: string): Html {
  const [label, help] = TRIAL_LABELS[name]!;
  return html`<div class="field"><label for="try-${name}">${label}</label><input id="try-${name}" name="${name}" type="text" value="${value}" autocomplete="off" aria-describedby="try-${name}-help"><span class="help" id="try-${name}-help">${help}</span></div>`;
}

interface Trial {
  readonly match?: ProfileMatch;
  readonly error?: GatewayError;
}

function tryRules({ query }: UiCall, { match }: Admin): Trial {
  const [userAgent = '', address = '', url = ''] = ['userAgent', 'address', 'url'].map((name) =>
    query.get(name)?.trim(),
  );
  if (userAgent === '' && address === '' && url === '') return {};
  try {
    return { match: match({ userAgent, address: address || '127.0.0.1', fields: new Map(), url: url || undefined }) };
  } catch (error) {
    if (error instanceof GatewayError && error.status < 500) return { error };
    throw error;
  }
}

function matchResult({ profile, reason, class: clientClass, preset, evidence, exception }: ProfileMatch): Html {
  const why = {
    field: 'the request names it',
    rule: 'a rule of it fits',
    site: 'the site names it',
    detected: 'that is its preset',
  }[reason];
  return html`<div class="panel" role="status"><dl class="facts"><dt>Profile</dt><dd><a href="/ui/profiles/${profile}">${profile}</a>, for ${why}</dd>
<dt>Taken for</dt><dd>${clientClass}, preset ${preset}</dd><dt>Evidence</dt><dd>${evidence.join('; ')}</dd>
<dt>Exception</dt><dd>${exception === null ? 'none for this address' : html`${exception.host}${exception.profile !== null && ` of ${exception.profile}`}: <code>${JSON.stringify(exception.preferences)}</code>`}</dd></dl></div>`;
}

function doneNote({ query, formToken }: UiCall): Html | undefined {
  const name = query.get('name') ?? '';
  if (!/^[a-z0-9-]{1,64}$/.test(name)) return undefined;
  const undo = html`<form class="beside" action="/ui/profiles/${name}/undo" method="post">${formToken}<button class="quiet">Undo</button></form>`;
  if (query.get('done') === 'removed') return html`<p>Profile ${name} was removed. ${undo}</p>`;
  if (query.get('done') === 'undone') return html`<p>The last change of ${name} was undone. ${undo}</p>`;
  return undefined;
}

function confirmPage(call: UiCall, admin: Admin, error?: GatewayError): Reply {
  const { profile, etag } = storedProfile(call, admin);
  const isChangedPreset = presets.has(profile.name);
  const users = admin.profiles.list().filter((each) => each.profile.extends === profile.name);
  return makeUiPage(call, {
    title: isChangedPreset ? `Preset ${profile.name} as it was?` : `Remove profile ${profile.name}?`,
    ...(error === undefined ? {} : { status: error.status, fault: error.message }),
    body: html`<p>${isChangedPreset ? 'Your edition goes and the preset comes back.' : 'Clients that had it get what else fits them.'} The change can be undone.</p>
${users.length > 0 && html`<p>These stand on it: ${users.map((each) => each.profile.name).join(', ')}.</p>`}
<form action="/ui/profiles/${profile.name}/delete" method="post">${call.formToken}<input type="hidden" name="etag" value="${etag}"><div class="actions"><button class="danger">${isChangedPreset ? 'Back to the preset' : 'Remove'}</button> <a class="button" href="/ui/profiles/${profile.name}">Keep it</a></div></form>`,
  });
}
