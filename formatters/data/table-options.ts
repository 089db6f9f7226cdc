/** Options of the formatters that show tables. */
import type { PlainRecord } from '../../core/component.ts';

/** Rows of a page that nobody may exceed. */
export const MAX_PAGE_ROWS = 10_000;

export const tableOptionsSchema: PlainRecord = {
  type: 'object',
  additionalProperties: false,
  properties: {
    rows: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_PAGE_ROWS,
      description: 'Rows of a page, where neither the address nor the size of the client’s pages says otherwise.',
    },
  },
};

/** Checks the options of such a formatter. @throws RangeError naming the fault. */
export function parseTableOptions(raw: unknown): { readonly rows?: number } {
  const { rows } = (raw ?? {}) as { rows?: unknown };
  if (rows === undefined) return {};
  if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 1 || rows > MAX_PAGE_ROWS)
    throw new RangeError(`\`rows\` must be 1 to ${MAX_PAGE_ROWS}, got \`${JSON.stringify(rows)}\``);
  return { rows };
}
