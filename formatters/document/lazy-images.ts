/** Pictures that scripts would load later, made real. */
import type { CheerioAPI } from 'cheerio';
import { type Element, hasChildren, isTag, isText, type ParentNode } from 'domhandler';
import { setChildren } from './edit-tree.ts';

const SOURCES = [
  'data-src',
  'data-original',
  'data-lazy-src',
  'data-lazy',
  'data-img-src',
  'data-hi-res-src',
  'data-echo',
  'data-image',
];
const SOURCE_SETS = ['data-srcset', 'data-lazy-srcset', 'data-original-set'];
const PLACEHOLDER =
  /^data:|(?:^|\/)(?:blank|spacer|placeholder|pixel|lazy|loading|loader|transparent|grey|gray|1x1|clear|empty|dummy)[\w-]*\.(?:gif|png|svg|jpe?g|webp)(?:$|[?#])/i;

/**
 * Gives lazily loaded pictures their real addresses, and drops a placeholder whose picture follows in a `noscript`.
 * Call it before `noscript` is unwrapped.
 */
export function loadLazyImages($: CheerioAPI): void {
  edit($.root()[0]!);
}

/** True when `src` shows nothing of its own. */
export function isPlaceholder(src: string | undefined): boolean {
  return src === undefined || src === '' || PLACEHOLDER.test(src);
}

function edit(parent: ParentNode): void {
  let dropped: Element | undefined;
  for (const child of parent.children) {
    if (!isTag(child)) continue;
    if (child.name === 'img' || child.name === 'source') makeReal(child);
    else if (child.name === 'noscript' && holdsPicture(child)) dropped ??= placeholderBefore(child);
    if (hasChildren(child)) edit(child);
  }
  if (dropped !== undefined)
    setChildren(
      parent,
      parent.children.filter((child) => child !== dropped),
    );
}

function makeReal({ attribs }: Element): void {
  const lazySet = SOURCE_SETS.map((name) => attribs[name]).find((value) => value?.trim());
  if (lazySet !== undefined && isPlaceholder(attribs['srcset']?.trim())) attribs['srcset'] = lazySet;
  const lazy = SOURCES.map((name) => attribs[name]).find(
    (value) => value !== undefined && /^[^\s{}<>]+$/.test(value.trim()),
  );
  if (lazy !== undefined && !/^data:/i.test(lazy) && isPlaceholder(attribs['src'])) attribs['src'] = lazy.trim();
  // The address inside was mapped or not; either way the copies in `data-` attributes are of no more use.
  for (const name of [...SOURCES, ...SOURCE_SETS]) delete attribs[name];
}

function holdsPicture(noscript: Element): boolean {
  return noscript.children.some(
    (child) =>
      (isTag(child) && (child.name === 'img' || child.name === 'picture')) ||
      (isText(child) && /<img\b/i.test(child.data)),
  );
}

function placeholderBefore(noscript: Element): Element | undefined {
  let before = noscript.prev;
  while (before !== null && isText(before) && before.data.trim() === '') before = before.prev;
  return before !== null && isTag(before) && before.name === 'img' && isPlaceholder(before.attribs['src'])
    ? before
    : undefined;
}
