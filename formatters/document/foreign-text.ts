/** Drawings and formulas in words, for forms that cannot hold them. */
import type { Element } from 'domhandler';
import { findByName, isHtml, makeElement, makeText, textOf } from './edit-tree.ts';
import { formulaCode, readMathMl } from './flow/formulas.ts';

/**
 * What stands for a drawing or formula: a picture's name, a formula's TeX as `code`; `undefined` when it has no name,
 * for then it is an ornament.
 */
export function foreignText(element: Element): Element | undefined {
  const { attribs } = element;
  if (element.name === 'math') return formulaCode(readMathMl(element));
  if (isHtml(element) || attribs['aria-hidden'] === 'true') return undefined;
  const title = findByName(element, 'title');
  const name = (attribs['aria-label'] ?? (title === undefined ? '' : textOf(title))).trim();
  return name === '' ? undefined : makeElement('span', {}, [makeText(name)]);
}
