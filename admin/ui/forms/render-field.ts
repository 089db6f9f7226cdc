/** Form fields as markup: each with its label, its help and what was wrong with it. */
import { type Html, html } from '../../../gateway/html.ts';
import type { SchemaField } from './schema-fields.ts';

/** What a field shows. */
export interface FieldState {
  /** Before the names of the fields, such as `prefers.`. */
  readonly prefix: string;
  /** The object the fields are for. */
  readonly data: unknown;
  /** What was wrong, by name of the field. */
  readonly faults: ReadonlyMap<string, string>;
  /** What holds where a field is left empty, by path. */
  readonly inherited?: ((path: string) => unknown) | undefined;
}

export function renderFields(fields: readonly SchemaField[], state: FieldState): Html {
  return html`<div class="fields">${fields.map((field) => renderField(field, state))}</div>`;
}

function renderField(field: SchemaField, state: FieldState): Html {
  const name = state.prefix + field.path.join('.');
  const value = valueAt(state.data, field.path);
  const inherited = state.inherited?.(field.path.join('.'));
  const fault = findFault(state.faults, name);
  const shown: Shown = { field, name, value, inherited, fault, described: describedBy(name, field.help, fault) };
  const notes = notesOf(name, field.help, fault);
  if (field.kind === 'choices' || field.kind === 'ranking') {
    const inside = field.kind === 'choices' ? checkboxes(shown) : ranking(shown);
    return html`<fieldset class="choices" id="${name}"${shown.described}><legend>${field.label}</legend>${inside}${notes}</fieldset>`;
  }
  return html`<div class="field"><label for="${name}">${field.label}</label>${control(shown)}${notes}</div>`;
}

interface Shown {
  readonly field: SchemaField;
  readonly name: string;
  readonly value: unknown;
  readonly inherited: unknown;
  readonly fault: string | undefined;
  /** `aria-describedby` and `aria-invalid`. */
  readonly described: Html;
}

function describedBy(name: string, help: string, fault: string | undefined): Html {
  const ids = [help !== '' && `${name}-help`, fault !== undefined && `${name}-fault`].filter(Boolean).join(' ');
  return html`${ids !== '' && html` aria-describedby="${ids}"`}${fault !== undefined && html` aria-invalid="true"`}`;
}

function notesOf(name: string, help: string, fault: string | undefined): Html {
  return html`${help !== '' && html`<span class="help" id="${name}-help">${help}</span>`}${fault !== undefined && html`<span class="wrong" id="${name}-fault">${fault}</span>`}`;
}

function control({ field, name, value, inherited, described }: Shown): Html {
  const held = plainText(inherited);
  const hint = held !== '' && html` placeholder="${held.slice(0, 200)}"`;
  const { kind, min, max, isWhole } = field;
  if (kind === 'yes-no') {
    const current = value === true ? 'yes' : value === false ? 'no' : plainText(value);
    const left = inherited === true ? 'yes' : inherited === false ? 'no' : '';
    return select({ name, options: ['yes', 'no'], current, left, described });
  }
  if (kind === 'choice')
    return select({ name, options: field.options, current: plainText(value), left: held, described });
  if (kind === 'number') {
    const bounds = html`${min !== undefined && html` min="${min}"`}${max !== undefined && html` max="${max}"`}`;
    const isNumber = value === undefined || typeof value === 'number';
    // What is no number is shown again as it was written, which a number field cannot.
    return isNumber
      ? html`<input id="${name}" name="${name}" type="number"${bounds} step="${isWhole ? '1' : 'any'}" value="${plainText(value)}"${hint}${described}>`
      : html`<input id="${name}" name="${name}" type="text" inputmode="decimal" value="${plainText(value)}"${hint}${described}>`;
  }
  if (kind === 'text')
    return html`<input id="${name}" name="${name}" type="text" value="${plainText(value)}"${hint}${described}>`;
  const isJson = kind === 'json' && typeof value === 'object';
  const text = isJson ? JSON.stringify(value, null, 2) : plainText(value);
  return html`<textarea id="${name}" name="${name}" rows="${Math.min(10, Math.max(2, text.split('\n').length))}" spellcheck="false"${hint}${described}>
${text}</textarea>`;
}

interface Choice {
  readonly name: string;
  readonly options: readonly string[];
  readonly current: string;
  /** What holds when nothing is chosen; empty where that is not known. */
  readonly left: string;
  readonly described: Html;
}

function select({ name, options, current, left, described }: Choice): Html {
  const all = current === '' || options.includes(current) ? options : [...options, current];
  return html`<select id="${name}" name="${name}"${described}><option value="">${left === '' ? 'not set here' : `not set here: ${left}`}</option>${all.map(
    (option) => html`<option value="${option}"${option === current && html` selected`}>${option}</option>`,
  )}</select>`;
}

function checkboxes({ field, name, value }: Shown): Html {
  const chosen = Array.isArray(value) ? value : [];
  return html`${field.options.map(
    (option) =>
      html`<label><input type="checkbox" name="${name}" value="${option}"${chosen.includes(option) && html` checked`}> ${option}</label>`,
  )}`;
}

const PLACES = ['first', 'second', 'third', 'fourth', 'fifth'];

function ranking({ field, name, value, inherited }: Shown): Html {
  const chosen: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  const left = Array.isArray(inherited) ? inherited.join(', ') : plainText(inherited);
  return html`${Array.from({ length: Math.max(3, chosen.length + 1) }, (_, index) => {
    const place = PLACES[index] ?? `number ${index + 1}`;
    const id = `${name}.${index}`;
    const empty = index > 0 ? 'none' : left === '' ? 'not set here' : `not set here: ${left}`;
    return html`<div class="field"><label for="${id}" class="hint">${place} choice</label><select id="${id}" name="${name}"><option value="">${empty}</option>${field.options.map(
      (option) => html`<option value="${option}"${option === chosen[index] && html` selected`}>${option}</option>`,
    )}</select></div>`;
  })}`;
}

/** A value as it stands in a field; of a list one a line, of qualities with the quality behind. */
function plainText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(String).join('\n');
  if (typeof value !== 'object') return value === true ? 'yes' : value === false ? 'no' : String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key} ${String(each)}`)
    .join('\n');
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

// A fault of an item, such as `images.types.1`, belongs to the field of its list.
function findFault(faults: ReadonlyMap<string, string>, name: string): string | undefined {
  const own = [...faults].filter(([path]) => path === name || path.startsWith(`${name}.`));
  return own.length === 0 ? undefined : own.map(([, message]) => message).join('; ');
}
