/**
 * A drawing made anew from what of it is known to be harmless (threats 34, 35 and 37): a copy by allow-list, never the
 * original with parts taken out. What is not in the namespace of SVG goes, whatever it is called.
 */
import { rewriteCssUrls } from '../../core/links/css-urls.ts';
import { readPixels } from '../pool/estimate.ts';
import {
  ANIMATED_ATTRIBUTES,
  MOTION_ATTRIBUTES,
  MOTION_ELEMENTS,
  PICTURES,
  SVG_ATTRIBUTES,
  SVG_ELEMENTS,
  TEXT_ONLY,
} from './svg-policy.ts';
import type { SvgElement } from './svg-tree.ts';

export interface RebuildOptions {
  /** Motion is left out. */
  readonly still: boolean;
}

const SVG = 'http://www.w3.org/2000/svg';
const XLINK = 'http://www.w3.org/1999/xlink';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** A picture within a drawing is decoded by whoever draws it: small ones of the plain kinds only. */
const EMBEDDED = /^data:image\/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]*)$/i;
const FONT = /^data:(?:font\/[\w+-]+|application\/(?:x-)?font[\w+-]*)[;,]/i;
const MAX_EMBEDDED_PIXELS = 4_000_000;
const MAX_EMBEDDED_PICTURES = 64;
/** Octaves beyond are finer than any pixel, but each costs as much as the first. */
const MAX_OCTAVES = 8;
/** Old browsers run these; imports fetch. */
const REFUSED_NAMES: ReadonlySet<string> = new Set([
  '@import',
  '-moz-binding',
  '-ms-behavior',
  'behavior',
  'behaviour',
  'expression',
  'progid',
]);

/** The copy, or `undefined` where the root is no drawing. The tree must be of bounded depth. */
export function rebuildSvg(root: SvgElement, options: RebuildOptions): SvgElement | undefined {
  return new Rebuilder(options).rebuildRoot(root);
}

class Rebuilder {
  readonly #still: boolean;
  #embedded = 0;
  #usesXlink = false;

  constructor({ still }: RebuildOptions) {
    this.#still = still;
  }

