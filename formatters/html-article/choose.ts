/** Chooses the part of the page that is its content, and what in it is not. */
import type { Element } from 'domhandler';
import { findAroundProduct } from './around-product.ts';
import { findChrome, findComments } from './chrome.ts';
import type { PageKind } from './page-kind.ts';
import { findRepeats } from './repeats.ts';
import { findArticle } from './score.ts';
import { countStatistics, type Omission, omit, type Statistics } from './statistics.ts';
import type { Survey } from './survey.ts';
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

/**
 * Finds the content of a page.
 *
 * @param omitted what lies over the page and is no part of it; is changed
 */
export function chooseContent(survey: Survey, kind: PageKind, omitted: Omission): Choice {
  const { elements } = survey;
  const base = omitted.slice();
  const all = countStatistics(survey, omitted);
  const whole = all.text[0]!;
  const statistics = leaveOut(survey, all, { omitted, kind });
  const { text, link } = statistics;
  const main = mainOf(survey, text);
  if (text[main]! < MIN_TEXT && whole > text[main]! * 2) return wholePage(survey, whole, base);
  const article = findArticle(survey, statistics, omitted);
  const isArticle =
    article !== undefined &&
    text[article]! - link[article]! >= (text[main]! - link[main]!) * ARTICLE_SHARE &&
    text[article]! >= text[main]! * ARTICLE_SHARE;
  const root = isArticle ? article : main;
  return {
    rung: isArticle ? 'article' : 'main',
    root: elements[root]!,
    skipped: skippedOf(survey, omitted),
    whole,
    kept: text[root]!,
  };
}

/** The page for its form, at `form`: all but the site's own parts. */
export function chooseAround(survey: Survey, form: number): Choice {
  const { elements, ends } = survey;
  const omitted: Omission = new Uint8Array(elements.length);
  const statistics = countStatistics(survey, omitted);
  for (const part of findChrome({ survey, statistics }))
    if (part >= ends[form]! || ends[part]! <= form) omit(survey, omitted, part);
  const kept = countStatistics(survey, omitted).text[0]!;
  return { rung: 'page', root: elements[0]!, skipped: skippedOf(survey, omitted), whole: statistics.text[0]!, kept };
}

/** Leaves out what is not content: the site's parts, comments below what is no thread, what leads away, what repeats. */
function leaveOut(
  survey: Survey,
  all: Statistics,
  { omitted, kind }: { omitted: Omission; kind: PageKind },
): Statistics {
  for (const part of findChrome({ survey, statistics: all })) omit(survey, omitted, part);
  const statistics = countStatistics(survey, omitted);
  const page = { survey, statistics };
  const comments = kind === 'thread' ? [] : findComments(page, kind === 'product');
  for (const part of comments) omit(survey, omitted, part);
  if (kind === 'product') for (const part of findAroundProduct(page, omitted)) omit(survey, omitted, part);
  for (const part of findTails(page, omitted, kind)) omit(survey, omitted, part);
  for (const part of findRepeats(survey, statistics, omitted)) omit(survey, omitted, part);
  return countStatistics(survey, omitted);
}

/** Too little was left: then nothing but navigation and footers goes, and if that is too much, nothing. */
function wholePage(survey: Survey, whole: number, base: Omission): Choice {
  const { elements } = survey;
  const omitted = base.slice();
  for (const [index, { name }] of elements.entries())
    if (name === 'nav' || name === 'footer') omit(survey, omitted, index);
  const kept = countStatistics(survey, omitted).text[0]!;
  const page = { rung: 'page', root: elements[0]!, whole } as const;
  return kept >= MIN_TEXT
    ? { ...page, skipped: skippedOf(survey, omitted), kept }
    : { ...page, skipped: skippedOf(survey, base), kept: whole };
}

/** The outermost elements that are left out. */
function skippedOf({ elements, ends }: Survey, omitted: Omission): Set<Element> {
  const skipped = new Set<Element>();
  for (let i = 0; i < elements.length; i++) {
    if (omitted[i] !== 1) continue;
    skipped.add(elements[i]!);
    i = ends[i]! - 1;
  }
  return skipped;
}

function mainOf({ elements }: Survey, text: Int32Array): number {
  let best = 0;
  let size = text[0]! * MAIN_SHARE;
  for (let i = 1; i < elements.length; i++) {
    if (text[i]! <= size) continue;
    const { name, attribs } = elements[i]!;
    if (name !== 'main' && name !== 'article' && attribs['role'] !== 'main') continue;
    best = i;
    size = text[i]!;
  }
  return best;
}
