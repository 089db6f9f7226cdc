/** The forms in which a resource can be shown (design part 3). */

/** All presentations a URL may name, in the order shown to people. */
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
