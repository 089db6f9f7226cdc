/**
 * The sanitiser: rebuilds the tree from what an allow-list knows, and nothing else gets into the new one.
 *
 * A filter that removes what is known to be bad loses to the next trick; a rebuild does not see it (7,725 payloads,
 * security research 2.4). No foreign content but drawings and formulas cut down to shapes, no raw text but cleaned
 * styles, and a nesting that the parser reads back as it is.
 */
import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, hasChildren, isDirective, isTag, isText, type ParentNode } from 'domhandler';
import {
  CHILDREN,
  CLOSES_P,
  HEADINGS,
  HIDES_ITEM,
  RUBY_PARTS,
  SCOPE_BOUNDARY,
  TABLE_PART_PARENT,
} from './content-model.ts';
import { isHtml, makeElement, makeText, setChildren, textOf } from './edit-tree.ts';
import { sanitiseAttributes } from './sanitise-attributes.ts';
import { sanitiseCss } from './sanitise-css.ts';
import { sanitiseForeign } from './sanitise-foreign.ts';
import { sanitiseMeta } from './sanitise-head.ts';
import { DROPPED_WITH_CONTENT, POLICIES, type Policy, type PolicyName } from './sanitise-policy.ts';

/** What an element says whatever it is. */
const MARKS = ['id', 'lang', 'dir'] as const;

/** Makes the document safe to show: changes `$` in place. Idempotent, and stable when written and parsed again. */
export function sanitiseDocument($: CheerioAPI, policy: PolicyName): void {
  const root = $.root()[0]!;
  const doctype = root.children.find(isDirective);
  const html = root.children.find(isHtml);
  const rebuilt = new Rebuilder(POLICIES[policy]).page(html);
  setChildren(root, doctype === undefined ? [rebuilt] : [doctype, rebuilt]);
}

/** What encloses the place where a node is put. */
interface Place {
  readonly target: Element;
  /** The paragraph that a block would close. */
  readonly paragraph: Element | undefined;
  /** The kind of list item that another would close. */
  readonly item: 'dd' | 'li' | undefined;
  readonly inLink: boolean;
  readonly inButton: boolean;
  readonly inForm: boolean;
}

