/**
 * A parsed page to blocks. Recursion is safe: `parseDocument` bounds the depth of the tree; containers nested deeper than
 * any page needs are taken for what they hold, so that what is made of them is not deep either.
 */
import { type ChildNode, type Element, hasChildren, isTag, isText, type ParentNode } from 'domhandler';
import { BLOCKS } from '../collapse.ts';
import { isHtml } from '../edit-tree.ts';
import { isAdvertisement, isConsentDialogue, isOverlay } from '../furniture.ts';
import { partWords } from '../part-words.ts';
import { codeText, languageOf } from './code-blocks.ts';
import { isConcealed } from './concealment.ts';
import { hiddenFields } from './controls.ts';
import { isDrawnFormula } from './formulas.ts';
import { InlineRun, isBlank, trimEnd } from './inline-run.ts';
import type { Block, Inline, LinkPiece } from './model.ts';
import { InlineReader, type ReadOptions } from './read-inlines.ts';
import { findHeading, type ListHost, makeItem, readDefinitions, readList } from './read-lists.ts';
import { readTable, type TableHost } from './read-table.ts';
import { surveyTree } from './survey.ts';

/** Lists, quotes and tables within each other. */
const MAX_NESTING = 24;
const DROPPED = new Set(
  'base basefont bgsound col colgroup datalist frame frameset head link meta noembed noframes param style template title track'.split(
    ' ',
  ),
);

/** All that a page shows, in order; footnotes last. */
export function readFlow(root: ParentNode, options: ReadOptions): Block[] {
  partWords(root);
  return new FlowReader(root, options).page(root);
}

/** Where blocks go, and the line under way. */
interface Sink {
  readonly blocks: Block[];
  run: InlineRun;
}

class FlowReader implements ListHost, TableHost {
  readonly inlines: InlineReader;
  readonly #notes = new Map<string, Block[]>();
  /** Links around blocks, given to the heading in them. */
  readonly #headingLinks = new Map<Element, LinkPiece>();
  #pendingLink: LinkPiece | undefined;
  #nesting = 0;

  constructor(root: ParentNode, options: ReadOptions) {
    this.inlines = new InlineReader(options, surveyTree(root));
  }

