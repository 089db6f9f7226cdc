/**
 * parse5's tokenizer, in runs instead of characters: where nothing but the next quote, tag or space can change what is
 * being read, it looks for that. The tokens are the same (a test compares the trees); two thirds of a page are scripts and
 * attribute values, and read so in half the time.
 */
import { type Token, Tokenizer } from 'parse5';

const [TAB, LINE_FEED, FORM_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0c, 0x0d, 0x20];
const [QUOTE, AMPERSAND, APOSTROPHE, LESS_THAN] = [0x22, 0x26, 0x27, 0x3c];

// What ends a run. NUL and carriage returns are always read by the standard's own steps.
const [IN_TEXT, IN_SPACE, IN_RAW, IN_QUOTES, IN_APOSTROPHES, IN_NAME] = [1, 2, 4, 8, 16, 32];
const ENDS = makeEnds();

function makeEnds(): Uint8Array {
  const ends = new Uint8Array(128);
  const isIn = (code: number, codes: readonly number[]) => codes.includes(code);
  const spaces = [TAB, LINE_FEED, FORM_FEED, SPACE];
  for (let code = 0; code < ends.length; code++) {
    const isAlways = code === 0 || code === CARRIAGE_RETURN;
    const isNameLetter = /[a-z\d-]/.test(String.fromCharCode(code));
    if (isAlways || isIn(code, [...spaces, AMPERSAND, LESS_THAN])) ends[code]! |= IN_TEXT;
    if (!isIn(code, spaces)) ends[code]! |= IN_SPACE;
    if (isAlways || code === LESS_THAN) ends[code]! |= IN_RAW;
    if (isAlways || isIn(code, [QUOTE, AMPERSAND])) ends[code]! |= IN_QUOTES;
    if (isAlways || isIn(code, [APOSTROPHE, AMPERSAND])) ends[code]! |= IN_APOSTROPHES;
    if (!isNameLetter) ends[code]! |= IN_NAME;
  }
  return ends;
}

/** A tokenizer for input that is written in one piece, without source locations. */
export class RunTokenizer extends Tokenizer {
  protected override _stateData(code: number): void {
    super._stateData(code);
    if (code === SPACE || code === LINE_FEED || code === TAB || code === FORM_FEED) this.#readOn(IN_SPACE);
    else if (code > 0 && code !== LESS_THAN && code !== AMPERSAND) this.#readOn(IN_TEXT);
  }

  protected override _stateScriptData(code: number): void {
    super._stateScriptData(code);
    // The tree builder takes spaces and other characters alike here, so one token may hold both.
    if (code > 0 && code !== LESS_THAN) this.#readOn(IN_RAW);
  }

  protected override _stateRawtext(code: number): void {
    super._stateRawtext(code);
    if (code > 0 && code !== LESS_THAN) this.#readOn(IN_RAW);
  }

  protected override _stateAttributeValueDoubleQuoted(code: number): void {
    super._stateAttributeValueDoubleQuoted(code);
    if (code > 0 && code !== QUOTE && code !== AMPERSAND) this.#readOn(IN_QUOTES);
  }

  protected override _stateAttributeValueSingleQuoted(code: number): void {
    super._stateAttributeValueSingleQuoted(code);
    if (code > 0 && code !== APOSTROPHE && code !== AMPERSAND) this.#readOn(IN_APOSTROPHES);
  }

  protected override _stateTagName(code: number): void {
    super._stateTagName(code);
    if (code >= 0x61 && code <= 0x7a) (this.currentToken as Token.TagToken).tagName += this.#readName();
  }

  protected override _stateAttributeName(code: number): void {
    super._stateAttributeName(code);
    if (code >= 0x61 && code <= 0x7a) this.currentAttr.name += this.#readName();
  }

  /** Adds to the run under way all that cannot end it. */
  #readOn(ends: number): void {
    const { preprocessor } = this;
    const { html } = preprocessor;
    // A carriage return was read as a line feed, and the line feed behind it is still to be left out.
    if (html.charCodeAt(preprocessor.pos) === CARRIAGE_RETURN) return;
    const end = endOfRun(html, preprocessor.pos + 1, ends);
    preprocessor.pos = end - 1;
    this.runEnd = end;
  }

  #readName(): string {
    const { preprocessor } = this;
    const start = preprocessor.pos + 1;
    const end = endOfRun(preprocessor.html, start, IN_NAME);
    preprocessor.pos = end - 1;
    const name = preprocessor.html.slice(start, end);
    // A longer slice would keep the whole page in memory for as long as the name.
    return name.length < 13 ? name : ` ${name}`.slice(1);
  }
}

function endOfRun(html: string, start: number, ends: number): number {
  let end = start;
  for (; end < html.length; end++) {
    const code = html.charCodeAt(end);
    if (code < 128 ? (ENDS[code]! & ends) !== 0 : ends === IN_SPACE || ends === IN_NAME) break;
  }
  return end;
}
