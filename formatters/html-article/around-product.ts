/** What stands around a thing for sale on its page: the choices of its form, and cards that lead to other things. */
import type { CountedPage } from './chrome.ts';
import type { Omission } from './statistics.ts';

const CHOICES = new Set(['fieldset', 'form', 'label', 'legend', 'option']);
const CHOICE_ROLES = new Set(['listbox', 'option', 'radio', 'radiogroup']);
/** What is chosen from is words, not sentences. */
const MAX_CHOICE_PROSE = 300;
/** Cards of other things come in rows of at least so many, and say little each. */
const MIN_CARDS = 3;
const MAX_CARD_TEXT = 300;
/** Prose of a card is a line of description at most. */
const MAX_CARD_PROSE = 160;
/** A part with a larger share of the page than this is what it is about. */
const MAX_SHARE = 0.4;
/** Where all of them are more than this, the page is a list of things, whatever it says of itself. */
const MAX_SUM = 0.6;

/** The outermost of these parts; none where they are most of the page. */
export function findAroundProduct(page: CountedPage, omitted: Omission): number[] {
  const { elements, ends } = page.survey;
  const { text, prose } = page.statistics;
  const found: number[] = [];
  for (let i = 1; i < elements.length; i++) {
    if (omitted[i] === 1) {
      i = ends[i]! - 1;
      continue;
    }
    if (text[i]! > text[0]! * MAX_SHARE || prose[i]! > prose[0]! * MAX_SHARE) continue;
    if (!isChoice(page, i) && !isRowOfCards(page, i, omitted) && !isLinkList(page, i)) continue;
    found.push(i);
    i = ends[i]! - 1;
  }
  const sum = found.reduce((total, i) => total + text[i]!, 0);
  return sum > text[0]! * MAX_SUM ? [] : found;
}

function isChoice({ survey, statistics }: CountedPage, index: number): boolean {
  const { name, attribs } = survey.elements[index]!;
  const { role } = attribs;
  // Slides are groups too.
  const isGroup = role === 'group' && attribs['aria-roledescription'] === undefined;
  const is = isGroup || CHOICES.has(name) || (role !== undefined && CHOICE_ROLES.has(role));
  return is && statistics.prose[index]! < MAX_CHOICE_PROSE;
}

function isRowOfCards({ survey, statistics }: CountedPage, index: number, omitted: Omission): boolean {
  const { elements, ends } = survey;
  const { text, prose, links, images } = statistics;
  if (links[index]! < MIN_CARDS || images[index]! < MIN_CARDS) return false;
  let cards = 0;
  let rest = 0;
  for (let child = index + 1; child < ends[index]!; child = ends[child]!) {
    if (omitted[child] === 1) continue;
    const hasLink = links[child]! > 0 || elements[child]!.name === 'a';
    const isCard = hasLink && images[child]! > 0 && text[child]! > 0 && text[child]! <= MAX_CARD_TEXT;
    if (isCard && prose[child]! <= MAX_CARD_PROSE) cards++;
    else rest += text[child]!;
  }
  return cards >= MIN_CARDS && rest * 4 < text[index]!;
}

/** Links and next to nothing else lead away. */
function isLinkList({ statistics }: CountedPage, index: number): boolean {
  const { text, link, links } = statistics;
  return links[index]! >= MIN_CARDS && link[index]! * 10 > text[index]! * 8;
}
