/** Text that stands in the page twice, once for wide screens and once for narrow ones, or in a carousel's copies. */
import { textOf } from '../document/edit-tree.ts';
import type { Omission, Statistics } from './statistics.ts';
import { mayBeEqual, type Survey, textSum } from './survey.ts';

/** Shorter texts may well be meant twice. */
const MIN_TEXT = 40;
const MAX_TEXT = 4000;

/** The second and later elements of equal text, outermost first. */
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
      repeats.push(i);
      i = ends[i]! - 1;
    }
  }
  return repeats;
}

function plain({ elements }: Survey, index: number): string {
  return textOf(elements[index]!).replace(/\s+/g, '');
}
