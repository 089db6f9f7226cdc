/** What a page will ask for, by its addresses in the page as the client gets it: styles, pictures, then styles for later. */
import type { LinkMap } from '../../core/links/address-map.ts';
import { attributeOf, readTags } from '../read-tags.ts';
import { type FoundPart, FoundParts, partAt } from './found-parts.ts';
import { findInDeclarations, findInStyle, type PageNames } from './style-parts.ts';

/** What a page names, and what its rules of style may hold for. */
export interface PageParts {
  readonly parts: readonly FoundPart[];
  readonly names: PageNames;
}

/** @example findParts('<img src="/a.png">', base).parts // [{ kind: 'image', url: URL '/a.png' }] */
export function findParts(html: string, base: URL): PageParts {
  const [styles, images, later] = [new FoundParts(), new FoundParts(), new FoundParts()];
  const names = new Set<string>();
  const own: string[] = [];
  let past = 0;
  for (const { name, attributes, end } of readTags(html)) {
    // Within a style of the page's own nothing is a tag.
    if (end <= past) continue;
    noteNames(names, name, attributes);
    // Which of several candidates is wanted only the client knows, by its screen.
    if (name === 'img' && attributeOf(attributes, 'srcset') === '')
      images.add('image', attributeOf(attributes, 'src'), base);
    else if (name === 'link' && isStyle(attributes)) {
      const part = partAt('style', attributeOf(attributes, 'href'), base);
      if (part !== undefined && isForLater(attributes)) later.put({ ...part, isForLater: true });
      else if (part !== undefined) styles.put(part);
    } else if (name === 'style') {
      const close = html.indexOf('</style', end);
      past = close === -1 ? html.length : close;
      own.push(html.slice(end, past));
    }
    const inline = attributeOf(attributes, 'style');
    for (const part of findInDeclarations(inline, base)) images.put(part);
  }
  const drawn = own.flatMap((css) => findInStyle(css, base, names));
  return { parts: [...styles.all(), ...drawn, ...images.all(), ...later.all()], names };
}

function noteNames(names: Set<string>, name: string, attributes: string): void {
  names.add(name);
  const id = attributeOf(attributes, 'id');
  if (id !== '') names.add(`#${id}`);
  for (const each of attributeOf(attributes, 'class').split(/\s+/)) if (each !== '') names.add(`.${each}`);
}

function isStyle(attributes: string): boolean {
  return relationsOf(attributes).includes('stylesheet');
}

// What is for paper, or for who chooses another dress: browsers load it with the page, when all else is there.
function isForLater(attributes: string): boolean {
  const isPaper = /^\s*print\s*$/i.test(attributeOf(attributes, 'media'));
  return isPaper || relationsOf(attributes).includes('alternate');
}

function relationsOf(attributes: string): readonly string[] {
  return attributeOf(attributes, 'rel').toLowerCase().split(/\s+/);
}

/** How the client will name a part in its request: by its path on the page's own host, else by its whole address. */
export function addressOfPart(url: URL, links: LinkMap): string {
  return links.mode === 'none' ? url.href : url.pathname + url.search;
}
