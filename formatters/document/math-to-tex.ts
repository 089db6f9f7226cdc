/** Formulas that a page keeps as MathML alone, as TeX (MathML Core 3; the commands are those of LaTeX with amsmath). */
import { type Element, isTag } from 'domhandler';
import { textOf } from './edit-tree.ts';

/** Deeper ones are given as their text. */
const MAX_DEPTH = 48;
const FUNCTIONS = new Set(
  'arccos arcsin arctan cos cosh cot csc det dim exp gcd inf ker lim ln log max min mod sec sin sinh sup tan tanh'.split(
    ' ',
  ),
);
/** Signs with their bounds above and below. */
const LARGE_SIGN = /^[∏∐∑∫∬∭∮⋀⋁⋂⋃⨁⨂]$|^\\(?:lim|max|min|sup|inf|det|gcd)$/;
const SPECIAL = /[#$%&_{}]/g;
/** Applications, products and separators that are not written: U+2061 to U+2064. */
const INVISIBLE = /[\u2061-\u2064\u200b]/g;

/** @example mathToTex(mathOf('<msup><mi>c</mi><mn>2</mn></msup>')) // 'c^2' */
export function mathToTex(math: Element): string {
  return rowOf(math, 0).replace(/ {2,}/g, ' ').trim();
}

function rowOf(parent: Element, depth: number): string {
  if (depth > MAX_DEPTH) return textOf(parent);
  return partsOf(parent).reduce((row, part) => join(row, toTex(part, depth + 1)), '');
}

// A command ends where no letter follows.
function join(before: string, after: string): string {
  return /\\[a-z]+$/i.test(before) && /^[a-z]/i.test(after) ? `${before} ${after}` : before + after;
}

function partsOf(parent: Element): Element[] {
  return parent.children.filter((child): child is Element => isTag(child) && !/^annotation/.test(child.name));
}

type Writer = (parts: readonly string[], element: Element) => string;

/** Elements of which each child has a place. */
const PLACED: Readonly<Record<string, Writer>> = {
  mfrac: ([above = '', below = '']) => `\\frac{${above}}{${below}}`,
  mroot: ([base = '', index = '']) => `\\sqrt[${index}]{${base}}`,
  msup: ([base = '', above = '']) => `${grouped(base)}^${bound(above)}`,
  msub: ([base = '', below = '']) => `${grouped(base)}_${bound(below)}`,
  msubsup: ([base = '', below = '', above = '']) => `${grouped(base)}_${bound(below)}^${bound(above)}`,
  mover: ([base = '', above = '']) =>
    LARGE_SIGN.test(base) ? `${base}^${bound(above)}` : (accented(base, above) ?? `\\overset{${above}}{${base}}`),
  munder: ([base = '', below = '']) =>
    LARGE_SIGN.test(base) ? `${base}_${bound(below)}` : `\\underset{${below}}{${base}}`,
  munderover: ([base = '', below = '', above = '']) => `${grouped(base)}_${bound(below)}^${bound(above)}`,
  mfenced: (parts, { attribs }) =>
    `${escaped(attribs['open'] ?? '(')}${parts.join(escaped(attribs['separators']?.trim()[0] ?? ','))}${escaped(attribs['close'] ?? ')')}`,
  mtr: (parts) => parts.join(' & '),
  mtable: (rows) => `\\begin{matrix} ${rows.join(' \\\\ ')} \\end{matrix}`,
};

function toTex(element: Element, depth: number): string {
  const place = PLACED[element.name];
  if (place !== undefined)
    return place(
      partsOf(element).map((part) => (depth > MAX_DEPTH ? textOf(part) : toTex(part, depth + 1))),
      element,
    );
  const text = textOf(element).replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
  switch (element.name) {
    case 'mi':
      if (FUNCTIONS.has(text)) return `\\${text}`;
      return /^[a-z]{2,}$/i.test(text) ? `\\mathrm{${text}}` : escaped(text);
    case 'mo':
      return FUNCTIONS.has(text) ? `\\${text}` : escaped(text);
    case 'mn':
      return escaped(text);
    case 'mtext':
    case 'ms':
      return text === '' ? ' ' : `\\text{${escaped(text)}}`;
    case 'mspace':
      return ' ';
    case 'mphantom':
      return '';
    case 'msqrt':
      return `\\sqrt{${rowOf(element, depth)}}`;
    default:
      return rowOf(element, depth);
  }
}

/** One letter, sign or command needs no braces. */
function isOne(tex: string): boolean {
  return [...tex].length === 1 || /^\\[a-z]+$/i.test(tex);
}

function grouped(base: string): string {
  return isOne(base) || /^[\d.]+$/.test(base) || /^\\(?:mathrm|text)\{[^{}]*\}$/.test(base) ? base : `{${base}}`;
}

function bound(tex: string): string {
  return isOne(tex) && !tex.startsWith('\\') ? tex : `{${tex}}`;
}

const ACCENTS: Readonly<Record<string, string>> = {
  '→': 'vec',
  '¯': 'bar',
  '‾': 'overline',
  '^': 'hat',
  '˙': 'dot',
  '¨': 'ddot',
  '~': 'tilde',
  '⏞': 'overbrace',
};

function accented(base: string, above: string): string | undefined {
  const accent = ACCENTS[above];
  return accent === undefined ? undefined : `\\${accent}{${base}}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\backslash ').replace(SPECIAL, '\\$&').replace(/[−]/g, '-');
}
