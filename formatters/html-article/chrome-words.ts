/** Words of class and id that say a part is the site's and not the content's. */

/** What site builders and authors agree on; compounds as they are without hyphens. */
const WORDS = new Set(
  `ad ads advert adverts advertisement agegate banner bottombar breadcrumb breadcrumbs cart consent cookie cookies copyright
  disqus dropdown footer gdpr globalnav hamburger languagepicker languageselector languageswitcher legal login masthead
  megamenu menu mobilenav modal nav navbar navigation newsletter offcanvas outbrain overlay pager pagination popup popover
  promo recommendation recommendations recommended related relatedpost relatedposts relatedarticle relatedarticles
  relatedproduct relatedproducts relatedcontent relatedlink relatedlinks relatedstories relatedtopics rss screenreader
  share sharebar sharebutton sharebuttons sharelink sharelinks sharethis sharing sidebar signin signup siteheader skip
  skiplink skiplinks skipnav skiptocontent social socials sociallink sociallinks socialmedia socialshare socialicon
  socialicons sponsor sponsored sronly subnav subscribe subscription taboola toolbar tooltip topbar topnav visuallyhidden
  widgetarea youmaylike youmayalsolike alsolike alsobought alsoviewed crosssell upsell recentlyviewed suggested suggestion
  suggestions trending moretopics morestories morearticles morefrom disclaimer disclaimers footnotelist footnoteslist
  footnotesection footnotessection signature userinfo postprofile messageuser postdetails authorbio authorbox authorinfo
  authorprofile aboutauthor abouttheauthor`.split(/\s+/),
);
/** The longest compound above, in parts. */
const MAX_PARTS = 4;
/** Longer lists of classes are made by machines. */
const MAX_LENGTH = 600;
/** What words may begin with: most names end here. */
const BEGINNINGS = new Set([...WORDS].flatMap((word) => Array.from(word, (_, i) => word.slice(0, i + 1))));
/** Lists of classes that are remembered: those of a page are the same few, thousands of times. */
const MAX_KNOWN = 4000;
// Hidden by the page's own styles, at every width.
const HIDDEN = /(?:^|\s)(?:hide|hidden|is-hidden|d-none|u-hidden|display-none)(?:\s|$)/;
const SHOWN_ON_SOME =
  /:(?:block|flex|grid|inline|table|contents)|-(?:sm|md|lg|xl|desktop|mobile|tablet)(?:-|\s|$)|(?:sm|md|lg|xl):/;
const NONE: readonly string[] = [];
const known = new Map<string, readonly string[]>();

/** The words in the classes and the id of an element, each once. */
export function chromeWordsOf({ class: classes, id }: Readonly<Record<string, string>>): readonly string[] {
  if (classes === undefined && id === undefined) return NONE;
  if ((classes?.length ?? 0) + (id?.length ?? 0) > MAX_LENGTH) return NONE;
  const own = classes === undefined ? NONE : wordsInClasses(classes);
  if (id === undefined) return own;
  const words = new Set<string>();
  readWords(id, words);
  if (words.size === 0) return own;
  for (const word of own) words.add(word);
  return [...words];
}

function wordsInClasses(classes: string): readonly string[] {
  let words = known.get(classes);
  if (words !== undefined) return words;
  const found = new Set<string>();
  for (const name of classes.split(' ')) if (name.length > 1) readWords(name, found);
  if (/hid|none/.test(classes) && HIDDEN.test(classes) && !SHOWN_ON_SOME.test(classes)) found.add('hidden');
  words = found.size === 0 ? NONE : [...found];
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(classes, words);
  return words;
}

function readWords(name: string, words: Set<string>): void {
  const plain = /[A-Z]/.test(name) ? name.replace(/([a-z])(?=[A-Z])/g, '$1-').toLowerCase() : name;
  if (!/[\s_]/.test(plain)) readParts(plain, words);
  else for (const each of plain.split(/[\s_]+/)) readParts(each, words);
}

/** Words among the parts between hyphens, and compounds of several parts. */
function readParts(name: string, words: Set<string>): void {
  if (!name.includes('-')) {
    if (WORDS.has(name)) words.add(name);
    return;
  }
  const parts = name.split('-');
  for (let start = 0; start < parts.length; start++) {
    let compound = '';
    for (let end = start; end < Math.min(parts.length, start + MAX_PARTS); end++) {
      compound += parts[end]!;
      if (compound !== '' && !BEGINNINGS.has(compound)) break;
      // `add-to-cart` is a way to buy, and what surrounds it may be the thing itself.
      if (WORDS.has(compound) && !(compound === 'cart' && parts[start - 1] === 'to')) words.add(compound);
    }
  }
}
