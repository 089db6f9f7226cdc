import { type CheerioAPI, load } from 'cheerio';
import type { Element, ParentNode } from 'domhandler';
import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainRecord, Want } from '../../core/component.ts';
import { editTree, findElement, isHtml, makeElement, setChildren } from '../document/edit-tree.ts';
import { droppedTags } from '../document/parse.ts';

interface ElementOptions {
  /** What alone is to stay; empty: everything. */
  readonly keep: string;
  /** What is to go; empty: nothing. */
  readonly drop: string;
}

const MAX_SELECTOR = 500;

/**
 * Only the elements of a page that someone wants, before anything else is made of it.
 *
 * For whoever reads a site often, in any form: `keep` names what alone is to stay, `drop` what goes, as CSS selectors. The
 * title, language and metadata of the page stay. A page on which `keep` finds nothing is left whole, with a remark.
 */
export default {
  contract: 1,
  kind: 'formatter',
  // By name before the others of pages, which take away what a selector might name.
  name: 'elements',
  version: '1.0.0',
  title: 'Chosen elements',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/html', keeps: 1, cost: 1, meets: ['elements'] }],
  optionsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      keep: { type: 'string', default: '', description: 'CSS selector of what alone is to stay' },
      drop: { type: 'string', default: '', description: 'CSS selector of what is to go' },
    },
  },
  parseOptions,
  format: chooseElements,
} satisfies Formatter;

/** @throws TypeError naming the option that is wrong */
function parseOptions(raw: unknown): PlainRecord {
  const given = (raw ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof raw !== 'object' && raw !== undefined) throw new TypeError('options must be an object');
  for (const name of Object.keys(given))
    if (name !== 'keep' && name !== 'drop') throw new TypeError(`\`${name}\` is not known`);
  return { keep: readSelector(given['keep'], 'keep'), drop: readSelector(given['drop'], 'drop') };
}

function readSelector(value: unknown, name: string): string {
  if (value === undefined) return '';
  if (typeof value !== 'string' || value.length > MAX_SELECTOR)
    throw new TypeError(`\`${name}\` must be a selector of at most ${MAX_SELECTOR} characters`);
  try {
    load('<p>')(value.trim() === '' ? '*' : value);
  } catch (cause) {
    throw new TypeError(`\`${name}\` is no CSS selector: \`${value.slice(0, 100)}\``, { cause });
  }
  return value.trim();
}

function chooseElements(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const { keep, drop } = want.options as unknown as ElementOptions;
  const body = findElement($.root()[0]!, 'body');
  if (droppedTags($) > 0) env.note('document.flattened', { tags: droppedTags($) });
  if (body !== undefined) {
    if (drop !== '') remove(body, new Set(find($, drop)));
    if (keep !== '') keepOnly(body, outermost(find($, keep), body), env);
  }
  return { mediaType: want.mediaType, document: $ };
}

function find($: CheerioAPI, selector: string): Element[] {
  return $('body').find(selector).get();
}

function remove(body: Element, gone: ReadonlySet<unknown>): void {
  if (gone.size > 0) editTree(body, { enter: (node) => !(isHtml(node) && gone.has(node)) });
}

function keepOnly(body: Element, kept: Element[], env: FormatEnv): void {
  if (kept.length === 0) {
    env.note('elements.nothing-kept');
    return;
  }
  // What someone chose is the page's main content, whatever it is.
  setChildren(body, [makeElement('main', {}, kept.map(standAlone))]);
}

/** A cell without its table would not be read back: its content stands in a box, a row in a table. */
function standAlone(element: Element): Element {
  const { name, attribs } = element;
  if (name === 'td' || name === 'th' || name === 'caption') return makeElement('div', attribs, element.children);
  if (name === 'tr') return makeElement('table', {}, [makeElement('tbody', {}, [element])]);
  if (/^(?:tbody|thead|tfoot|colgroup)$/.test(name)) return makeElement('table', {}, [element]);
  return element;
}

/** Those that lie in none of the others, in the order of the page. */
function outermost(found: readonly Element[], body: Element): Element[] {
  const all = new Set<ParentNode>(found);
  return found.filter((element) => {
    // Parts of drawings and formulas mean something else outside of them.
    if (!isHtml(element) || /^(?:col|frame|frameset)$/.test(element.name)) return false;
    for (let up: ParentNode | null = element.parent; up !== null && up !== body; up = up.parent)
      if (all.has(up)) return false;
    return true;
  });
}
