/**
 * How many elements a renderer must draw when every reference is followed (threat 40): nine levels of ten copies are a
 * thousand million. Copies, patterns, masks, clips, markers and filters all count, whoever names them. Of a drawing that
 * has been rebuilt: its elements have the names of SVG.
 */
import type { SvgElement } from './svg-tree.ts';

/** Drawn only where something refers to it. */
const ON_DEMAND = new Set('defs symbol pattern mask clipPath marker filter linearGradient radialGradient'.split(' '));
/** A filter primitive touches every pixel, several times. */
const PRIMITIVE_WEIGHT = 50;
const OVER = Number.POSITIVE_INFINITY;

/**
 * Elements to be drawn, saturating.
 *
 * @returns `Infinity` beyond `limit`, and for a circle of references
 */
export function expandedWeight(root: SvgElement, limit: number): number {
  return new Weigher(root, limit).weigh();
}

class Weigher {
  readonly #root: SvgElement;
  readonly #limit: number;
  readonly #byId = new Map<string, SvgElement>();
  /** Identifiers that style rules add to elements, by class; under `*` for rules with other selectors. */
  readonly #byClass = new Map<string, string[]>();
  readonly #known = new Map<SvgElement, number>();
  readonly #under = new Set<SvgElement>();

  constructor(root: SvgElement, limit: number) {
    this.#root = root;
    this.#limit = limit;
    this.#index(root);
  }

  weigh(): number {
    return this.#weightOf(this.#root);
  }

  #index(element: SvgElement): void {
    const id = element.attributes.get('id');
    if (id !== undefined && !this.#byId.has(id)) this.#byId.set(id, element);
    for (const child of element.children) {
      if (typeof child !== 'string') this.#index(child);
      else if (element.name === 'style') this.#indexRules(child);
    }
  }

  #indexRules(css: string): void {
    for (const [, selectors = '', body = ''] of css.matchAll(/([^{}]{0,2000})\{([^{}]*)\}/g)) {
      const named = namesIn(body);
      if (named.length === 0) continue;
      for (const selector of selectors.split(',')) {
        const key = /^\s*[\w-]*\.([\w-]+)\s*$/.exec(selector)?.[1] ?? '*';
        this.#byClass.set(key, [...(this.#byClass.get(key) ?? []), ...named]);
      }
    }
  }

  #weightOf(element: SvgElement): number {
    const known = this.#known.get(element);
    if (known !== undefined) return known;
    if (this.#under.has(element)) return OVER;
    this.#under.add(element);
    let weight = element.name.startsWith('fe') ? PRIMITIVE_WEIGHT : 1;
    for (const child of element.children)
      if (typeof child !== 'string' && !ON_DEMAND.has(child.name)) weight += this.#weightOf(child);
    for (const name of this.#namesOf(element)) {
      const target = this.#byId.get(name);
      if (target !== undefined) weight += this.#weightOf(target);
    }
    this.#under.delete(element);
    const saturated = weight > this.#limit ? OVER : weight;
    this.#known.set(element, saturated);
    return saturated;
  }

  #namesOf(element: SvgElement): string[] {
    const address = element.attributes.get('href') ?? element.attributes.get('xlink:href');
    const names = address?.startsWith('#') ? [address.slice(1)] : [];
    for (const value of element.attributes.values()) names.push(...namesIn(value));
    const classes = (element.attributes.get('class') ?? '').split(/\s+/);
    for (const each of [...classes, '*']) names.push(...(this.#byClass.get(each) ?? []));
    return names;
  }
}

function namesIn(text: string): string[] {
  return text.includes('#') ? [...text.matchAll(/url\(\s*["']?#([^"')\s]+)/gi)].map((match) => match[1]!) : [];
}
