/**
 * What a style makes a page load: the styles it imports, pictures of the rules that hold for the page, and its writing.
 * A rule is taken to hold where the page has every element, class and id that it names, and neither a pointer nor the size
 * of a screen has a say. What is not found here the client asks for, as ever.
 */
import { rewriteCssUrls } from '../../core/links/css-urls.ts';
import { type FoundPart, FoundParts, partAt } from './found-parts.ts';

/** Elements of a page, in lower case, and its `.class` and `#id`. */
export type PageNames = ReadonlySet<string>;

/** A block that is open: declarations of a rule that holds or of a face of writing, more rules, or what is passed over. */
type Block = 'rule' | 'rules' | 'nothing' | Face;

interface Face {
  family: string;
  /** In order of preference. */
  sources: readonly string[];
  /** Holds letters that most pages are written with, in a weight that most have. */
  isUsual: boolean;
}

// No alternative can fail once it has begun: a style is read in one pass.
const TOKEN =
  /\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?|url\((?:[^)"'\\]|\\[\s\S])*|[{};]/gi;
const COMMENT = /\/\*[\s\S]*?(?:\*\/|$)/g;
const MAX_DEPTH = 32;

export function findInStyle(css: string, base: URL, names: PageNames): readonly FoundPart[] {
  const reader = new StyleReader(base, names);
  let from = 0;
  for (const { 0: token, index } of css.matchAll(TOKEN)) {
    if (!'{};'.includes(token)) continue;
    const text = css.slice(from, index).replace(COMMENT, ' ').trim();
    from = index + 1;
    if (token === '{') reader.open(text);
    else reader.declare(text);
    if (token === '}') reader.close();
  }
  return reader.found();
}

/** @param css declarations, as in an attribute `style` */
export function findInDeclarations(css: string, base: URL): readonly FoundPart[] {
  return addressesIn(css, 'url').flatMap((address) => partAt('image', address, base) ?? []);
}

class StyleReader {
  readonly #base: URL;
  readonly #names: PageNames;
  readonly #imports = new FoundParts();
  readonly #pictures = new FoundParts();
  readonly #faces: Face[] = [];
  /** Families of writing that rules which hold name. */
  readonly #families = new Set<string>();
  readonly #blocks: Block[] = [];

  constructor(base: URL, names: PageNames) {
    this.#base = base;
    this.#names = names;
  }

  /** @param prelude what stands before the block */
  open(prelude: string): void {
    const outer = this.#blocks.at(-1) ?? 'rules';
    const isOpen = (outer === 'rules' || outer === 'rule') && this.#blocks.length < MAX_DEPTH;
    this.#blocks.push(isOpen ? this.#blockOf(prelude) : 'nothing');
  }

  declare(text: string): void {
    const block = this.#blocks.at(-1);
    if (text === '' || block === 'nothing' || block === 'rules') return;
    if (block === undefined) {
      if (!isForPaper(text))
        for (const each of addressesIn(text, 'import')) this.#imports.add('style', each, this.#base);
    } else if (block === 'rule') {
      for (const part of findInDeclarations(text, this.#base)) this.#pictures.put(part);
      const [, families = ''] = /^font(?:-family)?\s*:([\s\S]*)/i.exec(text) ?? [];
      for (const family of families.split(',')) this.#families.add(familyOf(family));
    } else noteFace(block, text);
  }

  close(): void {
    const block = this.#blocks.pop();
    if (typeof block === 'object') this.#faces.push(block);
  }

  found(): readonly FoundPart[] {
    const fonts = new FoundParts();
    for (const { family, sources, isUsual } of this.#faces) {
      const first = isUsual && this.#families.has(family) ? chainOf(sources, this.#base) : undefined;
      if (first !== undefined) fonts.put(first);
    }
    return [...this.#imports.all(), ...fonts.all(), ...this.#pictures.all()];
  }

  #blockOf(prelude: string): Block {
    if (/^@font-face\b/i.test(prelude)) return { family: '', sources: [], isUsual: true };
    if (/^@(?:supports|layer)\b/i.test(prelude)) return 'rules';
    if (/^@media\b/i.test(prelude)) return /[(]/.test(prelude) || isForPaper(prelude) ? 'nothing' : 'rules';
    if (prelude.startsWith('@')) return 'nothing';
    return prelude.split(',').some((selector) => holds(selector, this.#names)) ? 'rule' : 'nothing';
  }
}

function isForPaper(text: string): boolean {
  return /\b(?:print|speech)\b/i.test(text.replace(/\([^)]*\)?|"[^"]*"?|'[^']*'?/g, ' '));
}

/** What a person does, and what the browser alone knows. */
const STATE = /:(?:hover|focus|active|visited|checked|target|disabled|invalid|open|fullscreen|popover-open)/i;
/** What says more of an element than its name: taken to be right. */
const CONDITION = /\[[^\]]*\]?|::?[\w-]+(?:\([^)]*\)?)?/g;
const NAME = /[#.]?-?[_a-z\u0080-\uffff][\w\u0080-\uffff-]*/gi;

function holds(selector: string, names: PageNames): boolean {
  if (STATE.test(selector)) return false;
  const wanted = selector.replace(CONDITION, ' ').match(NAME) ?? [];
  return wanted.every((name) => names.has(/^[.#]/.test(name) ? name : name.toLowerCase()));
}

function noteFace(face: Face, declaration: string): void {
  const [, property = '', value = ''] = /^([\w-]+)\s*:([\s\S]*)/.exec(declaration) ?? [];
  if (/^font-family$/i.test(property)) face.family = familyOf(value);
  else if (/^unicode-range$/i.test(property)) face.isUsual &&= value.split(',').some(holdsLetterA);
  else if (/^font-weight$/i.test(property)) face.isUsual &&= isUsualWeight(value.trim());
  // The last one counts, as in every cascade.
  else if (/^src$/i.test(property)) face.sources = addressesIn(declaration, 'url');
}

// Plain and bold; and a range of weights has both.
function isUsualWeight(value: string): boolean {
  return !/^\d+$/.test(value) || value === '400' || Number(value) >= 600;
}

/** The last word of a shorthand is the family, quoted where it has several. */
function familyOf(text: string): string {
  const [, , quoted, bare] = /(["'])([^"']*)\1\s*$|([\w-]+)\s*$/.exec(text) ?? [];
  return (quoted ?? bare ?? '').toLowerCase();
}

/** CSS Fonts 4, 4.5: `U+0-7F`, `U+4??`, `U+61`. */
function holdsLetterA(range: string): boolean {
  const [, first, last] = /^\s*u\+([0-9a-f?]{1,6})(?:-([0-9a-f]{1,6}))?\s*$/i.exec(range) ?? [];
  if (first === undefined) return false;
  const number = (text: string) => Number.parseInt(text, 16);
  const letter = 0x61;
  return number(first.replaceAll('?', '0')) <= letter && letter <= number(last ?? first.replaceAll('?', 'f'));
}

/** Kinds of files that only browsers of old take. */
const OLD_WRITING = /\.(?:eot|svg)$/i;

/** A client takes the first of a face's sources that is there. */
function chainOf(sources: readonly string[], base: URL): FoundPart | undefined {
  return sources.reduceRight<FoundPart | undefined>((instead, address) => {
    const part = partAt('font', address, base);
    return part === undefined || OLD_WRITING.test(part.url.pathname) ? instead : { ...part, instead };
  }, undefined);
}

function addressesIn(css: string, wanted: 'import' | 'url'): readonly string[] {
  const found: string[] = [];
  // Most declarations name none; those that are spelt with escapes are looked at.
  if (!/url\(|image-set\(|@import|\\/i.test(css)) return found;
  rewriteCssUrls(css, (address, place) => {
    if (place === wanted) found.push(address);
    return address;
  });
  return found;
}
