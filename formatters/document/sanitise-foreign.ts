/** Drawings (SVG) and formulas (MathML) cut down to shapes, text and signs. */
import { type ChildNode, Element, isTag, isText } from 'domhandler';
import { safeName } from './clobbering.ts';
import { makeText, setChildren, textOf } from './edit-tree.ts';
import { sanitiseCss } from './sanitise-css.ts';
import { MATHML_ATTRIBUTES, MATHML_ELEMENTS, SVG_ATTRIBUTES, SVG_ELEMENTS } from './sanitise-policy.ts';

const SVG = 'http://www.w3.org/2000/svg';
const MATHML = 'http://www.w3.org/1998/Math/MathML';
// HTML would be parsed as HTML in these: they hold text alone (mutation XSS).
const TEXT_ONLY = new Set(['annotation', 'desc', 'mi', 'mn', 'mo', 'ms', 'mtext', 'title']);
/** Elements of one drawing: `use` could unfold without end, so it may only point, and there may be only so many. */
const MAX_ELEMENTS = 2000;
const MAX_USES = 100;

/** A drawing or formula rebuilt, or `undefined` when it is none or too large. */
export function sanitiseForeign(root: Element): Element | undefined {
  const isSvg = root.namespace === SVG && root.name === 'svg';
  if (!isSvg && !(root.namespace === MATHML && root.name === 'math')) return undefined;
  const count = { elements: 0, uses: 0 };
  const rebuilt = rebuild(root, isSvg, count);
  return count.elements > MAX_ELEMENTS || count.uses > MAX_USES ? undefined : rebuilt;
}

function rebuild(element: Element, isSvg: boolean, count: { elements: number; uses: number }): Element {
  count.elements++;
  if (element.name === 'use') count.uses++;
  const next = new Element(element.name, foreignAttributes(element, isSvg), []);
  if (element.namespace !== undefined) next.namespace = element.namespace;
  const children: ChildNode[] = [];
  if (count.elements <= MAX_ELEMENTS) {
    const allowed = isSvg ? SVG_ELEMENTS : MATHML_ELEMENTS;
    if (TEXT_ONLY.has(element.name)) children.push(makeText(textOf(element)));
    else
      for (const child of element.children) {
        if (isText(child)) children.push(makeText(child.data));
        else if (isTag(child) && child.namespace === element.namespace && allowed.has(child.name))
          children.push(rebuild(child, isSvg, count));
      }
  }
  setChildren(next, children);
  return next;
}

function foreignAttributes(element: Element, isSvg: boolean): Record<string, string> {
  const kept: Record<string, string> = Object.create(null);
  const allowed = isSvg ? SVG_ATTRIBUTES : MATHML_ATTRIBUTES;
  for (const name in element.attribs) {
    const value = element.attribs[name]!;
    if (name === 'href' || name === 'xlink:href') {
      // `use` and gradients point within the page; anything else would fetch.
      if (isSvg && element.name !== 'svg' && value.startsWith('#'))
        kept['href'] = `#${safeName(value.slice(1), element.name)}`;
    } else if (name === 'id') kept[name] = safeName(value, element.name);
    // A sheet of icons hides itself so, to be pointed into.
    else if (name === 'style' && isSvg) kept[name] = sanitiseCss(value).trim();
    else if ((allowed.has(name) || /^aria-[a-z]+$/.test(name)) && isPlain(value)) kept[name] = value;
  }
  return kept;
}

/** True for a value that names no address outside the page: `fill="url(#g)"` is fine. */
function isPlain(value: string): boolean {
  return !/url\s*\(\s*(?!\s*["']?#)|\\|[<>]|\/\*|(?:java|vb)script:/i.test(value);
}