class Rebuilder {
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  page(html: Element | undefined): Element {
    const page = makeElement('html');
    const head = makeElement('head');
    const body = makeElement('body');
    if (html !== undefined) page.attribs = sanitiseAttributes(html, this.#policy);
    for (const child of html?.children ?? []) {
      if (!isHtml(child)) continue;
      if (child.name === 'head') setChildren(head, this.#head(child));
      if (child.name !== 'body') continue;
      body.attribs = sanitiseAttributes(child, this.#policy);
      const place = { target: body, paragraph: undefined, item: undefined };
      setChildren(body, this.#children(child, { ...place, inLink: false, inButton: false, inForm: false }));
    }
    setChildren(page, [head, body]);
    return page;
  }

  #head(source: Element): ChildNode[] {
    const kept: ChildNode[] = [];
    for (const child of source.children) {
      if (!isHtml(child) || !this.#policy.elements.has(child.name)) continue;
      if (child.name === 'title') kept.push(makeElement('title', {}, [makeText(textOf(child))]));
      else kept.push(...this.#metadata(child));
    }
    return kept;
  }

  #metadata(element: Element): Element[] {
    if (element.name === 'style') {
      const css = this.#policy.styles ? sanitiseCss(rawText(element)) : '';
      if (css.trim() === '') return [];
      return [makeElement('style', sanitiseAttributes(element, this.#policy), [makeText(css)])];
    }
    const meta = sanitiseMeta(element, this.#policy);
    return meta === undefined ? [] : [meta];
  }

  #children(source: ParentNode, place: Place): ChildNode[] {
    const kept: ChildNode[] = [];
    this.#fill(source, place, kept);
    const allowed = CHILDREN.get(place.target.name);
    return allowed === undefined ? kept : fitChildren(place.target.name, kept, allowed);
  }

  /** Adds what may stay of the children of `source`. */
  #fill(source: ParentNode, place: Place, kept: ChildNode[]): void {
    for (const child of source.children) {
      if (isText(child)) kept.push(makeText(child.data));
      else if (isHtml(child)) this.#element(child, place, kept);
      else if (isTag(child)) {
        const foreign = this.#policy.foreign ? sanitiseForeign(child) : undefined;
        if (foreign !== undefined) kept.push(foreign);
      } else if (hasChildren(child)) this.#fill(child, place, kept);
    }
  }

  #element(element: Element, place: Place, kept: ChildNode[]): void {
    const { name } = element;
    if (name === 'style' || name === 'link' || name === 'meta') {
      if (this.#policy.styles && name !== 'meta') kept.push(...this.#metadata(element));
      return;
    }
    if (DROPPED_WITH_CONTENT.has(name) || name === 'title') return;
    const isKnown = this.#policy.elements.has(name);
    const renamed = isKnown ? fitName(name, place) : fitUnknown(element, place);
    if (renamed === undefined) {
      this.#fill(element, place, kept);
      return;
    }
    const attributes = sanitiseAttributes(element, this.#policy);
    const next = makeElement(renamed, isKnown ? attributes : pickMarks(attributes));
    if (name === 'img' && !('src' in next.attribs) && !('srcset' in next.attribs)) {
      // A picture that cannot be shown is what its text says.
      if (next.attribs['alt']) kept.push(makeText(next.attribs['alt']));
      return;
    }
    if (CLOSES_P.has(renamed) && place.paragraph?.name === 'p') place.paragraph.name = 'div';
    setChildren(next, this.#children(element, placeIn(next, place)));
    kept.push(next);
  }
}

/** The name under which an element can stand here; `undefined` when only its children can. */
function fitName(name: string, place: Place): string | undefined {
  if (name === 'html' || name === 'head' || name === 'body') return undefined;
  if ((name === 'a' && place.inLink) || (name === 'button' && place.inButton)) return undefined;
  if (name === 'form' && place.inForm) return undefined;
  if (HEADINGS.has(name) && HEADINGS.has(place.target.name)) return 'span';
  if (name === 'li' && place.item === 'li') return 'div';
  if ((name === 'dd' || name === 'dt') && place.item === 'dd') return 'div';
  if (RUBY_PARTS.has(name) && place.target.name !== 'ruby') return 'span';
  if (Object.hasOwn(TABLE_PART_PARENT, name) && !Object.hasOwn(TABLE_PART_PARENT, place.target.name)) {
    if (place.target.name === 'table') return name;
    return name === 'td' || name === 'th' || name === 'caption' ? 'div' : undefined;
  }
  return name;
}

/**
 * An element that no allow-list knows, of a page's own making mostly, gives way to its children, but where it is a place that
 * links lead to, or begins another language or direction. The parser treats `span` as it treats what it does not know.
 */
function fitUnknown({ attribs }: Element, { target }: Place): 'span' | undefined {
  return MARKS.some((name) => attribs[name]) && !CHILDREN.has(target.name) ? 'span' : undefined;
}

function pickMarks(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(MARKS.flatMap((name) => (attributes[name] ? [[name, attributes[name]]] : [])));
}

function placeIn(target: Element, outer: Place): Place {
  const { name } = target;
  const isBoundary = SCOPE_BOUNDARY.has(name);
  let item = HIDES_ITEM.has(name) ? undefined : outer.item;
  if (name === 'li') item = 'li';
  if (name === 'dd' || name === 'dt') item = 'dd';
  return {
    target,
    paragraph: name === 'p' ? target : isBoundary ? undefined : outer.paragraph,
    item,
    inLink: outer.inLink || name === 'a',
    inButton: name === 'button' || (outer.inButton && !isBoundary),
    inForm: outer.inForm || name === 'form',
  };
}

/** Children of a table part, a `select` or a text field, made to fit as the parser would have them. */
function fitChildren(parent: string, children: readonly ChildNode[], allowed: ReadonlySet<string>): ChildNode[] {
  const isTablePart = parent === 'table' || Object.hasOwn(TABLE_PART_PARENT, parent);
  const kept: ChildNode[] = [];
  for (const child of children) {
    if (isTag(child) && allowed.has(child.name)) kept.push(child);
    else if (!isTablePart) {
      if (allowed.size === 0) kept.push(makeText(textOf(child)));
    } else if (isTag(child) || (isText(child) && child.data.trim() !== '')) kept.push(...fitTablePart(child, allowed));
  }
  return kept;
}

function fitTablePart(child: ChildNode, allowed: ReadonlySet<string>): Element[] {
  if (isTag(child) && child.name === 'col' && !allowed.has('colgroup')) return [];
  let part = child;
  while (!isTag(part) || !allowed.has(part.name)) {
    const parent: string = (isTag(part) && TABLE_PART_PARENT[part.name]) || 'td';
    if (parent === 'table') return [];
    part = makeElement(parent, {}, [part]);
  }
  return [part];
}

function rawText(element: Element): string {
  return element.children.map((child) => (isText(child) ? child.data : '')).join('');
}
