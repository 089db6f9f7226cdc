import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainData, Want } from '../../core/component.ts';
import { readLinkMap, readUrl, toClient, toTarget } from '../../core/links/address-map.ts';
import { findElement } from '../document/edit-tree.ts';
import { readFlow } from '../document/flow/read-flow.ts';
import { nameOfAddress, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { frontMatter } from './front-matter.ts';
import { type MarkdownOptions, markdownOptionsSchema, parseMarkdownOptions } from './markdown-options.ts';
import type { Losses } from './write-blocks.ts';
import { tokensOf, writePart } from './write-part.ts';

/**
 * HTML to Markdown (CommonMark with GFM) for agents and readers.
 *
 * Keeps headings, links, pictures, lists, tasks, tables, code with its language, quotes, footnotes, definitions and
 * formulas as TeX; drops scripts, layout, fields of forms and all that the page hides from people. Text stays text:
 * nothing a page says can become markup or end a link. For the main content alone let `html-article` run before it.
 * `x-markdown-tokens` estimates the tokens of the reply. With a budget of tokens a longer page comes in parts, each of which
 * leads to the next. Never empty: at least the title.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-markdown',
  version: '1.1.9',
  title: 'HTML to Markdown',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/markdown', keeps: 0.8, cost: 4, meets: ['parts'] }],
  optionsSchema: markdownOptionsSchema,
  parseOptions: parseMarkdownOptions,
  format: toMarkdown,
} satisfies Formatter;

function toMarkdown(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const prepared = preparePage(input, env);
  const root = $.root()[0]!;
  const facts = readPageFacts($);
  const losses: Losses = { nestedTables: 0, columns: 0 };
  const { links } = want.demands;
  const blocks = readFlow(findElement(root, 'body') ?? root, {
    pageUrl: input.url,
    // Addresses are mapped by a step of its own, before this one or after it.
    resolve: (address) => (links === undefined && !address.startsWith('#') ? absolute(address, input.url) : address),
    pictureWidth: 800,
    notes: true,
  });
  const url = publicAddress(facts.canonical, input.url, links);
  const title = facts.title ?? nameOfAddress(url);
  const { text, part } = writePart(blocks, title, want, losses);
  if (losses.nestedTables > 0) env.note('table.flattened', { tables: losses.nestedTables, columns: losses.columns });
  if (part !== undefined) env.note('page.part', { part: part.part, of: part.of });
  const told = part === undefined ? undefined : `${part.part} of ${part.of}`;
  const { frontMatter: hasFacts } = want.options as MarkdownOptions;
  const body = `${hasFacts ? `${frontMatter(facts, { title, url, part: told })}\n` : ''}${text}\n`;
  return {
    mediaType: want.mediaType,
    body,
    notes: { ...prepared.notes, 'x-markdown-tokens': tokensOf(body) },
  };
}

function absolute(address: string, base: string): string {
  return readUrl(address, base)?.href ?? '';
}

/** Where anyone finds the page: what it says itself, else where it came from; never the address of an upstream. */
function publicAddress(canonical: string | undefined, pageUrl: string, links: PlainData | undefined): string {
  // Mapped already: the target rides in the path.
  const own = (canonical === undefined ? undefined : toTarget(canonical)?.href) ?? canonical;
  const url = own === undefined ? undefined : readUrl(own, pageUrl);
  const found = url !== undefined && /^https?:$/.test(url.protocol) ? url.href : pageUrl;
  const map = readLinkMap(links);
  return map?.mode === 'reverse' ? (toClient(map, found, pageUrl) ?? found) : found;
}
