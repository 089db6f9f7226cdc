/** Tables that scroll inside themselves on small screens, by keyboard too. */
import { type Html, html } from '../../../gateway/html.ts';

export interface Column {
  readonly label: string;
  /** Figures are set to the right. */
  readonly isNumber?: boolean;
}

export interface TableContent {
  /** Unique on the page. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  /** Cells by row; the first names the row. */
  readonly rows: readonly (readonly (Html | string | number)[])[];
  /** Said where there are no rows. */
  readonly empty: string;
}

export function table({ id, caption, columns, rows, empty }: TableContent): Html {
  const head = columns.map(
    ({ label, isNumber }) => html`<th scope="col"${isNumber === true && html` class="number"`}>${label}</th>`,
  );
  const line = (cells: TableContent['rows'][number]) =>
    html`<tr>${cells.map((cell, index) =>
      index === 0
        ? html`<th scope="row">${cell}</th>`
        : html`<td${columns[index]?.isNumber === true && html` class="number"`}>${cell}</td>`,
    )}</tr>`;
  return html`<div class="scroll" role="region" aria-labelledby="${id}-caption" tabindex="0"><table id="${id}"><caption id="${id}-caption">${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${rows.length === 0 ? html`<tr class="empty"><td colspan="${columns.length}">${empty}</td></tr>` : rows.map(line)}</tbody></table></div>`;
}
