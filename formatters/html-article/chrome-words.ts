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
/** Names that are remembered: sites use the same few thousand. */
const MAX_KNOWN = 10_000;
const MAX_KNOWN_LENGTH = 50;
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
  let words = NONE;
  const add = (more: readonly string[]): void => {
    if (more.length > 0) words = words.length === 0 ? more : [...new Set([...words, ...more])];
  };
  if (id !== undefined) add(wordsIn(id));
  if (classes === undefined) return words;
  for (const name of classes.split(' ')) if (name.length > 1) add(wordsIn(name));
  if (/hid|none/.test(classes) && HIDDEN.test(classes) && !SHOWN_ON_SOME.test(classes)) add(['hidden']);
  return words;
}

function wordsIn(name: string): readonly string[] {
  let words = known.get(name);
  if (words !== undefined) return words;
  words = readWords(name);
  if (known.size >= MAX_KNOWN) known.clear();
  if (name.length <= MAX_KNOWN_LENGTH) known.set(name, words);
  return words;
}

function readWords(name: string): readonly string[] {
  const words = new Set<string>();
  const spaced = name.replace(/([a-z])(?=[A-Z])/g, '$1-').toLowerCase();
  for (const each of spaced.split(/[\s_]+/)) {
    const parts = each.split('-');
    for (let start = 0; start < parts.length; start++) {
      let compound = '';
      for (let end = start; end < Math.min(parts.length, start + MAX_PARTS); end++) {
        compound += parts[end]!;
        // `add-to-cart` is a way to buy, and what surrounds it may be the thing itself.
        if (WORDS.has(compound) && !(compound === 'cart' && parts[start - 1] === 'to')) words.add(compound);
      }
    }
  }
  return words.size === 0 ? NONE : [...words];
}
