/** The chapters of a book in one page: names and links of each kept apart, pictures within. */
import { type Element, isTag } from 'domhandler';
import { textOfPart } from '../archive/read-archive.ts';
import { editTree, findByName, isHtml, walkElements } from '../document/edit-tree.ts';
import { embedMarkup } from '../document/foreign-markup.ts';
import { oneLine } from '../document/page-facts.ts';
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { attributeOf, childAt, childrenOf, xmlText } from '../xml/find-xml.ts';
import { parseXml, type XmlElement } from '../xml/parse-xml.ts';
import { xhtmlAsHtml } from '../xml/xhtml-as-html.ts';
import { addressOf, type Book, type BookPart, pathFrom } from './read-book.ts';

/** Chapters, and characters of their markup, that one page holds; the book has the rest. */
const MAX_CHAPTERS = 1000;
const MAX_CHARACTERS = 3_000_000;
/** Bytes of pictures that one page holds. */
const MAX_PICTURES = 393_216;
const SHOWN = /^image\/(?:png|jpe?g|gif|webp)$/;
const MAX_LEVELS = 3;

export interface WrittenBook {
  readonly html: string;
  /** Chapters that are left out. */
  readonly left: number;
  /** Pictures that are left out. */
  readonly pictures: number;
}

/** Writes the contents and the chapters. */
export function writeBook(book: Book): WrittenBook {
  const writer = new Writer(book);
  const contents = writer.contents();
  let html = '';
  let written = 0;
  for (const chapter of book.chapters.slice(0, MAX_CHAPTERS)) {
    const text = textOfPart(chapter.bytes);
    if (html.length + text.length > MAX_CHARACTERS) break;
    html += writer.chapter(chapter, text, written + 1);
    written++;
  }
  const nav = contents === '' ? '' : `<nav aria-label="Contents">${contents}</nav>`;
  return { html: nav + html, left: book.chapters.length - written, pictures: writer.pictures };
}

class Writer {
  readonly #book: Book;
  readonly #numbers: ReadonlyMap<string, number>;
  #pictureBytes = MAX_PICTURES;
  /** Pictures left out. */
  pictures = 0;

  constructor(book: Book) {
    this.#book = book;
    this.#numbers = new Map(book.chapters.map(({ path }, i) => [path, i + 1]));
  }

  chapter({ path, mediaType }: BookPart, text: string, number: number): string {
    if (!/html/.test(mediaType)) return '';
    const inner = embedMarkup(xhtmlAsHtml(text), {
      base: addressOf(path),
      pageUrl: 'http://page.invalid/',
      topHeading: 2,
      edit: (body) => this.#edit(body, path, number),
    });
    return `<section id="c${number}">${inner}</section>\n`;
  }

  /** The list of contents, from either kind of document; empty where there is none. */
  contents(): string {
    const { contents } = this.#book;
    if (contents === undefined) return '';
    const text = textOfPart(contents.bytes);
    if (!/html/.test(contents.mediaType)) return this.#points(childAt(parseXml(text, 'the book'), 'navMap'), 1);
    let list = '';
    const html = embedMarkup(xhtmlAsHtml(text), {
      base: addressOf(contents.path),
      pageUrl: 'http://page.invalid/',
      edit: (body) => {
        const first = findByName(body, 'ol');
        if (first === undefined) return;
        this.#edit(first, contents.path, 0);
        body.children = [first];
        list = 'found';
      },
    });
    return list === '' ? '' : html;
  }

  #points(parent: XmlElement | undefined, level: number): string {
    let html = '';
    for (const point of level > MAX_LEVELS ? [] : childrenOf(parent, 'navPoint')) {
      const words = oneLine(xmlText(childAt(point, 'navLabel')));
      const source = attributeOf(childAt(point, 'content'), 'src') ?? '';
      const address = this.#within(this.#book.contents!.path, source, 0);
      if (words === undefined || address === undefined) continue;
      html += `<li><a href="${escapeAttribute(address)}">${escapeText(words)}</a>${this.#points(point, level + 1)}</li>`;
    }
    return html === '' ? '' : `<ol>${html}</ol>`;
  }

  #edit(body: Element, path: string, number: number): void {
    walkElements(body, ({ attribs }) => {
      if (attribs['id'] !== undefined) attribs['id'] = `c${number}-${attribs['id']}`;
      const { href } = attribs;
      if (href === undefined) return;
      const within = this.#within(path, href, number);
      if (within !== undefined) attribs['href'] = within;
      else if (href.startsWith('#') || href.startsWith(addressOf(''))) delete attribs['href'];
    });
    editTree(body, {
      leave: (node) => {
        if (!isTag(node) || !isHtml(node) || node.name !== 'img') return node;
        const data = this.#picture(path, node.attribs['src'] ?? '');
        delete node.attribs['srcset'];
        if (data === undefined) delete node.attribs['src'];
        else node.attribs['src'] = data;
        return node;
      },
    });
  }

  /** The place in the page that a reference in a part means; `undefined` where it leads out of the chapters. */
  #within(part: string, reference: string, number: number): string | undefined {
    const [, fragment] = /#(.*)$/s.exec(reference) ?? [];
    if (reference.startsWith('#')) return number === 0 ? undefined : `#c${number}-${fragment}`;
    const found = this.#numbers.get(pathFrom(part, reference) ?? '');
    if (found === undefined) return undefined;
    return fragment ? `#c${found}-${fragment}` : `#c${found}`;
  }

  #picture(part: string, source: string): string | undefined {
    const picture = this.#book.pictures.get(pathFrom(part, source) ?? '');
    if (picture === undefined || !SHOWN.test(picture.mediaType) || picture.bytes.byteLength > this.#pictureBytes) {
      this.pictures++;
      return undefined;
    }
    this.#pictureBytes -= picture.bytes.byteLength;
    return `data:${picture.mediaType};base64,${Buffer.from(picture.bytes).toString('base64')}`;
  }
}
