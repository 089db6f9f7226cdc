/** What a page will ask for, by its addresses in the page as the client gets it: styles, then pictures. */
import type { LinkMap } from '../../core/links/address-map.ts';

export type PartKind = 'style' | 'image';

export interface FoundPart {
  readonly kind: PartKind;
  readonly url: URL;
}

const ELEMENT = /<(link|img)\b((?:[^>"']|"[^"]*"|'[^']*')*)>/gi;
const IMPORT = /@import\s+(?:url\(\s*)?["']?([^"')\s;]+)/gi;
const MAX_PARTS = 64;

/** @example findParts('<img src="/a.png">', base) // [{ kind: 'image', url: URL '/a.png' }] */
export function findParts(html: string, base: URL): readonly FoundPart[] {
  const found = new Map<string, FoundPart>();
  for (const [, name, attributes = ''] of html.matchAll(ELEMENT)) {
    const isPicture = name!.toLowerCase() === 'img';
    if (!isPicture && !isStyle(attributes)) continue;
    const address = attributeOf(attributes, isPicture ? 'src' : 'href')
      .replaceAll('&amp;', '&')
      .trim();
    add(found, { kind: isPicture ? 'image' : 'style', address, base });
    if (found.size >= MAX_PARTS) break;
  }
  const parts = [...found.values()];
  return [...parts.filter(({ kind }) => kind === 'style'), ...parts.filter(({ kind }) => kind === 'image')];
}

/** Styles that a style imports. */
export function findImports(css: string, base: URL): readonly FoundPart[] {
  const found = new Map<string, FoundPart>();
  for (const [, address = ''] of css.matchAll(IMPORT)) add(found, { kind: 'style', address, base });
  return [...found.values()].slice(0, MAX_PARTS);
}

function add(
  found: Map<string, FoundPart>,
  { kind, address, base }: { kind: PartKind; address: string; base: URL },
): void {
  const url = address === '' || address.startsWith('data:') ? null : URL.parse(address, base);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return;
  url.hash = '';
  if (!found.has(url.href)) found.set(url.href, { kind, url });
}

// What is for paper, or for who chooses another dress, is not loaded with the page.
function isStyle(attributes: string): boolean {
  const relations = attributeOf(attributes, 'rel').toLowerCase().split(/\s+/);
  const media = attributeOf(attributes, 'media').toLowerCase();
  return relations.includes('stylesheet') && !relations.includes('alternate') && !/^\s*print\s*$/.test(media);
}

export function attributeOf(attributes: string, name: string): string {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(attributes);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
}

/** How the client will name a part in its request: by its path on the page's own host, else by its whole address. */
export function addressOfPart(url: URL, links: LinkMap): string {
  return links.mode === 'none' ? url.href : url.pathname + url.search;
}
