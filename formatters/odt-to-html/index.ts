import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { FormatFailure } from '../../core/executor.ts';
import { readArchive, textOfPart } from '../archive/read-archive.ts';
import { composePage, titleIn } from '../document/compose-page.ts';
import { nameOfAddress, oneLine } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import { attributeOf, childAt, xmlText } from '../xml/find-xml.ts';
import { parseXml, type XmlElement } from '../xml/parse-xml.ts';
import { readStyles } from './read-styles.ts';
import { writeText } from './write-text.ts';

/** Bytes of a document with its pictures, unpacked. */
const MAX_BYTES = 24_000_000;
/** Larger pictures are their alternative text. */
const MAX_PICTURE = 32_768;

/**
 * An OpenDocument text (ODT) as a page: headings, lists, tables, links, notes, strong and slanted words, code and quotes.
 *
 * Small pictures come along, others are their alternative text. Title, author, date, description and language are the
 * document's own. Macros, remarks and recorded changes stay behind.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'odt-to-html',
  version: '1.0.1',
  title: 'OpenDocument texts as pages',
  reads: 'bytes',
  edges: [{ from: 'application/vnd.oasis.opendocument.text', to: 'text/html', keeps: 0.85, cost: 40 }],
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const parts = readArchive(input.body as Uint8Array, {
    what: 'the document',
    maxBytes: MAX_BYTES,
    wants: (name, size) =>
      /^(?:content|styles|meta)\.xml$/.test(name) || (/^Pictures\//.test(name) && size <= MAX_PICTURE),
  });
  const content = readPart(parts, 'content.xml');
  const body = childAt(content, 'body', 'text');
  if (body === undefined) throw new FormatFailure('cannot', 'odt-to-html', 'this is no text that can be read');
  const styles = readPart(parts, 'styles.xml');
  const { html, pictures } = writeText(body, readStyles([styles, content]), parts);
  if (pictures > 0) env.note('document.pictures-left', { pictures });
  const meta = childAt(readPart(parts, 'meta.xml'), 'meta');
  const said = (name: string): string | undefined => oneLine(xmlText(childAt(meta, name)));
  const title = said('title') ?? titleIn(html) ?? nameOfAddress(input.url);
  const heading = html.includes('<h1>') ? '' : `<h1>${escapeText(title)}</h1>`;
  const document = composePage(
    {
      title,
      author: said('creator') ?? said('initial-creator'),
      date: (said('date') ?? said('creation-date'))?.slice(0, 10),
      description: said('description') ?? said('subject'),
      language: said('language') ?? languageOf(styles),
      body: `<main>${heading}${html}</main>`,
    },
    want,
  );
  return { mediaType: want.mediaType, document };
}

function readPart(parts: ReadonlyMap<string, Uint8Array>, name: string): XmlElement | undefined {
  const part = parts.get(name);
  return part === undefined ? undefined : parseXml(textOfPart(part), 'the document', { maxElements: 400_000 });
}

/** The language of the default style of paragraphs. */
function languageOf(styles: XmlElement | undefined): string | undefined {
  for (const style of childAt(styles, 'styles')?.children ?? []) {
    if (typeof style === 'string' || attributeOf(style, 'family') !== 'paragraph') continue;
    const text = childAt(style, 'text-properties');
    const [language, country] = [attributeOf(text, 'language'), attributeOf(text, 'country')];
    if (language !== undefined && language !== 'none')
      return country === undefined || country === 'none' ? language : `${language}-${country}`;
  }
  return undefined;
}
