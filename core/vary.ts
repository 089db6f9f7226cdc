/** Vary (RFC 9110 12.5.5) derived from what a choice read (N-8). */
import { canonicalFieldName } from './field-name.ts';
import type { Fields } from './fields.ts';
import { splitList } from './list-field.ts';

const MAX_NAMES = 200;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Request fields that remember who read them: every name asked for, present or not, could have selected another variant.
 *
 * @example const reader = new VaryRecorder(fields); reader.get('accept'); reader.vary('User-Agent') // 'User-Agent, Accept'
 */
export class VaryRecorder {
  readonly #fields: Fields;
  readonly #read = new Set<string>();

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  /** The field's value; its name goes into Vary even when the field is absent. */
  get(name: string): string | undefined {
    this.add(name);
    return this.#fields.get(name);
  }

  has(name: string): boolean {
    this.add(name);
    return this.#fields.has(name);
  }

  add(...names: readonly string[]): this {
    for (const name of names) this.#read.add(name.toLowerCase());
    return this;
  }

  /** Names read so far, lower case, in order. */
  names(): string[] {
    return [...this.#read];
  }

  /** The Vary value: the origin's names, then ours; `*` where the origin said so; `undefined` when nothing was read. */
  vary(originVary?: string): string | undefined {
    return mergeVary(originVary, [...this.#read].join(','));
  }
}

/** One Vary of several: canonical names, each once, in order; `*` swallows all. `undefined` when there is nothing. */
export function mergeVary(...values: readonly (string | undefined)[]): string | undefined {
  const names = new Set<string>();
  for (const value of values)
    for (const member of splitList(value ?? '', MAX_NAMES)) {
      if (member === '*') return '*';
      if (TOKEN.test(member)) names.add(canonicalFieldName(member));
    }
  return names.size === 0 ? undefined : [...names].join(', ');
}

/** Names of a Vary value in lower case, or `*`. */
export function parseVary(value: string | undefined): '*' | string[] {
  const members = splitList(value ?? '', MAX_NAMES);
  return members.includes('*') ? '*' : [...new Set(members.map((member) => member.toLowerCase()))];
}
