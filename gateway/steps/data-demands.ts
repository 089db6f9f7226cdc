/** Demands of tables and charts, and where their pages and the data itself are to be had. */
import type { PlainRecord } from '../../core/component.ts';
import { GatewayError } from '../../core/errors.ts';
import type { DataPresentation } from '../../core/presentation.ts';
import type { Target } from '../target.ts';
import { placeOf } from './bar-of.ts';
import type { WishContext } from './make-wishes.ts';

/** Pages of this many bytes are for small memories: fewer rows then. */
const SMALL_PAGE_BYTES = 64_000;
const SMALL_PAGE_ROWS = 50;
const PARAMETERS = new Set(['rows', 'page']);

/**
 * The demand `table`: rows and page as the URL names them, and addresses.
 *
 * @throws GatewayError BAD_INPUT for parameters that a table does not have
 */
export function tableDemand({ target, negotiation }: WishContext, presentation: string): PlainRecord {
  const { maxBytes } = negotiation.preferences.page;
  const rows = maxBytes > 0 && maxBytes <= SMALL_PAGE_BYTES ? { rows: SMALL_PAGE_ROWS } : {};
  return {
    ...rows,
    ...(target.presentation === 'table' ? readPaging(target.parameters ?? {}) : {}),
    address: dataAddress(target, 'table') ?? '',
    original: originalAddress(target) ?? '',
    // What a browser shows in full is left to it: it has a viewer of its own for JSON that is no table.
    outline: presentation !== 'full' || target.presentation !== undefined,
  };
}

/** Our own address of a target as a chart or table, without query; `undefined` where our pages cannot be reached. */
export function dataAddress(target: Target, presentation: DataPresentation): string | undefined {
  if (target.ownOrigin === undefined) return undefined;
  const { rest } = placeOf(target);
  // Design part 3: a target that has a query is percent-encoded whole.
  const named = /[?#%]/.test(rest) ? encodeURIComponent(rest) : rest;
  return `${target.ownOrigin}${target.gatewayPath}as/${presentation}/${named}`;
}

/** Our own address of the data as it came. */
export function originalAddress(target: Target): string | undefined {
  return target.ownOrigin === undefined
    ? undefined
    : `${target.ownOrigin}${target.gatewayPath}as/original/${placeOf(target).rest}`;
}

function readPaging(parameters: Readonly<Record<string, string>>): PlainRecord {
  const unknown = Object.keys(parameters).find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined)
    throw new GatewayError('BAD_INPUT', { why: `A table has no \`${unknown.slice(0, 80)}\`; it has: rows, page` });
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, readCount(name, value)]));
}

function readCount(name: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new GatewayError('BAD_INPUT', {
    why: `\`${name}\` must be a whole number from 1, got \`${value.slice(0, 80)}\``,
  });
}
