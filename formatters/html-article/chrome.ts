/** Parts of a page that belong to the site and not to the content, told by element, role and the words of class and id. */
import { type Element, isTag, type ParentNode } from 'domhandler';
import { walkElements } from '../document/edit-tree.ts';
import type { Statistics } from './statistics.ts';

const ELEMENTS = new Set('aside button dialog footer input menu nav object select textarea'.split(' '));
const ROLES = new Set(
  `alert alertdialog banner complementary contentinfo dialog menu menubar navigation search status tablist toolbar tooltip`.split(
    ' ',
  ),
);
// Words of class and id that site builders and authors agree on.
const WORDS =
  /(?:^|[\s_-])(ad|ads|adverts?|advertisement|agegate|banner|bottom-?bar|breadcrumbs?|(?<!to-)cart|consent|cookies?|copyright|disqus|dropdown|footer|gdpr|global-?nav|hamburger|language-?(?:picker|selector|switcher)|legal|login|masthead|mega-?menu|menu|mobile-?nav|modal|nav|navbar|navigation|newsletter|off-?canvas|outbrain|overlay|pager|pagination|popup|popover|promo|recommendations?|recommended|related(?:-?(?:posts?|articles?|products?|content|links?|stories|topics))?|rss|screen-?reader(?:-text)?|share|share-?(?:bar|buttons?|links?|this)|sharing|sidebar|side-?bar|sign-?in|sign-?up|signup|site-?header|skip-?(?:links?|nav|to-?content)?|social|socials|social-?(?:links?|media|share|icons?)|sponsor|sponsored|sr-only|sub-?nav|subscribe|subscription|taboola|toolbar|tooltip|top-?bar|topnav|visually-?hidden|visuallyhidden|widget-area|you-?may-?(?:also-?)?like|also-?(?:like|bought|viewed)|cross-?sell|upsell|recently-?viewed|suggest(?:ed|ions?)|trending|more-?(?:topics|stories|articles|from)|disclaimers?|footnotes?-?(?:list|section)|sosumi|signature|user-?info|post-?profile|message-user|post-?details|author-?(?:bio|box|info|profile)|about-?(?:the-?)?author)(?=$|[\s_-])/gi;
/** These mean the same on every site. */
const SURE_WORDS = new Set([
  'footer',
  'site-footer',
  'breadcrumb',
  'breadcrumbs',
  'navbar',
  'cookie',
  'cookies',
  'sr-only',
  'visually-hidden',
]);
// Hidden by the page's own styles, at every width.
const HIDDEN = /(?:^|\s)(?:hide|hidden|is-hidden|d-none|u-hidden|display-none)(?:\s|$)/;
const SHOWN_ON_SOME =
  /:(?:block|flex|grid|inline|table|contents)|-(?:sm|md|lg|xl|desktop|mobile|tablet)(?:-|\s|$)|(?:sm|md|lg|xl):/;
const CONTENT = /(?:^|[\s_-])(?:article|body|content|entry|main|post|product|story|text|topic|thread)(?:$|[\s_-])/i;
/** A marked part with a larger share of the page than this is the content, whatever it is called. */
const MAX_SHARE = 0.4;
/** A word that would cost more than this share of the page in all means something else here. */
const MAX_WORD_SHARE = 0.35;

const COMMENTS =
  /(?:^|[\s_-])(?:comments?|comment-?(?:list|section|area|thread)s?|commentlist|respond|replies|disqus\w*|trackbacks?|pings?)(?:$|[\s_-])/i;
const REVIEWS = /(?:^|[\s_-])(?:reviews?|ratings?|faqs?|questions|q-?and-?a|qa)(?:$|[\s_-])/i;
/** An article has at least this much prose besides its comments. */
const MIN_ARTICLE_PROSE = 400;
/** What is said of a thing for sale may be short. */
const MIN_PRODUCT_PROSE = 150;

/** What must be known of the page to judge its parts. */
export interface PageFacts {
  readonly body: Element;
  readonly statistics: ReadonlyMap<Element, Statistics>;
}

/** The parts that are the site's, the outermost of each. */
export function findChrome(page: PageFacts): Set<Element> {
  const byWord = wordsOf(page);
  const chrome = new Set<Element>();
  walkElements(page.body, (element) => {
    if (!isStructural(element, page) && !byWord.has(element)) return true;
    chrome.add(element);
    return false;
  });
  return chrome;
}

