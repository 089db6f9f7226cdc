/** Finds the element that holds the article: paragraphs vote for their ancestors. */
import type { Element } from 'domhandler';
import type { Omission, Statistics } from './statistics.ts';
import { Mark, type Survey } from './survey.ts';

const GOOD = /article|body|content|entry|h-?entry|main|page|post|text|blog|story|tekst|inhalt/i;
const BAD =
  /-ad-|hidden|banner|combx|comment|com-|contact|foot|gdpr|masthead|media|meta|outbrain|promo|related|scroll|share|shoutbox|sidebar|skyscraper|sponsor|shopping|tags|widget/i;
const START: Readonly<Record<string, number>> = {
  article: 10,
  main: 8,
  section: 4,
  div: 5,
  pre: 3,
  td: 3,
  blockquote: 3,
  address: -3,
  ol: -3,
  ul: -3,
  dl: -3,
  dd: -3,
  dt: -3,
  li: -3,
  form: -3,
  h1: -5,
  h2: -5,
  h3: -5,
  h4: -5,
  h5: -5,
  h6: -5,
  th: -5,
}; // prettier-ignore
const LEVELS = 5;
const MIN_TEXT = 25;

/** The best candidate, or `undefined` when no paragraph was found. */
export function findArticle(survey: Survey, counts: Statistics, omitted: Omission): number | undefined {
  const { parents, marks, elements } = survey;
  const votes = new Map<number, number>();
  for (let i = 0; i < elements.length; i++) {
    const length = counts.text[i]! - counts.link[i]!;
    if (omitted[i] === 1 || length < MIN_TEXT || !isParagraph(survey, i)) continue;
    const weight = 1 + counts.commas[i]! + Math.min(Math.floor(length / 100), 3);
    let level = 0;
    for (let up = parents[i]!; up >= 0 && level < LEVELS; up = parents[up]!, level++) {
      if ((marks[up]! & Mark.inline) !== 0) continue;
      const share = level === 0 ? 1 : level === 1 ? 1 / 2 : 1 / (level * 3);
      votes.set(up, (votes.get(up) ?? startOf(elements[up]!)) + weight * share);
    }
  }
  let best: number | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const [index, votesOf] of votes) {
    const score = votesOf * (1 - counts.link[index]! / Math.max(1, counts.text[index]!));
    if (score > bestScore) {
      best = index;
      bestScore = score;
    }
  }
  return best === undefined ? undefined : widen(best, survey, counts);
}

/** Climbs while the parent adds prose and little else: an article in several sections is all of them. */
function widen(start: number, { parents, elements }: Survey, { text, prose }: Statistics): number {
  let chosen = start;
  for (let up = parents[start]!; up >= 0; up = parents[up]!) {
    const added = text[up]! - text[chosen]!;
    const addedProse = prose[up]! - prose[chosen]!;
    const { name } = elements[up]!;
    if (added === 0 || (addedProse > added * 0.5 && addedProse > prose[chosen]! * 0.1)) chosen = up;
    else if (name === 'article' || name === 'main') {
      if (prose[up]! > prose[chosen]! * 1.02 && addedProse > added * 0.3) chosen = up;
    }
  }
  return chosen;
}

function startOf(element: Element): number {
  return (START[element.name] ?? 0) + classWeight(element);
}

function classWeight({ attribs }: Element): number {
  let weight = 0;
  for (const name of ['class', 'id']) {
    const value = attribs[name];
    if (value === undefined) continue;
    if (BAD.test(value)) weight -= 25;
    if (GOOD.test(value)) weight += 25;
  }
  return weight;
}

/** A block whose text stands in itself and in inline elements. */
function isParagraph({ elements, marks }: Survey, index: number): boolean {
  const { name } = elements[index]!;
  if (name === 'p' || name === 'pre' || name === 'blockquote' || name === 'td') return true;
  if (name !== 'div' && name !== 'section' && name !== 'article' && name !== 'dd' && name !== 'li') return false;
  return (marks[index]! & Mark.holdsBlocks) === 0;
}
