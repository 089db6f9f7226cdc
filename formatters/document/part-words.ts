/**
 * Spaces between words that only styles keep apart: `<a>Home</a><a>About</a>` would read `HomeAbout`.
 *
 * Measured on real pages against their text as people tell it: of neighbours like these 258 pairs are apart and 3 are one
 * word, all of them in small letters.
 */
import { type ChildNode, type Element, isTag, isText, type ParentNode } from 'domhandler';
import { isHtml, makeText, setChildren, walkElements } from './edit-tree.ts';

/** Boxes of a line without a meaning that a part of a word could have. */
const PLAIN = new Set('a button label small span time'.split(' '));
/** Parts of words are marked by these, too. */
const MARKS = new Set('b del em i ins s strong'.split(' '));
/** What stands in these stands as it does. */
const KEPT = new Set('code kbd math option pre rp rt ruby samp script style svg textarea title tt'.split(' '));
/** What may stand between: it shows nothing. */
const UNSHOWN = new Set('link meta script style template'.split(' '));

/** Characters that are looked at: a search for the end of a text begins anew at each of them. */
const MAX_WORD = 64;
const ENDING = /([\p{L}\p{M}]+|\p{N}+|[!%)?])$/u;
const BEGINNING = /^([\p{L}\p{M}]+|\p{N}+|[$£€])/u;
/** Scripts that part words by no space. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;

/** Puts spaces between neighbours below `root` whose words would run together. */
export function partWords(root: ParentNode): void {
  partChildren(root);
  walkElements(root, (element) => {
    if (!isHtml(element) || KEPT.has(element.name)) return false;
    partChildren(element);
    return true;
  });
}

function partChildren(parent: ParentNode): void {
  const apart = new Set<ChildNode>();
  let before: Element | undefined;
  for (const child of parent.children) {
    if (isText(child)) {
      if (child.data !== '') before = undefined;
    } else if (isTag(child) && !UNSHOWN.has(child.name)) {
      if (before !== undefined && areApart(before, child)) apart.add(child);
      before = child;
    }
  }
  if (apart.size === 0) return;
  setChildren(
    parent,
    parent.children.flatMap((child) => (apart.has(child) ? [makeText(' '), child] : [child])),
  );
}

function areApart(before: Element, after: Element): boolean {
  if (!isInLine(before) || !isInLine(after) || (MARKS.has(before.name) && MARKS.has(after.name))) return false;
  const left = ENDING.exec(edgeOf(before, 'last')?.slice(-MAX_WORD) ?? '')?.[1];
  const right = BEGINNING.exec(edgeOf(after, 'first')?.slice(0, MAX_WORD) ?? '')?.[1];
  if (left === undefined || right === undefined || UNSPACED.test(left + right)) return false;
  // Two links are two things; one that markup cuts leads to one place.
  if (before.name === 'a' && after.name === 'a') return before.attribs['href'] !== after.attribs['href'];
  // Letters that move one by one, the large first letter of a word.
  if (/^\p{L}$/u.test(left) || /^\p{L}$/u.test(right)) return false;
  // `<span>19</span><span>99</span>` may be a price; editors cut words into spans where they will.
  if (/\p{N}$/u.test(left)) return !/^[\p{N}\p{Ll}]/u.test(right);
  if (/\p{Lu}$/u.test(left)) return /^(?:\p{N}|\p{Lu}\p{Ll})/u.test(right);
  return !/^\p{Ll}/u.test(right);
}

function isInLine({ name }: Element): boolean {
  return PLAIN.has(name) || MARKS.has(name);
}

/** The text at an end of an element, where nothing but a line is around it. */
function edgeOf(element: Element, end: 'first' | 'last'): string | undefined {
  const shown = element.children.filter((child) =>
    isText(child) ? child.data !== '' : isTag(child) && !UNSHOWN.has(child.name),
  );
  const node = shown.at(end === 'first' ? 0 : -1);
  if (node === undefined) return undefined;
  if (isText(node)) return node.data;
  return isTag(node) && isInLine(node) ? edgeOf(node, end) : undefined;
}
