/** Lists of items and of definitions. */
import { type ChildNode, type Element, isTag, isText } from 'domhandler';
import { isConcealed } from './concealment.ts';
import { isBlank } from './inline-run.ts';
import type { Block, Definition, Inline, ListItem } from './model.ts';
import type { InlineReader } from './read-inlines.ts';

/** What reads the content of items. */
export interface ListHost {
  readonly inlines: InlineReader;
  blocksOf(parent: Element): Block[];
  /** What a node gives where it has no business to be. */
  outOfPlace(node: ChildNode): Block[];
  /** Takes a footnote. */
  note(element: Element, label: string): void;
}

const DROPPED = new Set(['link', 'meta', 'script', 'style', 'template', 'title']);

/** A list; footnotes in it go to the host. */
export function readList(element: Element, host: ListHost, blocks: Block[]): void {
  const items: ListItem[] = [];
  let isLoose = false;
  for (const child of element.children) {
    if (isText(child) ? child.data.trim() === '' : !isTag(child) || isConcealed(child)) continue;
    if (isTag(child) && DROPPED.has(child.name)) continue;
    const label = isTag(child) && host.inlines.options.notes ? host.inlines.survey.notes.get(child) : undefined;
    if (label !== undefined) {
      host.note(child as Element, label);
      continue;
    }
    const isItem = isTag(child) && child.name === 'li';
    const content = isItem ? host.blocksOf(child) : host.outOfPlace(child);
    if (content.length === 0) continue;
    const previous = items.at(-1);
    // A list right in a list, as many write it, belongs to the item before it.
    if (!isItem && previous !== undefined) previous.blocks.push(...content);
    else items.push(makeItem(content, isItem ? child : undefined));
    isLoose ||= isItem && isLooseItem(child, content);
  }
  if (items.length === 0) return;
  const start = Number.parseInt(element.attribs['start'] ?? '1', 10);
  const ordered = element.name === 'ol';
  blocks.push({ kind: 'list', ordered, start: start >= 0 && start < 1e9 ? start : 1, loose: isLoose, items });
}

/** A list of definitions. */
export function readDefinitions(element: Element, host: ListHost, blocks: Block[]): void {
  let entries: Definition[] = [];
  const flush = (): void => {
    if (entries.length > 0) blocks.push({ kind: 'definitions', entries });
    entries = [];
  };
  const read = (parent: Element): void => {
    for (const child of parent.children) {
      if (!isTag(child) || isConcealed(child)) continue;
      // A heading for a term, or anything else that has no business here, stands for itself.
      const isTerm = child.name === 'dt' && findHeading(child) === undefined;
      if (isTerm) addTerm(entries, host.inlines.line(child, true));
      else if (child.name === 'dd') addDetail(entries, host.blocksOf(child));
      else if (child.name === 'div') read(child);
      else {
        flush();
        blocks.push(...host.outOfPlace(child));
      }
    }
  };
  read(element);
  flush();
}

/** A box at the beginning of an item says whether the task is done. */
export function makeItem(blocks: Block[], element: Element | undefined): ListItem {
  const value = Number.parseInt(element?.attribs['value'] ?? '', 10);
  const number = value >= 0 && value < 1e9 ? value : undefined;
  const first = blocks[0];
  const lead = first?.kind === 'paragraph' ? first.content[0] : undefined;
  if (first?.kind !== 'paragraph' || lead?.kind !== 'control' || lead.control.type !== 'checkbox')
    return { checked: undefined, value: number, blocks };
  first.content.shift();
  const next = first.content[0];
  if (next?.kind === 'text') next.text = next.text.trimStart();
  return { checked: lead.control.checked, value: number, blocks };
}

function isLooseItem(element: Element, blocks: readonly Block[]): boolean {
  return (
    blocks.some((each, i) => i > 0 && each.kind !== 'list') ||
    element.children.some((child) => isTag(child) && child.name === 'p')
  );
}

function addTerm(entries: Definition[], term: Inline[]): void {
  const last = entries.at(-1);
  if (isBlank(term)) return;
  if (last !== undefined && last.details.length === 0) last.terms.push(term);
  else entries.push({ terms: [term], details: [] });
}

function addDetail(entries: Definition[], blocks: Block[]): void {
  const last = entries.at(-1);
  if (blocks.length === 0) return;
  if (last === undefined) entries.push({ terms: [], details: [blocks] });
  else last.details.push(blocks);
}

/** The first heading below, in document order. */
export function findHeading(element: Element): Element | undefined {
  for (const child of element.children) {
    if (!isTag(child)) continue;
    if (/^h[1-6]$/.test(child.name)) return child;
    const found = findHeading(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
