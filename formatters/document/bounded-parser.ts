/**
 * parse5 with bounds: the tree can be neither deep nor wide enough to hurt who walks it (threat 42).
 *
 * Nested tags make the tree builder quadratic and every recursive walker overflow, so the bounds hold where the tree is
 * built, on the parser's own stack: a scan before it would have to guess what the parser will do with broken markup.
 * A tag that would exceed a bound is left out with its end tag; its text and what fits of its children stay.
 */
import { type Element, isTag, type ParentNode } from 'domhandler';
import { InsertionMode, Parser, type Token } from 'parse5';
import { FormatFailure } from '../../core/executor.ts';
import { RunTokenizer } from './run-tokenizer.ts';
import { type CountingAdapter, type DocumentTreeMap, makeTreeAdapter } from './tree-adapter.ts';

/** Open elements at once. Real pages stay below 100; walkers may recurse this deep. */
export const MAX_DEPTH = 256;
/** Formatting elements (`b`, `a`, `font` …) open at once: each is opened anew in every block that follows. */
const MAX_FORMATTING = 48;
/** From this many nodes on only text is taken in. */
const SOFT_MAX_NODES = 250_000;
/** From this many nodes on the page is refused. */
const HARD_MAX_NODES = 500_000;

const FORMATTING = new Set('a b big code em font i nobr s small strike strong tt u'.split(' '));
// Their content is no markup, so they cannot be left out without showing it; they hold no elements either.
const RAW_TEXT = new Set('iframe noembed noframes plaintext script style textarea title xmp'.split(' '));
const VOID = new Set(
  'area base basefont bgsound br col embed hr img input link meta param source track wbr'.split(' '),
);
const FIELDS = new Set(['button', 'fieldset', 'input', 'output', 'select', 'textarea']);
const TABLE_PARTS = new Set(['table', 'tbody', 'tfoot', 'thead', 'tr']);
/** Moving costs a search among siblings: beyond this many it could be made to hurt. */
const MAX_MOVED_FORMS = 100;
const ROOTS = new Set(['html', 'head', 'body', 'frameset']);

/** A parse of one document. */
export class BoundedParser extends Parser<DocumentTreeMap> {
  readonly #adapter: CountingAdapter;
  /** Start tags left out. */
  dropped = 0;
  readonly #fields: [field: Element, form: Element][] = [];
  /** Left-out tags whose end tags are still to come, by name. */
  #pending = new Map<string, number>();
  #pendingDepth = 0;

  constructor() {
    const adapter = makeTreeAdapter();
    super({ treeAdapter: adapter, scriptingEnabled: false });
    this.#adapter = adapter;
    this.tokenizer = new RunTokenizer(this.options, this);
    adapter.onElementCreated = (element, { formElement }) => {
      if (formElement !== null && FIELDS.has(element.name)) this.#fields.push([element, formElement]);
    };
  }

  /** Names of all elements that were made, as the adapter tells them. */
  get names(): ReadonlySet<string> {
    return this.#adapter.names;
  }

  /**
   * Names the form of each field that ended up outside of it, as happens when a form starts between table rows: the
   * parser knows which form they belong to, the tree does not tell.
   */
  associateFields(): void {
    const ids = new Map<Element, string>();
    for (const [field, form] of this.#fields) {
      if ('form' in field.attribs || isBelow(field, form)) continue;
      const id = form.attribs['id'] ?? ids.get(form) ?? `gw-form-${ids.size + 1}`;
      ids.set(form, id);
      form.attribs['id'] = id;
      field.attribs['form'] = id;
    }
    for (const form of [...ids.keys()].slice(0, MAX_MOVED_FORMS)) this.#moveBeforeTable(form);
  }

  /** An empty form between table rows stands nowhere that markup could say; before the table it does the same. */
  #moveBeforeTable(form: Element): void {
    let place: ParentNode | null = form.parent;
    while (place !== null && isTag(place) && TABLE_PARTS.has(place.name)) place = place.parent;
    if (form.children.length > 0 || place === null || place === form.parent) return;
    let table: Element = form;
    while (table.parent !== place) table = table.parent as Element;
    this.#adapter.detachNode(form);
    this.#adapter.insertBefore(place, form, table);
  }

  override onStartTag(token: Token.TagToken): void {
    const { count } = this.#adapter;
    if (count > HARD_MAX_NODES)
      throw new FormatFailure('too-large', 'document', `the page has more than ${HARD_MAX_NODES} nodes`);
    if (this.#isExcess(token)) {
      this.dropped++;
      this.#pending.set(token.tagName, (this.#pending.get(token.tagName) ?? 0) + 1);
      this.#pendingDepth = Math.max(this.#pendingDepth, this.openElements.stackTop);
      return;
    }
    // A `noscript` in the head that holds pictures or text would end the head early and scatter the rest of it over the
    // body; browsers with scripts read it as raw text, and so do we: what it holds is taken up by who unwraps it.
    this.options.scriptingEnabled = token.tagName === 'noscript' && this.insertionMode === InsertionMode.IN_HEAD;
    if (token.tagName === 'frameset') (this.tokenizer as RunTokenizer).joinsWords = false;
    super.onStartTag(token);
  }

  override onEndTag(token: Token.TagToken): void {
    if (this.#pending.size > 0) {
      // Whatever was left out has ended with the element it stood in.
      if (this.openElements.stackTop < this.#pendingDepth) this.#forget();
      const open = this.#pending.get(token.tagName) ?? 0;
      if (open > 0) {
        this.#pending.set(token.tagName, open - 1);
        return;
      }
    }
    // These two make elements of their own.
    if (this.#adapter.count >= SOFT_MAX_NODES && (token.tagName === 'p' || token.tagName === 'br')) return;
    super.onEndTag(token);
  }

  override onComment(token: Token.CommentToken): void {
    if (this.#adapter.count < SOFT_MAX_NODES) super.onComment(token);
  }

  #isExcess(token: Token.TagToken): boolean {
    const { tagName } = token;
    if (ROOTS.has(tagName)) return false;
    const isLeaf = !this.currentNotInHTML && RAW_TEXT.has(tagName);
    if (isLeaf) return false;
    if (this.#adapter.count >= SOFT_MAX_NODES) return true;
    if (this.openElements.stackTop >= MAX_DEPTH) return this.currentNotInHTML || !VOID.has(tagName);
    return FORMATTING.has(tagName) && this.#openFormatting() >= MAX_FORMATTING;
  }

  #openFormatting(): number {
    let count = 0;
    for (let entry = this.activeFormattingElements.newest; entry !== null; entry = entry.older) {
      // Entries before a marker (a table cell, an object) are not opened anew behind it.
      if (!('element' in entry) || ++count >= MAX_FORMATTING) break;
    }
    return count;
  }

  #forget(): void {
    this.#pending.clear();
    this.#pendingDepth = 0;
  }
}

function isBelow(element: Element, ancestor: Element): boolean {
  let up: ParentNode | null = element.parent;
  while (up !== null && up !== ancestor) up = up.parent;
  return up === ancestor;
}
