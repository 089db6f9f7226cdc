/** Kinds of media types as presentations see them. */

import { VIEW_TYPE } from '../formatters/view-fences.ts';

/** Hypertext that the HTML formatters read. */
export function isHypertext(essence: string): boolean {
  return essence === 'text/html' || essence === 'application/xhtml+xml' || essence === 'application/vnd.wap.xhtml+xml';
}

/** Documents: what has presentations of its own. */
export function isDocument(essence: string): boolean {
  return (
    isHypertext(essence) ||
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
