/** What a page says of itself in its head: for front matter, titles of decks and books. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isText } from 'domhandler';
import { readUrl } from '../../core/links/address-map.ts';
import { stripControls } from './control-sequences.ts';
import { findElement, textOf, walkElements } from './edit-tree.ts';

/** Absent parts are `undefined`; all are one line of up to 300 characters. */
export interface PageFacts {
  readonly title: string | undefined;
  readonly author: string | undefined;
  /** As the page wrote it, usually ISO 8601. */
  readonly date: string | undefined;
  readonly description: string | undefined;
  /** BCP 47 tag. */
  readonly language: string | undefined;
  /** Address of the page as its author wants it known; as it stands in the page. */
  readonly canonical: string | undefined;
}

const AUTHOR = 'author article:author parsely-author dc.creator dcterms.creator citation_author'.split(' ');
const DATE =
  'article:published_time date dc.date dcterms.created parsely-pub-date citation_publication_date publish-date'.split(
    ' ',
  );
const DESCRIPTION = ['description', 'og:description', 'twitter:description'];
const MAX_LENGTH = 300;

/** Reads what the head, and data for search engines where they are still there, say. */
export function readPageFacts($: CheerioAPI): PageFacts {
  const root = $.root()[0]!;
  const metas = new Map<string, string>();
  let canonical: string | undefined;
  let data = '';
  walkElements(root, (element: Element) => {
    const { name, attribs } = element;
    if (name === 'meta') {
      const key = (attribs['property'] ?? attribs['name'])?.toLowerCase();
      if (key !== undefined && attribs['content']?.trim() && !metas.has(key)) metas.set(key, attribs['content']);
    } else if (name === 'link' && /(?:^|\s)canonical(?:\s|$)/i.test(attribs['rel'] ?? ''))
      canonical ??= attribs['href'];
    else if (name === 'script' && attribs['type'] === 'application/ld+json' && data === '')
      data = element.children.map((child) => (isText(child) ? child.data : '')).join('');
  });
  const first = (keys: readonly string[]): string | undefined => {
    for (const key of keys) {
      const value = oneLine(metas.get(key));
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const title = findElement(root, 'title');
  const author = first(AUTHOR) ?? linkedAuthor(data);
  return {
    title: first(['og:title']) ?? oneLine(title === undefined ? undefined : textOf(title)),
    author: author === undefined || /^https?:/i.test(author) ? undefined : author,
    date: first(DATE) ?? /"datePublished"\s*:\s*"([\d\-T:.+Z]{8,40})"/.exec(data)?.[1],
    description: first(DESCRIPTION),
    language: languageTag(findElement(root, 'html')?.attribs['lang'] ?? metas.get('og:locale')?.replace('_', '-')),
    canonical: canonical?.trim() || undefined,
  };
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

function linkedAuthor(json: string): string | undefined {
  // Two values are wanted from data of any shape and size: looking for them is cheaper than parsing it all.
  const name = /"author"\s*:\s*(?:\[\s*)?\{[^{}]*?"name"\s*:\s*"([^"\\]{2,100})"/.exec(json)?.[1];
  return oneLine(name);
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
