/** Formulas as TeX, wherever the page keeps it. */
import { type Element, isTag } from 'domhandler';
import { stripControls } from '../control-sequences.ts';
import { findByName, makeElement, makeText, textOf } from '../edit-tree.ts';
import { mathToTex } from '../math-to-tex.ts';
import type { FormulaPiece } from './model.ts';

const MAX_TEX = 10_000;
// What mathematical typesetters draw beside the MathML or TeX that says the same.
const DRAWN = /(?:^|\s)(?:katex-html|MathJax(?:_Preview|_SVG|_CHTML)?|mjx-chtml)(?:\s|$)/;
const HIDDEN = /\b(?:mwe-math-mathml|katex-mathml|MJX_Assistive_MathML)/;
const MATH_CODE = /(?:^|\s)(?:language-)?math(?:\s|$)/;
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

/** A formula as TeX in `code`, for forms that hold no others; `readMathCode` finds it again. */
export function formulaCode(formula: FormulaPiece | undefined): Element | undefined {
  if (formula === undefined) return undefined;
  return makeElement('code', { class: formula.display ? 'math display' : 'math' }, [makeText(formula.tex)]);
}

/** The formula in `code` that says it is TeX: ours, or as forges and Pandoc write it. */
export function readMathCode(element: Element): FormulaPiece | undefined {
  const classes = element.attribs['class'];
  if (classes === undefined || !MATH_CODE.test(classes)) return undefined;
  return makeFormula(textOf(element), /\bdisplay\b/.test(classes));
}

/** True for MathML that is hidden because it is drawn beside: where a picture draws it that says the same, it is not needed. */
export function isHiddenFormula({ attribs, next }: Element): boolean {
  if (!HIDDEN.test(attribs['class'] ?? '')) return false;
  return next === null || !isTag(next) || next.name !== 'img';
}

/** True where the same is said in MathML or TeX beside what draws it. */
export function isSaidBeside({ parent }: Element): boolean {
  return parent?.children.some((each) => isTag(each) && (isSaid(each) || holdsSaid(each))) ?? false;
}

function isSaid({ name, attribs }: Element): boolean {
  if (name === 'code') return MATH_CODE.test(attribs['class'] ?? '');
  return name === 'math' || /^math\/tex/i.test(attribs['type'] ?? '');
}

function holdsSaid(parent: Element): boolean {
  return findByName(parent, 'math') !== undefined || findByName(parent, 'code', isSaid) !== undefined;
}

function makeFormula(text: string, display: boolean): FormulaPiece | undefined {
  const tex = stripControls(text.replace(/\s+/g, ' '))
    .replace(/^\s*\{\\displaystyle\s+([\s\S]*)\}\s*$/, '$1')
    .trim()
    .slice(0, MAX_TEX);
  return tex === '' ? undefined : { kind: 'formula', tex, display };
}
