/** Pictures that a page will ask for, by their addresses in the page as the client gets it. */
import { createHash } from 'node:crypto';
import type { LinkMap } from '../../core/links/address-map.ts';

const SOURCE = /<img\b(?:[^>"']|"[^"]*"|'[^']*')*>/gi;
const ADDRESS = /\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')/i;
const MAX_PARTS = 48;

/** @example findParts('<img src="/a.png">', base) // [URL '/a.png'] */
export function findParts(html: string, base: URL): readonly URL[] {
  const found = new Map<string, URL>();
  for (const [tag] of html.matchAll(SOURCE)) {
    const match = ADDRESS.exec(tag);
    const address = (match?.[1] ?? match?.[2] ?? '').replaceAll('&amp;', '&').trim();
    const url = address === '' || address.startsWith('data:') ? null : URL.parse(address, base);
    if (url?.protocol === 'http:' || url?.protocol === 'https:') found.set(url.href, url);
    if (found.size >= MAX_PARTS) break;
  }
  return [...found.values()];
}

/** How the client will name a part in its request: by its path on the page's own host, else by its whole address. */
export function placeOfPart(url: URL, links: LinkMap): string {
  return links.mode === 'none' ? url.href : url.pathname + url.search;
}

/** Enough to tell the parts of one client's pages apart, short on the link. */
export function shortName(place: string): string {
  return createHash('sha256').update(place).digest('base64url').slice(0, 6);
}
