/** A feed as a page: what it is called, then its entries, each with its link, who wrote it when, and what it says. */
import type { Want } from '../../core/component.ts';
import { readUrl } from '../../core/links/address-map.ts';
import { composePage } from '../document/compose-page.ts';
import { embedMarkup } from '../document/foreign-markup.ts';
import { nameOfAddress, oneLine } from '../document/page-facts.ts';
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { writeTime } from '../document/write-time.ts';
import type { Feed, FeedEntry } from './feed.ts';

/** Entries shown; feeds have their newest first. */
const MAX_ENTRIES = 200;
/** Characters of one entry that are shown, and of all of them: beyond these a link leads to the rest. */
const MAX_ENTRY = 60_000;
const MAX_SHOWN = 600_000;

/** The page, and how many entries it leaves out. @throws FormatFailure too-large */
export function composeFeedPage(feed: Feed, url: string, want: Pick<Want, 'demands'>) {
  const site = webAddress(feed.site, url);
  const budget = { characters: MAX_SHOWN };
  const shown = feed.entries.slice(0, MAX_ENTRIES);
  const articles = shown.map((entry) => writeEntry(entry, { url, site, budget }));
  const title = oneLine(feed.title) ?? nameOfAddress(url);
  const description = oneLine(feed.description);
  const lead = [
    description === undefined || description === title ? '' : escapeText(description),
    feed.updated === undefined ? '' : `Updated ${writeTime(feed.updated)}`,
    site === undefined ? '' : `<a href="${escapeAttribute(site)}">Site</a>`,
  ].filter((each) => each !== '');
  const left = feed.entries.length - shown.length;
  const more = left > 0 ? `<p>${left} older entries are not shown.</p>` : '';
  const none = shown.length === 0 ? '<p>The feed has no entries.</p>' : '';
  const document = composePage(
    {
      title,
      language: feed.language,
      author: feed.author,
      description,
      alternate: site,
      body: `<main><h1>${escapeText(title)}</h1>${lead.length === 0 ? '' : `<p>${lead.join(' · ')}</p>`}${articles.join('')}${none}${more}</main>`,
    },
    want,
  );
  return { document, left };
}

interface Page {
  readonly url: string;
  readonly site: string | undefined;
  readonly budget: { characters: number };
}

function writeEntry(entry: FeedEntry, { url, site, budget }: Page): string {
  const address = webAddress(entry.address, site ?? url);
  const given = oneLine(entry.title);
  const title = escapeText(given ?? beginningOf(entry) ?? 'Untitled');
  const heading = address === undefined ? title : `<a href="${escapeAttribute(address)}">${title}</a>`;
  const author = oneLine(entry.author);
  const byline = [
    entry.date === undefined ? '' : writeTime(entry.date),
    author === undefined ? '' : escapeText(author),
  ].filter((each) => each !== '');
  const enclosures = entry.enclosures.map((each) => writeEnclosure(each, address ?? url)).join('');
  return `<article><h2>${heading}</h2>${byline.length === 0 ? '' : `<p>${byline.join(' · ')}</p>`}${given === undefined && isOneLine(entry) ? '' : writeContent(entry, { url, base: address ?? site, budget })}${enclosures === '' ? '' : `<ul>${enclosures}</ul>`}</article>`;
}

function writeContent(
  { html, text }: FeedEntry,
  { url, base, budget }: { url: string; base: string | undefined; budget: { characters: number } },
): string {
  const length = html?.length ?? text?.length ?? 0;
  if (length === 0) return '';
  if (length > MAX_ENTRY || length > budget.characters) return '<p>Too long to be shown here.</p>';
  budget.characters -= length;
  if (html === undefined) return paragraphs(text ?? '');
  if (!/<[a-z!/]/i.test(html) && !/&[a-z#]/i.test(html)) return paragraphs(html);
  return embedMarkup(html, { base, pageUrl: url, topHeading: 3 });
}

function paragraphs(text: string): string {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  return blocks.map((block) => `<p>${escapeText(block.trim()).replaceAll('\n', '<br>')}</p>`).join('');
}

const MAX_TITLE = 80;

/** Posts without a title begin with what they say. */
function beginningOf({ html, text }: FeedEntry): string | undefined {
  const words = oneLine((text ?? html?.slice(0, 2000).replace(/<[^>]*>/g, ' ') ?? '').slice(0, 400));
  return words !== undefined && words.length > MAX_TITLE ? `${words.slice(0, MAX_TITLE - 1).trimEnd()}…` : words;
}

/** Such a beginning is all that they say. */
function isOneLine({ html, text }: FeedEntry): boolean {
  const content = (text ?? html ?? '').trim();
  if (content.length > MAX_TITLE || content.includes('\n')) return false;
  return html === undefined || (/^(?:<p>)?[^<]*(?:<\/p>)?$/i.test(content) && !/&[a-z#]/i.test(content));
}

function writeEnclosure({ address, type }: FeedEntry['enclosures'][number], base: string): string {
  const url = webAddress(address, base);
  if (url === undefined) return '';
  const kind = oneLine(type);
  return `<li><a href="${escapeAttribute(url)}">${escapeText(nameOfAddress(url))}</a>${kind === undefined ? '' : ` (${escapeText(kind)})`}</li>`;
}

function webAddress(address: string | undefined, base: string): string | undefined {
  const url = address === undefined || address === '' ? undefined : readUrl(address, base);
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.href : undefined;
}
