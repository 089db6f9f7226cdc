/** Parts told by their headings: what follows "Related articles" or "You may also like" leads away from the page. */
import { type ChildNode, type Element, isTag, isText } from 'domhandler';
import { textOf, walkElements } from '../document/edit-tree.ts';
import type { PageFacts } from './chrome.ts';
import type { PageKind } from './page-kind.ts';

const HEADING = /^h[1-6]$/;
const LONGEST = 60;
const LEADS_AWAY =
  /^(?:(?:you (?:may|might|'ll|will) (?:also )?(?:like|love|enjoy|be interested)|related\b|similar (?:products|items|articles|posts|questions|topics|listings)|recommended\b|recommendations|more (?:from|in|like|on|articles|stories|posts|news|reading|to (?:explore|read|love))\b|read (?:more|next|also)|recently viewed|customers (?:also|who)|people also|frequently bought|others also|also (?:in|on|by|bought)\b|what to read next|up next|next up|trending|popular (?:posts|articles|stories|now|topics)|most (?:popular|read|viewed)|latest (?:posts|news|articles|stories|from)|recent (?:posts|articles|comments|news)|featured (?:posts|articles|stories)|keep reading|continue reading|share this|share on|follow us|connect with us|stay (?:connected|updated|in touch|informed)|sign up|subscribe|newsletter|get (?:the|our) (?:latest|newsletter)|join (?:our|the) (?:newsletter|mailing|list|community)|leave a (?:reply|comment)|post a comment|add a comment|\d* ?comments?\b|\d+ responses|\d+ thoughts on|join the (?:conversation|discussion)|about the author|written by|tags?\s*:?$|filed under|categories\s*:?$|advertisement|sponsored|complete your order|shop the look|explore more|see also our|browse by|contact us$|quick links|useful links)|(?:artículos|articulos|noticias) relacionad|relacionad[oa]s|artikel (?:terkait|zum thema)|ähnliche|das könnte|auch interessant|mehr zum thema|articles? (?:similaires|liés|connexes)|à lire aussi|lire aussi|vous aimerez|potrebbe|leggi anche|articoli correlati|leia (?:mais|também)|veja também|похожие|читайте также|рекомендуем|相关|関連|おすすめ)/i;
const REVIEWS =
  /^(?:(?:customer |product |verified |user |guest |\d+ )?(?:reviews?|ratings?(?: (?:&|and) reviews?)?)\b|what (?:our )?(?:customers|people|others) (?:are saying|say))/i;
const AROUND_PRODUCT =
  /^(?:faqs?\b|frequently asked|(?:customer )?questions\b|q ?& ?a|people are asking|shipping|delivery|returns?\b|free (?:shipping|returns|delivery)|size guide|payment|warranty info|need help|about (?:this|the) seller|ask an expert|accessories$|essentials|complete the (?:look|set)|pair (?:it )?with|bundle|save \d|\*|footnotes|disclaimer)/i;

/** The parts under such headings; on a page that sells one thing also what buyers wrote and the shop's own matters. */
export function findTails(page: PageFacts, skipped: ReadonlySet<Element>, kind: PageKind): Set<Element> {
  const tails = new Set<Element>();
  const whole = page.statistics.get(page.body)!;
  walkElements(page.body, (element) => {
    if (skipped.has(element) || tails.has(element)) return false;
    if (!isHeading(element)) return true;
    const text = textOf(element).replace(/\s+/g, ' ').trim();
    if (
      text.length > LONGEST ||
      !(
        LEADS_AWAY.test(text) ||
        (kind !== 'thread' && REVIEWS.test(text)) ||
        (kind === 'product' && AROUND_PRODUCT.test(text))
      )
    )
      return true;
    for (const part of partOf(element)) {
      const own = page.statistics.get(part);
      const isSmall = own === undefined || (own.prose <= whole.prose * 0.3 && own.text <= whole.text * 0.4);
      if (isSmall) tails.add(part);
    }
    return false;
  });
  return tails;
}

/** A heading, or a short line in bold that serves as one. */
function isHeading(element: Element): boolean {
  if (HEADING.test(element.name)) return true;
  if (element.name !== 'p' && element.name !== 'div' && element.name !== 'span') return false;
  return (
    element.children.length > 0 &&
    element.children.length <= 2 &&
    /title|heading|header/i.test(element.attribs['class'] ?? '')
  );
}

/** What the heading stands over: its box when it opens it, else its followers up to the next heading of its level. */
function partOf(heading: Element): Element[] {
  let box: Element = heading;
  while (
    box.parent !== null &&
    isTag(box.parent) &&
    !/^(?:body|main|article)$/.test(box.parent.name) &&
    opens(box, box.parent)
  )
    box = box.parent;
  if (box !== heading) return [box];
  const part: Element[] = [heading];
  for (let next = heading.next; next !== null; next = next.next) {
    if (!isTag(next)) continue;
    if (HEADING.test(next.name) && next.name <= heading.name) break;
    part.push(next);
  }
  return part;
}

function opens(child: ChildNode, parent: Element): boolean {
  for (const each of parent.children) {
    if (each === child) return true;
    if (isText(each) ? each.data.trim() !== '' : isTag(each) && textOf(each).trim() !== '') return false;
  }
  return false;
}
