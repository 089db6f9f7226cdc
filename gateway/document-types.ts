/** Kinds of media types as presentations see them. */

import { VIEW_TYPE } from '../formatters/view-fences.ts';

/** Hypertext that the HTML formatters read. */
export function isHypertext(essence: string): boolean {
  return essence === 'text/html' || essence === 'application/xhtml+xml' || essence === 'application/vnd.wap.xhtml+xml';
}

const FEEDS: ReadonlySet<string> = new Set(['application/rss+xml', 'application/atom+xml', 'application/feed+json']);

/** Feeds of news: pages to people, themselves to who reads feeds. */
export function isFeed(essence: string): boolean {
  return FEEDS.has(essence);
}

/** Types by which a client says that it reads feeds. */
export const FEED_TYPES: readonly string[] = [...FEEDS];

const FILES: ReadonlySet<string> = new Set([
  'application/epub+zip',
  'application/gpx+xml',
  'application/pdf',
  'application/rdf+xml',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/xml',
  'message/rfc822',
  'text/x-opml',
  'text/xml',
]);

/**
 * Files that a whole browser shows or hands to a program of its own: their `full` is what they are (design part 3). Other
 * presentations are made from the hypertext that a formatter makes of them.
 */
export function isFile(essence: string): boolean {
  return FILES.has(essence);
}

/** Documents: what has presentations of its own. */
export function isDocument(essence: string): boolean {
  return (
    isHypertext(essence) ||
    isFeed(essence) ||
    isFile(essence) ||
    essence === 'text/markdown' ||
    essence === 'text/plain' ||
    essence === 'text/vnd.wap.wml' ||
    essence === VIEW_TYPE
  );
}

export function isPicture(essence: string): boolean {
  return essence.startsWith('image/');
}

/** Pictures that every client with a screen shows; the others must be named by Accept or by a stored profile. */
export function isCommonPicture(essence: string): boolean {
  return essence === 'image/jpeg' || essence === 'image/png' || essence === 'image/gif';
}

/** Raw data: what becomes tables and charts. */
export function isData(essence: string): boolean {
  return (
    essence === 'text/csv' ||
    essence === 'text/tab-separated-values' ||
    essence === 'application/json' ||
    essence === 'application/x-ndjson'
  );
}
