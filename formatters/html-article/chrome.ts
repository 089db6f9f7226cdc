/** Parts of a page that belong to the site and not to the content, told by element, role and the words of class and id. */
import type { Element } from 'domhandler';
import { chromeWordsOf } from './chrome-words.ts';
import type { Statistics } from './statistics.ts';
import { Mark, type Survey } from './survey.ts';

const ELEMENTS = new Set('aside button dialog footer input menu nav object select textarea'.split(' '));
const ROLES = new Set(
  `alert alertdialog banner complementary contentinfo dialog menu menubar navigation search status tablist toolbar tooltip`.split(
    ' ',
  ),
);
/** These mean the same on every site. */
const SURE_WORDS = new Set('footer breadcrumb breadcrumbs navbar cookie cookies sronly visuallyhidden'.split(' '));
const CONTENT = /(?:^|[\s_-])(?:article|body|content|entry|main|post|product|story|text|topic|thread)(?:$|[\s_-])/i;
const SECTION = /^(?:article|main|section)$/;
/** A marked part with a larger share of the page than this is the content, whatever it is called. */
const MAX_SHARE = 0.4;
/** How far above a button the heading is that it is the text of. */
const TITLE_LEVELS = 3;
/** A button that opens a menu says less than this. */
const MIN_TITLE = 25;
/** So much of a page its navigations and footers may be. */
const MAX_NAVIGATION_SHARE = 0.7;
/** A word that would cost more than this share of the page in all means something else here. */
const MAX_WORD_SHARE = 0.35;
/** A form with this much text is more than its fields. */
const MAX_FORM_TEXT = 300;
/** The header of an article holds its title and a line or two, and no more links than this. */
const MAX_HEADER_LINKS = 8;

const COMMENTS =
  /(?:^|[\s_-])(?:comments?|comment-?(?:list|section|area|thread)s?|commentlist|respond|replies|disqus\w*|trackbacks?|pings?)(?:$|[\s_-])/i;
const REVIEWS = /(?:^|[\s_-])(?:reviews?|ratings?|faqs?|questions|q-?and-?a|qa)(?:$|[\s_-])/i;
/** What the two have in common: a name without any of it is neither. */
const MAY_BE_SAID = /comm|resp|repl|disq|trac|ping|revi|rati|faq|ques|qa|q-|qand/i;
/** An article has at least this much prose besides its comments. */
const MIN_ARTICLE_PROSE = 400;
/** What is said of a thing for sale may be short. */
const MIN_PRODUCT_PROSE = 150;

/** So many places with so little text each are no discussion. */
const MIN_REMARKS = 5;
const MAX_REMARK = 200;

/** What must be known of the page to judge its parts. */
export interface CountedPage {
  readonly survey: Survey;
  readonly statistics: Statistics;
}

/** The parts that are the site's, the outermost of each. */
export function findChrome(page: CountedPage): number[] {
  const { elements, ends } = page.survey;
  const byWord = findByWord(page);
  const chrome: number[] = [];
  for (let i = 1; i < elements.length; i++) {
    if (!byWord.has(i) && !isStructural(i, page)) continue;
    chrome.push(i);
    i = ends[i]! - 1;
  }
  return chrome;
}

/** Parts whose class or id says so, without the words that say it of most of the page. */
function findByWord(page: CountedPage): Set<number> {
  const { elements } = page.survey;
  const marked = new Map<string, number[]>();
  const found = new Map<number, readonly string[]>();
  for (let i = 1; i < elements.length; i++) {
    const element = elements[i]!;
    const own = chromeWordsOf(element.attribs);
    if (own.length === 0 || isContentRoot(element) || holdsMost(i, page)) continue;
    found.set(i, own);
    for (const word of own) {
      const others = marked.get(word);
      if (others === undefined) marked.set(word, [i]);
      else others.push(i);
    }
  }
  const trusted = new Set<string>();
  for (const [word, indexes] of marked) if (isTrusted(word, indexes, page)) trusted.add(word);
  const chrome = new Set<number>();
  const { prose } = page.statistics;
  for (const [i, own] of found) {
    if (!own.some((word) => trusted.has(word))) continue;
    // `post related-links` is about the post; `content-sidebar` is a sidebar beside the content.
    if (prose[i]! * 10 < prose[0]! || !CONTENT.test(elements[i]!.attribs['class'] ?? '')) chrome.add(i);
  }
  return chrome;
}

