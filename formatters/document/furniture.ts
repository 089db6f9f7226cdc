/**
 * What a page carries that is not for its reader: beacons, advertisements by their well-known marks, consent dialogues, calls
 * to subscribe that lie over the page.
 * Conservative: a false hit costs content, a miss a few lines.
 */
import type { Element } from 'domhandler';
import { hasBelow } from './edit-tree.ts';

const BEACON_HOST =
  /\/\/(?:[\w-]+\.)*(?:google-analytics\.com|googletagmanager\.com|doubleclick\.net|googlesyndication\.com|facebook\.com\/tr\b|scorecardresearch\.com|quantserve\.com|bat\.bing\.com|hotjar\.com|mc\.yandex\.ru|px\.ads\.linkedin\.com|analytics\.twitter\.com|t\.co\/i\/adsct|stats\.wp\.com|pixel\.wp\.com|chartbeat\.net|newrelic\.com|nr-data\.net|krxd\.net|demdex\.net|omtrdc\.net|2o7\.net|adnxs\.com|criteo\.(?:com|net)|hubspot\.com\/__ptq|statcounter\.com|histats\.com|metrika|matomo\.php|piwik\.php)/i;
const AD_MARK =
  /(?:^|\s)(?:adsbygoogle|div-gpt-ad|google_ads?|gpt-ad|ad-?slot|ad-?unit|adunit|ad-?banner|banner-?ad|ad-?leaderboard|ad-?placeholder|advert|advertisement|ad-container|ad-wrapper|adbox|dfp-ad|outbrain|taboola|trc_related_container|sponsored-ads?)(?:$|[-_\d\s])/i;
const CONSENT_MARK =
  /(?:^|\s)(?:onetrust|ot-sdk|cookiebot|cybotcookiebot|didomi|usercentrics|qc-cmp2|truste|sp_message|cc-window|cc-banner|cmplz|iubenda-cs|osano-cm|termly|klaro|borlabs|moove_gdpr|cky-|cli-modal|cookie-law-info|(?:js-|site-|eu-?|global-)?(?:cookies?|gdpr|ccpa|consent|privacy)[-_]?(?:alert|banner|bar|box|consent|container|dialog|disclaimer|message|modal|notice|notification|overlay|pop-?up|prompt|toast|warning|wrapper)s?)/i;
// The identifiers that their scripts use everywhere.
const CONSENT_VENDOR =
  /^(?:onetrust-|CybotCookiebot|usercentrics-|didomi-|qc-cmp2-|truste-|sp_message_container|cmplz-|iubenda-cs|osano-cm|termly-|klaro|cookie-law-info)/i;
const OVERLAY_MARK =
  /(?:^|[\s-])(?:newsletter|subscri(?:be|ption)|exit-?intent|welcome-?(?:mat)?)[-_]?(?:signup|form)?[-_]?(?:pop-?up|modal|overlay|lightbox|interstitial)/i;
const FIXED = /(?:^|[;\s])position\s*:\s*fixed/i;
const LAID_OVER = /(?:^|[\s_-])(?:interstitial|lightbox|modal|overlay|pop-?up)(?:$|[\s_-])/i;
const [ADVERTISEMENT, CONSENT, OVERLAY] = [1, 2, 4];
/** Marks by list of classes. */
const known = new Map<string, number>();
/** Lists of classes that are remembered, and the longest that is read. */
const MAX_KNOWN = 4000;
const MAX_CLASSES = 500;
/** A mark on something this long is a name clash, not a banner. */
const MAX_BANNER_MARKUP = 400;

/** True for an address that is fetched to count, not to show. */
export function isBeacon(address: string): boolean {
  return BEACON_HOST.test(address);
}

/** True for pictures and frames of at most 2 by 2 pixels. */
export function isTinyPicture(element: Element): boolean {
  const { width, height, style } = element.attribs;
  if (width !== undefined && height !== undefined) return isTiny(width) && isTiny(height);
  return style !== undefined && /(?:^|;|\s)(?:width|height)\s*:\s*[012](?:px)?\s*(?:;|$|!)/i.test(style);
}

