/**
 * marked's tokenizer with bounds (threat 43). Nested quotes, lists and emphasis overflow its stack or cost it the square
 * of their number; beyond the bounds their marks are text, so that every input is read in about linear time and shows.
 *
 * The bounds stand where marked decides: a scan before it would have to guess what it takes for code, HTML or text.
 */
import { Tokenizer, type Tokens } from 'marked';
import { placeOfFormula } from './formulas.ts';

/** Quotes and lists within each other. */
const MAX_CONTAINERS = 48;
/** Emphasis, strong and deleted text within each other. */
const MAX_MARKS = 24;
/** Characters that may be looked at in search of closing marks, in one document. */
const MAX_MARK_WORK = 30_000_000;
/** Characters in quotes and lists, counted once for each that they are in. */
const MAX_CONTAINER_WORK = 40_000_000;
/** A word this long has no mail address in it; marked would look for one from each of its characters. */
const LONG_WORD = /^[\w.!#$%&'*+/=?^`{|}~-]{2000,}/;
/** Characters looked at in search of the end of a text in a list. */
const MAX_TEXT_WORK = 50_000_000;
/** Characters of a link: text, destination and title. */
const MAX_LINK = 4096;
/** Pictures may stand in their own address; characters looked at for such. */
const PICTURE_DATA = /^!\[(?:[^\]\\]|\\.){0,900}\]\(<?data:image\//i;
const MAX_PICTURE_WORK = 100_000_000;
/** Cells of a table: marked fills up every row to the width of the first. */
const MAX_CELLS = 200_000;
/** Characters looked at in search of formulas. */
const MAX_FORMULA_WORK = 20_000_000;
/** Work for link definitions: all are looked at for every piece of text. */
const MAX_DEFINITION_WORK = 100_000_000;
const MIN_DEFINITIONS = 300;

/** For one document: make a new one for the next. */
export class BoundedTokenizer extends Tokenizer {
  /** How many marks were taken for text because of a bound. */
  flattened = 0;
  #containers = 0;
  #containerWork = 0;
  #marks = 0;
  #markWork = 0;
  #textWork = 0;
  #pictureWork = 0;
  #definitions = 0;
  #formulaWork = 0;
  readonly #findsFormulas: boolean;
  readonly #maxDefinitions: number;

  /**
   * @param length characters of the document
   * @param findsFormulas text ends where a formula may begin
   */
  constructor(length: number, findsFormulas: boolean) {
    super();
    this.#findsFormulas = findsFormulas;
    this.#maxDefinitions = Math.max(MIN_DEFINITIONS, MAX_DEFINITION_WORK / Math.max(length, 1));
  }

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return /^ {0,3}>/.test(src) ? this.#container(src, () => super.blockquote(src)) : undefined;
  }

  override list(src: string): Tokens.List | undefined {
    if (!/^ {0,3}(?:[*+-]|\d{1,9}[.)])(?:[ \t]|\n|$)/.test(src)) return undefined;
    return this.#container(src, () => super.list(src));
  }

  override emStrong(src: string, maskedSrc: string, prevChar = ''): Tokens.Em | Tokens.Strong | undefined {
    if (src[0] !== '*' && src[0] !== '_') return undefined;
    return this.#mark(src, () => super.emStrong(src, maskedSrc, prevChar));
  }

  override del(src: string, maskedSrc: string, prevChar = ''): Tokens.Del | undefined {
    if (src[0] !== '~') return undefined;
    return this.#mark(src, () => super.del(src, maskedSrc, prevChar));
  }

  override link(src: string): Tokens.Link | Tokens.Image | undefined {
    // marked looks for the end of a destination up to the next space, again and again from every bracket.
    return super.link(src.length > MAX_LINK && !this.#holdsPicture(src) ? src.slice(0, MAX_LINK) : src);
  }

  override text(src: string): Tokens.Text | undefined {
    // In lists marked joins text line by line, looking through all of it each time.
    this.#textWork += src.length;
    if (this.#textWork <= MAX_TEXT_WORK) return super.text(src);
    const { raw, text, tokens } = this.#plainText(src);
    return { type: 'text', raw, text, tokens };
  }

  #holdsPicture(src: string): boolean {
    if (this.#pictureWork > MAX_PICTURE_WORK || !PICTURE_DATA.test(src.slice(0, 1000))) return false;
    this.#pictureWork += src.length;
    return true;
  }

  override inlineText(src: string): Tokens.Text | undefined {
    const word = LONG_WORD.exec(src)?.[0];
    if (word === undefined) return this.#endAtFormula(super.inlineText(src));
    this.flattened++;
    return { type: 'text', raw: word, text: word, escaped: this.lexer.state.inRawBlock };
  }

  override table(src: string): Tokens.Table | undefined {
    if (!isLargeTable(src)) return super.table(src);
    this.flattened++;
    return undefined;
  }

  override def(src: string): Tokens.Def | undefined {
    const definition = super.def(src);
    if (definition === undefined || ++this.#definitions <= this.#maxDefinitions) return definition;
    this.flattened++;
    return undefined;
  }

  /** Text up to where a formula may begin. */
  #endAtFormula(token: Tokens.Text | undefined): Tokens.Text | undefined {
    if (token === undefined || !this.#findsFormulas || !token.raw.includes('$')) return token;
    // What is behind is looked through again.
    this.#formulaWork += token.raw.length;
    const end = this.#formulaWork > MAX_FORMULA_WORK ? undefined : placeOfFormula(token.raw);
    return end === undefined ? token : { ...token, raw: token.raw.slice(0, end), text: token.raw.slice(0, end) };
  }

  #container<T extends Tokens.Generic>(src: string, read: () => T | undefined): T | undefined {
    if (this.#containers >= MAX_CONTAINERS || this.#containerWork > MAX_CONTAINER_WORK) {
      this.flattened++;
      // The lexer takes any token for what it asked for.
      return this.#plainText(src) as Tokens.Generic as T;
    }
    this.#containers++;
    try {
      const container = read();
      this.#containerWork += container?.raw.length ?? 0;
      return container;
    } finally {
      this.#containers--;
    }
  }

  /** The lines up to the next blank one as a paragraph, whatever they begin with. */
  #plainText(src: string): Tokens.Paragraph {
    const end = /\n[ \t]*(?:\n|$)/.exec(src);
    const raw = end === null ? src : src.slice(0, end.index);
    const text = raw.trimEnd();
    return { type: 'paragraph', raw, text, tokens: this.lexer.inline(text) };
  }

  #mark<T>(src: string, read: () => T | undefined): T | undefined {
    this.#markWork += src.length;
    if (this.#marks >= MAX_MARKS || this.#markWork > MAX_MARK_WORK) {
      this.flattened++;
      return undefined;
    }
    this.#marks++;
    try {
      return read();
    } finally {
      this.#marks--;
    }
  }
}

/** True when the table that may start here would have too many cells. */
function isLargeTable(src: string): boolean {
  const headEnd = src.indexOf('\n');
  const ruleEnd = headEnd === -1 ? -1 : src.indexOf('\n', headEnd + 1);
  if (ruleEnd === -1) return false;
  const rule = src.slice(headEnd + 1, ruleEnd);
  if (rule.length < 50 || !/^[\s|:-]+$/.test(rule)) return false;
  const columns = rule.split('|').length;
  let rows = 0;
  for (
    let at = ruleEnd;
    at !== -1 && src[at + 1] !== '\n' && rows * columns <= MAX_CELLS;
    at = src.indexOf('\n', at + 1)
  )
    rows++;
  return rows * columns > MAX_CELLS;
}
