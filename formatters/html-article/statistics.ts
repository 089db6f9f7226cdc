/** What every element holds, counted in one pass from the leaves up. */
import { type Element, isTag, isText, type ParentNode } from 'domhandler';

/** Counts of an element and all below it. Lengths are characters, a run of spaces counting one. */
export interface Statistics {
  text: number;
  /** Text inside links. */
  link: number;
  /** Text outside links in blocks that read like sentences. */
  prose: number;
  commas: number;
  /** Blocks that read like sentences. */
  paragraphs: number;
  links: number;
  images: number;
  headings: number;
  /** Fields of forms. */
  fields: number;
}

/** A block from this length on, mostly outside of links, reads like a sentence. */
const MIN_PROSE = 40;
const INLINE = new Set(
  `a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd label mark math q rp rt ruby s samp small
  span strike strong sub sup svg time tt u var wbr picture`.split(/\s+/),
);
const FIELDS = new Set(['button', 'input', 'select', 'textarea']);
const HEADINGS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const COMMA = /[,;،、，；]/g;

/** Counts for `root` and every element below it; those in `skipped` count nothing. */
export function countStatistics(root: ParentNode, skipped: ReadonlySet<Element>): Map<Element, Statistics> {
  const all = new Map<Element, Statistics>();
  count(root, false, { all, skipped });
  return all;
}

/** True when an element is part of a line of text. */
export function isInline(element: Element): boolean {
  return INLINE.has(element.name);
}

/** Part of the text that is inside links, 0 to 1. */
export function linkDensity({ text, link }: Statistics): number {
  return text === 0 ? 0 : link / text;
}

function count(
  node: ParentNode,
  inLink: boolean,
  pass: { all: Map<Element, Statistics>; skipped: ReadonlySet<Element> },
): Statistics {
  const own: Statistics = {
    text: 0,
    link: 0,
    prose: 0,
    commas: 0,
    paragraphs: 0,
    links: 0,
    images: 0,
    headings: 0,
    fields: 0,
  };
  // Text that stands in this very block: directly, or in inline elements.
  let lineText = 0;
  let lineLink = 0;
  for (const child of node.children) {
    if (isText(child)) {
      const length = textLength(child.data);
      if (length === 0) continue;
      own.text += length;
      lineText += length;
      if (inLink) {
        own.link += length;
        lineLink += length;
      } else own.commas += child.data.match(COMMA)?.length ?? 0;
    } else if (isTag(child) && !pass.skipped.has(child)) {
      const below = count(child, inLink || child.name === 'a', pass);
      addTo(own, below, child.name);
      if (INLINE.has(child.name)) {
        lineText += below.text;
        lineLink += below.link;
      }
    }
  }
  const isProse = lineText >= MIN_PROSE && lineLink * 2 < lineText && !(isTag(node) && INLINE.has(node.name));
  if (isProse) {
    own.prose += lineText - lineLink;
    own.paragraphs++;
  }
  if (isTag(node)) pass.all.set(node, own);
  return own;
}

function addTo(sum: Statistics, each: Statistics, name: string): void {
  sum.text += each.text;
  sum.link += each.link;
  sum.prose += each.prose;
  sum.commas += each.commas;
  sum.paragraphs += each.paragraphs;
  sum.links += each.links + (name === 'a' ? 1 : 0);
  sum.images += each.images + (name === 'img' ? 1 : 0);
  sum.headings += each.headings + (HEADINGS.has(name) && each.text > 0 ? 1 : 0);
  sum.fields += each.fields + (FIELDS.has(name) ? 1 : 0);
}

/** Characters, runs of spaces counting one, those at the ends none. */
function textLength(text: string): number {
  let length = 0;
  let space = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isSpace = code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0;
    if (!isSpace || !space) length++;
    space = isSpace;
  }
  return space && length > 0 ? length - 1 : length;
}
