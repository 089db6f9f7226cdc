/** Presentations and profiles, and the media types they stand for. */
import type { Presentation } from '../../core/presentation.ts';
import type { Preferences } from '../../profiles/preferences.ts';

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

/** (3) of "Which format": the profile's own quality of a media range; types it does not speak of count as 1. */
export function profileQuality(mediaType: string, { types }: Preferences): number {
  return types[mediaType] ?? types[mediaType.replace(/\/.*/, '/*')] ?? types['*/*'] ?? 1;
}
