/** A chart in the forms that documents have: a part of a page, of Markdown, of text. */
import { escapeHtml } from '../data/escape-html.ts';
import type { Table } from '../data/table.ts';
import { writeHtmlTable } from '../data/write-html.ts';
import { markdownText, writeMarkdownTable } from '../data/write-markdown.ts';
import { writeTextTable } from '../data/write-text.ts';
import { stripControls } from '../document/control-sequences.ts';
import { Filler } from '../document/text/fill-lines.ts';
import type { ChartContent } from './render-chart.ts';

/** Rows of numbers that go with a chart. */
const MAX_ROWS = 200;

/** The drawing, or a picture of it, and its numbers to be opened. Without either the numbers alone. */
export async function writeChartHtml(
  content: ChartContent,
  { show, picture }: { readonly show: 'drawing' | 'picture' | 'table'; readonly picture: string },
): Promise<string> {
  const { title, description, notes } = content;
  const caption = moreRows(content.table) || title;
  const table = writeHtmlTable(firstRows(content.table), { caption });
  if (show === 'table' || (show === 'picture' && picture === ''))
    return `<p>${escapeHtml(description)}</p>\n<div class="scroll">\n${table}\n</div>`;
  const drawing =
    show === 'picture'
      ? `<p><img src="${escapeHtml(picture)}" alt="${escapeHtml(description)}"></p>`
      : `<figure style="margin:0">${await content.svg(false)}</figure>`;
  const told = notes.map(({ sentence }) => `<p>${escapeHtml(sentence)}</p>\n`).join('');
  return `${drawing}\n${told}<details><summary>The numbers</summary>\n<div class="scroll">\n${table}\n</div></details>`;
}

/** Sentences and numbers. */
export function writeChartMarkdown({ description, table }: ChartContent): string {
  return `${markdownText(description)}\n\n${writeMarkdownTable(firstRows(table))}${lastLine(moreRows(table))}`;
}

/** Sentences and numbers in lines of at most `width` columns. */
export function writeChartText({ description, table }: ChartContent, width: number): string {
  const filler = new Filler();
  filler.text(stripControls(description));
  return `${filler.lines(width).join('\n')}\n\n${writeTextTable(firstRows(table), width)}${lastLine(moreRows(table))}`;
}

function firstRows({ columns, rows }: Table): Table {
  return { columns, rows: rows.slice(0, MAX_ROWS) };
}

/** Empty where all are there. */
function moreRows({ rows }: Table): string {
  return rows.length > MAX_ROWS ? `The first ${MAX_ROWS} of ${rows.length} numbers.` : '';
}

function lastLine(text: string): string {
  return text === '' ? '' : `\n${text}\n`;
}
