/**
 * Reads SVG as XML of the plainest kind into a tree: strict, linear, without entities of its own. What the renderer gets
 * is written anew from this tree, so that both see the same document.
 */
import { hostile } from './svg-refusal.ts';

export interface SvgElement {
  readonly name: string;
  /** Values with their entities decoded, by name as written. */
  readonly attributes: Map<string, string>;
  readonly children: (SvgElement | string)[];
}

/** Beyond both a drawing costs too much to look at (threats, limits): few elements may be long, many short. */
const MAX_CHARACTERS = 65_536;
const MAX_ELEMENTS = 2000;
const MAX_DEPTH = 200;

const TAG = /<([A-Za-z_][\w.:-]{0,63})((?:\s+[A-Za-z_][\w.:-]{0,63}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const END_TAG = /<\/([A-Za-z_][\w.:-]{0,63})\s*>/y;
/** External identifiers alone, no internal subset: it declares nothing and is left out. */
const PLAIN_DOCTYPE = /<!DOCTYPE\s+[\w:]+(?:\s+(?:PUBLIC|SYSTEM|"[^"<>[]*"|'[^'<>[]*'))*\s*>/y;
const ATTRIBUTE = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Parses.
 *
 * @throws FormatFailure hostile when it is not well-formed, declares entities, or is too large
 */
export function parseSvg(text: string): SvgElement {
  return new Reader(text.replace(/^\ufeff/, '')).read();
}

class Reader {
  readonly #text: string;
  readonly #open: SvgElement[] = [];
  #root: SvgElement | undefined;
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): SvgElement {
    while (this.#at < this.#text.length) this.#readNext();
    if (this.#root === undefined || this.#open.length > 0) throw hostile('the drawing ends too early');
    return this.#root;
  }

  #readNext(): void {
    const text = this.#text;
    const at = this.#at;
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      this.#addText(decodeEntities(text.slice(at, end === -1 ? undefined : end)));
      this.#at = end === -1 ? text.length : end;
    } else if (text.startsWith('<!--', at)) this.#skipTo('-->');
    else if (text.startsWith('<?', at)) this.#skipTo('?>');
    else if (text.startsWith('<![CDATA[', at)) {
      this.#skipTo(']]>');
      this.#addText(text.slice(at + 9, this.#at - 3));
    } else if (text.startsWith('<!', at)) {
      if (this.#match(PLAIN_DOCTYPE) === undefined) throw hostile('the drawing declares entities');
    } else if (text.startsWith('</', at)) this.#close();
    else this.#start();
  }

  #start(): void {
    const match = this.#match(TAG);
    if (match === undefined) throw hostile('the drawing is not well-formed');
    const [, name = '', attributes = '', slash] = match;
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS && this.#text.length > MAX_CHARACTERS)
      throw hostile(`the drawing has over ${MAX_ELEMENTS} elements`);
    const element: SvgElement = { name, attributes: parseAttributes(attributes), children: [] };
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root === undefined) this.#root = element;
    else throw hostile('the drawing has two roots');
    if (slash === '/') return;
    this.#open.push(element);
    if (this.#open.length > MAX_DEPTH) throw hostile(`the drawing is nested over ${MAX_DEPTH} deep`);
  }

  #close(): void {
    const match = this.#match(END_TAG);
    if (match === undefined || this.#open.pop()?.name !== match[1]) throw hostile('the drawing is not well-formed');
  }

  #addText(text: string): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(text);
    else if (text.trim() !== '') throw hostile('the drawing has text outside of its root');
  }

  #skipTo(end: string): void {
    const at = this.#text.indexOf(end, this.#at);
    if (at === -1) throw hostile('the drawing is not well-formed');
    this.#at = at + end.length;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE))
    attributes.set(name!, decodeEntities(double ?? single ?? ''));
  return attributes;
}

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML 4.1 and 4.6: character references and the five predefined entities; any other would have been declared. */
function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));|&/g, (_, decimal, hex, name) => {
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (name === undefined && code > 0 && code <= 0x10ffff && !isControl(code)) return String.fromCodePoint(code);
    const known = name === undefined || !Object.hasOwn(PREDEFINED, name) ? undefined : PREDEFINED[name];
    if (known === undefined) throw hostile('the drawing uses an entity that XML does not define');
    return known;
  });
}

/** XML 2.2: characters that may not be in a document even by reference; and halves of characters. */
function isControl(code: number): boolean {
  return (code < 0x20 && code !== 9 && code !== 10 && code !== 13) || (code >= 0xd800 && code <= 0xdfff);
}
