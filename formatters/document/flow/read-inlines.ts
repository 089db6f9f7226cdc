/** Elements of lines to pieces. */
import { type ChildNode, type Element, hasChildren, isTag, isText, type ParentNode } from 'domhandler';
import { findByName, isHtml, textOf } from '../edit-tree.ts';
import { foreignText } from '../foreign-text.ts';
import { frameLink } from '../frames.ts';
import { pictureImage } from '../pictures.ts';
import { safeAddress } from '../sanitise-attributes.ts';
import { isConcealed } from './concealment.ts';
import { readControl } from './controls.ts';
import { isDrawnFormula, isHiddenFormula, readMathCode, readMathMl, readMathScript } from './formulas.ts';
import { InlineRun, isBlank, lineOf, trimEnd } from './inline-run.ts';
import type { Inline, LinkPiece, Mark, MarkedPiece } from './model.ts';
import { readPicture } from './read-pictures.ts';
import type { Survey } from './survey.ts';

/** How a tree is read. */
export interface ReadOptions {
  /** Absolute address of the page. */
  readonly pageUrl: string;
  /** The address to write for one that is safe to follow; empty when there is none. */
  readonly resolve: (address: string) => string;
  /** Pixels a picture should be wide, where the page offers several. */
  readonly pictureWidth: number;
  /** Footnotes become notes, not links and list items. */
  readonly notes: boolean;
}