/** Parts whose class or id says so, without the words that say it of most of the page. */
function wordsOf(page: PageFacts): Set<Element> {
  const marked = new Map<string, Element[]>();
  const marks = new Map<Element, readonly string[]>();
  const known = new Map<string, readonly string[]>();
  walkElements(page.body, (element) => {
    const words = wordsIn(element, known);
    if (words.length === 0 || isContentRoot(element) || holdsMost(element, page)) return;
    marks.set(element, words);
    for (const word of words) marked.set(word, [...(marked.get(word) ?? []), element]);
  });
  const whole = page.statistics.get(page.body)!;
  const trusted = new Set<string>();
  for (const [word, elements] of marked) {
    const own = new Set(elements);
    let prose = 0;
    let free = 0;
    for (const element of elements) {
      const counts = isBelowAny(element, own) ? undefined : page.statistics.get(element);
      prose += counts?.prose ?? 0;
      free += counts === undefined ? 0 : counts.text - counts.link;
    }
    const share = SURE_WORDS.has(word) ? 1 : MAX_WORD_SHARE;
    const isMeagre = prose <= whole.prose * share && free <= (whole.text - whole.link) * share;
    if (isMeagre) trusted.add(word);
  }
  const chrome = new Set<Element>();
  for (const [element, words] of marks) {
    if (!words.some((word) => trusted.has(word))) continue;
    const own = page.statistics.get(element)!;
    // `post related-links` is about the post; `content-sidebar` is a sidebar beside the content.
    if (!CONTENT.test(element.attribs['class'] ?? '') || own.prose * 10 < whole.prose) chrome.add(element);
  }
  return chrome;
}

/** What visitors wrote below an article; empty when that is most of what there is. */
export function findComments(page: PageFacts, alsoReviews: boolean): Set<Element> {
  const found = new Set<Element>();
  let prose = 0;
  walkElements(page.body, (element) => {
    const { id = '', class: classes = '' } = element.attribs;
    if (
      element.name === 'body' ||
      !(COMMENTS.test(id) || COMMENTS.test(classes) || (alsoReviews && (REVIEWS.test(id) || REVIEWS.test(classes))))
    )
      return true;
    // Themes mark the whole article with `comments-open` and the like.
    if (element.name === 'main' || (element.name === 'article' && !/comment/i.test(id + classes.split(/\s+/)[0])))
      return true;
    found.add(element);
    prose += page.statistics.get(element)?.prose ?? 0;
    return false;
  });
  const rest = page.statistics.get(page.body)!.prose - prose;
  return rest >= (alsoReviews ? MIN_PRODUCT_PROSE : MIN_ARTICLE_PROSE) ? found : new Set();
}

function wordsIn({ attribs }: Element, known: Map<string, readonly string[]>): readonly string[] {
  const { class: classes = '', id = '' } = attribs;
  const marks = `${classes} ${id}`;
  if (marks.length < 3 || marks.length > 600) return [];
  // Pages repeat the same few classes thousands of times.
  let words = known.get(marks);
  if (words === undefined) {
    words = readWords(marks, classes);
    known.set(marks, words);
  }
  return words;
}

function readWords(marks: string, classes: string): string[] {
  const spaced = marks.replace(/([a-z])(?=[A-Z])/g, '$1-');
  const words = [...spaced.matchAll(WORDS)].map((match) => match[1]!.toLowerCase());
  if (HIDDEN.test(classes) && !SHOWN_ON_SOME.test(classes)) words.push('hidden');
  return words;
}

function isStructural(element: Element, page: PageFacts): boolean {
  const { name, attribs } = element;
  if (isContentRoot(element)) return false;
  // The boxes of a task list are content.
  if (name === 'input' && attribs['type'] === 'checkbox') return !('disabled' in attribs);
  if (name === 'nav' || name === 'footer') return !holdsMost(element, page, 0.7);
  if (ELEMENTS.has(name) || ROLES.has(attribs['role'] ?? '')) return !holdsMost(element, page);
  if (name === 'header') return !holdsMost(element, page) && isSiteHeader(element, page.statistics.get(element)!);
  if (name === 'form') return !holdsMost(element, page) && (page.statistics.get(element)?.text ?? 0) < 300;
  return false;
}

function isContentRoot({ name }: Element): boolean {
  return name === 'body' || name === 'html' || name === 'main' || name === 'article';
}

function holdsMost(element: Element, { body, statistics }: PageFacts, share = MAX_SHARE): boolean {
  const own = statistics.get(element);
  const whole = statistics.get(body)!;
  if (own === undefined) return true;
  return whole.prose > 0 ? own.prose > whole.prose * share : own.text > whole.text * share;
}

// An article's own header holds its title and a line or two; the site's holds links.
function isSiteHeader(header: Element, own: Statistics): boolean {
  const { parent } = header;
  if (parent !== null && isTag(parent) && /^(?:article|main|section)$/.test(parent.name)) return own.links > 8;
  return true;
}

function isBelowAny(element: Element, others: ReadonlySet<Element>): boolean {
  for (let up: ParentNode | null = element.parent; up !== null && isTag(up); up = up.parent)
    if (others.has(up)) return true;
  return false;
}
