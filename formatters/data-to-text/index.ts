import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { rowsSentence } from '../data/page.ts';
import { DATA_TYPES } from '../data/read-data.ts';
import { readPage } from '../data/read-page.ts';
import { parseTableOptions, tableOptionsSchema } from '../data/table-options.ts';
import { writeTextTable } from '../data/write-text.ts';
import { readWrapDemand } from '../document/text/wrap-demand.ts';

/**
 * Raw data (CSV, TSV, JSON, NDJSON) as text whose columns line up, for terminals and whoever reads line by line.
 *
 * Columns line up by what characters take on the screen, within the width of `demands.wrap` (default 72): long text is
 * cut with an ellipsis, numbers never are; where not all columns fit each row becomes lines of name and value. Escape
 * sequences never pass. `demands.table` is that of `data-to-html`.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'data-to-text',
  version: '1.0.0',
  title: 'Data as text tables',
  reads: 'text',
  edges: DATA_TYPES.map((from) => ({ from, to: 'text/plain', keeps: 0.9, cost: 5, meets: ['table', 'wrap'] })),
  optionsSchema: tableOptionsSchema,
  parseOptions: parseTableOptions,
  format: toText,
} satisfies Formatter;

function toText(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const { page, demand } = readPage(input, want, env);
  const { width } = readWrapDemand(want.demands['wrap']);
  const more = [
    rowsSentence(page),
    ...(page.next === undefined ? [] : [`Next rows: ${page.next}`]),
    ...(demand.original === '' ? [] : [`The whole data: ${demand.original}`]),
  ];
  return { mediaType: want.mediaType, body: `${writeTextTable(page.table, width)}\n${more.join('\n')}\n` };
}
