/**
 * A drawing as it leaves: rebuilt from an allow-list (threats 34 and 37), named for screen readers, with patterns where
 * there are no colours, and without what draws nothing.
 */
import { escapeHtml } from '../data/escape-html.ts';
import type { Screen } from './canvas.ts';
import { patternElement, patternNumber } from './palette.ts';
import { readSvg, type SvgNode, writeSvg } from './svg-nodes.ts';

const ELEMENTS = new Set(
  'svg g path rect line circle text tspan defs clipPath linearGradient radialGradient stop'.split(' '),
);
const ATTRIBUTES = new Set(
  (
    'width height viewBox transform d x y x1 y1 x2 y2 dx dy r rx ry cx cy fx fy offset id clip-path fill fill-opacity stroke stroke-opacity ' +
    'stroke-width stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity text-anchor font-family ' +
    'font-size font-weight font-style letter-spacing gradientUnits spreadMethod gradientTransform stop-color stop-opacity direction'
  ).split(' '),
);
const NUMERIC = new Set('transform d x y x1 y1 x2 y2 dx dy width height font-size'.split(' '));
/** What an attribute need not say. */
const DEFAULTS: Readonly<Record<string, string>> = {
  opacity: '1',
  'stroke-width': '1',
  'stroke-miterlimit': '4',
  'text-anchor': 'start',
  transform: 'translate(0,0)',
};
// XML 2.2: a document with such characters is none.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
const LOCAL = /^url\(#[\w-]+\)$/;

export interface Finish {
  readonly title: string;
  readonly description: string;
  readonly screen: Screen;
  readonly fonts: string;
}

/** @throws SyntaxError where the text is no drawing of the library's */
export function finishSvg(text: string, finish: Finish): string {
  const root = readSvg(text.replace(NOT_XML, '').toWellFormed());
  const width = Math.round(Number(root.attributes.get('width')));
  const height = Math.round(Number(root.attributes.get('height')));
  // Several charts beside each other may be wider than the screen.
  const { colors, maxWidth } = finish.screen;
  const scale = finish.screen.scale * Math.min(1, maxWidth / width);
  const patterns = new Set<number>();
  const children = root.children.flatMap((child) => clean(child, finish, patterns));
  const defs = [...patterns]
    .sort((a, b) => a - b)
    .map(patternElement)
    .join('');
  const title = escapeHtml(finish.title);
  const description = escapeHtml(finish.description);
  const attributes = [
    'xmlns="http://www.w3.org/2000/svg"',
    `width="${Math.round(width * scale)}" height="${Math.round(height * scale)}" viewBox="0 0 ${width} ${height}"`,
    // Where there is only black, a smooth edge would be made of dots.
    ...(colors === 'mono' ? ['shape-rendering="crispEdges"'] : []),
    `role="img" aria-label="${title}. ${description}" font-family="${escapeHtml(finish.fonts)}"`,
  ];
  const content = children.map((child) => (typeof child === 'string' ? child : writeSvg(child))).join('');
  return `<svg ${attributes.join(' ')}><title>${title}</title><desc>${description}</desc>${defs === '' ? '' : `<defs>${defs}</defs>`}<rect width="${width}" height="${height}" fill="#fff"/>${content}</svg>`;
}

function clean(node: SvgNode | string, finish: Finish, patterns: Set<number>): (SvgNode | string)[] {
  if (typeof node === 'string') return [node];
  if (!ELEMENTS.has(node.name) || drawsNothing(node)) return [];
  const children = node.children.flatMap((child) => clean(child, finish, patterns));
  const attributes = cleanAttributes(node, finish, patterns);
  if (node.name === 'g' && children.length === 0) return [];
  if (node.name === 'g' && attributes.size === 0) return children;
  return [{ name: node.name, attributes, children }];
}

function drawsNothing({ name, attributes }: SvgNode): boolean {
  if (attributes.get('display') === 'none' || attributes.get('opacity') === '0') return true;
  const path = attributes.get('d');
  if (name === 'path' && (path === undefined || path === '' || /^M0,0h0v0h0Z$/.test(path))) return true;
  // Grounds of groups catch the pointer; they are seen only where they have a colour.
  return attributes.get('class') === 'background' && !attributes.has('fill') && !attributes.has('stroke');
}

function cleanAttributes(
  { attributes }: SvgNode,
  { screen: { colors }, fonts }: Finish,
  patterns: Set<number>,
): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of attributes) {
    if (!ATTRIBUTES.has(name) || DEFAULTS[name] === value) continue;
    if (name === 'font-family' && value === fonts) continue;
    if (/url\(|javascript|expression/i.test(value) && !LOCAL.test(value)) continue;
    const pattern = colors === 'mono' && (name === 'fill' || name === 'stroke') ? patternNumber(value) : undefined;
    if (pattern === undefined) kept.set(name, NUMERIC.has(name) ? shortNumbers(value) : value);
    else if (name === 'stroke') kept.set(name, '#000');
    else {
      patterns.add(pattern);
      kept.set(name, `url(#p${pattern})`);
    }
  }
  return kept;
}

/** Hundredths of a pixel are enough. */
function shortNumbers(text: string): string {
  return text.replace(/-?\d*\.\d{3,}(?:e-?\d+)?|-?\d+e-\d+/g, (number) =>
    String(Math.round(Number(number) * 100) / 100),
  );
}
