/** Text that stands in the page twice, once for wide screens and once for narrow ones, or in a carousel's copies. */
import { type Element, isTag } from 'domhandler';
import { textOf, walkElements } from '../document/edit-tree.ts';
import type { Statistics } from './statistics.ts';

/** Shorter texts may well be meant twice. */
const MIN_TEXT = 40;
const MAX_TEXT = 4000;

/** The second and later elements of equal text, outermost first. */
export function findRepeats(
  body: Element,
  statistics: ReadonlyMap<Element, Statistics>,
  skipped: ReadonlySet<Element>,
): Set<Element> {
  const repeats = new Set<Element>();
  const seen = new Map<string, Element>();
  walkElements(body, (element) => {
    if (skipped.has(element)) return false;
    const length = statistics.get(element)?.text ?? 0;
    if (length < MIN_TEXT) return false;
    if (length > MAX_TEXT || element.name === 'tr' || element.name === 'td') return true;
    const text = textOf(element).replace(/\s+/g, ' ').trim();
    const first = seen.get(text);
    if (first === undefined) seen.set(text, element);
    else if (!isBelow(element, first)) {
      repeats.add(element);
      return false;
    }
    return true;
  });
  return repeats;
}

function isBelow(element: Element, ancestor: Element): boolean {
  for (let up = element.parent; up !== null && isTag(up); up = up.parent) if (up === ancestor) return true;
  return false;
}
