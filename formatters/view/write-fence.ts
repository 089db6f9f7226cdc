/** A fence and its data, in the forms that documents have. */
import type { PlainRecord } from '../../core/component.ts';
import { FormatFailure } from '../../core/executor.ts';
import { parseChartRequest } from '../charts/chart-request.ts';
import { renderChart } from '../charts/render-chart.ts';
import { writeChartHtml, writeChartMarkdown } from '../charts/write-chart.ts';
import { escapeHtml } from '../data/escape-html.ts';
import { readData } from '../data/read-data.ts';
import type { Table } from '../data/table.ts';
import { titleOf } from '../data/title.ts';
import { writeHtmlTable } from '../data/write-html.ts';
import { markdownText, writeMarkdownTable } from '../data/write-markdown.ts';
import type { Fence, FenceData } from '../view-fences.ts';
import { type FenceLook, pictureAddress } from './fence-look.ts';

/** Rows a table of a view shows when it does not say. */
const ROWS = 50;
const MAX_ROWS = 1_000;
const TABLE_OPTIONS = ['title', 'rows', 'columns'];

/** Part of a page. Whatever is wrong becomes a note. */
export async function writeFenceHtml(fence: Fence, data: FenceData | undefined, look: FenceLook): Promise<string> {
  try {
    const { url, table } = readFenceData(fence, data);
    if (fence.kind === 'table') {
      const { title, shown, more } = readTable(fence.options, table, url);
      const note = more === '' ? '' : `<p>${escapeHtml(more)}</p>`;
      return `<div class="scroll">\n${writeHtmlTable(shown, { caption: title })}\n</div>${note}`;
    }
    const options = chartOptions(fence.options);
    const content = renderChart(table, parseChartRequest(options), look.screen);
    const picture = pictureAddress(url, options, look);
    // A picture has its title drawn in it.
    const heading = look.show === 'picture' && picture !== '' ? '' : `<p><b>${escapeHtml(content.title)}</b></p>\n`;
    return heading + (await writeChartHtml(content, { show: look.show, picture }));
  } catch (error) {
    return `<p><b>Left out:</b> ${escapeHtml(faultOf(fence, error))}</p>`;
  }
}

/** Part of a Markdown document. */
export function writeFenceMarkdown(fence: Fence, data: FenceData | undefined, look: FenceLook): string {
  try {
    const { url, table } = readFenceData(fence, data);
    if (fence.kind === 'table') {
      const { title, shown, more } = readTable(fence.options, table, url);
      return `**${markdownText(title)}**\n\n${writeMarkdownTable(shown)}${more === '' ? '' : `\n${more}\n`}`;
    }
    const content = renderChart(table, parseChartRequest(chartOptions(fence.options)), look.screen);
    return `**${markdownText(content.title)}**\n\n${writeChartMarkdown(content)}`;
  } catch (error) {
    return `> **Left out:** ${markdownText(faultOf(fence, error))}\n`;
  }
}

function readFenceData(fence: Fence, data: FenceData | undefined): { url: string; table: Table } {
  if (fence.fault !== undefined) throw unfit(fence.fault);
  if (data === undefined) throw unfit('its data are not there');
  if (data.kind === 'fault') throw unfit(data.why);
  const { table, isTabular } = readData(data.mediaType, data.text);
  if (!isTabular && fence.kind === 'chart') throw unfit('the data are no table: there are no rows to draw');
  return { url: data.url, table };
}

function chartOptions({ data: _, ...options }: PlainRecord): PlainRecord {
  return options;
}

/** @throws FormatFailure unprocessable for columns that are not there and options that a table does not have */
function readTable({ data: _, ...options }: PlainRecord, table: Table, url: string) {
  const unknown = Object.keys(options).find((name) => !TABLE_OPTIONS.includes(name));
  if (unknown !== undefined) throw unfit(`a table has no \`${unknown}\`; it has: ${TABLE_OPTIONS.join(', ')}`);
  const { title, rows = ROWS, columns } = options;
  if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 1 || rows > MAX_ROWS)
    throw unfit(`\`rows\` must be 1 to ${MAX_ROWS}`);
  const chosen = columns === undefined || columns === null ? table : withColumns(table, columns);
  const { length } = table.rows;
  return {
    title: typeof title === 'string' && title !== '' ? title : titleOf(url),
    shown: { columns: chosen.columns, rows: chosen.rows.slice(0, rows) },
    more: length > rows ? `The first ${rows} of ${length.toLocaleString('en')} rows.` : '',
  };
}

function withColumns({ columns, rows }: Table, wanted: unknown): Table {
  const names = (Array.isArray(wanted) ? wanted : String(wanted).split(',')).map((name) => String(name).trim());
  const places = names.map((name) => columns.findIndex((column) => column.name === name));
  const missing = names[places.indexOf(-1)];
  if (missing !== undefined)
    throw unfit(`there is no column \`${missing}\`; there are: ${columns.map(({ name }) => name).join(', ')}`);
  return { columns: places.map((at) => columns[at]!), rows: rows.map((row) => places.map((at) => row[at] ?? null)) };
}

function unfit(why: string): FormatFailure {
  return new FormatFailure('unprocessable', 'view', why);
}

function faultOf({ kind, options }: Fence, error: unknown): string {
  const name = typeof options['title'] === 'string' ? ` “${options['title'].slice(0, 100)}”` : '';
  if (!(error instanceof FormatFailure)) throw error;
  return `the ${kind}${name} cannot be shown: ${error.message}`;
}
