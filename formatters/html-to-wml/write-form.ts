/** Forms in WML: fields fill variables, an action sends them. */

import { plainText } from '../document/flow/inline-run.ts';
import type { Block, Control, FormBlock, Inline } from '../document/flow/model.ts';
import { shortened, wmlText } from './wml-text.ts';

const MAX_CHOICES = 60;
const MAX_FIELDS = 60;

interface Field {
  readonly control: Control;
  /** Name of the variable that holds what was entered. */
  readonly variable: string;
  /** Radio buttons of one name are one choice. */
  readonly options: { readonly value: string; readonly label: string; readonly selected: boolean }[];
}

/** The fields of one form, by their controls. */
export class WmlForm {
  readonly #form: FormBlock | undefined;
  readonly #number: number;
  readonly #fields = new Map<Control, Field>();
  /** Words that are shown as the label of a choice. */
  readonly labels = new Set<Inline>();
  #actions = 0;
  #shown = new Set<Field>();

  /** @param number tells the variables of several forms apart */
  constructor(form: FormBlock | undefined, number: number) {
    this.#form = form;
    this.#number = number;
    if (form !== undefined) this.#collect(form.blocks);
  }

  /** A control as an element; empty where it is part of another or cannot be. */
  control(control: Control): string {
    if (control.type === 'submit') return this.action(control);
    const field = this.#fields.get(control);
    if (field === undefined || this.#shown.has(field)) return '';
    this.#shown.add(field);
    const name = `name="${field.variable}"`;
    if (field.options.length > 0) {
      const several = control.type === 'checkbox' || control.multiple ? ' multiple="true"' : '';
      const chosen = field.options.flatMap((option, i) => (option.selected ? [i + 1] : []));
      const first = chosen.length > 0 ? ` ivalue="${chosen.join(';')}"` : '';
      const options = field.options.map(
        ({ value, label }) => `<option value="${wmlText(value)}">${wmlText(shortened(label || value, 60))}</option>`,
      );
      return `<select ${name}${titleOf(control)}${several}${first}>${options.join('')}</select>`;
    }
    const type = control.type === 'password' ? ' type="password"' : '';
    const value = control.value === '' || type !== '' ? '' : ` value="${wmlText(control.value)}"`;
    return `<input ${name}${type}${titleOf(control)}${value} emptyok="true"/>`;
  }

  /** A choice as a field to enter the value in. */
  entry(control: Control): string {
    const field = this.#fields.get(control);
    if (field === undefined) return '';
    const value = (field.options.find(({ selected }) => selected) ?? field.options[0])?.value ?? '';
    return `<input name="${field.variable}"${titleOf(control)} value="${wmlText(value)}" emptyok="true"/>`;
  }

  /** The action that sends the form, by a button or without one. */
  action(button?: Control): string {
    const form = this.#form;
    if (form === undefined || form.action === '') return '';
    const label = wmlText(shortened(button?.label ?? '', 30) || 'OK');
    const sent = [...new Set(this.#fields.values())].map(
      (field) => [field.control.name, `$(${field.variable})`] as const,
    );
    const fixed = [...form.hidden, ...(button?.name ? [[button.name, button.value] as const] : [])];
    const fields = [
      ...sent.map(([name, value]) => `<postfield name="${wmlText(name)}" value="${value}"/>`),
      ...fixed
        .slice(0, MAX_FIELDS)
        .map(([name, value]) => `<postfield name="${wmlText(name)}" value="${wmlText(value)}"/>`),
    ];
    const id = `f${this.#number}a${++this.#actions}`;
    return `<do type="accept" name="${id}" label="${label}"><go href="${wmlText(form.action)}" method="${form.method}">${fields.join('')}</go></do>`;
  }

  get hasAction(): boolean {
    return this.#actions > 0;
  }

  #collect(blocks: readonly Block[]): void {
    for (const block of blocks) {
      if (block.kind === 'paragraph' || block.kind === 'heading') this.#collectLine(block.content);
      else if (block.kind === 'list') for (const item of block.items) this.#collect(item.blocks);
      else if (block.kind === 'table') for (const cell of block.rows.flat()) this.#collect(cell.blocks);
      else if (block.kind === 'definitions')
        for (const { terms, details } of block.entries) {
          for (const term of terms) this.#collectLine(term);
          for (const each of details) this.#collect(each);
        }
      else if ('blocks' in block) this.#collect(block.blocks);
    }
  }

  #collectLine(content: readonly Inline[]): void {
    for (const [i, piece] of content.entries()) {
      if (piece.kind === 'mark' || piece.kind === 'link') this.#collectLine(piece.content);
      if (piece.kind !== 'control') continue;
      const { control } = piece;
      const isBox = control.type === 'radio' || control.type === 'checkbox';
      const label = isBox ? content[i + 1] : undefined;
      const words = label !== undefined && label.kind !== 'control' && label.kind !== 'break' ? label : undefined;
      if (this.#add(control, words === undefined ? '' : plainText([words])) && words !== undefined)
        this.labels.add(words);
    }
  }

  #add(control: Control, label: string): boolean {
    const { type, name, checked } = control;
    if (
      name === '' ||
      control.disabled ||
      type === 'file' ||
      type === 'button' ||
      type === 'reset' ||
      type === 'submit'
    )
      return false;
    if (type === 'radio') {
      const group = [...this.#fields.values()].find(
        (each) => each.control.type === 'radio' && each.control.name === name,
      );
      if (group !== undefined) {
        if (group.options.length >= MAX_CHOICES) return false;
        group.options.push({ value: control.value, label, selected: checked });
        this.#fields.set(control, group);
        return true;
      }
    }
    if (this.#fields.size >= MAX_FIELDS) return false;
    const own = { value: control.value, label: label || control.label, selected: checked };
    const options = type === 'radio' || type === 'checkbox' ? [own] : [...control.choices.slice(0, MAX_CHOICES)];
    this.#fields.set(control, { control, variable: `v${this.#number}x${this.#fields.size + 1}`, options });
    return true;
  }
}

function titleOf({ label }: Control): string {
  return label === '' ? '' : ` title="${wmlText(shortened(label, 40))}"`;
}
