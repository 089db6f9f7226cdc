/** What the demands `lite` and `article` ask for. */
import type { PlainData } from '../../core/component.ts';

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
}

/** Reads the demand; what is missing or of another type gets its default. */
export function readPageDemand(value: PlainData | undefined): PageDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { images, maxWidth, styles, markup } = given;
  return {
    images: images !== false,
    maxWidth: typeof maxWidth === 'number' && maxWidth >= 1 ? Math.floor(maxWidth) : 480,
    styles: styles === 'none' || styles === 'all' ? styles : 'basic',
    markup: markup === 'html-3.2' || markup === 'xhtml-mp' ? markup : 'html',
  };
}
