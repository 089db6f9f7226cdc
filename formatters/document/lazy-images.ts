/** Pictures that scripts would load later, made real. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isTag, isText, type ParentNode } from 'domhandler';
import { setChildren } from './edit-tree.ts';
import { isLazyAddress, lazyKind } from './lazy-names.ts';

// By their very names: `blank.gif`, `placeholder-300x200.png`; a picture called `clear-sky.jpg` is one.
const PLACEHOLDER =
  /^data:|(?:^|\/)(?:blank|spacer|placeholder|pixel|lazy|lazyload|loading|loader|transparent|gr[ae]y|clear|empty|dummy|1x1|s(?=\.))(?:[-_]?\d{0,4}(?:x\d{1,4})?)\.(?:gif|png|svg|jpe?g|webp)(?:$|[?#])/i;
/** A picture in a data URL shorter than this is a point or a line. */
const MIN_DATA_PICTURE = 200;

/**
 * Gives lazily loaded pictures their real addresses, and drops a placeholder whose picture follows in a `noscript`.
 * Call it before `noscript` is unwrapped.
 */
export function loadLazyImages($: CheerioAPI): void {
  edit($.root()[0]!);
}

/** True when `src` shows nothing, and no better address was found. */
export function isEmptyPicture(src: string | undefined): boolean {
  if (src === undefined || src.trim() === '') return true;
  return /^\s*data:/i.test(src) && (src.length < MIN_DATA_PICTURE || /^\s*data:image\/svg/i.test(src));
}

/** True when `src` only keeps the place of a picture that a script would load. */
export function isPlaceholder(src: string | undefined): boolean {
  return src === undefined || src === '' || PLACEHOLDER.test(src);
}

function edit(parent: ParentNode): void {
  // The last that keeps the place of a picture; those that go.
  let stand: Element | undefined;
  const dropped: Element[] = [];
  for (const child of parent.children) {
    if (!isTag(child)) continue;
    if (child.name === 'img' || child.name === 'source') {
      if (child.name === 'img' && isPlaceholder(child.attribs['src'])) stand = child;
      makeReal(child);
    } else if (stand !== undefined && child.name === 'noscript' && holdsPicture(child)) {
      if (elementBefore(child) === stand) dropped.push(stand);
    }
    if (child.children.length > 0) edit(child);
  }
  if (dropped.length > 0)
    setChildren(
      parent,
      parent.children.filter((child) => !(isTag(child) && dropped.includes(child))),
    );
}

function makeReal({ attribs }: Element): void {
  const needsSource = isPlaceholder(attribs['src']);
  const needsSet = isPlaceholder(attribs['srcset']?.trim());
  for (const name in attribs) {
    const kind = lazyKind(name);
    if (kind === undefined) continue;
    const value = attribs[name]!.trim();
    if (kind === 'source-set' && needsSet && value !== '') attribs['srcset'] = value;
    if (kind === 'source' && needsSource && isLazyAddress(value)) attribs['src'] = value;
    delete attribs[name];
  }
}

function holdsPicture(noscript: Element): boolean {
  return noscript.children.some(
    (child) =>
      (isTag(child) && (child.name === 'img' || child.name === 'picture')) ||
      (isText(child) && /<img\b/i.test(child.data)),
  );
}

function elementBefore(node: Element): Element | undefined {
  let before = node.prev;
  while (before !== null && isText(before) && before.data.trim() === '') before = before.prev;
  return before !== null && isTag(before) ? before : undefined;
}
