/** Presentations and profiles, and the media types they stand for. */
import type { Presentation } from '../../core/presentation.ts';
import type { MergedPreferences } from '../../profiles/merge.ts';
import type { Preferences } from '../../profiles/preferences.ts';
import { isStoredLayer } from '../../profiles/resolve.ts';

/** The type each presentation of a document comes in. */
export const TYPE_OF: Readonly<Record<Exclude<Presentation, 'original'>, string>> = {
  full: 'text/html',
  lite: 'text/html',
  article: 'text/html',
  text: 'text/plain',
  markdown: 'text/markdown',
  gemtext: 'text/gemini',
  wml: 'text/vnd.wap.wml',
  epub: 'application/epub+zip',
};

/** Lite pages of phones that want XHTML Mobile Profile come in its type. */
export function typeForMarkup(mediaType: string, presentation: Presentation, { page }: Preferences): string {
  return page.markup === 'xhtml-mp' && presentation === 'lite' ? 'application/vnd.wap.xhtml+xml' : mediaType;
}

/**
 * (3) of "Which format": quality and order of a media type in the profile, higher first. As in Accept, types that a list
 * does not speak of come after those that it does.
 */
export function profileRank(mediaType: string, { types }: Preferences): readonly [quality: number, order: number] {
  const range = rangeFor(mediaType, types);
  if (range === undefined) return Object.keys(types).length === 0 ? [1, 0] : [0, -1_000];
  return [types[range]!, -Object.keys(types).indexOf(range)];
}

/** The most specific range of the profile that a type falls into. */
function rangeFor(mediaType: string, types: Preferences['types']): string | undefined {
  return [mediaType, mediaType.replace(/\/.*/, '/*'), '*/*'].find((range) => Object.hasOwn(types, range));
}

/** True where a stored profile names a media type among those it wants: it is made for who takes anything. */
export function isWantedType(mediaType: string, { preferences: { types }, values }: MergedPreferences): boolean {
  return isStoredLayer(values['types']?.layer) && (types[mediaType] ?? 0) > 0;
}

/** What a profile does not list, the most readable last. */
const UNLISTED: readonly Presentation[] = ['epub', 'wml', 'gemtext', 'text', 'markdown'];

/** Place of a presentation in a profile, higher first; those that it does not list come behind. */
export function placeOfPresentation(presentation: Presentation, { presentation: listed }: Preferences): number {
  const place = listed.indexOf(presentation);
  return place === -1 ? UNLISTED.indexOf(presentation) - 100 : -place;
}
