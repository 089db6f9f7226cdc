/** A page as the chapter of a book: XHTML without forms, scripts and what leads away by itself (EPUB 3.3 part 6). */
import type { CheerioAPI } from 'cheerio';
import { type Element, type ParentNode, ProcessingInstruction } from 'domhandler';
import {
  editTree,
  findElement,
  isHtml,
  makeElement,
  makeText,
  setChildren,
  textOf,
  walkElements,
} from '../document/edit-tree.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { serialiseXhtml } from '../document/serialise-xhtml.ts';
import type { BookPicture } from './gather-pictures.ts';

/** A chapter and where its headings are. */
export interface Chapter {
  readonly text: string;
  readonly headings: readonly { readonly id: string; readonly words: string; readonly level: number }[];
  /** True where its pages are turned the other way. */
  readonly isRightToLeft: boolean;
}

export interface ChapterOptions {
  readonly title: string;
  readonly language: string;
  readonly pageUrl: string;
  readonly pictures: ReadonlyMap<string, BookPicture>;
}

const LEFT_OUT = new Set('button canvas embed iframe input object option select textarea video audio'.split(' '));
const OPENED = new Set('form fieldset label'.split(' '));
const MAX_HEADINGS = 200;

export function toXhtml($: CheerioAPI, options: ChapterOptions): Chapter {
  const root = $.root()[0]!;
  const dir = directionOf(root);
  sanitiseDocument($, 'fragment');
  const body = findElement(root, 'body') ?? makeElement('body');
  editTree(body, {
    enter: (node) => !(isHtml(node) && LEFT_OUT.has(node.name)),
    leave(node) {
      if (!isHtml(node)) return node;
      if (OPENED.has(node.name)) return node.children;
      return node.name === 'img' ? placePicture(node, options.pictures) : node;
    },
  });
  if (textOf(body).trim() === '')
    setChildren(body, [makeElement('h1', {}, [makeText(options.title)]), ...body.children]);
  const headings = nameHeadings(body);
  leadToPlaces(body, options.pageUrl);
  const head = makeElement('head', {}, [makeElement('title', {}, [makeText(options.title)])]);
  const page = makeElement(
    'html',
    {
      xmlns: 'http://www.w3.org/1999/xhtml',
      lang: options.language,
      'xml:lang': options.language,
      ...(dir === undefined ? {} : { dir }),
    },
    [head, body],
  );
  const doctype = new ProcessingInstruction('!doctype', '!DOCTYPE html');
  doctype['x-name'] = 'html';
  setChildren(root, [doctype, page]);
  return { text: serialiseXhtml($), headings, isRightToLeft: dir === 'rtl' };
}

/** What the page says of the direction of its text, as a whole. */
function directionOf(root: ParentNode): 'ltr' | 'rtl' | undefined {
  for (const name of ['body', 'html']) {
    const dir = findElement(root, name)?.attribs['dir']?.trim().toLowerCase();
    if (dir === 'ltr' || dir === 'rtl') return dir;
  }
  return undefined;
}

function placePicture(img: Element, pictures: ReadonlyMap<string, BookPicture>) {
  const picture = pictures.get(img.attribs['src'] ?? '');
  const alt = img.attribs['alt'] ?? '';
  if (picture === undefined) return alt === '' ? undefined : makeText(`[${alt}]`);
  return makeElement('img', { src: `pictures/${picture.name}`, alt });
}

/** A link to a place that is not in the book leads to the page; one to its beginning, which scripts work, is words. */
function leadToPlaces(body: Element, pageUrl: string): void {
  const places = new Set<string>();
  walkElements(body, ({ attribs }) => void (attribs['id'] !== undefined && places.add(attribs['id'])));
  walkElements(body, ({ attribs }) => {
    const href = attribs['href'];
    if (!href?.startsWith('#') || places.has(href.slice(1))) return;
    if (href === '#') delete attribs['href'];
    else attribs['href'] = new URL(href, pageUrl).href;
  });
}

function nameHeadings(body: Element): Chapter['headings'] {
  const found: { id: string; words: string; level: number }[] = [];
  walkElements(body, (element) => {
    const level = /^h([1-6])$/.exec(element.name)?.[1];
    const words = textOf(element).replace(/\s+/g, ' ').trim();
    if (level === undefined || words === '' || found.length >= MAX_HEADINGS) return;
    element.attribs['id'] ??= `heading-${found.length + 1}`;
    found.push({ id: element.attribs['id'], words: words.slice(0, 200), level: Number(level) });
  });
  return found;
}
