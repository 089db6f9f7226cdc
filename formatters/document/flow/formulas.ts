/** Formulas as TeX, wherever the page keeps it. */
import { type Element, hasChildren, isTag, type ParentNode } from 'domhandler';
import { stripControls } from '../control-sequences.ts';
import { findByName, makeElement, makeText, textOf } from '../edit-tree.ts';
import { mathToTex } from '../math-to-tex.ts';
import type { FormulaPiece } from './model.ts';

const MAX_TEX = 10_000;
// What mathematical typesetters draw beside the MathML or TeX that says the same.
const DRAWN = /(?:^|\s)(?:katex-html|MathJax(?:_Preview|_SVG|_CHTML)?|mjx-chtml)(?:\s|$)/;
const HIDDEN = /\b(?:mwe-math-mathml|katex-mathml|MJX_Assistive_MathML)/;
/** Classes of `code` that is TeX, whoever wrote them. */
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
  return makeElement('code', { class: formulaClass(formula) }, [makeText(formula.tex)]);
}

/** The class by which we tell that something is a formula, and of which kind. */
export function formulaClass({ display }: FormulaPiece): string {
  return display ? 'math display' : 'math';
}

/** True for what `formulaClass` gives. */
export function isFormulaClass(classes: string): boolean {
  return classes === 'math' || classes === 'math display';
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

/**
 * Elements that hold a formula in MathML or as TeX, and parents of scripts with one: what draws a formula in one of them is not
 * needed. In one walk, since a page may have thousands of drawings (threat 42).
 */
export function placesOfFormulas(root: ParentNode): ReadonlySet<ParentNode> {
  const places = new Set<ParentNode>();
  findPlaces(root, places);
  return places;
}

function findPlaces(parent: ParentNode, places: Set<ParentNode>): boolean {
  let holds = false;
  for (const child of parent.children) {
    if (!isTag(child)) {
      if (hasChildren(child) && findPlaces(child, places)) holds = true;
      continue;
    }
    if (/^math\/tex/i.test(child.attribs['type'] ?? '')) places.add(parent);
    const isSaid = child.name === 'math' || (child.name === 'code' && MATH_CODE.test(child.attribs['class'] ?? ''));
    if (findPlaces(child, places) || isSaid) holds = true;
  }
  if (holds) places.add(parent);
  return holds;
}

function makeFormula(text: string, display: boolean): FormulaPiece | undefined {
  const tex = stripControls(text.replace(/\s+/g, ' '))
    .replace(/^\s*\{\\displaystyle\s+([\s\S]*)\}\s*$/, '$1')
    .trim()
    .slice(0, MAX_TEX);
  return tex === '' ? undefined : { kind: 'formula', tex, display };
}
