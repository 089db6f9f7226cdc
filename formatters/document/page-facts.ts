/** What a page says of itself: for front matter, headings, titles of decks and books. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isText } from 'domhandler';
import { readUrl } from '../../core/links/address-map.ts';
import { stripControls } from './control-sequences.ts';
import { findElement, isHtml, makeElement, setChildren, textOf, walkElements } from './edit-tree.ts';

/** Absent parts are `undefined`; all are one line of up to 300 characters. */
export interface PageFacts {
  readonly title: string | undefined;
  readonly siteName: string | undefined;
  readonly author: string | undefined;
  /** As the page wrote it, usually ISO 8601. */
  readonly date: string | undefined;
  readonly description: string | undefined;
  /** BCP 47 tag. */
  readonly language: string | undefined;
  /** Address of the page as its author wants it known; as it stands in the page. */
  readonly canonical: string | undefined;
}

const AUTHOR = 'author article:author parsely-author dc.creator dcterms.creator citation_author sailthru.author'.split(
  ' ',
);
const DATE =
  'article:published_time datepublished date dc.date dcterms.created parsely-pub-date citation_publication_date publish-date'.split(
    ' ',
  );
const DESCRIPTION = ['description', 'og:description', 'twitter:description'];
const MAX_LENGTH = 300;
/** A name, not a biography. */
const MAX_NAME = 80;
const ISO_DATE = /^\d{4}-\d{2}(?:-\d{2}(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?)?$/;
/** The date of an entry in microformats (microformats.org/wiki/h-entry, hatom) and the themes that follow them. */
const PUBLISHED = /(?:^|\s)(?:dt-published|published|entry-date)(?:\s|$)/;
const UPDATED = /(?:^|[\s-])(?:updated|modified)(?:[\s-]|$)/;

/** Of values that each may be the page's: the only one there is. */
class OnlyOne {
  #value: string | undefined;
  #areMany = false;

  add(value: string): void {
    this.#areMany ||= this.#value !== undefined && this.#value !== value;
    this.#value ??= value;
  }

  get value(): string | undefined {
    return this.#areMany ? undefined : this.#value;
  }
}

/** Reads a page element by element, while its scripts are there: they hold data for search engines. */
export class FactsReader {
  readonly #isWhole: boolean;
  readonly #metas = new Map<string, string>();
  #canonical: string | undefined;
  #title: string | undefined;
  #language: string | undefined;
  #linked: { author?: string | undefined; date?: string | undefined } = {};
  #published: string | undefined;
  readonly #times = new OnlyOne();
  readonly #writers = new OnlyOne();

  /** @param isWhole true where nothing has been left out: a name or a time that stands alone is then the page's own */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  /** Takes the next element, in document order. */
  read(element: Element): void {
    const { name, attribs } = element;
    if (name === 'meta') this.#readMeta(attribs);
    else if (name === 'link') {
      if (/(?:^|\s)canonical(?:\s|$)/i.test(attribs['rel'] ?? '')) this.#canonical ??= attribs['href'];
    } else if (name === 'html') this.#language ??= attribs['lang'];
    else if (name === 'title') {
      if (isHtml(element)) this.#title ??= textOf(element);
    } else if (name === 'script') {
      if (attribs['type'] === 'application/ld+json') this.#linked = { ...readLinkedData(element), ...this.#linked };
    } else if (name === 'time') this.#readTime(attribs);
    else if (/(?:^|\s)author(?:\s|$)/.test(attribs['rel'] ?? attribs['itemprop'] ?? '')) {
      const writer = textOf(element).replace(/\s+/g, ' ').trim();
      if (writer !== '' && writer.length <= MAX_NAME) this.#writers.add(writer);
    }
  }

  /** What was read, once all has been. */
  facts(): PageFacts {
    const alone = this.#isWhole ? { writer: oneLine(this.#writers.value), time: this.#times.value } : undefined;
    const author = this.#first(AUTHOR) ?? this.#linked.author ?? alone?.writer;
    return {
      title: this.#first(['og:title']) ?? oneLine(this.#title),
      siteName: this.#first(['og:site_name']),
      author: author === undefined || /^https?:/i.test(author) ? undefined : author,
      date: this.#first(DATE) ?? this.#linked.date ?? this.#published ?? alone?.time,
      description: this.#first(DESCRIPTION),
      language: languageTag(this.#language ?? this.#metas.get('og:locale')?.replace('_', '-')),
      canonical: this.#canonical?.trim() || undefined,
    };
  }

  #first(keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = oneLine(this.#metas.get(key));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #readMeta(attribs: Element['attribs']): void {
    const key = (attribs['property'] ?? attribs['name'] ?? attribs['itemprop'])?.toLowerCase();
    if (key !== undefined && attribs['content']?.trim() && !this.#metas.has(key))
      this.#metas.set(key, attribs['content']);
  }

  #readTime({ datetime = '', itemprop = '', class: classes = '', pubdate }: Element['attribs']): void {
    const date = datetime.trim();
    if (!ISO_DATE.test(date) || itemprop === 'dateModified' || UPDATED.test(classes)) return;
    if (pubdate !== undefined || itemprop === 'datePublished' || PUBLISHED.test(classes)) this.#published ??= date;
    this.#times.add(date);
  }
}

/** Reads what a page says of itself. */
export function readPageFacts($: CheerioAPI): PageFacts {
  const reader = new FactsReader(false);
  walkElements($.root()[0]!, (element) => reader.read(element));
  return reader.facts();
}

/** Writes author and date into the head of a page whose scripts and marks have gone, where nothing there tells them. */
export function tellFacts($: CheerioAPI, { author, date }: PageFacts): void {
  const head = findElement($.root()[0]!, 'head');
  if (head === undefined) return;
  const told = readPageFacts($);
  const more = [
    author !== undefined && told.author === undefined ? makeElement('meta', { name: 'author', content: author }) : [],
    date !== undefined && told.date === undefined ? makeElement('meta', { name: 'date', content: date }) : [],
  ];
  setChildren(head, [...head.children, ...more.flat()]);
}

/** What to call a page that has no title: the last part of its address, else its host. */
export function nameOfAddress(address: string): string {
  const url = readUrl(address);
  if (url === undefined) return address;
  const last = url.pathname.split('/').findLast((part) => part !== '');
  return last === undefined ? url.host : decodeName(last);
}

/** Text as one tidy line; `undefined` when nothing is left. */
export function oneLine(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const plain = stripControls(text).replace(/\s+/g, ' ').trim();
  if (plain === '') return undefined;
  return plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH - 1).trimEnd()}…` : plain;
}

// Two values are wanted from data of any shape and size: looking for them is cheaper than parsing it all.
function readLinkedData({ children }: Element): { author?: string; date?: string } {
  const json = children.map((child) => (isText(child) ? child.data : '')).join('');
  const name = /"author"\s*:\s*(?:\[\s*)?\{[^{}]*?"name"\s*:\s*"((?:[^"\\]|\\.){2,100})"/.exec(json)?.[1];
  const author = name === undefined ? undefined : oneLine(unescapeJson(name));
  const date = /"datePublished"\s*:\s*"([\d\-T:.+Z]{8,40})"/.exec(json)?.[1];
  return { ...(author === undefined ? {} : { author }), ...(date === undefined ? {} : { date }) };
}

function unescapeJson(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    // A stray escape: the text as it stands is better than none.
    return text;
  }
}

/** A language as `lang` takes it; `undefined` for what is none. */
export function languageTag(text: string | undefined): string | undefined {
  const tag = text?.trim();
  return tag !== undefined && /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(tag) ? tag : undefined;
}

function decodeName(part: string): string {
  try {
    return oneLine(decodeURIComponent(part)) ?? part;
  } catch {
    // Not UTF-8 behind the percent signs: shown as it is written.
    return part;
  }
}
