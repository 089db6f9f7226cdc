/** Title, author and date of a page, from what it says of itself. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isText } from 'domhandler';
import { findElement, textOf, walkElements } from '../document/edit-tree.ts';

/** What the page says of itself; absent parts are `undefined`. */
export interface PageSelf {
  readonly title: string | undefined;
  readonly author: string | undefined;
  /** As the page wrote it, usually ISO 8601. */
  readonly date: string | undefined;
  readonly description: string | undefined;
  /** Address of the page as its author wants it known. */
  readonly canonical: string | undefined;
}

const AUTHOR = [
  'author',
  'article:author',
  'parsely-author',
  'dc.creator',
  'dcterms.creator',
  'citation_author',
  'sailthru.author',
];
const DATE = [
  'article:published_time',
  'date',
  'dc.date',
  'dcterms.created',
  'parsely-pub-date',
  'citation_publication_date',
  'publish-date',
];
const MAX_LENGTH = 300;

/** Reads metadata, JSON-LD included. Call it while scripts are in the tree. */
export function readPageSelf($: CheerioAPI): PageSelf {
  const metas = new Map<string, string>();
  let canonical: string | undefined;
  let linked: { author?: string; date?: string } = {};
  walkElements($.root()[0]!, ({ name, attribs, children }: Element) => {
    if (name === 'meta') {
      const key = (attribs['property'] ?? attribs['name'])?.toLowerCase();
      if (key !== undefined && attribs['content'] !== undefined && !metas.has(key)) metas.set(key, attribs['content']);
    } else if (name === 'link' && /\bcanonical\b/i.test(attribs['rel'] ?? '')) canonical ??= attribs['href'];
    else if (name === 'script' && attribs['type'] === 'application/ld+json')
      linked = { ...readLinkedData(children.map((child) => (isText(child) ? child.data : '')).join('')), ...linked };
  });
  const first = (keys: readonly string[]): string | undefined =>
    clean(keys.map((key) => metas.get(key)).find((value) => value?.trim()));
  const element = findElement($.root()[0]!, 'title');
  return {
    title: withoutSite(
      clean(metas.get('og:title')) ?? clean(element === undefined ? undefined : textOf(element)),
      metas.get('og:site_name'),
    ),
    author: notAddress(first(AUTHOR)) ?? clean(linked.author),
    date: first(DATE) ?? clean(linked.date),
    description: first(['og:description', 'description', 'twitter:description']),
    canonical,
  };
}

/** `Title | Site` is `Title`; without the site's name a short last part after a bar is taken for it. */
function withoutSite(title: string | undefined, site: string | undefined): string | undefined {
  if (title === undefined) return undefined;
  const parts = /^(.{8,}?)\s+[|·•»–—-]\s+([^|·•»–—]{2,40})$/.exec(title);
  if (parts === null) return title;
  const isSite =
    site === undefined ? /\s[|·•»]\s/.test(title) : parts[2]!.toLowerCase().includes(site.trim().toLowerCase());
  return isSite ? parts[1]! : title;
}

function readLinkedData(json: string): { author?: string; date?: string } {
  // Two values are wanted from data of any shape and size: looking for them is cheaper than parsing it all.
  const author = /"author"\s*:\s*(?:\[\s*)?\{[^{}]*?"name"\s*:\s*"((?:[^"\\]|\\.){2,100})"/.exec(json)?.[1];
  const date = /"datePublished"\s*:\s*"([\d\-T:.+Z]{8,40})"/.exec(json)?.[1];
  return { ...(author === undefined ? {} : { author: unescapeJson(author) }), ...(date === undefined ? {} : { date }) };
}

function unescapeJson(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    // A stray escape: the text as it stands is better than none.
    return text;
  }
}

function clean(text: string | undefined): string | undefined {
  const plain = text?.replace(/\s+/g, ' ').trim().slice(0, MAX_LENGTH);
  return plain === '' ? undefined : plain;
}

function notAddress(text: string | undefined): string | undefined {
  return text === undefined || /^https?:/i.test(text) ? undefined : text;
}
