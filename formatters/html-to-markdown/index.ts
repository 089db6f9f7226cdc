import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainData, Want } from '../../core/component.ts';
import { readLinkMap, readUrl, toClient, toTarget } from '../../core/links/address-map.ts';
import { findElement } from '../document/edit-tree.ts';
import { readFlow } from '../document/flow/read-flow.ts';
import { nameOfAddress, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { frontMatter } from './front-matter.ts';
import { type Losses, writeBlocks } from './write-blocks.ts';

interface MarkdownOptions {
  /** YAML front matter: title, url, author, date, language, description. Default true. */
  readonly frontMatter: boolean;
}

/**
 * HTML to Markdown (CommonMark with GFM) for agents and readers.
 *
 * Keeps headings, links, pictures, lists, tasks, tables, code with its language, quotes, footnotes, definitions and
 * formulas as TeX; drops scripts, layout, fields of forms and all that the page hides from people. Text stays text:
 * nothing a page says can become markup or end a link. For the main content alone let `html-article` run before it.
 * `x-markdown-tokens` estimates the tokens of the reply. Never empty: at least the title.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-markdown',
  version: '1.0.0',
  title: 'HTML to Markdown',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/markdown', keeps: 0.8, cost: 4 }],
  optionsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      frontMatter: { type: 'boolean', default: true, description: 'what the page says of itself, as YAML' },
    },
  },
  parseOptions,
  format: toMarkdown,
} satisfies Formatter;

/** @throws TypeError naming the option that is wrong */
function parseOptions(raw: unknown): MarkdownOptions {
  if (raw === undefined || raw === null) return { frontMatter: true };
  if (typeof raw !== 'object' || Array.isArray(raw)) throw new TypeError('options must be an object');
  for (const name of Object.keys(raw)) if (name !== 'frontMatter') throw new TypeError(`\`${name}\` is not known`);
  const given: unknown = 'frontMatter' in raw ? raw.frontMatter : true;
  if (typeof given !== 'boolean') throw new TypeError('`frontMatter` must be true or false');
  return { frontMatter: given };
}

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
  const text = writeBlocks(blocks, losses) || writeBlocks([titleBlock(title)], losses);
  if (losses.nestedTables > 0) env.note('table.flattened', { tables: losses.nestedTables, columns: losses.columns });
  const head = (want.options as MarkdownOptions).frontMatter ? `${frontMatter(facts, title, url)}\n` : '';
  const body = `${head}${text}\n`;
  // What others who send this field do.
  return {
    mediaType: want.mediaType,
    body,
    notes: { ...prepared.notes, 'x-markdown-tokens': Math.ceil(body.length / 4) },
  };
}

function titleBlock(title: string): Parameters<typeof writeBlocks>[0][number] {
  return { kind: 'heading', level: 1, content: [{ kind: 'text', text: title }] };
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
