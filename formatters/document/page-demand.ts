/** What the demands `lite` and `article` ask for. */
import type { PlainData, PlainRecord } from '../../core/component.ts';
import { type PageBar, readPageBar } from './page-bar.ts';

/** A language of markup that a client of the last thirty years reads. */
export type Markup = 'html' | 'html-3.2' | 'xhtml-mp';

export interface PageDemand {
  /** False: pictures give way to their text. Default true. */
  readonly images: boolean;
  /** Pixels a picture may be wide. Default 480. */
  readonly maxWidth: number;
  /** Any value but `none` adds our own few rules. Default `basic`. */
  readonly styles: 'none' | 'basic' | 'all';
  readonly markup: Markup;
  /** What the page says of its other forms. Default: nothing. */
  readonly bar: PageBar | undefined;
}

/** Options of the formatters that simplify pages. */
export const pageOptionsSchema: PlainRecord = {
  type: 'object',
  additionalProperties: false,
  properties: {
    bar: {
      type: 'boolean',
      default: true,
      description: 'Whether a page leads to its other forms and each picture to itself in full.',
    },
  },
};

/** Checks the options of such a formatter. @throws RangeError naming the fault. */
export function parsePageOptions(raw: unknown): PlainRecord {
  const { bar = true } = (raw ?? {}) as Record<string, PlainData>;
  if (typeof bar !== 'boolean') throw new RangeError(`\`bar\` must be true or false, got \`${JSON.stringify(bar)}\``);
  return { bar };
}

/** Reads the demand; what is missing or of another type gets its default. */
export function readPageDemand(value: PlainData | undefined, options?: unknown): PageDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { images, maxWidth, styles, markup, bar } = given;
  return {
    images: images !== false,
    maxWidth: typeof maxWidth === 'number' && maxWidth >= 1 ? Math.floor(maxWidth) : 480,
    styles: styles === 'none' || styles === 'all' ? styles : 'basic',
    markup: markup === 'html-3.2' || markup === 'xhtml-mp' ? markup : 'html',
    bar: (options as { bar?: boolean } | undefined)?.bar === false ? undefined : readPageBar(bar),
  };
}
