/**
 * parse5's tokenizer, in runs instead of characters: where nothing but the next quote, tag or space can change what is
 * being read, it looks for that. Tags as most people and programs write them are read in one go. The tokens are the same
 * (a test compares the trees); two thirds of a page are scripts and attribute values, and read so in half the time.
 */
import { type Token, Tokenizer, TokenizerMode } from 'parse5';

const [TAB, LINE_FEED, FORM_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0c, 0x0d, 0x20];
const [QUOTE, AMPERSAND, APOSTROPHE, LESS_THAN] = [0x22, 0x26, 0x27, 0x3c];
const [SOLIDUS, EQUALS, GREATER_THAN, GRAVE] = [0x2f, 0x3d, 0x3e, 0x60];

// What ends a run. NUL and carriage returns are always read by the standard's own steps.
const [IN_TEXT, IN_SPACE, IN_RAW, IN_QUOTES, IN_APOSTROPHES, IN_NAME, IN_KEY, IN_VALUE] = [1, 2, 4, 8, 16, 32, 64, 128];
const IN_WORD = 256;
const ENDS = makeEnds();
/** A tag with more attributes is read by the standard's own steps, which know how to find doubles among many. */
const MAX_ATTRIBUTES = 32;

function makeEnds(): Uint16Array {
  const ends = new Uint16Array(128);
  const isIn = (code: number, codes: readonly number[]) => codes.includes(code);
  const spaces = [TAB, LINE_FEED, FORM_FEED, SPACE];
  for (let code = 0; code < ends.length; code++) {
    const isAlways = code === 0 || code === CARRIAGE_RETURN;
    const isNameLetter = /[a-z\d-]/.test(String.fromCharCode(code));
    if (isAlways || isIn(code, [...spaces, AMPERSAND, LESS_THAN])) ends[code]! |= IN_WORD;
    if (isAlways || isIn(code, [AMPERSAND, LESS_THAN])) ends[code]! |= IN_TEXT;
    if (!isIn(code, spaces)) ends[code]! |= IN_SPACE;
    if (isAlways || code === LESS_THAN) ends[code]! |= IN_RAW;
    if (isAlways || isIn(code, [QUOTE, AMPERSAND])) ends[code]! |= IN_QUOTES;
    if (isAlways || isIn(code, [APOSTROPHE, AMPERSAND])) ends[code]! |= IN_APOSTROPHES;
    if (!isNameLetter) ends[code]! |= IN_NAME;
    if (!isNameLetter && !/[_:.@]/.test(String.fromCharCode(code))) ends[code]! |= IN_KEY;
    const odd = [QUOTE, APOSTROPHE, AMPERSAND, LESS_THAN, EQUALS, GREATER_THAN, GRAVE];
    if (isAlways || isIn(code, [...spaces, ...odd])) ends[code]! |= IN_VALUE;
  }
  return ends;
}

/** A tokenizer for input that is written in one piece, without source locations. */
export class RunTokenizer extends Tokenizer {
  /** Spaces between words are handed over with them: the tree builder tells them apart before a text and in framesets alone. */
  joinsWords = true;
  /** There is neither NUL nor a carriage return anywhere: only a tag can end raw text. */
  #isPlain = false;

  override write(chunk: string, isLastChunk: boolean): void {
    this.#isPlain = isLastChunk && !chunk.includes('\r') && !chunk.includes('\0');
    super.write(chunk, isLastChunk);
  }

