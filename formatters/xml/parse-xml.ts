/**
 * Reads XML into a tree: linear, bounded, without entities of its own. A document type is skipped, never read: nothing it
 * declares is expanded or fetched (billion laughs, external entities). What is not well-formed is taken as far as it
 * makes sense, for documents in the wild often are not.
 */
import { FormatFailure } from '../../core/executor.ts';

export interface XmlElement {
  /** As written, with its prefix. */
  readonly name: string;
  /** Without its prefix. */
  readonly localName: string;
  /** By name as written, in order; references replaced. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Elements and texts; white space is kept. */
  readonly children: (XmlElement | string)[];
}

/** Bounds of what is read. */
export interface XmlBounds {
  /** Elements. Default 200,000. */
  readonly maxElements?: number;
  /** Levels. Default 200. */
  readonly maxDepth?: number;
}

const NAME = '[\\p{L}_:][\\p{L}\\p{N}\\p{M}_:.·-]{0,255}';
const START = new RegExp(`<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'uy');
const END = new RegExp(`</(${NAME})\\s*>`, 'uy');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'gu');

/**
 * Parses.
 *
 * @param what how a failure names it, such as `the feed`
 * @throws FormatFailure cannot where there is no element, hostile where it is nested too deeply, too-large
 */
export function parseXml(text: string, what: string, bounds: XmlBounds = {}): XmlElement {
  return new Reader(text.replace(/^\ufeff/, ''), what, bounds).read();
}

class Reader {
  readonly #text: string;
  readonly #what: string;
  readonly #bounds: Required<XmlBounds>;
  readonly #open: XmlElement[] = [];
  #root: XmlElement | undefined;
  #at = 0;
  #elements = 0;

  constructor(text: string, what: string, { maxElements = 200_000, maxDepth = 200 }: XmlBounds) {
    this.#text = text;
    this.#what = what;
    this.#bounds = { maxElements, maxDepth };
  }

  read(): XmlElement {
    const text = this.#text;
    while (this.#at < text.length) {
      const at = text.indexOf('<', this.#at);
      const end = at === -1 ? text.length : at;
      if (end > this.#at) this.#addText(decodeReferences(text.slice(this.#at, end)));
      this.#at = end;
      if (end < text.length) this.#readMarkup();
    }
    if (this.#root === undefined) throw new FormatFailure('cannot', 'xml', `${this.#what} has no element`);
    return this.#root;
  }

  #readMarkup(): void {
    const text = this.#text;
    const at = this.#at;
    if (text.startsWith('<!--', at)) this.#skipTo('-->', at + 4);
    else if (text.startsWith('<![CDATA[', at)) {
      const end = this.#skipTo(']]>', at + 9);
      this.#addText(text.slice(at + 9, end));
    } else if (text.startsWith('<?', at)) this.#skipTo('?>', at + 2);
    else if (text.startsWith('<!', at)) this.#at = endOfDeclaration(text, at);
    else if (text.startsWith('</', at)) this.#close();
    else this.#start();
  }

  #start(): void {
    const match = this.#match(START);
    if (match === undefined) {
      // A lone `<`, or a tag that is none: its text.
      this.#addText('<');
      this.#at += 1;
      return;
    }
    const [, name = '', attributes = '', slash] = match;
    if (++this.#elements > this.#bounds.maxElements)
      throw new FormatFailure('too-large', 'xml', `${this.#what} has over ${this.#bounds.maxElements} elements`);
    const element = {
      name,
      localName: name.slice(name.lastIndexOf(':') + 1),
      attributes: parseAttributes(attributes),
      children: [],
    };
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root === undefined) this.#root = element;
    else return;
    if (slash === '/') return;
    this.#open.push(element);
    if (this.#open.length > this.#bounds.maxDepth)
      throw new FormatFailure('hostile', 'xml', `${this.#what} is nested over ${this.#bounds.maxDepth} deep`);
  }

  /** An end tag closes what it names, with what was left open within; one that names nothing open is skipped. */
  #close(): void {
    const match = this.#match(END);
    if (match === undefined) {
      this.#at += 2;
      return;
    }
    const place = this.#open.findLastIndex(({ name }) => name === match[1]);
    if (place !== -1) this.#open.length = place;
  }

  #addText(text: string): void {
    const children = this.#open.at(-1)?.children;
    const last = children?.at(-1);
    if (typeof last === 'string') children![children!.length - 1] = last + text;
    else children?.push(text);
  }

  #skipTo(end: string, from: number): number {
    const found = this.#text.indexOf(end, from);
    this.#at = found === -1 ? this.#text.length : found + end.length;
    return found === -1 ? this.#text.length : found;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

/** The text without its document type: what other readers get, who might believe it. */
export function withoutDeclarations(text: string): string {
  let out = '';
  let at = 0;
  for (let next = text.indexOf('<!', at); next !== -1; next = text.indexOf('<!', at)) {
    const ending = text.startsWith('<!--', next) ? '-->' : text.startsWith('<![CDATA[', next) ? ']]>' : undefined;
    const found = ending === undefined ? -1 : text.indexOf(ending, next + 4);
    const end =
      ending === undefined ? endOfDeclaration(text, next) : found === -1 ? text.length : found + ending.length;
    out += text.slice(at, ending === undefined ? next : end);
    at = end;
  }
  return out + text.slice(at);
}

/** Behind the `>` that ends a declaration, its internal subset and quoted literals passed over. */
function endOfDeclaration(text: string, from: number): number {
  let depth = 0;
  for (let at = from + 2; at < text.length; at++) {
    const character = text[at];
    if (character === '<' && text.startsWith('<!--', at)) {
      const close = text.indexOf('-->', at + 4);
      if (close === -1) return text.length;
      at = close + 2;
    } else if (character === '"' || character === "'") {
      const close = text.indexOf(character, at + 1);
      if (close === -1) return text.length;
      at = close;
    } else if (character === '[') depth++;
    else if (character === ']') depth--;
    else if (character === '>' && depth <= 0) return at + 1;
  }
  return text.length;
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE))
    if (!attributes.has(name!)) attributes.set(name!, decodeReferences(double ?? single ?? ''));
  return attributes;
}

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML 4.1 and 4.6: character references and the five predefined entities; any other stays as it is written. */
function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, (all, decimal, hex, name) => {
    if (name !== undefined) return PREDEFINED[name as string]!;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : all;
  });
}