  rebuildRoot(root: SvgElement): SvgElement | undefined {
    // A drawing that declares no namespace is taken for what it is meant to be.
    const scope = scopeOf(
      root,
      new Map([['xml', XML], ['xlink', XLINK], ...(root.name === 'svg' ? [['', SVG] as const] : [])]),
    );
    if (nameOf(root, scope) !== 'svg') return undefined;
    const { attributes, children } = this.#rebuild(root, scope, 'svg');
    const declared: [string, string][] = [
      ['xmlns', SVG],
      ...(this.#usesXlink ? [['xmlns:xlink', XLINK] as [string, string]] : []),
    ];
    return { name: 'svg', attributes: new Map([...declared, ...attributes]), children };
  }

  #rebuild(element: SvgElement, scope: Scope, name: string): SvgElement {
    const attributes = MOTION_ELEMENTS.has(name)
      ? this.#motionAttributes(element, scope)
      : this.#attributes(element, scope, name);
    const children: (SvgElement | string)[] = [];
    for (const child of element.children) {
      if (typeof child === 'string') children.push(name === 'style' ? cleanCss(child) : child);
      else if (!TEXT_ONLY.has(name)) children.push(...this.#child(child, scope));
    }
    return { name, attributes, children };
  }

  #child(child: SvgElement, outer: Scope): SvgElement[] {
    const scope = scopeOf(child, outer);
    const name = nameOf(child, scope);
    // A link leads out of the drawing; what it holds is drawn all the same.
    if (name === 'a') return [this.#rebuild(child, scope, 'g')];
    if (name === undefined || !(SVG_ELEMENTS.has(name) || (MOTION_ELEMENTS.has(name) && !this.#still))) return [];
    if (name === 'style' && !/^\s*(?:text\/css\s*)?$/i.test(child.attributes.get('type') ?? '')) return [];
    const rebuilt = this.#rebuild(child, scope, name);
    const isEmptyPicture =
      PICTURES.has(name) && !rebuilt.attributes.has('href') && !rebuilt.attributes.has('xlink:href');
    return isEmptyPicture || isMotionless(rebuilt) ? [] : [rebuilt];
  }

  #attributes(element: SvgElement, scope: Scope, name: string): Map<string, string> {
    const kept = new Map<string, string>();
    for (const [written, value] of element.attributes) {
      const attribute = attributeOf(written, scope);
      if (attribute === 'href' || attribute === 'xlink:href') this.#keepAddress(kept, { attribute, value, name });
      else if (attribute === 'numOctaves')
        kept.set(attribute, String(Math.min(MAX_OCTAVES, Number.parseInt(value, 10) || 0)));
      else if (attribute === 'style') kept.set(attribute, cleanCss(value));
      else if (isKept(attribute) && isPlain(value)) kept.set(attribute, cleanValue(value));
    }
    return kept;
  }

  #motionAttributes(element: SvgElement, scope: Scope): Map<string, string> {
    const kept = new Map<string, string>();
    for (const [written, value] of element.attributes) {
      const attribute = attributeOf(written, scope);
      if (attribute === 'href' || attribute === 'xlink:href')
        this.#keepAddress(kept, { attribute, value, name: element.name });
      else if (attribute === 'attributeName' && !ANIMATED_ATTRIBUTES.has(value.trim())) return new Map();
      else if (attribute !== undefined && MOTION_ATTRIBUTES.has(attribute) && isPlain(value))
        kept.set(attribute, cleanValue(value));
    }
    return kept;
  }

  /** Within the drawing, or of an element that shows pictures a small picture in the address itself. */
  #keepAddress(
    kept: Map<string, string>,
    { attribute, value, name }: { attribute: string; value: string; name: string },
  ): void {
    const address = value.trim();
    const isPicture = PICTURES.has(name) && !address.startsWith('#');
    if (isPicture && !(isSmallPicture(address) && this.#embedded++ < MAX_EMBEDDED_PICTURES)) return;
    if (!isPicture && !/^#[^\s"'<>\\]+$/.test(address)) return;
    if (attribute === 'xlink:href') this.#usesXlink = true;
    kept.set(attribute, address);
  }
}

/** Namespaces by prefix; the default one under an empty name. */
type Scope = ReadonlyMap<string, string>;

function scopeOf({ attributes }: SvgElement, outer: Scope): Scope {
  const declared = [...attributes].filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'));
  return declared.length === 0
    ? outer
    : new Map([...outer, ...declared.map(([name, value]) => [name.slice('xmlns:'.length), value.trim()] as const)]);
}

/** Local name of an element of SVG. */
function nameOf({ name }: SvgElement, scope: Scope): string | undefined {
  const [prefix, local] = name.includes(':') ? name.split(/:(.*)/s) : ['', name];
  return scope.get(prefix!) === SVG ? local : undefined;
}

/** The name an attribute is written with; `undefined` in a namespace that draws nothing. */
function attributeOf(written: string, scope: Scope): string | undefined {
  if (!written.includes(':')) return written === 'xmlns' ? undefined : written;
  const [prefix = '', local = ''] = written.split(/:(.*)/s);
  const namespace = scope.get(prefix);
  if (namespace === XLINK) return local === 'href' ? 'xlink:href' : undefined;
  // `xml:base` would give all other addresses another meaning.
  return namespace === XML && (local === 'space' || local === 'lang') ? `xml:${local}` : undefined;
}

function isKept(attribute: string | undefined): attribute is string {
  return (
    attribute !== undefined && (SVG_ATTRIBUTES.has(attribute) || /^(?:aria-[a-z]+|xml:(?:space|lang))$/.test(attribute))
  );
}

/** No attribute that is kept means an address: what looks like one that runs is no value of it. */
function isPlain(value: string): boolean {
  return !/(?:java|vb|live)script:|data:(?:text|application)\//i.test(value.replace(/[\0-\x20]/g, ''));
}

function cleanValue(value: string): string {
  return /[(\\@]/.test(value) ? cleanCss(value) : value;
}

/** CSS that points into the drawing alone; fonts and pictures may be in the address itself. */
function cleanCss(css: string): string {
  const clean = rewriteCssUrls(
    css,
    (url, place) =>
      place === 'url' && (url.startsWith('#') || FONT.test(url) || isSmallPicture(url)) ? url : undefined,
    REFUSED_NAMES,
  );
  return isPlain(clean) ? clean : '';
}

function isSmallPicture(address: string): boolean {
  const match = EMBEDDED.exec(address);
  if (match === null) return false;
  return (readPixels(Buffer.from(match[1]!, 'base64')) ?? Number.POSITIVE_INFINITY) <= MAX_EMBEDDED_PIXELS;
}

function isMotionless({ name, attributes }: SvgElement): boolean {
  return MOTION_ELEMENTS.has(name) && attributes.size === 0;
}
