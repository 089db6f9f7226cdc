/** What every element holds without the parts that are left out, counted in one pass from the leaves up. */
import { Mark, type Survey } from './survey.ts';

/** Counts of each element and all below it, by its index in the survey. Lengths are characters, a run of spaces counting one. */
export interface Statistics {
  readonly text: Int32Array;
  /** Text inside links. */
  readonly link: Int32Array;
  /** Text outside links in blocks that read like sentences. */
  readonly prose: Int32Array;
  readonly commas: Int32Array;
  readonly links: Int32Array;
  readonly images: Int32Array;
  /** Headings that have text. */
  readonly headings: Int32Array;
  /** Fields of forms. */
  readonly fields: Int32Array;
}

/** A block from this length on, mostly outside of links, reads like a sentence. */
const MIN_PROSE = 40;

/** Parts that are left out: 1 for their every element. */
export type Omission = Uint8Array;

/** Leaves an element out, with all below it. */
export function omit(survey: Survey, omitted: Omission, index: number): void {
  omitted.fill(1, index, survey.ends[index]);
}

/** Counts for every element; those left out count nothing, and have nothing. */
export function countStatistics(survey: Survey, omitted: Omission): Statistics {
  const { parents, marks, ownText, ownCommas, elements } = survey;
  const size = elements.length;
  const numbers = () => new Int32Array(size);
  const counts = {
    text: numbers(),
    link: numbers(),
    prose: numbers(),
    commas: numbers(),
    links: numbers(),
    images: numbers(),
    headings: numbers(),
    fields: numbers(),
  };
  const { text, link, prose, commas, links, images, headings, fields } = counts;
  // Text that stands in this very block: directly, or in inline elements.
  const line = numbers();
  const lineLink = numbers();
  for (let i = size - 1; i >= 0; i--) {
    if (omitted[i] === 1) continue;
    const mark = marks[i]!;
    const own = ownText[i]!;
    const isInLink = (mark & Mark.inLink) !== 0;
    text[i]! += own;
    if (isInLink) link[i]! += own;
    else commas[i]! += ownCommas[i]!;
    const lineText = line[i]! + own;
    const lineLinkText = lineLink[i]! + (isInLink ? own : 0);
    if (lineText >= MIN_PROSE && lineLinkText * 2 < lineText && (mark & Mark.inline) === 0)
      prose[i]! += lineText - lineLinkText;
    const up = parents[i]!;
    if (up < 0) continue;
    text[up]! += text[i]!;
    link[up]! += link[i]!;
    prose[up]! += prose[i]!;
    commas[up]! += commas[i]!;
    links[up]! += links[i]! + ((mark & Mark.link) === 0 ? 0 : 1);
    images[up]! += images[i]! + ((mark & Mark.image) === 0 ? 0 : 1);
    headings[up]! += headings[i]! + ((mark & Mark.heading) === 0 || text[i] === 0 ? 0 : 1);
    fields[up]! += fields[i]! + ((mark & Mark.field) === 0 ? 0 : 1);
    if ((mark & Mark.inline) !== 0) {
      line[up]! += text[i]!;
      lineLink[up]! += link[i]!;
    }
  }
  return counts;
}
