/** Tables as HTML that any browser since 1996 shows: a caption, headers with their scope, numbers to the right. */
import { textOf } from './cell-values.ts';
import { escapeHtml } from './escape-html.ts';
import type { Column, Table } from './table.ts';

/** How the table of a page is written. */
export interface HtmlTableLook {
  readonly caption: string;
  /** An address in a cell as the client should follow it; `undefined` leaves it text. */
  readonly link?: (address: string) => string | undefined;
}

const ADDRESS = /^https?:\/\/[^\s<>"']{1,2000}$/i;
const MAX_CELL = 2_000;

/** The element `table`. */
export function writeHtmlTable({ columns, rows }: Table, { caption, link }: HtmlTableLook): string {
  const head = columns
    .map((column) => `<th scope="col"${alignmentOf(column)}>${escapeHtml(column.name)}</th>`)
    .join('');
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell, i) => `<td${alignmentOf(columns[i]!)}>${cellHtml(textOf(cell), columns[i]!, link)}</td>`).join('')}</tr>`,
  );
  const parts = [`<caption>${escapeHtml(caption)}</caption>`, `<thead><tr>${head}</tr></thead>`];
  return `<table border="1">\n${parts.join('\n')}\n<tbody>\n${body.join('\n')}\n</tbody>\n</table>`;
}

function alignmentOf({ type }: Column): string {
  // A date broken in two reads as two numbers.
  if (type === 'date') return ' nowrap="nowrap"';
  return type === 'number' ? ' align="right"' : '';
}

function cellHtml(text: string, { type }: Column, link: HtmlTableLook['link']): string {
  const shown = escapeHtml(text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text);
  const trimmed = text.trim();
  const address = type === 'text' && ADDRESS.test(trimmed) ? link?.(trimmed) : undefined;
  return address === undefined ? shown : `<a href="${escapeHtml(address)}" rel="noreferrer">${shown}</a>`;
}
