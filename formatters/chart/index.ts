import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { FormatFailure } from '../../core/executor.ts';
import { type ChartDemand, readChartDemand } from '../charts/chart-demand.ts';
import { type ChartContent, renderChart } from '../charts/render-chart.ts';
import { writeChartHtml, writeChartMarkdown, writeChartText } from '../charts/write-chart.ts';
import { DATA_TYPES, readData } from '../data/read-data.ts';
import { markdownText } from '../data/write-markdown.ts';
import { writeNavigation, writePage } from '../data/write-page.ts';
import { stripControls } from '../document/control-sequences.ts';
import { readWrapDemand } from '../document/text/wrap-demand.ts';

/**
 * Raw data (CSV, TSV, JSON, NDJSON) as a chart: a drawing, a page with it, or its numbers for who sees no drawing.
 *
 * `demands.chart.request` says what is drawn: `mark` (bar, line, area, point or arc; default bar), the columns `x`, `y` and
 * `color`, `aggregate` (sum, mean, count, min, max or median), `title`, `width`, `height`; or `spec`, a whole Vega-Lite
 * specification, whose data are the table. Without names of columns `x` is the first of dates or texts, `y` the first of
 * numbers. Rows that share a place are added up (averaged in a line); too many are gathered by time, steps or a grid, and
 * the chart says so. A column, mark or specification that makes no sense is refused by a sentence that names what is there.
 *
 * The rest of the demand is who looks at it: `width` and `maxWidth` in CSS pixels, `scale`, `color` (`gray` for e-ink,
 * `mono` with patterns instead of colours), and for pages `show` (`drawing`, `picture` at the address `picture`, or
 * `table`) and the address of the `original` data. Every drawing has a title and a description in sentences: what is
 * smallest and largest, where it goes. Nothing is loaded, no code of a specification runs.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'chart',
  version: '1.0.0',
  title: 'Charts of data',
  reads: 'text',
  edges: DATA_TYPES.flatMap((from) => [
    { from, to: 'image/svg+xml', keeps: 0.9, cost: 60, meets: ['chart'] },
    { from, to: 'text/html', keeps: 0.9, cost: 60, meets: ['chart', 'links'] },
    { from, to: 'text/markdown', keeps: 0.8, cost: 20, meets: ['chart', 'links'] },
    { from, to: 'text/plain', keeps: 0.8, cost: 20, meets: ['chart', 'wrap'] },
  ]),
  format: toChart,
} satisfies Formatter;

async function toChart(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  if (want.demands['chart'] === undefined) env.cannot('no chart is wanted');
  const demand = readChartDemand(want.demands['chart']);
  const { table, isTabular } = readData(input.mediaType, String(input.body));
  if (!isTabular) throw new FormatFailure('unprocessable', 'chart', 'the data is no table: there are no rows to draw');
  const content = renderChart(table, demand.request, demand.screen);
  for (const { event, fields } of content.notes) env.note(event, { ...fields });
  env.signal.throwIfAborted();
  const { mediaType } = want;
  if (mediaType === 'image/svg+xml') return { mediaType, body: await content.svg() };
  if (mediaType === 'text/html') return { mediaType, body: await toPage(content, demand) };
  if (mediaType === 'text/markdown') return toMarkdown(content, demand);
  return { mediaType, body: toText(content, demand, readWrapDemand(want.demands['wrap']).width) };
}

async function toPage(content: ChartContent, demand: ChartDemand): Promise<string> {
  const navigation = writeNavigation([{ text: 'The whole data', address: demand.original }]);
  return writePage(content.title, `${await writeChartHtml(content, demand)}\n${navigation}`);
}

function toMarkdown(content: ChartContent, { original }: ChartDemand): FormatResult {
  const more = original === '' ? '' : `\nThe whole data: <${original}>\n`;
  const body = `# ${markdownText(content.title)}\n\n${writeChartMarkdown(content)}${more}`;
  return { mediaType: 'text/markdown', body, notes: { 'x-markdown-tokens': Math.ceil(body.length / 4) } };
}

function toText(content: ChartContent, { original }: ChartDemand, width: number): string {
  const title = stripControls(content.title).replace(/\s+/g, ' ').trim();
  const more = original === '' ? '' : `\nThe whole data: ${original}\n`;
  return `${title}\n\n${writeChartText(content, width)}${more}`;
}
