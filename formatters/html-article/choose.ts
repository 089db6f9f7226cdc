/** Chooses the part of the page that is its content, and what in it is not. */
import type { Element } from 'domhandler';
import { walkElements } from '../document/edit-tree.ts';
import { findChrome, findComments } from './chrome.ts';
import type { PageKind } from './page-kind.ts';
import { findRepeats } from './repeats.ts';
import { findArticle } from './score.ts';
import { countStatistics, type Statistics } from './statistics.ts';
import { findTails } from './tails.ts';

/** How the content was found: the rungs of the ladder, from the most to the least exact. */
export type Rung = 'article' | 'main' | 'page';

export interface Choice {
  readonly rung: Rung;
  /** The element whose children are the content. */
  readonly root: Element;
  /** Parts of it that are not. */
  readonly skipped: ReadonlySet<Element>;
  /** Characters of the whole page, and of what is kept. */
  readonly whole: number;
  readonly kept: number;
}

/**
 * The article stands for the page when it holds this share of the text outside of links, and of all text, that is left
 * without the site's parts. Else the page is a list, a shop or a home page, and all of it is content: articles are the
 * easy half of the web (measured: 0.60 alone costs lists 0.08).
 */
const ARTICLE_SHARE = 0.75;
/** `main` or `article` is the page's content when it holds this much of it. */
const MAIN_SHARE = 0.4;
/** Less is as good as nothing, where the page has more. */
const MIN_TEXT = 120;

/** Finds the content below `body`. */
export function chooseContent(body: Element, kind: PageKind): Choice {
  const all = countStatistics(body, new Set());
  const whole = all.get(body)!.text;
  const skipped = findSkipped(body, all, kind);
  const statistics = countStatistics(body, skipped);
  const main = mainOf(body, statistics);
  const left = statistics.get(main)!;
  if (left.text < MIN_TEXT && whole > left.text * 2) return wholePage(body, all);
  const article = findArticle(body, statistics);
  const own = article === undefined ? undefined : statistics.get(article);
  if (article !== undefined && own !== undefined && holdsShare(own, left))
    return { rung: 'article', root: article, skipped, whole, kept: own.text };
  return { rung: 'main', root: main, skipped, whole, kept: left.text };
}

function holdsShare(own: Statistics, left: Statistics): boolean {
  return own.text - own.link >= (left.text - left.link) * ARTICLE_SHARE && own.text >= left.text * ARTICLE_SHARE;
}

/** All that is not content: the site's parts, comments below what is no thread, what leads away, what repeats. */
function findSkipped(body: Element, all: ReadonlyMap<Element, Statistics>, kind: PageKind): Set<Element> {
  const skipped = findChrome({ body, statistics: all });
  const add = (more: ReadonlySet<Element>): void => {
    for (const each of more) skipped.add(each);
  };
  const statistics = countStatistics(body, skipped);
  if (kind !== 'thread') add(findComments({ body, statistics }, kind === 'product'));
  add(findTails({ body, statistics }, skipped, kind));
  add(findRepeats(body, statistics, skipped));
  return skipped;
}

/** Too little was left: then nothing but navigation and footers goes, and if that is too much, nothing. */
function wholePage(body: Element, all: ReadonlyMap<Element, Statistics>): Choice {
  const skipped = new Set<Element>();
  walkElements(body, (element) => {
    if (element.name !== 'nav' && element.name !== 'footer') return true;
    skipped.add(element);
    return false;
  });
  const whole = all.get(body)!.text;
  const kept = countStatistics(body, skipped).get(body)!.text;
  return kept >= MIN_TEXT
    ? { rung: 'page', root: body, skipped, whole, kept }
    : { rung: 'page', root: body, skipped: new Set(), whole, kept: whole };
}

function mainOf(body: Element, statistics: ReadonlyMap<Element, Statistics>): Element {
  const whole = statistics.get(body)!.text;
  let best = body;
  let size = whole * MAIN_SHARE;
  walkElements(body, (element) => {
    if (element.name !== 'main' && element.name !== 'article' && element.attribs['role'] !== 'main') return;
    const text = statistics.get(element)?.text ?? 0;
    if (text <= size) return;
    best = element;
    size = text;
  });
  return best;
}
