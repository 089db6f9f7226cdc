/** The form of a profile: fields from its schema, exceptions as rows that submit buttons add. */
import type { FormatterRegistry } from '../../../formatters/registry.ts';
import { type Html, html } from '../../../gateway/html.ts';
import { mergePreferences } from '../../../profiles/merge.ts';
import type { Profiles } from '../../../profiles/profiles.ts';
import {
  type FormatterFields,
  formatterFields,
  formattersAsJson,
  matchFields,
  preferenceFields,
  preferenceGroups,
  profileFields,
} from './profile-fields.ts';
import type { ProfileDraft } from './read-profile.ts';
import { type FieldState, renderFields } from './render-field.ts';
import type { SchemaField } from './schema-fields.ts';

/** What the form shows. */
export interface ProfileFormState {
  readonly draft: ProfileDraft;
  readonly faults: ReadonlyMap<string, string>;
  readonly registry: FormatterRegistry;
  readonly profiles: Profiles;
}

/** The fields, without the `<form>` and its buttons. */
export function profileForm({ draft, faults, registry, profiles }: ProfileFormState): Html {
  const { profile, rows } = draft;
  const prefers = profile['prefers'];
  const state: FieldState = { prefix: '', data: profile, faults };
  const preferences = {
    prefix: 'prefers.',
    data: prefers,
    faults,
    inherited: inheritedBy(draft, profiles),
  };
  const named = namesIn(prefers, 'formatters');
  return html`${renderFields(profileFields, state)}
<section class="panel"><h2>Whom it is for</h2><p class="help">A client gets this profile when every filled field fits it. Left empty, it is had by name or by assignment alone.</p>${renderFields(matchFields, { prefix: 'match.', data: profile['match'], faults })}</section>
${preferenceGroups.map(({ title, fields }) => html`<section class="panel"><h2>${title}</h2>${renderFields(fields, preferences)}</section>`)}
<details class="panel"${named.length > 0 && html` open`}><summary><h2>Formatters</h2></summary>${formatterFields(registry, named).map((each) => formatterField(each, preferences))}</details>
<section class="panel" id="sites"><h2>Exceptions for sites</h2><p class="help">What holds for one host, and below it, in place of the above.</p>
${rows.map((row, index) => exceptionRow(row, index, faults))}
<p><button name="do" value="add-site">Add an exception</button></p></section>`;
}

function exceptionRow(
  { host, prefers }: ProfileDraft['rows'][number],
  index: number,
  faults: ReadonlyMap<string, string>,
): Html {
  const hostField: SchemaField = {
    path: ['host'],
    label: 'Host',
    help: 'such as example.org',
    kind: 'text',
    options: [],
    isWhole: false,
  };
  const prefix = `sites.${index}.`;
  const state: FieldState = { prefix, data: prefers, faults };
  const isSet = ({ path }: SchemaField) => Object.hasOwn(prefers, path[0]!);
  const [first, ...others] = preferenceFields;
  return html`<fieldset class="card"><legend>Exception ${index + 1}${host !== '' && `: ${host}`}</legend>
${renderFields([hostField], { prefix, data: { host }, faults })}
${renderFields([first!], state)}
<details${others.some(isSet) && html` open`}><summary>More preferences for exception ${index + 1}</summary>${renderFields([...others, formattersAsJson], state)}</details>
<p><button name="do" value="drop-site.${index}">Remove exception ${index + 1}</button></p></fieldset>`;
}

function formatterField({ name, title, fields }: FormatterFields, { data, faults }: FieldState): Html {
  const held = (data as { formatters?: Record<string, unknown> } | undefined)?.formatters;
  const value = held !== undefined && Object.hasOwn(held, name) ? held[name] : undefined;
  const id = `prefers.formatters.${name}`;
  const isObject = typeof value === 'object' && value !== null;
  const fault = [...faults].find(([path]) => path === id || path.startsWith(`${id}.`))?.[1];
  const choice = (key: string, label: string, isChosen: boolean) =>
    html`<option value="${key}"${isChosen && html` selected`}>${label}</option>`;
  const asJson = value !== undefined && typeof value !== 'boolean' && fields.length === 0;
  return html`<div class="fields"><div class="field"><label for="${id}">${name}</label><select id="${id}" name="${id}"${title !== '' && html` aria-describedby="${id}-help"`}>
${choice('', 'not set here', false)}${choice('on', 'on', value === true || isObject)}${choice('off', 'off', value === false)}</select>${title !== '' && html`<span class="help" id="${id}-help">${title}</span>`}</div>
${fields.length > 0 && renderFields(fields, { prefix: `${id}.`, data: isObject ? value : undefined, faults })}
${
  asJson &&
  html`<div class="field"><label for="${id}.json">Options of ${name}, as JSON</label><textarea id="${id}.json" name="${id}.json" rows="3" spellcheck="false"${fault !== undefined && html` aria-invalid="true" aria-describedby="${id}-fault"`}>
${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</textarea></div>`
}${fault !== undefined && fields.length === 0 && html`<span class="wrong" id="${id}-fault">${fault}</span>`}</div>`;
}

/** What holds where a field is left empty: what the base and all below it say. */
function inheritedBy({ name, profile }: ProfileDraft, profiles: Profiles): (path: string) => unknown {
  const base = profile['extends'];
  const chain = [
    ...(name === 'default' ? [] : [profiles.get('default')?.profile]),
    ...(typeof base === 'string' ? profiles.chain(base) : []),
  ];
  const layers = chain.flatMap((each) =>
    each === undefined ? [] : [{ name: each.name, prefers: each.prefers ?? {} }],
  );
  const { values } = mergePreferences(layers, undefined);
  return (path) => values[path]?.value;
}

function namesIn(data: unknown, key: string): string[] {
  const part = typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[key] : undefined;
  return typeof part === 'object' && part !== null ? Object.keys(part) : [];
}
