/**
 * What a page hides from people and not from machines (threat 36): text that nobody sees must not reach an agent as if
 * the page said it.
 */
import type { Element } from 'domhandler';
import { isHidden } from '../furniture.ts';

const CONCEALING = new RegExp(
  [
    'visibility\\s*:\\s*collapse',
    'content-visibility\\s*:\\s*hidden',
    'font-size\\s*:\\s*(?:0|\\.0+|[01](?:\\.\\d+)?px|0(?:\\.0+)?[a-z%]*)\\s*(?:!|;|$)',
    'color\\s*:\\s*(?:transparent|rgba\\([^)]*,\\s*0?\\.?0+\\s*\\))',
    '(?:left|right|top|bottom|text-indent|margin-left|margin-top)\\s*:\\s*-\\d{3,}(?:\\.\\d+)?(?:px|em|rem|pt|vw|vh|%)',
    'clip\\s*:\\s*rect\\(\\s*[01](?:px)?\\s*[, ]\\s*[01](?:px)?\\s*[, ]\\s*[01](?:px)?\\s*[, ]\\s*[01](?:px)?\\s*\\)',
    'clip-path\\s*:\\s*(?:inset\\(\\s*(?:50|100)%|circle\\(\\s*0)',
    'transform\\s*:\\s*scale[xy]?\\(\\s*0\\s*[,)]',
  ]
    .map((rule) => `(?:^|[;\\s])${rule}`)
    .join('|'),
  'i',
);
const TRANSPARENT = /(?:^|[;\s])opacity\s*:\s*(?:0(?:\.0*)?|\.0+)%?\s*(?:!|;|$)/i;
// Pages that fade in start like this; a script would have ended it.
const MOVING = /(?:^|[;\s-])(?:transform|transition|animation|will-change|filter)\s*:/i;
const NO_SIZE = /(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*[01](?:px|em|rem|pt|%)?\s*(?:!|;|$)/i;
const CUT_OFF = /(?:^|[;\s])overflow(?:-[xy])?\s*:\s*(?:hidden|clip)/i;
const INK = /(?:^|[;\s])color\s*:\s*([^;!]+)/i;
const PAPER = /(?:^|[;\s])background(?:-color)?\s*:\s*([^;!]+)/i;

/** True when an element says of itself, by attribute or style, that nobody is to see it. */
export function isConcealed(element: Element): boolean {
  const { style, hidden } = element.attribs;
  if (style === undefined && hidden === undefined) return element.name === 'dialog' && !('open' in element.attribs);
  if (isHidden(element)) return true;
  if (style === undefined) return false;
  const css = plainCss(style);
  if (css !== style && isHidden({ attribs: { style: css } } as unknown as Element)) return true;
  if (CONCEALING.test(css)) return true;
  if (TRANSPARENT.test(css) && !MOVING.test(css)) return true;
  return (NO_SIZE.test(css) && CUT_OFF.test(css)) || isInkOnInk(css);
}

function isInkOnInk(css: string): boolean {
  const ink = INK.exec(css)?.[1];
  return ink !== undefined && plainColour(ink) === plainColour(PAPER.exec(css)?.[1] ?? 'none');
}

function plainColour(colour: string): string {
  const plain = colour.trim().toLowerCase();
  if (plain === 'white') return '#ffffff';
  if (plain === 'black') return '#000000';
  return /^#[0-9a-f]{3}$/.test(plain) ? plain.replace(/[0-9a-f]/g, '$&$&') : plain;
}

// `dis\70lay:/**/none` is the same to a browser.
function plainCss(css: string): string {
  if (!css.includes('\\') && !css.includes('/*')) return css;
  return css
    .replace(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, '')
    .replace(/\\([0-9a-f]{1,6})\s?/gi, (_, hex: string) => {
      const code = Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    })
    .replace(/\\(.)/g, '$1');
}