  page(root: ParentNode): Block[] {
    const blocks = this.blocksOf(root);
    const notes = [...this.#notes].sort(([a], [b]) => Number(a) - Number(b));
    for (const [label, content] of notes) blocks.push({ kind: 'note', label, blocks: content });
    return blocks;
  }

  blocksOf(parent: ParentNode): Block[] {
    const sink: Sink = { blocks: [], run: new InlineRun() };
    this.#fill(parent.children as ChildNode[], sink);
    this.#flush(sink);
    return sink.blocks;
  }

  #fill(nodes: readonly ChildNode[], sink: Sink): void {
    let from = 0;
    // Neighbours in a line are read together: marks that follow each other join.
    const readLine = (to: number): void => {
      if (to > from) this.inlines.read(from === 0 && to === nodes.length ? nodes : nodes.slice(from, to), sink.run);
      from = to + 1;
    };
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (isText(node)) continue;
      const isBlock = isTag(node)
        ? (BLOCKS.has(node.name) && isHtml(node)) || this.inlines.survey.holders.has(node)
        : hasChildren(node);
      if (!isBlock) continue;
      readLine(i);
      if (isTag(node)) this.#blockElement(node, sink);
      else if (hasChildren(node)) this.#fill(node.children as ChildNode[], sink);
    }
    readLine(nodes.length);
  }

  #flush(sink: Sink): void {
    const content = trimEnd(sink.run.content);
    if (content.length === 0) return;
    sink.run = new InlineRun();
    if (!isBlank(content)) sink.blocks.push({ kind: 'paragraph', content: this.#linked(content) });
  }

  #blockElement(element: Element, sink: Sink): void {
    if (DROPPED.has(element.name) || isConcealed(element) || isDrawnFormula(element)) return;
    if (isConsentDialogue(element) || isAdvertisement(element) || isOverlay(element)) return;
    if (element.name === 'option' || element.name === 'optgroup' || element.name === 'select') {
      this.inlines.read([element], sink.run);
      return;
    }
    if (!BLOCKS.has(element.name)) {
      this.#holder(element, sink);
      return;
    }
    this.#flush(sink);
    this.#block(element, sink);
    this.#flush(sink);
  }

  #block(element: Element, sink: Sink): void {
    switch (element.name) {
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        this.#heading(element, sink);
        break;
      case 'ul':
      case 'ol':
      case 'menu':
      case 'dir':
        this.#nested(element, sink, () => readList(element, this, sink.blocks));
        break;
      case 'li':
        this.#looseItem(element, sink);
        break;
      case 'dl':
        this.#nested(element, sink, () => readDefinitions(element, this, sink.blocks));
        break;
      case 'pre':
        this.#code(element, sink);
        break;
      case 'blockquote':
        this.#nested(element, sink, () => this.#quote(element, sink));
        break;
      case 'table':
        this.#nested(element, sink, () => readTable(element, this, sink.blocks));
        break;
      case 'hr':
        sink.blocks.push({ kind: 'rule' });
        break;
      case 'form':
        this.#form(element, sink);
        break;
      case 'summary':
      case 'legend':
        this.#strongLine(element, sink);
        break;
      default:
        this.#plain(element, sink);
        return;
    }
  }

  /** A container that may not be nested for ever: beyond the bound its children stand for it. */
  #nested(element: Element, sink: Sink, read: () => void): void {
    if (this.#nesting >= MAX_NESTING) {
      this.#fill(element.children, sink);
      return;
    }
    this.#nesting++;
    read();
    this.#nesting--;
  }

  #plain(element: Element, sink: Sink): void {
    const label = this.inlines.options.notes ? this.inlines.survey.notes.get(element) : undefined;
    if (label === undefined) this.#fill(element.children, sink);
    else this.note(element, label);
  }

  /** An element of lines that holds blocks; a link around blocks goes to the first heading in it, else the first line. */
  #holder(element: Element, sink: Sink): void {
    const link = element.name === 'a' ? this.#linkOf(element) : undefined;
    if (link === undefined) {
      this.#fill(element.children, sink);
      return;
    }
    this.#flush(sink);
    const heading = findHeading(element);
    if (heading === undefined) this.#pendingLink = link;
    else this.#headingLinks.set(heading, link);
    this.#fill(element.children, sink);
    this.#flush(sink);
    this.#pendingLink = undefined;
  }

  #linkOf({ attribs }: Element): LinkPiece | undefined {
    const href = attribs['href'] === undefined ? '' : this.inlines.address(attribs['href']);
    return href === '' ? undefined : { kind: 'link', href, title: (attribs['title'] ?? '').trim(), content: [] };
  }

  #linked(content: Inline[]): Inline[] {
    const link = this.#pendingLink;
    if (link === undefined) return content;
    this.#pendingLink = undefined;
    link.content.push(...content);
    return [link];
  }

  #heading(element: Element, sink: Sink): void {
    const line = this.inlines.line(element, true);
    if (isBlank(line)) return;
    const link = this.#headingLinks.get(element);
    if (link !== undefined) link.content.push(...line);
    sink.blocks.push({ kind: 'heading', level: Number(element.name[1]), content: link === undefined ? line : [link] });
  }

  #strongLine(element: Element, sink: Sink): void {
    const before = sink.blocks.length;
    this.#fill(element.children, sink);
    this.#flush(sink);
    const only = sink.blocks[before];
    if (sink.blocks.length !== before + 1 || only?.kind !== 'paragraph') return;
    sink.blocks[before] = { kind: 'paragraph', content: [{ kind: 'mark', mark: 'strong', content: only.content }] };
  }

  #quote(element: Element, sink: Sink): void {
    const blocks = this.blocksOf(element);
    if (blocks.length > 0) sink.blocks.push({ kind: 'quote', blocks });
  }

  #code(element: Element, sink: Sink): void {
    const { text, pictures } = codeText(element);
    if (text.trim() !== '') sink.blocks.push({ kind: 'code', text, language: languageOf(element) });
    if (pictures.length > 0) this.inlines.read(pictures, sink.run);
  }

  outOfPlace(node: ChildNode): Block[] {
    const sink: Sink = { blocks: [], run: new InlineRun() };
    this.#fill([node], sink);
    this.#flush(sink);
    return sink.blocks;
  }

  /** An item outside of a list. */
  #looseItem(element: Element, sink: Sink): void {
    const blocks = this.blocksOf(element);
    if (blocks.length === 0) return;
    const item = makeItem(blocks, element);
    const last = sink.blocks.at(-1);
    const before = element.prev;
    const follows = before !== null && (isTag(before) || isText(before)) && last?.kind === 'list' && !last.ordered;
    if (follows && previousElement(element)?.name === 'li') last.items.push(item);
    else sink.blocks.push({ kind: 'list', ordered: false, start: 1, loose: false, items: [item] });
  }

  note(element: Element, label: string): void {
    const outer = this.inlines.inNote;
    this.inlines.inNote = true;
    this.#notes.set(label, this.blocksOf(element));
    this.inlines.inNote = outer;
  }

  #form(element: Element, sink: Sink): void {
    const blocks = this.blocksOf(element);
    if (blocks.length === 0) return;
    const given = element.attribs['action'] ?? '';
    const action = given.trim() === '' ? this.inlines.options.pageUrl : this.inlines.address(given, 'resource');
    const method = element.attribs['method']?.toLowerCase() === 'post' ? 'post' : 'get';
    sink.blocks.push({ kind: 'form', action, method, hidden: hiddenFields(element), blocks });
  }
}

function previousElement(node: ChildNode): Element | undefined {
  let before = node.prev;
  while (before !== null && !isTag(before)) before = before.prev;
  return before ?? undefined;
}