  protected override _stateData(code: number): void {
    super._stateData(code);
    if (code === SPACE || code === LINE_FEED || code === TAB || code === FORM_FEED) this.#readOn(IN_SPACE);
    else if (code > 0 && code !== LESS_THAN && code !== AMPERSAND) this.#readOn(this.joinsWords ? IN_TEXT : IN_WORD);
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

  protected override _stateTagOpen(code: number): void {
    if (!(code >= 0x61 && code <= 0x7a && this.#readStartTag())) super._stateTagOpen(code);
  }

  protected override _stateEndTagOpen(code: number): void {
    const { preprocessor } = this;
    const end = endOfRun(preprocessor.html, preprocessor.pos, IN_NAME);
    const isPlain = code >= 0x61 && code <= 0x7a && preprocessor.html.charCodeAt(end) === GREATER_THAN;
    if (!isPlain) {
      super._stateEndTagOpen(code);
      return;
    }
    this._createEndTagToken();
    this.#emitTag(end, []);
  }

  protected override _stateTagName(code: number): void {
    super._stateTagName(code);
    if (code >= 0x61 && code <= 0x7a) (this.currentToken as Token.TagToken).tagName += this.#readName();
  }

  protected override _stateAttributeName(code: number): void {
    super._stateAttributeName(code);
    if (code >= 0x61 && code <= 0x7a) this.currentAttr.name += this.#readName();
  }

  /** Reads a start tag whole; false, and nothing has happened, where anything in it is out of the common. */
  #readStartTag(): boolean {
    const { html, pos } = this.preprocessor;
    const attributes: Token.Attribute[] = [];
    let at = endOfRun(html, pos, IN_NAME);
    for (;;) {
      const next = endOfRun(html, at, IN_SPACE);
      const code = html.charCodeAt(next);
      const isClosing = code === SOLIDUS && html.charCodeAt(next + 1) === GREATER_THAN;
      if (code === GREATER_THAN || isClosing) {
        this._createStartTagToken();
        (this.currentToken as Token.TagToken).selfClosing = isClosing;
        this.#emitTag(isClosing ? next + 1 : next, attributes);
        return true;
      }
      if (next === at || attributes.length === MAX_ATTRIBUTES) return false;
      at = readAttribute(html, next, attributes);
      if (at < 0) return false;
    }
  }

  /** Emits the tag whose name begins here and whose last character is at `end`. */
  #emitTag(end: number, attributes: Token.Attribute[]): void {
    const { preprocessor } = this;
    const { html, pos } = preprocessor;
    const token = this.currentToken as Token.TagToken;
    token.tagName = cut(html, pos, endOfRun(html, pos, IN_NAME));
    token.attrs = attributes;
    preprocessor.pos = end;
    this.state = TokenizerMode.DATA;
    this.emitCurrentTagToken();
  }

  /** Adds to the run under way all that cannot end it. */
  #readOn(ends: number): void {
    const { preprocessor } = this;
    const { html } = preprocessor;
    // A carriage return was read as a line feed, and the line feed behind it is still to be left out.
    if (html.charCodeAt(preprocessor.pos) === CARRIAGE_RETURN) return;
    const end =
      ends === IN_RAW && this.#isPlain
        ? endOfRaw(html, preprocessor.pos + 1)
        : endOfRun(html, preprocessor.pos + 1, ends);
    preprocessor.pos = end - 1;
    this.runEnd = end;
  }

  #readName(): string {
    const { preprocessor } = this;
    const start = preprocessor.pos + 1;
    const end = endOfRun(preprocessor.html, start, IN_NAME);
    preprocessor.pos = end - 1;
    return cut(preprocessor.html, start, end);
  }
}

/** Reads the attribute that starts here and adds it. Returns where it ends, -1 for one that is out of the common. */
function readAttribute(html: string, start: number, attributes: Token.Attribute[]): number {
  const end = endOfRun(html, start, IN_KEY);
  const name = cut(html, start, end);
  for (const each of attributes) if (each.name === name) return -1;
  if (end === start) return -1;
  if (html.charCodeAt(end) !== EQUALS) {
    attributes.push({ name, value: '' });
    return end;
  }
  const quote = html.charCodeAt(end + 1);
  const isQuoted = quote === QUOTE || quote === APOSTROPHE;
  const from = isQuoted ? end + 2 : end + 1;
  const to = endOfRun(html, from, isQuoted ? (quote === QUOTE ? IN_QUOTES : IN_APOSTROPHES) : IN_VALUE);
  const after = html.charCodeAt(to);
  if (isQuoted ? after !== quote : to === from || !(after <= SPACE || after === GREATER_THAN)) return -1;
  attributes.push({ name, value: cut(html, from, to) });
  return isQuoted ? to + 1 : to;
}

/** A longer slice would keep the whole page in memory for as long as itself. */
function cut(html: string, start: number, end: number): string {
  const text = html.slice(start, end);
  return text.length < 13 ? text : ` ${text}`.slice(1);
}

function endOfRaw(html: string, start: number): number {
  const end = html.indexOf('<', start);
  return end < 0 ? html.length : end;
}

function endOfRun(html: string, start: number, ends: number): number {
  let end = start;
  for (; end < html.length; end++) {
    const code = html.charCodeAt(end);
    if (code < 128 ? (ENDS[code]! & ends) !== 0 : ends === IN_SPACE || ends === IN_NAME || ends === IN_KEY) break;
  }
  return end;
}
