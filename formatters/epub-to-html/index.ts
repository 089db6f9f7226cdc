import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { composePage } from '../document/compose-page.ts';
import { nameOfAddress } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import { readBook } from './read-book.ts';
import { writeBook } from './write-book.ts';

/**
 * A book (EPUB 2 or 3) as one page: its contents, then its chapters in the order of reading.
 *
 * Links between chapters lead within the page, small pictures come along, others are their alternative text. Title, authors,
 * language, date and description are the book's own. Its scripts and styles stay behind; a book that is locked stays as it is.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'epub-to-html',
  version: '1.0.0',
  title: 'Books as pages',
  reads: 'bytes',
  edges: [{ from: 'application/epub+zip', to: 'text/html', keeps: 0.85, cost: 80 }],
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const book = readBook(input.body as Uint8Array);
  const { html, left, pictures } = writeBook(book);
  if (pictures > 0) env.note('document.pictures-left', { pictures });
  if (left > 0) env.note('book.chapters-left', { chapters: left });
  const title = book.title ?? nameOfAddress(input.url);
  const { author, language, date, description } = book;
  const by = author === undefined ? '' : `<p>${escapeText(author)}</p>`;
  const more = left > 0 ? `<p>${left} more chapters are not shown.</p>` : '';
  const body = `<main><h1>${escapeText(title)}</h1>${by}${html}${more}</main>`;
  return {
    mediaType: want.mediaType,
    document: composePage({ title, author, language, date, description, body }, want),
  };
}