const MARKS: Readonly<Record<string, Mark>> = {
  b: 'strong',
  cite: 'emphasis',
  del: 'deleted',
  dfn: 'emphasis',
  em: 'emphasis',
  i: 'emphasis',
  s: 'deleted',
  strike: 'deleted',
  strong: 'strong',
  sub: 'subscript',
  sup: 'superscript',
  var: 'emphasis',
};
const CODE = new Set(['code', 'kbd', 'samp', 'tt']);
const DROPPED = new Set(
  'applet area base basefont bgsound col colgroup datalist frame frameset head link map meta noembed noframes param rp source style template title track wbr'.split(
    ' ',
  ),
);
// Marks that authors put behind headings to link to them.
const ANCHOR_MARK = /^[\s#¶§🔗\u200b\ufeff]*$/u;
const BACK_MARK = /^(?:[\s↩⤴↑^↵⏎]|\ufe0e|\ufe0f)*$/u;

interface Within {
  readonly run: InlineRun;
  readonly inCode: boolean;
  readonly inHeading: boolean;
  readonly inLink: boolean;
  readonly inNote: boolean;
  readonly marks: ReadonlySet<Mark>;
}

/** Reads lines; shared by all blocks of one page. */
export class InlineReader {
  readonly options: ReadOptions;
  readonly survey: Survey;
  /** True while a footnote is read: links back are left out. */
  inNote = false;

  constructor(options: ReadOptions, survey: Survey) {
    this.options = options;
    this.survey = survey;
  }

  /** A whole element as one line, the blocks in it included. */
  line(element: Element, inHeading = false): Inline[] {
    const run = new InlineRun();
    this.read(element.children, run, inHeading);
    return trimEnd(run.content);
  }

  /** Adds nodes to a line. */
  read(nodes: readonly ChildNode[], run: InlineRun, inHeading = false): void {
    const within = { run, inCode: false, inHeading, inLink: false, inNote: this.inNote, marks: new Set<Mark>() };
    this.#nodes(nodes, run.content, within);
  }

  #nodes(nodes: readonly ChildNode[], into: Inline[], within: Within): void {
    for (const node of nodes) {
      if (isText(node)) within.run.text(into, node.data, within.inCode ? 'code' : 'text');
      else if (isTag(node)) this.#element(node, into, within);
      else if (hasChildren(node)) this.#nodes(node.children as ChildNode[], into, within);
    }
  }

  #element(element: Element, into: Inline[], within: Within): void {
    const { name } = element;
    if (name === 'math') {
      const formula = readMathMl(element);
      if (formula !== undefined) within.run.add(into, formula);
      return;
    }
    if (DROPPED.has(name) || isDrawnFormula(element)) return;
    // Formulas are hidden where a picture or a drawing of them is shown.
    if (isConcealed(element)) {
      const math = isHiddenFormula(element) ? findByName(element, 'math') : undefined;
      if (math !== undefined) this.#element(math, into, within);
      return;
    }
    if (!isHtml(element)) {
      this.#foreign(element, into, within);
      return;
    }
    const mark = MARKS[name];
    if (mark !== undefined) {
      this.#mark(element, mark, into, within);
      return;
    }
    const formula = name === 'code' ? readMathCode(element) : undefined;
    if (formula !== undefined) {
      within.run.add(into, formula);
      return;
    }
    if (CODE.has(name)) {
      this.#nodes(element.children, into, { ...within, inCode: true });
      return;
    }
    this.#special(element, into, within);
  }

  #special(element: Element, into: Inline[], within: Within): void {
    switch (element.name) {
      case 'a':
        this.#link(element, into, within);
        break;
      case 'br':
        within.run.add(into, { kind: 'break' });
        break;
      case 'img':
        this.#picture(element, into, within);
        break;
      case 'picture': {
        const img = pictureImage(element);
        if (img !== undefined) this.#picture(img, into, within);
        return;
      }
      case 'script': {
        const formula = readMathScript(element);
        if (formula !== undefined) within.run.add(into, formula);
        return;
      }
      case 'button':
        // The title of a part that a script would open, and a link that looks like a button.
        if ((within.inHeading || within.inLink) && element.attribs['type']?.toLowerCase() !== 'submit') {
          this.#nodes(element.children, into, within);
          break;
        }
        this.#control(element, into, within);
        break;
      case 'input':
      case 'select':
      case 'textarea':
        this.#control(element, into, within);
        break;
      case 'audio':
      case 'embed':
      case 'iframe':
      case 'video':
        // A box of its own in the line.
        within.run.text(into, ' ');
        this.#medium(element, into, within);
        within.run.text(into, ' ');
        break;
      case 'q':
        within.run.text(into, '“');
        this.#nodes(element.children, into, within);
        within.run.text(into, '”');
        break;
      case 'rt':
        within.run.text(into, '(');
        this.#nodes(element.children, into, within);
        within.run.text(into, ')');
        break;
      default:
        this.#block(element, into, within);
        return;
    }
  }

  #control(element: Element, into: Inline[], within: Within): void {
    const control = readControl(element);
    if (control !== undefined) within.run.add(into, { kind: 'control', control });
  }

  /** A block in a line: apart from what surrounds it. */
  #block(element: Element, into: Inline[], within: Within): void {
    const isApart = this.#isApart(element);
    if (isApart) within.run.text(into, ' ');
    this.#nodes(element.children, into, within);
    if (isApart) within.run.text(into, ' ');
  }

  #isApart({ name }: Element): boolean {
    return /^(?:p|div|li|dt|dd|h[1-6]|t[dhr]|section|article|blockquote|pre|figcaption|ul|ol|table)$/.test(name);
  }

  #mark(element: Element, mark: Mark, into: Inline[], within: Within): void {
    const isWithin = within.marks.has(mark) || within.inCode;
    if (isWithin) {
      this.#nodes(element.children, into, within);
      return;
    }
    const last = into.at(-1);
    const joins = last !== undefined && last.kind === 'mark' && last.mark === mark;
    const content: Inline[] = joins ? last.content : [];
    const before = content.length;
    this.#nodes(element.children, content, { ...within, marks: new Set([...within.marks, mark]) });
    if (joins || content.length === before) return;
    if (content.every((piece) => piece.kind === 'break' || piece.kind === 'note')) into.push(...content);
    else if (isBlank(content)) into.push({ kind: 'text', text: ' ' });
    else pushWithin(into, { kind: 'mark', mark, content });
  }

  #link(element: Element, into: Inline[], within: Within): void {
    const { survey, options } = this;
    const { attribs } = element;
    const label = options.notes ? survey.references.get(element) : undefined;
    if (label !== undefined) {
      within.run.add(into, { kind: 'note', label });
      return;
    }
    const href = attribs['href'];
    // Where a script would do something, or the page would begin: no place to go to.
    const address = href === undefined || href.trim() === '#' ? '' : this.address(href);
    if (address === '') {
      this.#nodes(element.children, into, within);
      return;
    }
    if (within.inNote && this.#leadsBack(element)) return;
    if (within.inHeading && href!.startsWith('#')) {
      if (ANCHOR_MARK.test(textOf(element))) return;
      if (leadsToOwnHeading(element)) {
        this.#nodes(element.children, into, within);
        return;
      }
    }
    const content: Inline[] = [];
    this.#nodes(element.children, content, { ...within, inLink: true });
    const name = (attribs['aria-label'] ?? attribs['title'] ?? '').trim();
    if (isBlank(content)) {
      // A link that shows a picture without text is what it is called.
      if (name === '') {
        into.push(...content);
        return;
      }
      within.run.text(content, name);
    }
    pushWithin(into, { kind: 'link', href: address, title: lineOf(attribs['title'] ?? ''), content });
  }

  #leadsBack(element: Element): boolean {
    const { href, role } = element.attribs;
    if (!href?.startsWith('#')) return false;
    return role === 'doc-backlink' || this.survey.origins.has(href.slice(1)) || BACK_MARK.test(textOf(element));
  }

  #picture(img: Element, into: Inline[], within: Within): void {
    const piece = readPicture(img, this.options.pictureWidth, (src) => this.address(src, 'picture'));
    if (piece !== undefined) within.run.add(into, piece);
  }

  /** A frame, film or sound as a link. */
  #medium(element: Element, into: Inline[], within: Within): void {
    if (element.name === 'iframe' || element.name === 'embed') {
      const link = frameLink(element, this.options.pageUrl);
      if (link !== undefined) this.#link(link, into, within);
      return;
    }
    const source = element.children.find((child) => isTag(child) && child.name === 'source');
    const src = element.attribs['src'] ?? (source !== undefined && isTag(source) ? source.attribs['src'] : undefined);
    const address = src === undefined ? '' : this.address(src, 'resource');
    if (address === '') {
      this.#nodes(element.children, into, within);
      return;
    }
    const name = element.attribs['title'] ?? element.attribs['aria-label'] ?? '';
    const content: Inline[] = [];
    within.run.text(content, lineOf(name) || (element.name === 'video' ? 'Video' : 'Audio'));
    into.push({ kind: 'link', href: address, title: '', content });
  }

  #foreign(element: Element, into: Inline[], within: Within): void {
    const words = foreignText(element);
    if (words !== undefined) within.run.text(into, textOf(words));
  }

  /** The address to write, or an empty text when it must not be followed. */
  address(value: string, place: 'link' | 'picture' | 'resource' = 'link'): string {
    const safe = safeAddress(value, place);
    return safe === undefined || safe === '' ? '' : this.options.resolve(safe);
  }
}

/** True for the words of a heading that lead to it, for whoever wants to copy its address. */
function leadsToOwnHeading(link: Element): boolean {
  const place = link.attribs['href']!.slice(1);
  for (let up: ParentNode | null = link; up !== null && isTag(up); up = up.parent) {
    if (up.attribs['id'] === place || up.attribs['name'] === place) return true;
    // What the heading opens may have its name.
    if (/^h[1-6]$/.test(up.name)) return up.parent !== null && isTag(up.parent) && up.parent.attribs['id'] === place;
  }
  return false;
}

/** Line breaks at the ends of a link or mark stand outside of it. */
function pushWithin(into: Inline[], piece: LinkPiece | MarkedPiece): void {
  const { content } = piece;
  while (content[0]?.kind === 'break') into.push(content.shift()!);
  const after: Inline[] = [];
  for (let last = content.at(-1); last !== undefined; last = content.at(-1)) {
    const isSpace = last.kind === 'text' && last.text.trim() === '';
    if (last.kind !== 'break' && !isSpace) break;
    after.unshift(content.pop()!);
  }
  into.push(piece, ...after);
}
