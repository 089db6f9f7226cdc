/** A page made of a document that was no HTML: what a feed, a letter, a book or a file of a word processor becomes. */
import type { CheerioAPI } from 'cheerio';
import type { Want } from '../../core/component.ts';
import { textOf } from './edit-tree.ts';
import { finishPage } from './finish-page.ts';
import { readPageDemand } from './page-demand.ts';
import { languageTag, oneLine } from './page-facts.ts';
import { parseDocument } from './parse.ts';
import { sanitiseDocument } from './sanitise.ts';
import { escapeAttribute, escapeText } from './serialise.ts';

/** What such a document says of itself; all of it untrusted. */
export interface ComposedPage {
  readonly title: string;
  readonly language?: string | undefined;
  readonly author?: string | undefined;
  readonly date?: string | undefined;
  readonly description?: string | undefined;
  /** Address of the page that is the same in HTML elsewhere: the site of a feed. */
  readonly alternate?: string | undefined;
  /** Markup of the body. It is sanitised here, whatever was done to it before. */
  readonly body: string;
}

/** The words of the first heading of markup: what a document without a title is called. */
export function titleIn(markup: string): string | undefined {
  const heading = /<h1\b[^>]*>.*?<\/h1>/s.exec(markup)?.[0];
  return heading === undefined ? undefined : oneLine(textOf(parseDocument(heading).root()[0]!));
}

/**
 * Makes the page: title, language, author, date and description in its head, the body sanitised, our own few rules of
 * style. @throws FormatFailure too-large
 */
export function composePage(page: ComposedPage, { demands }: Pick<Want, 'demands'>): CheerioAPI {
  const { title, language, author, date, description, alternate, body } = page;
  const tag = languageTag(language);
  const metas = Object.entries({ author, date, description })
    .map(([name, value]) => [name, oneLine(value)] as const)
    .map(([name, value]) => (value === undefined ? '' : `<meta name="${name}" content="${escapeAttribute(value)}">`));
  const link =
    alternate === undefined ? '' : `<link rel="alternate" type="text/html" href="${escapeAttribute(alternate)}">`;
  const $ = parseDocument(
    `<!DOCTYPE html><html${tag === undefined ? '' : ` lang="${tag}"`}><head><title>${escapeText(oneLine(title) ?? '')}</title>${metas.join('')}${link}</head><body>${body}</body></html>`,
  );
  sanitiseDocument($, 'fragment');
  // A step to come gives the page the style that is wanted.
  finishPage($, readPageDemand('lite' in demands ? { styles: 'none' } : undefined));
  return $;
}
