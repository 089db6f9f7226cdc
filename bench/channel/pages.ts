/** Real pages with their pictures: those of two handbooks that Debian packages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders by the name of their site. */
export const SITES: Readonly<Record<string, string>> = {
  handbook: '/usr/share/doc/debian-handbook/html/en-US',
  gimp: '/usr/share/gimp/2.0/help/en',
};
export const PACKAGES = ['debian-handbook', 'gimp-help-en'] as const;

const SOURCE = /<img[^>]*?\ssrc="([^"]+)"/g;
const MIN_OWN_PICTURES = 3;
/** A picture of more pages than these is a part of the site's dress. */
const MAX_PAGES_OF_OWN = 9;

export function hasPages(): boolean {
  return Object.values(SITES).every((folder) => existsSync(join(folder, 'index.html')));
}

/** Pages of a site that have at least three pictures of their own, by name. */
export function illustratedPages(site: string): readonly string[] {
  const folder = SITES[site]!;
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.html'))
    .sort();
  const pictures = new Map(names.map((name) => [name, picturesOf(readFileSync(join(folder, name), 'utf8'))]));
  const pagesOf = new Map<string, number>();
  for (const picture of [...pictures.values()].flatMap((each) => [...each]))
    pagesOf.set(picture, (pagesOf.get(picture) ?? 0) + 1);
  const own = (name: string) => [...pictures.get(name)!].filter((each) => pagesOf.get(each)! <= MAX_PAGES_OF_OWN);
  return names.filter((name) => own(name).length >= MIN_OWN_PICTURES);
}

function picturesOf(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(SOURCE)].map(([, source]) => source!));
}

/** A page and one to read after it, another pair for each seed, spread over the site. @param seed from 1 */
export function pagePair(pages: readonly string[], seed: number, seeds: number): readonly [string, string] {
  const at = Math.floor(((seed - 0.5) / seeds) * (pages.length - 1));
  return [pages[at]!, pages[at + 1]!];
}
