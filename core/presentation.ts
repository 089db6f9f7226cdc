/** The forms in which a resource can be shown (design part 3). */

/** Presentations of any document, in the order shown to people: a profile may prefer them, a URL may name them. */
export const PRESENTATIONS = [
  'original',
  'full',
  'lite',
  'article',
  'text',
  'markdown',
  'gemtext',
  'wml',
  'epub',
] as const;

export type Presentation = (typeof PRESENTATIONS)[number];

export function isPresentation(text: string): text is Presentation {
  return (PRESENTATIONS as readonly string[]).includes(text);
}

/** Presentations of raw data, which only a URL names: its query is theirs, as in `/-/as/chart/TARGET?mark=bar`. */
export const DATA_PRESENTATIONS = ['chart', 'table'] as const;

export type DataPresentation = (typeof DATA_PRESENTATIONS)[number];

export function isDataPresentation(text: string): text is DataPresentation {
  return (DATA_PRESENTATIONS as readonly string[]).includes(text);
}
