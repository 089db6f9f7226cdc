/** Leaves out of a drawing what a picture of it does not need and what leads out of it, and writes it for the renderer. */
import { readPixels } from '../pool/estimate.ts';
import type { SvgElement } from './svg-tree.ts';

/** Local names of elements that draw nothing, run code or bring in other documents. */
const LEFT_OUT = new Set(
  'script foreignobject handler iframe object embed audio video animate animatemotion animatetransform animatecolor set discard metadata'.split(
    ' ',
  ),
);
/** Elements whose address may be a picture of its own. */
const PICTURES = new Set(['image', 'feimage']);
/** A picture within a drawing is decoded by the renderer: small ones of the plain kinds only. */
const EMBEDDED = /^data:image\/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]*)$/i;
const MAX_EMBEDDED_PIXELS = 4_000_000;
const MAX_EMBEDDED_PICTURES = 64;

/** Local name in lower case. */
export function localName({ name }: SvgElement): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

/** The address of an element (`href`, `xlink:href`), without space around it. */
export function addressOf(element: SvgElement): string | undefined {
  for (const [name, value] of element.attributes) if (isAddress(name)) return value.trim();
  return undefined;
}

/** Takes out elements and attributes in place. The tree is at most 200 deep. */
export function cleanSvg(root: SvgElement): void {
  let embedded = 0;
  const clean = (element: SvgElement): void => {
    cleanAttributes(element);
    const kept = element.children.filter((child) => {
      if (typeof child === 'string') return true;
      const name = localName(child);
      if (LEFT_OUT.has(name)) return false;
      if (!PICTURES.has(name) || addressOf(child)?.startsWith('#')) return true;
      embedded += 1;
      return embedded <= MAX_EMBEDDED_PICTURES && isSmallPicture(addressOf(child));
    });
    element.children.splice(0, element.children.length, ...kept);
    for (const [at, child] of element.children.entries()) {
      if (typeof child !== 'string') clean(child);
      else if (localName(element) === 'style') element.children[at] = cleanCss(child);
    }
  };
  clean(root);
}

/** Writes the tree as XML in UTF-8, without declaration. */
export function serialiseSvg({ name, attributes, children }: SvgElement): string {
  const written = [...attributes].map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('');
  const content = children
    .map((child) => (typeof child === 'string' ? escapeXml(child) : serialiseSvg(child)))
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

function cleanAttributes(element: SvgElement): void {
  const isPicture = PICTURES.has(localName(element));
  for (const [name, value] of element.attributes) {
    const isOutside = isAddress(name) && !value.trim().startsWith('#') && !isPicture;
    if (/^on/i.test(name) || isOutside || name === 'xml:base') element.attributes.delete(name);
    // Octaves beyond are finer than any pixel, but each costs as much as the first.
    else if (name === 'numOctaves' && !/^\s*[0-8]\s*$/.test(value)) element.attributes.set(name, '8');
    else if (/url\(|@import/i.test(value)) element.attributes.set(name, cleanCss(value));
  }
}

/** The renderer has no base address and loads nothing; it need not even be asked. */
function cleanCss(text: string): string {
  return text.replace(/@import[^;]*;?/gi, '').replace(/url\(\s*["']?(?!\s*["']?#)[^)]*\)/gi, 'none');
}

function isAddress(name: string): boolean {
  return /^(?:[\w.-]+:)?(?:href|src)$/i.test(name);
}

function isSmallPicture(address: string | undefined): boolean {
  const match = EMBEDDED.exec(address ?? '');
  if (match === null) return false;
  return (readPixels(Buffer.from(match[1]!, 'base64')) ?? Number.POSITIVE_INFINITY) <= MAX_EMBEDDED_PIXELS;
}

function escapeXml(text: string): string {
  return (
    text
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
      // XML 2.2: a document with such characters is none.
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
  );
}
