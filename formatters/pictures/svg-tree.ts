/**
 * Reads SVG as XML of the plainest kind into a tree: strict, linear, without entities that hold entities, markup or
 * files. What others get is written anew from this tree, so that all see the same document.
 */
import { SvgError } from './svg-error.ts';

export interface SvgElement {
  readonly name: string;
  /** Values with their entities decoded, by name as written. */
  readonly attributes: Map<string, string>;
  readonly children: (SvgElement | string)[];
}

/** Beyond both a drawing costs too much to look at (threats, limits): few elements may be long, many short. */
export interface SvgLimits {
  readonly maxCharacters: number;
  readonly maxElements: number;
}

const MAX_DEPTH = 200;
/** What a drawing program declares to shorten its namespaces: few, short, and made of nothing but characters. */
const MAX_ENTITIES = 64;
const MAX_ENTITY_CHARACTERS = 256;
const MAX_REFERENCES = 10_000;

const TAG = /<([A-Za-z_][\w.:-]{0,63})((?:\s+[A-Za-z_][\w.:-]{0,63}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const END_TAG = /<\/([A-Za-z_][\w.:-]{0,63})\s*>/y;
/** External identifiers alone, no internal subset: it declares nothing and is left out. */
const PLAIN_DOCTYPE = /<!DOCTYPE\s+[\w:]+(?:\s+(?:PUBLIC|SYSTEM|"[^"<>[]*"|'[^'<>[]*'))*\s*>/y;
/** The same with entities that hold neither markup nor references. */
const DOCTYPE_WITH_ENTITIES =
  /<!DOCTYPE\s+[\w:]+(?:\s+(?:PUBLIC|SYSTEM|"[^"<>[]*"|'[^'<>[]*'))*\s*\[((?:\s+|<!ENTITY\s+[\w.-]{1,64}\s+(?:"[^"<&%]*"|'[^'<&%]*')\s*>)*)\]\s*>/y;
const ENTITY = /<!ENTITY\s+([\w.-]+)\s+(?:"([^"]*)"|'([^']*)')/g;
const ATTRIBUTE = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Parses.
 *
 * @throws SvgError when it is not well-formed, declares more than plain entities, or is too large
 */
export function parseSvg(text: string, limits: SvgLimits): SvgElement {
  return new Reader(text.replace(/^\ufeff/, ''), limits).read();
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

class Reader {
  readonly #text: string;
  readonly #open: SvgElement[] = [];
  #root: SvgElement | undefined;
  readonly #limits: SvgLimits;
  readonly #entities = new Map<string, string>();
  #at = 0;
  #elements = 0;
  #references = 0;

  constructor(text: string, limits: SvgLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  read(): SvgElement {
    while (this.#at < this.#text.length) this.#readNext();
    if (this.#root === undefined || this.#open.length > 0) throw new SvgError('the drawing ends too early');
    return this.#root;
  }

  #readNext(): void {
    const text = this.#text;
    const at = this.#at;
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      this.#addText(this.#decode(text.slice(at, end === -1 ? undefined : end)));
      this.#at = end === -1 ? text.length : end;
    } else if (text.startsWith('<!--', at)) this.#skipTo('-->');
    else if (text.startsWith('<?', at)) this.#skipTo('?>');
    else if (text.startsWith('<![CDATA[', at)) {
      this.#skipTo(']]>');
      this.#addText(text.slice(at + 9, this.#at - 3));
    } else if (text.startsWith('<!', at)) {
      this.#doctype();
    } else if (text.startsWith('</', at)) this.#close();
    else this.#start();
  }

  #start(): void {
    const match = this.#match(TAG);
    if (match === undefined) throw new SvgError('the drawing is not well-formed');
    const [, name = '', attributes = '', slash] = match;
    this.#elements += 1;
    const { maxElements, maxCharacters } = this.#limits;
    if (this.#elements > maxElements && this.#text.length > maxCharacters)
      throw new SvgError(`the drawing has over ${maxElements} elements`);
    const element: SvgElement = { name, attributes: this.#attributes(attributes), children: [] };
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root === undefined) this.#root = element;
    else throw new SvgError('the drawing has two roots');
    if (slash === '/') return;
    this.#open.push(element);
    if (this.#open.length > MAX_DEPTH) throw new SvgError(`the drawing is nested over ${MAX_DEPTH} deep`);
  }

  #close(): void {
    const match = this.#match(END_TAG);
    if (match === undefined || this.#open.pop()?.name !== match[1])
      throw new SvgError('the drawing is not well-formed');
  }

  #addText(text: string): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(text);
    else if (text.trim() !== '') throw new SvgError('the drawing has text outside of its root');
  }

  #skipTo(end: string): void {
    const at = this.#text.indexOf(end, this.#at);
    if (at === -1) throw new SvgError('the drawing is not well-formed');
    this.#at = at + end.length;
  }

  #doctype(): void {
    if (this.#root !== undefined) throw new SvgError('the drawing is not well-formed');
    if (this.#match(PLAIN_DOCTYPE) !== undefined) return;
    const match = this.#match(DOCTYPE_WITH_ENTITIES);
    if (match === undefined) throw new SvgError('the drawing declares entities that hold more than characters');
    for (const [, name, double, single] of match[1]!.matchAll(ENTITY)) {
      const value = double ?? single ?? '';
      // XML 4.2: of two declarations the first is binding.
      if (!this.#entities.has(name!)) this.#entities.set(name!, value);
      if (this.#entities.size > MAX_ENTITIES || value.length > MAX_ENTITY_CHARACTERS)
        throw new SvgError('the drawing declares too many entities, or too long ones');
    }
  }

  #attributes(text: string): Map<string, string> {
    const attributes = new Map<string, string>();
    for (const [, name, double, single] of text.matchAll(ATTRIBUTE)) {
      // XML 3.1: no name twice; which of them counts would be another question in every reader.
      if (attributes.has(name!)) throw new SvgError('the drawing is not well-formed');
      attributes.set(name!, this.#decode(double ?? single ?? ''));
    }
    return attributes;
  }

  /** XML 4.1 and 4.6: character references, the five predefined entities and those declared here. */
  #decode(text: string): string {
    if (!text.includes('&')) return text;
    return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([\w.-]{1,64}));|&/g, (_, decimal, hex, name) => {
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      if (name === undefined && code > 0 && code <= 0x10ffff && !isControl(code)) return String.fromCodePoint(code);
      const known = name === undefined ? undefined : (PREDEFINED.get(name) ?? this.#entities.get(name));
      if (known === undefined || ++this.#references > MAX_REFERENCES)
        throw new SvgError('the drawing uses an entity that it does not declare, or too many');
      return known;
    });
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

/** XML 2.2: characters that may not be in a document even by reference; and halves of characters. */
function isControl(code: number): boolean {
  return (code < 0x20 && code !== 9 && code !== 10 && code !== 13) || (code >= 0xd800 && code <= 0xdfff);
}
