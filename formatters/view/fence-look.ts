/** Who looks at a view. */
import type { PlainData } from '../../core/component.ts';
import type { Screen } from '../charts/canvas.ts';
import { readChartDemand } from '../charts/chart-demand.ts';

export interface FenceLook {
  readonly screen: Screen;
  readonly show: 'drawing' | 'picture' | 'table';
  /** Where charts are to be had as pictures; `undefined` where they are not. */
  readonly pictures:
    | {
        /** What stands before the data's address: `/-/as/chart/`. */
        readonly before: string;
        /** What the data's address must begin with, and loses. */
        readonly within: string;
        /** Value of the parameter `format`. */
        readonly format: string;
      }
    | undefined;
}

/** Reads the demand `view`; what is missing gets its default. */
export function readLook(value: PlainData | undefined): FenceLook {
  const { screen, show } = readChartDemand(value);
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { before, within, format } = given;
  const isThere = typeof before === 'string' && typeof within === 'string' && typeof format === 'string';
  return { screen, show, pictures: isThere ? { before, within, format } : undefined };
}

/** Longest query that any server on the way takes. */
const MAX_ADDRESS = 2_000;

/** Address of a chart of data as a picture; empty where there is none. */
export function pictureAddress(
  url: string,
  options: Readonly<Record<string, PlainData>>,
  { pictures }: FenceLook,
): string {
  if (pictures === undefined || !url.startsWith(pictures.within)) return '';
  const rest = url.slice(pictures.within.length);
  // Design part 3: a target that has a query is percent-encoded whole.
  const named = /[?#%]/.test(rest) ? encodeURIComponent(rest) : rest;
  const query = new URLSearchParams(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
  query.set('format', pictures.format);
  const address = `${pictures.before}${named}?${query}`;
  return address.length > MAX_ADDRESS ? '' : address;
}
