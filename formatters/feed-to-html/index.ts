import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { loadFeedReader } from '../feeds/feed-library.ts';
import { composeFeedPage } from '../feeds/feed-page.ts';
import { readFeed } from '../feeds/read-feed.ts';

/**
 * A feed (RSS, RDF, Atom, JSON Feed) as a page of its entries.
 *
 * Each entry has its link, its date in UTC, its author, its summary (the whole text where it has none) and what is
 * attached; markup passes an allow-list, relative addresses lead where the entry meant them. The page links to the site.
 * Of very long feeds the first 200 entries are shown. Nothing that a document type declares is expanded.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'feed-to-html',
  version: '1.0.1',
  title: 'Feeds as pages',
  reads: 'text',
  edges: ['application/rss+xml', 'application/atom+xml', 'application/feed+json'].map((from) => ({
    from,
    to: 'text/html',
    keeps: 0.95,
    cost: 6,
  })),
  async open() {
    await loadFeedReader();
  },
  format: toHtml,
} satisfies Formatter;

async function toHtml(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const feed = readFeed(String(input.body), await loadFeedReader());
  const { document, left } = composeFeedPage(feed, input.url, want);
  if (left > 0) env.note('feed.entries-left', { entries: left });
  return { mediaType: want.mediaType, document };
}
