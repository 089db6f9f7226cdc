/** Finds the element that holds the article: paragraphs vote for their ancestors. */
import { type Element, isTag } from 'domhandler';
import { isInline, linkDensity, type Statistics } from './statistics.ts';

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

/** The best candidate below `root`, or `undefined` when no paragraph was found. */
export function findArticle(root: Element, statistics: ReadonlyMap<Element, Statistics>): Element | undefined {
  const votes = new Map<Element, number>();
  for (const [element, own] of statistics) {
    const length = own.text - own.link;
    if (length < MIN_TEXT || !isParagraph(element)) continue;
    const weight = 1 + own.commas + Math.min(Math.floor(length / 100), 3);
    let level = 0;
    for (let up = element.parent; up !== null && isTag(up) && level < LEVELS; up = up.parent, level++) {
      if (isInline(up)) continue;
      const share = level === 0 ? 1 : level === 1 ? 1 / 2 : 1 / (level * 3);
      votes.set(up, (votes.get(up) ?? startOf(up)) + weight * share);
      if (up === root) break;
    }
  }
  let best: Element | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const [element, votesOf] of votes) {
    const own = statistics.get(element);
    if (own === undefined) continue;
    const score = votesOf * (1 - linkDensity(own));
    if (score > bestScore) {
      best = element;
      bestScore = score;
    }
  }
  return best === undefined ? undefined : widen(best, root, statistics);
}

/** Climbs while the parent adds prose and little else: an article in several sections is all of them. */
function widen(start: Element, root: Element, statistics: ReadonlyMap<Element, Statistics>): Element {
  let chosen = start;
  for (let up = start.parent; up !== null && isTag(up) && chosen !== root; up = up.parent) {
    const own = statistics.get(chosen)!;
    const above = statistics.get(up);
    if (above === undefined) break;
    const added = above.text - own.text;
    const addedProse = above.prose - own.prose;
    if (added === 0 || (addedProse > added * 0.5 && addedProse > own.prose * 0.1)) chosen = up;
    else if (up.name === 'article' || up.name === 'main') {
      if (above.prose > own.prose * 1.02 && addedProse > added * 0.3) chosen = up;
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
function isParagraph(element: Element): boolean {
  const { name } = element;
  if (name === 'p' || name === 'pre' || name === 'blockquote' || name === 'td') return true;
  if (name !== 'div' && name !== 'section' && name !== 'article' && name !== 'dd' && name !== 'li') return false;
  return element.children.every((child) => !isTag(child) || isInline(child));
}