/** True when leaving out all parts with this word leaves the page. */
function isTrusted(word: string, indexes: readonly number[], { survey, statistics }: CountedPage): boolean {
  const { text, link, prose } = statistics;
  let sum = 0;
  let free = 0;
  let end = 0;
  for (const i of indexes) {
    if (i < end) continue;
    end = survey.ends[i]!;
    sum += prose[i]!;
    free += text[i]! - link[i]!;
  }
  const share = SURE_WORDS.has(word) ? 1 : MAX_WORD_SHARE;
  return sum <= prose[0]! * share && free <= (text[0]! - link[0]!) * share;
}

/** What visitors wrote below an article; empty when that is most of what there is. */
export function findComments({ survey, statistics }: CountedPage, alsoReviews: boolean): number[] {
  const { elements, ends, parents } = survey;
  const found: number[] = [];
  let prose = 0;
  let text = 0;
  for (let i = 1; i < elements.length; i++) {
    const { name, attribs } = elements[i]!;
    const { id, class: classes } = attribs;
    if (id === undefined && classes === undefined) continue;
    if (!((id !== undefined && MAY_BE_SAID.test(id)) || (classes !== undefined && MAY_BE_SAID.test(classes)))) continue;
    const isMarked = (id !== undefined && COMMENTS.test(id)) || (classes !== undefined && COMMENTS.test(classes));
    if (!isMarked && !(alsoReviews && (REVIEWS.test(id ?? '') || REVIEWS.test(classes ?? '')))) continue;
    // Themes mark the whole article with `comments-open` and the like.
    if (name === 'main') continue;
    if (name === 'article' && !/comment/i.test((id ?? '') + (classes ?? '').split(/\s+/)[0])) continue;
    found.push(i);
    prose += statistics.prose[i]!;
    text += statistics.text[i]!;
    i = ends[i]! - 1;
  }
  // A line of remarks on every item of a list is part of the list.
  const places = new Set(found.map((i) => parents[i]!)).size;
  if (!alsoReviews && places >= MIN_REMARKS && text < found.length * MAX_REMARK) return [];
  const rest = statistics.prose[0]! - prose;
  return rest >= (alsoReviews ? MIN_PRODUCT_PROSE : MIN_ARTICLE_PROSE) ? found : [];
}

function isStructural(index: number, page: CountedPage): boolean {
  const element = page.survey.elements[index]!;
  const { name, attribs } = element;
  if (isContentRoot(element)) return false;
  // The boxes of a task list are content.
  if (name === 'input' && attribs['type'] === 'checkbox') return !('disabled' in attribs);
  if (name === 'button' && isTitle(index, page)) return false;
  if (name === 'nav' || name === 'footer') return !holdsMost(index, page, MAX_NAVIGATION_SHARE);
  if (ELEMENTS.has(name) || (attribs['role'] !== undefined && ROLES.has(attribs['role'])))
    return !holdsMost(index, page);
  if (name === 'header') return !holdsMost(index, page) && isSiteHeader(index, page);
  if (name === 'form') return !holdsMost(index, page) && page.statistics.text[index]! < MAX_FORM_TEXT;
  return false;
}

/** A button that opens the part it heads, an answer mostly: here the part is open. */
function isTitle(index: number, { survey, statistics }: CountedPage): boolean {
  const { elements, parents, marks } = survey;
  for (let up = parents[index]!, level = 0; up >= 0 && level < TITLE_LEVELS; up = parents[up]!, level++)
    if ((marks[up]! & Mark.heading) !== 0 || elements[up]!.name === 'dt') return true;
  const { attribs } = elements[index]!;
  return 'aria-expanded' in attribs && !('aria-haspopup' in attribs) && statistics.text[index]! >= MIN_TITLE;
}

function isContentRoot({ name }: Element): boolean {
  return name === 'main' || name === 'article' || name === 'body' || name === 'html';
}

function holdsMost(index: number, { statistics }: CountedPage, share = MAX_SHARE): boolean {
  const { text, prose } = statistics;
  return prose[0]! > 0 ? prose[index]! > prose[0]! * share : text[index]! > text[0]! * share;
}

// The header of an article or a section is its own; the site's holds links.
function isSiteHeader(index: number, { survey, statistics }: CountedPage): boolean {
  const parent = survey.elements[survey.parents[index]!]!;
  return !SECTION.test(parent.name) || statistics.links[index]! > MAX_HEADER_LINKS;
}
