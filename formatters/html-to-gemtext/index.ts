import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { readUrl } from '../../core/links/address-map.ts';
import { findElement } from '../document/edit-tree.ts';
import { isBlank } from '../document/flow/inline-run.ts';
import { readFlow } from '../document/flow/read-flow.ts';
import { nameOfAddress, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { writeGemtext } from './write-gemtext.ts';

/**
 * HTML to gemtext, the pages of the Gemini protocol: one line a paragraph, links on lines of their own.
 *
 * Use it when the client names `text/gemini`. For the main content alone let `html-article` run before it, for addresses
 * that stay inside the gateway `links`. Headings have three levels, lists one; links of a paragraph follow it, once each;
 * pictures are links; tables stand preformatted. What a page says cannot become a line of another kind (threat 36).
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-gemtext',
  version: '1.0.9',
  title: 'HTML to gemtext',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/gemini', keeps: 0.72, cost: 4 }],
  format: toGemtext,
} satisfies Formatter;

function toGemtext(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const prepared = preparePage(input, env);
  const root = $.root()[0]!;
  const { links } = want.demands;
  const blocks = readFlow(findElement(root, 'body') ?? root, {
    pageUrl: input.url,
    // Addresses are mapped by a step of its own, before this one or after it.
    resolve: (address) =>
      links === undefined && !address.startsWith('#') ? (readUrl(address, input.url)?.href ?? '') : address,
    pictureWidth: 800,
    notes: true,
  });
  const title = readPageFacts($).title ?? nameOfAddress(input.url);
  const hasHeading = blocks.some((block) => block.kind === 'heading' && !isBlank(block.content));
  const lines = writeGemtext(
    hasHeading ? blocks : [{ kind: 'heading', level: 1, content: [{ kind: 'text', text: title }] }, ...blocks],
  );
  return { mediaType: want.mediaType, body: `${lines.join('\n')}\n`, ...prepared };
}
