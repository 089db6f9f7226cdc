/** Formulas as TeX, wherever the page keeps it. */
import type { Element } from 'domhandler';
import { stripControls } from '../control-sequences.ts';
import { findByName, textOf } from '../edit-tree.ts';
import { mathToTex } from '../math-to-tex.ts';
import type { FormulaPiece } from './model.ts';

const MAX_TEX = 10_000;
// What mathematical typesetters draw beside the MathML or TeX that says the same.
const DRAWN = /(?:^|\s)(?:katex-html|MathJax(?:_Preview|_SVG|_CHTML)?|mjx-chtml)(?:\s|$)/;
const PICTURED = /(?:^|\s)(?:mwe-math-fallback-image-(?:inline|display)|latex|tex|math)(?:\s|$)/;

/** The formula that a `math` element is. */
export function readMathMl(element: Element): FormulaPiece | undefined {
  const annotation = findByName(element, 'annotation', (each) => /tex/i.test(each.attribs['encoding'] ?? ''));
  const given = annotation === undefined ? element.attribs['alttext'] : textOf(annotation);
  const display = element.attribs['display'] === 'block' || element.attribs['mode'] === 'display';
  return makeFormula(given ?? mathToTex(element), display);
}

/** The formula in a script that a typesetter would have read (`math/tex`). */
export function readMathScript(element: Element): FormulaPiece | undefined {
  const type = element.attribs['type'] ?? '';
  if (!/^math\/tex/i.test(type)) return undefined;
  const text = element.children.map((child) => ('data' in child ? child.data : '')).join('');
  return makeFormula(text, /mode=display/i.test(type));
}

/** The formula that a picture shows, when the picture says so. */
export function readMathPicture(element: Element): FormulaPiece | undefined {
  const { alt, class: classes } = element.attribs;
  if (classes === undefined || !alt || !PICTURED.test(classes)) return undefined;
  return makeFormula(alt, /display/.test(classes));
}

/** True for what only draws a formula that is said in MathML or TeX next to it. */
export function isDrawnFormula(element: Element): boolean {
  const classes = element.attribs['class'];
  return classes !== undefined && DRAWN.test(classes);
}

function makeFormula(text: string, display: boolean): FormulaPiece | undefined {
  const tex = stripControls(text.replace(/\s+/g, ' '))
    .replace(/^\s*\{\\displaystyle\s+([\s\S]*)\}\s*$/, '$1')
    .trim()
    .slice(0, MAX_TEX);
  return tex === '' ? undefined : { kind: 'formula', tex, display };
}
