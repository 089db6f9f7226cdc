/** Title, author and date of a page, from what it says of itself. */
import { type Element, isText } from 'domhandler';
import { isHtml, textOf } from '../document/edit-tree.ts';

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

/** Reads metadata, JSON-LD included, element by element, while scripts are there. */
export class SelfReader {
  readonly #metas = new Map<string, string>();
  #canonical: string | undefined;
  #title: string | undefined;
  #linked: { author?: string; date?: string } = {};

  /** Takes the next element, in document order. */
  read(element: Element): void {
    const { name, attribs, children } = element;
    if (name === 'meta') {
      const key = (attribs['property'] ?? attribs['name'])?.toLowerCase();
      const { content } = attribs;
      if (key !== undefined && content !== undefined && !this.#metas.has(key)) this.#metas.set(key, content);
    } else if (name === 'link' && /\bcanonical\b/i.test(attribs['rel'] ?? '')) this.#canonical ??= attribs['href'];
    else if (name === 'title' && isHtml(element)) this.#title ??= textOf(element);
    else if (name === 'script' && attribs['type'] === 'application/ld+json') {
      const json = children.map((child) => (isText(child) ? child.data : '')).join('');
      this.#linked = { ...readLinkedData(json), ...this.#linked };
    }
  }

  /** What was read, once all has been. */
  self(): PageSelf {
    const metas = this.#metas;
    const first = (keys: readonly string[]): string | undefined =>
      clean(keys.map((key) => metas.get(key)).find((value) => value?.trim()));
    return {
      title: withoutSite(clean(metas.get('og:title')) ?? clean(this.#title), metas.get('og:site_name')),
      author: notAddress(first(AUTHOR)) ?? clean(this.#linked.author),
      date: first(DATE) ?? clean(this.#linked.date),
      description: first(['og:description', 'description', 'twitter:description']),
      canonical: this.#canonical,
    };
  }
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
