import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { readLinkMap, toClient } from '../../core/links/address-map.ts';
import { rowsSentence } from '../data/page.ts';
import { DATA_TYPES } from '../data/read-data.ts';
import { readPage } from '../data/read-page.ts';
import { parseTableOptions, tableOptionsSchema } from '../data/table-options.ts';
import { writeHtmlTable } from '../data/write-html.ts';
import { writeNavigation, writePage } from '../data/write-page.ts';

/**
 * Raw data (CSV, TSV, JSON, NDJSON) as a table in a page, for people with a browser.
 *
 * A caption says which rows are shown, headers carry their scope, numbers stand to the right, dates and numbers stay as
 * they were written, addresses are links. `demands.table` has `rows` of a page (default 200), the `page`, the `address`
 * of the pages, that of the `original`, and `outline`: JSON that is no table is then listed by its paths, else left to
 * others. `demands.links` maps the addresses in cells.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'data-to-html',
  version: '1.0.0',
  title: 'Data as tables in pages',
  reads: 'text',
  edges: DATA_TYPES.map((from) => ({ from, to: 'text/html', keeps: 0.95, cost: 6, meets: ['links', 'table'] })),
  optionsSchema: tableOptionsSchema,
  parseOptions: parseTableOptions,
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const { page, demand, title } = readPage(input, want, env);
  const map = readLinkMap(want.demands['links']);
  const link = (address: string) => (map === undefined ? address : toClient(map, address, input.url));
  const navigation = writeNavigation([
    { text: 'Previous rows', address: page.previous },
    { text: 'Next rows', address: page.next },
    { text: 'The whole data', address: demand.original },
  ]);
  const table = writeHtmlTable(page.table, { caption: rowsSentence(page), link });
  return {
    mediaType: want.mediaType,
    body: writePage(
      title,
      `<div class="scroll" role="region" aria-label="Table" tabindex="0">\n${table}\n</div>\n${navigation}`,
    ),
  };
}
