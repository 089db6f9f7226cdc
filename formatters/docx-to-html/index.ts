import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { composePage, titleIn } from '../document/compose-page.ts';
import { nameOfAddress } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import { readWord } from './read-word.ts';
import { loadWordLibrary } from './word-library.ts';

/**
 * A Word document (DOCX) as a page: headings, lists, tables, links, notes and quotes by their styles, not their looks.
 *
 * Small pictures come along, others are their alternative text. Title, author, date, description and language are the
 * document's own. Macros, fields and what is linked from elsewhere stay behind; archives that unpack to more than a document
 * would are refused before they are unpacked.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'docx-to-html',
  version: '1.0.1',
  title: 'Word documents as pages',
  reads: 'bytes',
  edges: [
    {
      from: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      to: 'text/html',
      keeps: 0.85,
      cost: 60,
    },
  ],
  async open() {
    await loadWordLibrary();
  },
  format: toHtml,
} satisfies Formatter;

async function toHtml(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const { html, pictures, ...facts } = await readWord(input.body as Uint8Array);
  if (pictures > 0) env.note('document.pictures-left', { pictures });
  const title = facts.title ?? titleIn(html) ?? nameOfAddress(input.url);
  const heading = html.includes('<h1') ? '' : `<h1>${escapeText(title)}</h1>`;
  const document = composePage({ ...facts, title, body: `<main>${heading}${html}</main>` }, want);
  return { mediaType: want.mediaType, document };
}
