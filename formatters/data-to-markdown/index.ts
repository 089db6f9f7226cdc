import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { rowsSentence } from '../data/page.ts';
import { DATA_TYPES } from '../data/read-data.ts';
import { readPage } from '../data/read-page.ts';
import { parseTableOptions, tableOptionsSchema } from '../data/table-options.ts';
import { markdownText, writeMarkdownTable } from '../data/write-markdown.ts';

const ROWS = 1_000;

/**
 * Raw data (CSV, TSV, JSON, NDJSON) as a table of GFM, for agents and readers.
 *
 * Numbers and dates stay as they were written; nothing in a cell is taken for markup. `demands.table` is that of
 * `data-to-html`; a page has 1,000 rows unless it says otherwise, and its last line says where the others are.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'data-to-markdown',
  version: '1.0.0',
  title: 'Data as Markdown tables',
  reads: 'text',
  edges: DATA_TYPES.map((from) => ({ from, to: 'text/markdown', keeps: 0.95, cost: 5, meets: ['links', 'table'] })),
  optionsSchema: tableOptionsSchema,
  parseOptions: parseTableOptions,
  format: toMarkdown,
} satisfies Formatter;

function toMarkdown(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const { page, demand, title } = readPage(input, want, env, ROWS);
  const more = [
    `${rowsSentence(page)}.`,
    ...(page.next === undefined ? [] : [`Next rows: <${page.next}>`]),
    ...(demand.original === '' ? [] : [`The whole data: <${demand.original}>`]),
  ];
  const body = `# ${markdownText(title)}\n\n${writeMarkdownTable(page.table)}\n${more.join('  \n')}\n`;
  return { mediaType: want.mediaType, body, notes: { 'x-markdown-tokens': Math.ceil(body.length / 4) } };
}
