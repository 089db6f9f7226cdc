/** What the formatters of data have in common: the data read, the page of it that is asked for. */
import type { FormatEnv, FormatInput, Want } from '../../core/component.ts';
import { pageOf, readTableDemand, type TableDemand, type TablePage } from './page.ts';
import { readData } from './read-data.ts';
import { titleOf } from './title.ts';

export interface ReadPage {
  readonly page: TablePage;
  readonly demand: TableDemand;
  readonly title: string;
}

/**
 * Reads the page that `demands.table` names. Gives up on JSON that is no table where no outline is wanted, and notes
 * what a page does not show.
 *
 * @throws FormatFailure hostile, too-large
 */
export function readPage(input: FormatInput, want: Want, env: FormatEnv, defaultRows?: number): ReadPage {
  const { rows } = (want.options ?? {}) as { readonly rows?: number };
  const demand = readTableDemand(want.demands['table'], rows ?? defaultRows);
  const { table, isTabular } = readData(input.mediaType, String(input.body));
  if (!isTabular && !demand.outline) env.cannot('the JSON is no table');
  if (!isTabular) env.note('data.outlined', { values: table.rows.length });
  const page = pageOf(table, demand);
  if (page.total > page.last - page.first + 1)
    env.note('table.paged', { first: page.first, last: page.last, rows: page.total });
  return { page, demand, title: titleOf(input.url) };
}
