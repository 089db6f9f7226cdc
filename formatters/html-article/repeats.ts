/** Text that stands in the page twice, once for wide screens and once for narrow ones, or in a carousel's copies. */
import type { Element } from 'domhandler';
import { textOf } from '../document/edit-tree.ts';
import type { Omission, Statistics } from './statistics.ts';
import { mayBeEqual, type Survey, textSum } from './survey.ts';

/** Shorter texts may well be meant twice. */
const MIN_TEXT = 40;
const MAX_TEXT = 4000;

/** The second and later elements of equal text that a style could tell apart from the first, outermost first. */
export function findRepeats(survey: Survey, { text }: Statistics, omitted: Omission): number[] {
  const { elements, ends } = survey;
  const repeats: number[] = [];
  const seen = new Map<number, number>();
  for (let i = 1; i < elements.length; i++) {
    const length = text[i]!;
    if (omitted[i] === 1 || length < MIN_TEXT) {
      i = ends[i]! - 1;
      continue;
    }
    const { name } = elements[i]!;
    if (length > MAX_TEXT || name === 'tr' || name === 'td') continue;
    const sum = textSum(survey, i);
    const first = seen.get(sum);
    if (first === undefined) seen.set(sum, i);
    else if (i >= ends[first]! && mayBeEqual(survey, i, first) && plain(survey, i) === plain(survey, first)) {
      if (areToldApart(survey, i, first)) repeats.push(i);
      i = ends[i]! - 1;
    }
  }
  return repeats;
}

/** True where a style could show one of two and hide the other. Where none could, a chorus is meant to be sung again. */
function areToldApart({ elements, parents }: Survey, one: number, other: number): boolean {
  for (let [up, beside] = [one, other]; up !== beside; up = parents[up]!, beside = parents[beside]!)
    if (up <= 0 || beside <= 0 || styleOf(elements[up]!) !== styleOf(elements[beside]!)) return true;
  return false;
}

/** What a style goes by. A section has a name for its place, any other box for what it is. */
function styleOf({ name, attribs }: Element): string {
  const own = ['class', 'style', 'hidden', 'aria-hidden', ...(name === 'section' || name === 'p' ? [] : ['id'])];
  return [name, ...own.map((each) => attribs[each] ?? '')].join(' ');
}

function plain({ elements }: Survey, index: number): string {
  return textOf(elements[index]!).replace(/\s+/g, '');
}
