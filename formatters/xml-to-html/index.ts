import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { composePage } from '../document/compose-page.ts';
import { nameOfAddress } from '../document/page-facts.ts';
import { parseDocument } from '../document/parse.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { escapeText } from '../document/serialise.ts';
import { loadFeedReader } from '../feeds/feed-library.ts';
import { composeFeedPage } from '../feeds/feed-page.ts';
import { isFeedRoot, readFeed } from '../feeds/read-feed.ts';
import { attributeOf } from '../xml/find-xml.ts';
import { parseXml } from '../xml/parse-xml.ts';
import { xhtmlAsHtml } from '../xml/xhtml-as-html.ts';
import { writeOutline } from './write-outline.ts';

/** Types of XML whose vocabulary we do not know. */
const XML_TYPES = ['application/xml', 'text/xml', 'application/rdf+xml', 'text/x-opml', 'application/gpx+xml'];

/**
 * XML of any vocabulary as an outline that opens and closes without scripts.
 *
 * An element with nothing but text is a line; one with elements folds, the outer levels open. Attributes stand beside the
 * name, addresses are links. A feed under a name that is not its own becomes the page that feeds become, and XHTML the
 * page that it is. Nothing that a document type declares is expanded or fetched.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'xml-to-html',
  version: '1.0.1',
  title: 'XML as an outline',
  reads: 'text',
  edges: XML_TYPES.map((from) => ({ from, to: 'text/html', keeps: 0.85, cost: 5 })),
  format: toHtml,
} satisfies Formatter;

async function toHtml(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const { mediaType } = want;
  const text = String(input.body);
  const root = parseXml(text, 'the XML');
  if (isFeedRoot(root)) {
    const { document, left } = composeFeedPage(readFeed(text, await loadFeedReader()), input.url, want);
    if (left > 0) env.note('feed.entries-left', { entries: left });
    return { mediaType, document };
  }
  if (root.localName === 'html') {
    const document = parseDocument(xhtmlAsHtml(text));
    sanitiseDocument(document, 'lite');
    return { mediaType, document };
  }
  const { html, left } = writeOutline(root);
  if (left > 0) env.note('xml.elements-left', { elements: left });
  const title = nameOfAddress(input.url);
  const more = left > 0 ? `<p>${left} more elements are not shown.</p>` : '';
  const document = composePage(
    {
      title,
      language: attributeOf(root, 'lang'),
      body: `<main><h1>${escapeText(title)}</h1>${html}${more}</main>`,
    },
    want,
  );
  return { mediaType, document };
}
