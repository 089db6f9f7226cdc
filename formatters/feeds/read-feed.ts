/** RSS, RDF, Atom and JSON Feed to one record. */
import { FormatFailure } from '../../core/executor.ts';
import { parseXml, withoutDeclarations, type XmlElement } from '../xml/parse-xml.ts';
import type { Feed, FeedEntry } from './feed.ts';
import type { ParseFeed } from './feed-library.ts';

type Parsed = ReturnType<ParseFeed>;
type Of<Format extends Parsed['format']> = Extract<Parsed, { format: Format }>['feed'];

/** Elements at the root of a feed. RSS 1.0 has `rdf:RDF`, which other data have too. */
export function isFeedRoot(root: XmlElement): boolean {
  if (root.localName === 'rss') return true;
  if (root.localName === 'feed') return /Atom|purl\.org\/atom/.test([...root.attributes.values()].join(' '));
  return (
    root.localName === 'RDF' &&
    root.children.some((child) => typeof child !== 'string' && child.localName === 'channel')
  );
}

/**
 * Reads a feed.
 *
 * @throws FormatFailure cannot where it is none, hostile where it is nested too deeply, too-large
 */
export function readFeed(text: string, parse: ParseFeed): Feed {
  const plain = text.replace(/^\ufeff?\s*/, '');
  const isJson = plain.startsWith('{');
  // The library's own parser recurses: what is too deep or too wide does not reach it (threat 42).
  if (!isJson) parseXml(plain, 'the feed');
  let parsed: Parsed;
  try {
    parsed = parse(isJson ? plain : withoutDeclarations(plain));
  } catch (error) {
    throw new FormatFailure('cannot', 'feed', 'this is no feed', { cause: error });
  }
  if (parsed.format === 'atom') return fromAtom(parsed.feed);
  if (parsed.format === 'json') return fromJson(parsed.feed);
  return parsed.format === 'rdf' ? fromRdf(parsed.feed) : fromRss(parsed.feed);
}

function fromRss(feed: Of<'rss'>): Feed {
  return {
    title: plainText(feed.title),
    description: plainText(feed.description),
    site: feed.link,
    author: nameOf(feed.managingEditor) ?? feed.itunes?.author ?? feed.dc?.creators?.[0],
    language: feed.language,
    updated: dateText(feed.lastBuildDate ?? feed.pubDate),
    entries: (feed.items ?? []).map((item): FeedEntry => {
      const { guid } = item;
      const permanent = guid?.isPermaLink !== false && /^https?:/i.test(guid?.value ?? '') ? guid?.value : undefined;
      return {
        title: plainText(item.title),
        address: item.link ?? permanent,
        date: dateText(item.pubDate ?? item.dc?.dates?.[0]),
        author: item.dc?.creators?.[0] ?? nameOf(item.authors?.[0]) ?? item.itunes?.author,
        html: item.description ?? item.content?.encoded,
        text: undefined,
        enclosures: (item.enclosures ?? []).map(({ url, type }) => ({ address: url ?? '', type })),
      };
    }),
  };
}

function fromRdf(feed: Of<'rdf'>): Feed {
  return {
    title: plainText(feed.title),
    description: plainText(feed.description),
    site: feed.link,
    author: feed.dc?.creators?.[0],
    language: feed.dc?.languages?.[0],
    updated: dateText(feed.dc?.dates?.[0]),
    entries: (feed.items ?? []).map((item) => ({
      title: plainText(item.title),
      address: item.link,
      date: dateText(item.dc?.dates?.[0]),
      author: item.dc?.creators?.[0],
      html: item.description ?? item.content?.encoded,
      text: undefined,
      enclosures: [],
    })),
  };
}

type AtomLinks = NonNullable<Of<'atom'>['links']>;
type AtomText = Of<'atom'>['title'];

function fromAtom(feed: Of<'atom'>): Feed {
  return {
    title: plainAtom(feed.title),
    description: plainAtom(feed.subtitle),
    site: linkOf(feed.links),
    author: feed.authors?.[0]?.name,
    language: feed.xml?.lang,
    updated: dateText(feed.updated),
    entries: (feed.entries ?? []).map((entry) => {
      const said = entry.summary ?? (entry.content?.src === undefined ? entry.content : undefined);
      const isMarkup = said?.type === 'html' || said?.type === 'xhtml' || said?.type === 'text/html';
      return {
        title: plainAtom(entry.title),
        address: linkOf(entry.links) ?? entry.content?.src,
        date: dateText(entry.published ?? entry.updated),
        author: entry.authors?.[0]?.name,
        html: isMarkup ? said?.value : undefined,
        text: isMarkup ? undefined : said?.value,
        enclosures: (entry.links ?? [])
          .filter(({ rel }) => rel === 'enclosure')
          .map(({ href, type }) => ({ address: href ?? '', type })),
      };
    }),
  };
}

function fromJson(feed: Of<'json'>): Feed {
  return {
    title: feed.title,
    description: feed.description,
    site: feed.home_page_url,
    author: feed.authors?.[0]?.name,
    language: feed.language,
    updated: undefined,
    entries: (feed.items ?? []).map((item) => ({
      title: item.title,
      address: item.url ?? item.external_url,
      date: dateText(item.date_published ?? item.date_modified),
      author: item.authors?.[0]?.name,
      html: item.summary === undefined ? item.content_html : undefined,
      text: item.summary ?? item.content_text,
      enclosures: (item.attachments ?? []).map(({ url, mime_type: type }) => ({ address: url ?? '', type })),
    })),
  };
}

/** The page that an entry or a feed is about (RFC 4287 4.2.7.2: no relation is `alternate`). */
function linkOf(links: AtomLinks | undefined): string | undefined {
  const alternates = links?.filter(({ rel }) => rel === undefined || rel === 'alternate') ?? [];
  return (alternates.find(({ type }) => type === undefined || type === 'text/html') ?? alternates[0])?.href;
}

function plainAtom(text: AtomText): string | undefined {
  return text?.type === 'html' || text?.type === 'xhtml' ? plainText(text.value) : text?.value;
}

/** RSS titles are text that many write as markup. */
function plainText(text: string | undefined): string | undefined {
  return text?.replace(/<\/?[a-z][^<>]{0,500}>/gi, '');
}

/** The library hands dates over as they were written, of a type that is its caller's to choose. */
function dateText(date: unknown): string | undefined {
  return typeof date === 'string' ? date : undefined;
}

/** `ann@site.example (Ann)`, as RSS has its authors. */
function nameOf(person: string | { readonly name?: string; readonly email?: string } | undefined): string | undefined {
  if (typeof person !== 'string') return person?.name ?? person?.email;
  return /\(([^()]+)\)/.exec(person)?.[1] ?? person;
}
