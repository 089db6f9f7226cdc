/** Whether the columns that a specification names are there. */
import type { PlainData, PlainRecord } from '../../../core/component.ts';
import { meaningOf } from '../../data/cell-values.ts';
import type { Table } from '../../data/table.ts';
import { listNames, quoteName, unprocessable } from '../refusal.ts';

const FACETS = new Set(['row', 'column', 'facet']);
/** Charts beside each other beyond these are too small to be seen. */
const MAX_FACETS = 50;

/**
 * @throws FormatFailure unprocessable for a column that is not there, with the path and those that are; for one that would
 * make too many charts
 */
export function checkFields(spec: PlainRecord, table: Table): void {
  // What transforms make has names of its own.
  const isDerived = holds(spec, 'transform') || holds(spec, 'repeat');
  visit(spec, 'spec', (field, path, channel) => {
    const name = field.replace(/\\(.)/g, '$1');
    const at = table.columns.findIndex((column) => column.name === name || column.name === field);
    if (FACETS.has(channel) && (at === -1 || isTooMany(table, at)))
      throw unprocessable(`${quoteName(field)} (\`${path}\`) makes over ${MAX_FACETS} charts`);
    if (at === -1 && !isDerived)
      throw unprocessable(
        `there is no column ${quoteName(field)} (\`${path}\`); there are: ${listNames(table.columns.map((each) => each.name))}`,
      );
  });
}

type Visitor = (field: string, path: string, channel: string) => void;

/** Fields of all channels. */
function visit(value: PlainData, path: string, visitor: Visitor): void {
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) visit(each, `${path}[${i}]`, visitor);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  // Rows written within a part have names of their own.
  if (path !== 'spec' && Object.hasOwn(value, 'data')) return;
  for (const [name, each] of Object.entries(value)) {
    if (name === 'encoding' || name === 'facet')
      visitChannels(name === 'facet' ? { facet: each } : each, path, name, visitor);
    if (name === 'layer' || name === 'spec' || /concat$/.test(name)) visit(each, `${path}.${name}`, visitor);
  }
}

function visitChannels(encoding: PlainData, path: string, at: string, visitor: Visitor): void {
  if (typeof encoding !== 'object' || encoding === null || Array.isArray(encoding)) return;
  for (const [channel, definition] of Object.entries(encoding)) {
    const where = at === 'encoding' ? `${path}.encoding.${channel}` : `${path}.facet`;
    for (const each of Array.isArray(definition) ? definition : [definition]) {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) continue;
      const { field, row, column } = each;
      if (typeof field === 'string') visitor(field, `${where}.field`, channel);
      if (channel === 'facet' && (row ?? column) !== undefined)
        visitChannels({ row: row ?? null, column: column ?? null }, path, at, visitor);
    }
  }
}

function isTooMany({ columns, rows }: Table, at: number): boolean {
  const different = new Set<unknown>();
  for (const row of rows) {
    different.add(meaningOf(row[at] ?? null, columns[at]!.type));
    if (different.size > MAX_FACETS) return true;
  }
  return false;
}

function holds(value: PlainData, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => holds(each, key));
  return Object.hasOwn(value, key) || Object.values(value).some((each) => holds(each, key));
}
