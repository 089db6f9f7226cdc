/** Fields and buttons of forms. */
import { type Element, isTag } from 'domhandler';
import { stripControls } from '../control-sequences.ts';
import { isHtml, textOf, walkElements } from '../edit-tree.ts';
import { lineOf } from './inline-run.ts';
import type { Choice, Control } from './model.ts';

const TYPES: Readonly<Record<string, Control['type']>> = {
  button: 'button',
  checkbox: 'checkbox',
  file: 'file',
  image: 'submit',
  password: 'password',
  radio: 'radio',
  reset: 'reset',
  submit: 'submit',
};
const MAX_CHOICES = 2000;

/** The control that an element is; `undefined` for a hidden field or none. */
export function readControl(element: Element): Control | undefined {
  const { attribs, name } = element;
  const common = {
    name: attribs['name'] ?? '',
    checked: 'checked' in attribs,
    disabled: 'disabled' in attribs,
    multiple: 'multiple' in attribs,
    size: Math.min(Math.max(Math.trunc(Number(attribs['size'] ?? attribs['cols'])) || 0, 0), 200),
    choices: [] as readonly Choice[],
  };
  if (name === 'select')
    return { ...common, type: 'select', value: '', label: ownLabel(element), choices: choicesOf(element) };
  if (name === 'textarea')
    return { ...common, type: 'area', value: stripControls(textOf(element)), label: ownLabel(element) };
  if (name === 'button') {
    const type = attribs['type'] === 'reset' || attribs['type'] === 'button' ? attribs['type'] : 'submit';
    return { ...common, type, value: attribs['value'] ?? '', label: lineOf(textOf(element)) || ownLabel(element) };
  }
  if (name !== 'input') return undefined;
  const kind = (attribs['type'] ?? 'text').toLowerCase();
  if (kind === 'hidden') return undefined;
  const type = Object.hasOwn(TYPES, kind) ? TYPES[kind]! : 'text';
  return { ...common, type, value: initialValue(attribs, type), label: labelOf(attribs, type, ownLabel(element)) };
}

/** Names and values of the hidden fields of a form. */
export function hiddenFields(form: Element): [name: string, value: string][] {
  const fields: [string, string][] = [];
  walkElements(form, ({ name, attribs }) => {
    if (name === 'input' && attribs['type']?.toLowerCase() === 'hidden' && attribs['name'])
      fields.push([attribs['name'], attribs['value'] ?? '']);
  });
  return fields;
}

function initialValue(attribs: Readonly<Record<string, string>>, type: Control['type']): string {
  const given = attribs['value'];
  if (given !== undefined) return stripControls(given);
  return type === 'checkbox' || type === 'radio' ? 'on' : '';
}

function labelOf(attribs: Readonly<Record<string, string>>, type: Control['type'], own: string): string {
  if (type !== 'submit' && type !== 'reset' && type !== 'button') return own;
  const shown = attribs['type']?.toLowerCase() === 'image' ? attribs['alt'] : attribs['value'];
  return lineOf(shown ?? '') || own || (type === 'reset' ? 'Reset' : type === 'submit' ? 'Submit' : '');
}

function ownLabel({ attribs }: Element): string {
  return lineOf(attribs['placeholder'] ?? attribs['aria-label'] ?? attribs['title'] ?? '');
}

function choicesOf(select: Element): Choice[] {
  const choices: Choice[] = [];
  const read = (parent: Element): void => {
    for (const child of parent.children) {
      if (!isHtml(child)) continue;
      if (child.name === 'option' && choices.length < MAX_CHOICES) {
        const text = lineOf(textOf(child));
        const label = lineOf(child.attribs['label'] ?? '') || text;
        choices.push({ value: child.attribs['value'] ?? text, label, selected: 'selected' in child.attribs });
      } else if (isTag(child)) read(child);
    }
  };
  read(select);
  return choices;
}
