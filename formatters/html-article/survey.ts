/**
 * A page laid out flat: its elements in document order with what each holds itself, so that every later question is a
 * loop over numbers. One walk makes it; leaving parts out and counting again costs no further one.
 */
import { type Element, isTag, isText } from 'domhandler';

/** All arrays have one entry an element, in document order; the first is `root`. Those of numbers may have room for more. */
export interface Survey {
  readonly elements: readonly Element[];
  /** Index of the parent; -1 of the root. */
  readonly parents: Int32Array;
  /** Index behind the last element below. */
  readonly ends: Int32Array;
  /** Characters of the text that stands in the element itself, a run of spaces counting one. */
  readonly ownText: Int32Array;
  readonly ownCommas: Int32Array;
  /** Bits: `Mark`. */
  readonly marks: Uint16Array;
  /** Characters before the element and up to its end, spaces not counted, and a sum over them. */
  readonly before: Int32Array;
  readonly through: Int32Array;
  readonly sumBefore: Int32Array;
  readonly sumThrough: Int32Array;
}

/** What an element is. */
export const Mark = {
  /** Part of a line of text. */
  inline: 1,
  /** A link, or inside one. */
  inLink: 2,
  link: 4,
  image: 8,
  heading: 16,
  field: 32,
  /** Has children that are not part of a line of text. */
  holdsBlocks: 64,
} as const;

const INLINE = new Set(
  `a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd label mark math q rp rt ruby s samp small
  span strike strong sub sup svg time tt u var wbr picture`.split(/\s+/),
);
const OWN_MARKS = new Map<string, number>([
  ...[...INLINE].map((name): [string, number] => [name, Mark.inline]),
  ['a', Mark.inline | Mark.link | Mark.inLink],
  ['img', Mark.inline | Mark.image],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name): [string, number] => [name, Mark.heading]),
  ...['button', 'input', 'select', 'textarea'].map((name): [string, number] => [name, Mark.field]),
]);
/** Elements there is room for at first. */
const FIRST_SIZE = 1024;
const NUMBERS = ['parents', 'ends', 'ownText', 'ownCommas', 'before', 'through', 'sumBefore', 'sumThrough'] as const;
// Odd, so that every factor of it is odd: no character is ever multiplied away.
const BASE = 0x01000193;

/** Surveys `root` and all below it. */
export function surveyPage(root: Element): Survey {
  const walk = new SurveyWalk();
  walk.visit(root, -1, 0);
  return walk.survey;
}

/** True when an element is part of a line of text. */
export function isInline({ name }: Element): boolean {
  return INLINE.has(name);
}

/** True when two elements hold the same characters, spaces aside, as far as sums can tell. */
export function mayBeEqual(survey: Survey, one: number, other: number): boolean {
  return textLength(survey, one) === textLength(survey, other) && textSum(survey, one) === textSum(survey, other);
}

/** Characters below an element, spaces not counted. */
export function textLength({ before, through }: Survey, index: number): number {
  return through[index]! - before[index]!;
}

/** A sum over the characters below: equal texts have equal ones wherever they stand. */
export function textSum(survey: Survey, index: number): number {
  const { sumBefore, sumThrough } = survey;
  return (sumThrough[index]! - Math.imul(sumBefore[index]!, power(textLength(survey, index)))) | 0;
}

function power(exponent: number): number {
  let result = 1;
  let factor = BASE;
  for (let rest = exponent; rest > 0; rest >>>= 1) {
    if (rest & 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}

class SurveyWalk {
  readonly survey = {
    elements: [] as Element[],
    parents: new Int32Array(FIRST_SIZE),
    ends: new Int32Array(FIRST_SIZE),
    ownText: new Int32Array(FIRST_SIZE),
    ownCommas: new Int32Array(FIRST_SIZE),
    marks: new Uint16Array(FIRST_SIZE),
    before: new Int32Array(FIRST_SIZE),
    through: new Int32Array(FIRST_SIZE),
    sumBefore: new Int32Array(FIRST_SIZE),
    sumThrough: new Int32Array(FIRST_SIZE),
  };
  #length = 0;
  #sum = 0;

  visit(element: Element, parent: number, inherited: number): void {
    const { survey } = this;
    const index = survey.elements.length;
    if (index === survey.parents.length) this.#grow();
    survey.elements.push(element);
    survey.parents[index] = parent;
    survey.before[index] = this.#length;
    survey.sumBefore[index] = this.#sum;
    const own = OWN_MARKS.get(element.name) ?? 0;
    survey.marks[index]! |= own | inherited;
    if (parent >= 0 && (own & Mark.inline) === 0) survey.marks[parent]! |= Mark.holdsBlocks;
    const passedOn = (own | inherited) & Mark.inLink;
    for (const child of element.children) {
      if (isText(child)) this.#read(child.data, index);
      else if (isTag(child)) this.visit(child, index, passedOn);
    }
    survey.ends[index] = survey.elements.length;
    survey.through[index] = this.#length;
    survey.sumThrough[index] = this.#sum;
  }

  #grow(): void {
    const { survey } = this;
    const size = survey.parents.length * 2;
    const grown = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(size);
      next.set(old);
      return next;
    };
    for (const name of NUMBERS) survey[name] = grown(survey[name]);
    const marks = new Uint16Array(size);
    marks.set(survey.marks);
    survey.marks = marks;
  }

  #read(text: string, index: number): void {
    let shown = 0;
    let spaces = 0;
    let commas = 0;
    let sum = this.#sum;
    let wasSpace = true;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0) {
        if (!wasSpace) spaces++;
        wasSpace = true;
        continue;
      }
      shown++;
      wasSpace = false;
      sum = (Math.imul(sum, BASE) + code) | 0;
      if (isComma(code)) commas++;
    }
    if (shown === 0) return;
    this.#sum = sum;
    this.#length += shown;
    this.survey.ownText[index]! += shown + spaces - (wasSpace ? 1 : 0);
    this.survey.ownCommas[index]! += commas;
  }
}

// , ; and those of Arabic and of Chinese and Japanese.
function isComma(code: number): boolean {
  return code < 0x80 ? code === 0x2c || code === 0x3b : isForeignComma(code);
}

function isForeignComma(code: number): boolean {
  return code === 0x3001 || code === 0x060c || code === 0xff0c || code === 0xff1b;
}