/** True for an advertisement that says so in a mark of the well-known ad servers. */
export function isAdvertisement(element: Element): boolean {
  if (element.name === 'amp-ad' || element.name === 'amp-embed' || 'data-ad-slot' in element.attribs) return true;
  return (marksOf(element) & ADVERTISEMENT) !== 0;
}

/** True for a cookie or privacy dialogue. */
export function isConsentDialogue(element: Element): boolean {
  if (element.name === 'body' || element.name === 'html' || element.name === 'main' || element.name === 'article')
    return false;
  return (marksOf(element) & CONSENT) !== 0 && countBelow(element, MAX_BANNER_MARKUP) < MAX_BANNER_MARKUP;
}

/** True for what lies over the page unasked, to win subscribers mostly: it says so, or is fixed there and called that. */
export function isOverlay(element: Element): boolean {
  const isMarked = (marksOf(element) & OVERLAY) !== 0;
  if (!isMarked && !isFixedDialogue(element)) return false;
  // What is long is no overlay: it is not searched either (threat 42).
  if (countBelow(element, MAX_BANNER_MARKUP) >= MAX_BANNER_MARKUP) return false;
  // Where one signs in is a part of the page, however it is shown.
  return isMarked || !hasBelow(element, isPasswordField);
}

function isFixedDialogue(element: Element): boolean {
  const { name, attribs } = element;
  if (attribs['style'] === undefined || !FIXED.test(attribs['style']) || name === 'body') return false;
  const isDialogue = /^(?:alert)?dialog$/.test(attribs['role'] ?? '') || attribs['aria-modal'] === 'true';
  return isDialogue || LAID_OVER.test(attribs['class'] ?? '') || LAID_OVER.test(attribs['id'] ?? '');
}

function isPasswordField({ name, attribs }: Element): boolean {
  return name === 'input' && attribs['type']?.toLowerCase() === 'password';
}

/** True for what the well-known consent managers put into a page, of whatever length. */
export function isConsentVendor({ attribs }: Element): boolean {
  const { id } = attribs;
  return id !== undefined && CONSENT_VENDOR.test(id);
}

/** True when the page itself hides the element from everyone: `hidden`, or an inline style that says so. */
export function isHidden(element: Element): boolean {
  const { hidden, style } = element.attribs;
  if (hidden !== undefined && hidden !== 'until-found') return true;
  return style !== undefined && /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style);
}

/** Marks in the classes and the id, as bits. */
function marksOf({ attribs }: Element): number {
  const { id, class: classes } = attribs;
  // Classes of one page are the same few, thousands of times; an identifier is there once.
  const marks = id === undefined ? 0 : readMarks(id);
  if (classes === undefined || classes.length > MAX_CLASSES) return marks;
  let own = known.get(classes);
  if (own === undefined) {
    own = readMarks(classes);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(classes, own);
  }
  return marks | own;
}

function readMarks(names: string): number {
  const marks: readonly (readonly [RegExp, number])[] = [
    [AD_MARK, ADVERTISEMENT],
    [CONSENT_MARK, CONSENT],
    [OVERLAY_MARK, OVERLAY],
  ];
  return marks.reduce((bits, [mark, bit]) => (mark.test(names) ? bits | bit : bits), 0);
}

function isTiny(length: string): boolean {
  const number = Number.parseFloat(length);
  return number >= 0 && number <= 2 && !length.includes('%');
}

/** Nodes below, counted up to `max`. */
function countBelow(element: Element, max: number): number {
  let count = 0;
  const pending: Element[] = [element];
  for (let next = pending.pop(); next !== undefined && count < max; next = pending.pop())
    for (const child of next.children) {
      count++;
      if ('children' in child) pending.push(child as Element);
    }
  return count;
}
