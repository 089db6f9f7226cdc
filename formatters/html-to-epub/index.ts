import type { CheerioAPI } from 'cheerio';
import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { readUrl } from '../../core/links/address-map.ts';
import { findElement, walkElements } from '../document/edit-tree.ts';
import { readPageDemand } from '../document/page-demand.ts';
import { nameOfAddress, type PageFacts, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { loadSharp } from '../pictures/sharp-library.ts';
import { gatherPictures } from './gather-pictures.ts';
import { makeBook } from './make-book.ts';
import { toXhtml } from './to-xhtml.ts';

/**
 * HTML to a book (EPUB 3.3) of one page with its pictures, to be kept and read without a connection.
 *
 * Use it when the client names `application/epub+zip`, or `/-/as/epub/`. For the main content alone let `html-article` run
 * before it. Headings make the table of contents; links lead to where anyone finds them; pictures are fetched, made as
 * wide as `demands.article.maxWidth` says and put in as JPEG or PNG, those that cannot be had are their words. Forms,
 * scripts and films are left out. Never empty: at least the title.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-epub',
  version: '1.0.4',
  title: 'HTML to a book',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'application/epub+zip', keeps: 0.75, cost: 120 }],
  // Its pictures are as they are when it is made.
  deterministic: false,
  open: async () => void (await loadSharp()),
  format: toEpub,
} satisfies Formatter;

async function toEpub(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const $ = input.document!;
  const prepared = preparePage(input, env);
  const { images, maxWidth } = readPageDemand(want.demands['article']);
  const facts = readPageFacts($);
  const title = facts.title ?? nameOfAddress(input.url);
  leadOut($, input.url);
  const pictures = images ? await gatherPictures($, { pageUrl: input.url, maxWidth, env }) : new Map();
  const chapter = toXhtml($, { title, language: facts.language ?? 'und', pageUrl: input.url, pictures });
  const book = makeBook({ ...identity(facts, title, input), chapter, pictures: [...pictures.values()] });
  return {
    mediaType: want.mediaType,
    body: book,
    notes: { ...prepared.notes, 'content-disposition': `attachment; filename="${fileName(title)}.epub"` },
  };
}

function identity(facts: PageFacts, title: string, { url, fields }: FormatInput) {
  const canonical = facts.canonical === undefined ? undefined : readUrl(facts.canonical, url);
  const modified = Date.parse(fields['last-modified'] ?? facts.date ?? '');
  return {
    title,
    author: facts.author,
    language: facts.language ?? 'und',
    identifier: (canonical ?? new URL(url)).href,
    // Never the clock: the same page is the same book.
    modified: new Date(Number.isNaN(modified) ? 0 : modified).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

/** Links that stay on the page stay; the others lead to where anyone finds them. */
function leadOut($: CheerioAPI, pageUrl: string): void {
  const body = findElement($.root()[0]!, 'body');
  if (body === undefined) return;
  walkElements(body, ({ name, attribs }) => {
    const href = attribs['href'];
    if (name !== 'a' || href === undefined || href.startsWith('#')) return;
    const url = readUrl(href, pageUrl);
    if (url === undefined || !/^(?:https?|mailto|tel):$/.test(url.protocol)) delete attribs['href'];
    else attribs['href'] = url.href;
  });
}

// RFC 6266 and threat 19: nothing that could end the name or lead elsewhere.
function fileName(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain.slice(0, 60) || 'page';
}
