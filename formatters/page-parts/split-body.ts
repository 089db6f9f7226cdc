/** Cutting a page's content where its blocks end. */
import { type ChildNode, type Element, isTag, isText } from 'domhandler';
import { isHtml, makeElement, makeText, setChildren } from '../document/edit-tree.ts';
import { escapeText, serialiseNodes } from '../document/serialise.ts';
import type { SizeOf } from '../document/text/charset-size.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Boxes that may end in one part and go on in the next. */
const DIVISIBLE = words(`
  address article aside blockquote body center dd details div dl fieldset figure footer header hgroup li main menu nav ol
  p pre search section small span summary table tbody td tfoot th thead tr ul b strong i em font`);
/** Least text that is worth beginning a piece for, bytes. */
const MIN_PIECE = 80;
/** Cut only where they alone are more than a part holds. */
const RELUCTANT = words('p pre li dd td th tr figure details summary small span b strong i em font dl');
const HEADING = /^h[1-6]$/;

/** Parts of at most `room` bytes each, where what must stay whole lets them be. */
export function splitBody(body: Element, room: number, sizeOf: SizeOf): ChildNode[][] {
  return new Splitter(room, sizeOf).split(body);
}

/** A box that is open in the part under way. */
interface Open {
  readonly source: Element;
  readonly target: Element;
  /** Items of a numbered list that are placed already. */
  items: number;
}

class Splitter {
  readonly #room: number;
  readonly #sizeOf: SizeOf;
  readonly #sizes = new Map<ChildNode, number>();
  readonly #parts: ChildNode[][] = [];
  readonly #open: Open[] = [];
  #part: Element = makeElement('body');
  #used = 0;
  /** True while the part holds only boxes that were begun anew. */
  #isFresh = true;

  constructor(room: number, sizeOf: SizeOf) {
    this.#room = room;
    this.#sizeOf = sizeOf;
  }

  split(body: Element): ChildNode[][] {
    for (const child of body.children) this.#measure(child);
    for (const child of [...body.children]) this.#place(child);
    this.#close();
    return this.#parts;
  }

  /** Bytes of a node as it is written; all below it are measured with it. */
  #measure(node: ChildNode): number {
    let size = isTag(node) ? this.#frameOf(node) : this.#sizeOf(serialiseNodes([node]));
    if (isTag(node)) for (const child of node.children) size += this.#measure(child);
    this.#sizes.set(node, size);
    return size;
  }

  #place(node: ChildNode): void {
    const size = this.#sizes.get(node) ?? 0;
    if (this.#used + size <= this.#room) {
      this.#keep(node, size);
      return;
    }
    const fitsAlone = size <= this.#room - this.#frame();
    const isBox = isHtml(node) && DIVISIBLE.has(node.name);
    if (isBox && (!fitsAlone || !RELUCTANT.has(node.name))) this.#enter(node);
    else if (isText(node) && !fitsAlone) this.#cutText(node.data);
    else {
      // What is too large for any part and must not be cut has one of its own.
      if (!this.#isFresh) this.#turn();
      this.#keep(node, size);
    }
  }

  #keep(node: ChildNode, size: number): void {
    this.#append(node);
    this.#used += size;
    if (!isText(node) || node.data.trim() !== '') this.#isFresh = false;
  }

  #enter(box: Element): void {
    const target = makeElement(box.name, box.attribs);
    this.#append(target);
    this.#used += this.#frameOf(box);
    this.#open.push({ source: box, target, items: 0 });
    for (const child of [...box.children]) this.#place(child);
    this.#open.pop();
  }

  #append(node: ChildNode): void {
    const open = this.#open.at(-1);
    const into = open?.target ?? this.#part;
    const last = into.children.at(-1);
    node.parent = into;
    node.prev = last ?? null;
    node.next = null;
    if (last !== undefined) last.next = node;
    into.children.push(node);
    if (open?.source.name === 'ol' && isHtml(node) && node.name === 'li') open.items += 1;
  }

  /** Ends the part; a heading at its end goes with what follows. */
  #turn(): void {
    const heading = this.#takeHeading();
    this.#close();
    const boxes = this.#open.splice(0);
    for (const [index, { source, items }] of boxes.entries()) {
      const isWithinItem = boxes[index + 1]?.source.name === 'li';
      const begun = makeElement(source.name, source.attribs);
      if (source.name === 'ol')
        begun.attribs['start'] = String(Number(source.attribs['start'] ?? 1) + items - (isWithinItem ? 1 : 0));
      this.#append(begun);
      this.#used += this.#frameOf(begun);
      this.#open.push({ source, target: begun, items });
    }
    if (heading !== undefined) this.#keep(heading, this.#sizes.get(heading) ?? 0);
    this.#isFresh = true;
  }

  #takeHeading(): ChildNode | undefined {
    const into = this.#open.at(-1)?.target ?? this.#part;
    const last = into.children.findLast((child) => !isText(child) || child.data.trim() !== '');
    if (last === undefined || !isHtml(last) || !HEADING.test(last.name) || into.children[0] === last) return undefined;
    setChildren(
      into,
      into.children.filter((child) => child !== last),
    );
    return last;
  }

  #close(): void {
    dropEmpty(this.#part);
    const { children } = this.#part;
    if (children.some((child) => !isText(child) || child.data.trim() !== '')) this.#parts.push(children);
    this.#part = makeElement('body');
    this.#used = 0;
  }

  /** Text that is more than a part holds, cut between words. */
  #cutText(text: string): void {
    let rest = text;
    while (rest !== '') {
      const left = this.#room - this.#used;
      const end = this.#endOfPiece(rest, left);
      if (end === 0 && !this.#isFresh) {
        this.#turn();
        continue;
      }
      const piece = rest.slice(0, Math.max(1, end));
      rest = rest.slice(piece.length);
      this.#keep(makeText(piece), this.#sizeOf(piece));
      if (rest !== '') this.#turn();
    }
  }

  /** Bytes of the boxes that each part must begin anew. */
  #frame(): number {
    return this.#open.reduce((sum, { source }) => sum + this.#frameOf(source), 0);
  }

  /** Characters of `text` that take at most `room` bytes when written, ending at a space; 0 for none. */
  #endOfPiece(text: string, room: number): number {
    if (room < MIN_PIECE) return 0;
    // Escaped and in some charsets a character takes up to ten bytes.
    let end = Math.min(text.length, room);
    while (this.#sizeOf(escapeText(text.slice(0, end))) > room) end = Math.floor(end * 0.85);
    if (end === text.length) return end;
    const space = text.lastIndexOf(' ', end);
    if (space > 0) return space + 1;
    // No half of a surrogate pair.
    return /[\ud800-\udbff]/.test(text[end - 1] ?? '') ? end - 1 : end;
  }

  /** Bytes of a box without what is in it. */
  #frameOf(box: Element): number {
    return this.#sizeOf(serialiseNodes([makeElement(box.name, box.attribs)]));
  }
}

/** Takes out boxes that were begun for what then went to the next part. */
function dropEmpty(parent: Element): void {
  const kept = parent.children.filter((child) => {
    if (!isHtml(child) || !DIVISIBLE.has(child.name) || child.name === 'td' || child.name === 'th') return true;
    const last = child.children.at(-1);
    if (last !== undefined && isTag(last)) dropEmpty(child);
    return child.children.length > 0;
  });
  if (kept.length !== parent.children.length) setChildren(parent, kept);
}
