/** Parts told by their headings: what follows "Related articles" or "You may also like" leads away from the page. */
import { textOf } from '../document/edit-tree.ts';
import type { CountedPage } from './chrome.ts';
import type { PageKind } from './page-kind.ts';
import { type Omission, omit } from './statistics.ts';
import { Mark, type Survey, textLength } from './survey.ts';

/** A page with less prose than one in so many characters is a list. */
const LIST_PROSE = 3;
const HEADING = /^h[1-6]$/;
const LONGEST = 60;
const LEADS_AWAY =
  /^(?:(?:you (?:may|might|'ll|will) (?:also )?(?:like|love|enjoy|be interested)|related\b|similar (?:products|items|articles|posts|questions|topics|listings)|recommended\b|recommendations|recently viewed|customers (?:also|who)|people also|frequently bought|others also|what to read next|up next|next up|continue reading|share this|share on|follow us|connect with us|stay (?:connected|updated|in touch|informed)|sign up|subscribe|newsletter|get (?:the|our) (?:latest|newsletter)|join (?:our|the) (?:newsletter|mailing|list|community)|leave a (?:reply|comment)|post a comment|add a comment|\d* ?comments?\b|\d+ responses|\d+ thoughts on|join the (?:conversation|discussion)|about the author|written by|tags?\s*:?$|filed under|categories\s*:?$|advertisement|sponsored|complete your order|shop the look|see also our|browse by|contact us$|quick links|useful links)|(?:artículos|articulos|noticias) relacionad|relacionad[oa]s|artikel (?:terkait|zum thema)|ähnliche|das könnte|auch interessant|mehr zum thema|articles? (?:similaires|liés|connexes)|à lire aussi|lire aussi|vous aimerez|potrebbe|leggi anche|articoli correlati|leia (?:mais|também)|veja também|похожие|читайте также|рекомендуем|相关|関連|おすすめ)/i;
// On the front page of a newspaper these head sections like any other.
const TEASERS =
  /^(?:more (?:from|in|like|on|articles|stories|posts|news|reading|to (?:explore|read|love))\b|read (?:more|next|also)|also (?:in|on|by|bought)\b|trending|popular (?:posts|articles|stories|now|topics)|most (?:popular|read|viewed)|latest (?:posts|news|articles|stories|from)|recent (?:posts|articles|comments|news)|featured (?:posts|articles|stories)|keep reading|explore more)/i;
const REVIEWS =
  /^(?:(?:customer |product |verified |user |guest |\d+ )?(?:reviews?|ratings?(?: (?:&|and) reviews?)?)\b|what (?:our )?(?:customers|people|others) (?:are saying|say))/i;
const AROUND_PRODUCT =
  /^(?:faqs?\b|frequently asked|(?:customer )?questions\b|q ?& ?a|people are asking|shipping|delivery|returns?\b|free (?:shipping|returns|delivery)|size guide|payment|warranty info|need help|about (?:this|the) seller|ask an expert|accessories$|essentials|complete the (?:look|set)|pair (?:it )?with|bundle|save \d|compare\b|featured (?:products|items|collections?)|best ?sellers|new arrivals|top picks|why (?:buy|shop)\b|which .{3,40}\bright for you|other (?:products|items)|(?:shop|see|view) (?:all|more|similar)|more .{2,30} (?:products|items)|in the (?:press|media)|as seen (?:on|in)|testimonials|financing|special offers|get (?:help|support)|need some help|\*|footnotes|disclaimer)/i;

/** The parts under such headings; on a page that sells one thing also what buyers wrote and the shop's own matters. */
export function findTails(page: CountedPage, omitted: Omission, kind: PageKind): number[] {
  const { survey, statistics } = page;
  const { elements, ends } = survey;
  const { text, prose } = statistics;
  const isList = kind === 'other' && prose[0]! * LIST_PROSE < text[0]!;
  const tails: number[] = [];
  const gone = omitted.slice();
  for (let i = 1; i < elements.length; i++) {
    if (gone[i] === 1) {
      i = ends[i]! - 1;
      continue;
    }
    // Spaces are not counted here: no heading is a third spaces.
    if (!isHeading(survey, i) || textLength(survey, i) > LONGEST) continue;
    const words = textOf(elements[i]!).replace(/\s+/g, ' ').trim();
    if (words.length > LONGEST || !(leadsAway(words, kind) || (!isList && TEASERS.test(words)))) continue;
    for (const part of partOf(survey, i)) {
      if (prose[part]! > prose[0]! * 0.3 || text[part]! > text[0]! * 0.4) continue;
      tails.push(part);
      omit(survey, gone, part);
    }
  }
  return tails;
}

function leadsAway(words: string, kind: PageKind): boolean {
  return (
    LEADS_AWAY.test(words) ||
    (kind !== 'thread' && REVIEWS.test(words)) ||
    (kind === 'product' && AROUND_PRODUCT.test(words))
  );
}

/** A heading, or a short line in bold that serves as one. */
function isHeading({ elements, marks }: Survey, index: number): boolean {
  if ((marks[index]! & Mark.heading) !== 0) return true;
  const { name, children, attribs } = elements[index]!;
  if (name !== 'p' && name !== 'div' && name !== 'span') return false;
  return children.length > 0 && children.length <= 2 && /title|heading|header/i.test(attribs['class'] ?? '');
}

/** What the heading stands over: its box when it opens it, else its followers up to the next heading of its level. */
function partOf({ elements, parents, ends, before }: Survey, heading: number): number[] {
  let box = heading;
  for (let up = parents[box]!; up > 0; up = parents[up]!) {
    const { name } = elements[up]!;
    if (name === 'main' || name === 'article' || before[up] !== before[box]) break;
    box = up;
  }
  if (box !== heading) return [box];
  const part = [heading];
  const end = ends[parents[heading]!]!;
  for (let next = ends[heading]!; next < end; next = ends[next]!) {
    const { name } = elements[next]!;
    if (HEADING.test(name) && name <= elements[heading]!.name) break;
    part.push(next);
  }
  return part;
}
