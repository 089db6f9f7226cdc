/** Addresses in style sheets and `style` attributes, found by a tokenizer of our own (CSS Syntax 3, section 4). Linear. */

/** Gets an address as CSS means it, escapes undone; gives the one to write, or `undefined` to make it invalid. */
export type ReplaceCssUrl = (url: string, place: 'import' | 'url') => string | undefined;

/** What stands where an address was refused: CSS Values 4 reserves it for that. */
const REFUSED = 'about:invalid';
const SPACE = /[\t\n\f\r ]/;
const NAME_START = /[a-zA-Z_\u0080-\uffff]/;
const NAME = /[a-zA-Z0-9_\-\u0080-\uffff]/;
// A bare string in these names a picture.
const IMAGE_FUNCTIONS = new Set(['image-set', '-webkit-image-set', 'image', 'src', 'url']);

/**
 * Writes `css` with every address replaced: `url()`, quoted or not, `@import` strings, strings in `image-set()`.
 * `@namespace` is left alone, for it names and fetches nothing. Everything else stays byte for byte.
 *
 * With `refusedNames` (in lower case, at-rules with their sign) it also cleans: these are renamed and comments go.
 *
 * @example rewriteCssUrls('a{background:u\\72l( x.png )}', (url) => `/i/${url}`) // 'a{background:url("/i/x.png")}'
 */
export function rewriteCssUrls(css: string, replace: ReplaceCssUrl, refusedNames?: ReadonlySet<string>): string {
  return new CssRewriter(css, replace, refusedNames).run();
}

class CssRewriter {
  readonly #css: string;
  readonly #replace: ReplaceCssUrl;
  readonly #refused: ReadonlySet<string> | undefined;
  #at = 0;
  #out = '';
  /** Where the part starts that is copied as it stands. */
  #copied = 0;
  /** Names of the functions that are open; `''` is a bare parenthesis. */
  readonly #functions: string[] = [];
  /** The at-rule whose prelude this is. */
  #rule = '';

  constructor(css: string, replace: ReplaceCssUrl, refused: ReadonlySet<string> | undefined) {
    this.#css = css;
    this.#replace = replace;
    this.#refused = refused;
  }

  run(): string {
    const css = this.#css;
    while (this.#at < css.length) this.#token(css[this.#at]!);
    return this.#out + css.slice(this.#copied);
  }

  #token(char: string): void {
    const css = this.#css;
    if (char === '/' && css[this.#at + 1] === '*') {
      const start = this.#at;
      const end = css.indexOf('*/', start + 2);
      this.#at = end === -1 ? css.length : end + 2;
      if (this.#refused !== undefined) this.#put(start, ' ');
    } else if (char === '"' || char === "'") this.#stringToken();
    else if (char === '@') {
      const start = this.#at++;
      this.#rule = this.#name().toLowerCase();
      if (this.#refused?.has(`@${this.#rule}`)) {
        this.#put(start, '@-refused');
        this.#rule = '';
      }
    } else if (this.#startsName()) this.#nameToken();
    else {
      if (char === '(') this.#functions.push('');
      else if (char === ')') this.#functions.pop();
      else if (char === ';' || char === '{' || char === '}') {
        this.#rule = '';
        this.#functions.length = 0;
      }
      this.#at++;
    }
  }

  #stringToken(): void {
    const start = this.#at;
    const text = this.#string();
    if (this.#rule === 'import' && this.#functions.length === 0) this.#write(start, '""', text, 'import');
    else if (IMAGE_FUNCTIONS.has(this.#functions.at(-1) ?? '')) this.#write(start, '""', text, 'url');
  }

  #nameToken(): void {
    const start = this.#at;
    const name = this.#name().toLowerCase();
    if (this.#refused?.has(name)) this.#put(start, '-refused');
    if (this.#css[this.#at] !== '(') return;
    this.#at++;
    if (name !== 'url') {
      this.#functions.push(name);
      return;
    }
    while (SPACE.test(this.#css[this.#at] ?? '')) this.#at++;
    const quote = this.#css[this.#at];
    const url = quote === '"' || quote === "'" ? this.#quotedUrl() : this.#bareUrl();
    if (this.#rule === 'namespace') return;
    this.#write(start, 'url("")', url, this.#rule === 'import' ? 'import' : 'url');
  }

  #quotedUrl(): string {
    const url = this.#string();
    // Modifiers may follow (CSS Values 4); no browser has any, so they go with the old address.
    const end = this.#css.indexOf(')', this.#at);
    this.#at = end === -1 ? this.#css.length : end + 1;
    return url;
  }

  #bareUrl(): string {
    let url = '';
    while (this.#at < this.#css.length) {
      const char = this.#css[this.#at]!;
      if (char === ')') {
        this.#at++;
        break;
      }
      if (char === '\\') url += this.#escape();
      else {
        url += char;
        this.#at++;
      }
    }
    return url.trim();
  }

  /** Replaces what was read since `start`; `shape` is the form to write, its `""` the place of the address. */
  #write(start: number, shape: string, url: string, place: 'import' | 'url'): void {
    // An empty or fragment-only address (`url(#clip)`) points into this very document.
    if (url === '' || url.startsWith('#')) return;
    const next = this.#replace(url, place);
    this.#put(
      start,
      shape.replace('""', () => quoteCss(next ?? REFUSED)),
    );
  }

  /** Puts `text` in the place of what was read since `start`. */
  #put(start: number, text: string): void {
    this.#out += this.#css.slice(this.#copied, start) + text;
    this.#copied = this.#at;
  }

  #startsName(): boolean {
    const char = this.#css[this.#at]!;
    if (NAME_START.test(char)) return true;
    if (char === '\\') return !/[\n\f\r]/.test(this.#css[this.#at + 1] ?? '\n');
    return char === '-' && /[a-zA-Z_\-\\\u0080-\uffff]/.test(this.#css[this.#at + 1] ?? '');
  }

  #name(): string {
    let name = '';
    for (;;) {
      const char = this.#css[this.#at] ?? '';
      if (char === '\\' && !/[\n\f\r]/.test(this.#css[this.#at + 1] ?? '\n')) name += this.#escape();
      else if (char !== '' && NAME.test(char)) {
        name += char;
        this.#at++;
      } else return name;
    }
  }

  #string(): string {
    const quote = this.#css[this.#at++];
    let text = '';
    while (this.#at < this.#css.length) {
      const char = this.#css[this.#at]!;
      if (char === quote) {
        this.#at++;
        return text;
      }
      // An unescaped line feed ends a bad string where it stands.
      if (char === '\n' || char === '\r' || char === '\f') return text;
      if (char === '\\') text += this.#escape();
      else {
        text += char;
        this.#at++;
      }
    }
    return text;
  }

  #escape(): string {
    const hex = /^\\([0-9a-f]{1,6})(?:\r\n|[\t\n\f\r ])?/i.exec(this.#css.slice(this.#at, this.#at + 10));
    if (hex !== null) {
      this.#at += hex[0].length;
      const code = Number.parseInt(hex[1]!, 16);
      return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
        ? '\ufffd'
        : String.fromCodePoint(code);
    }
    const char = this.#css[this.#at + 1] ?? '';
    this.#at += 2;
    // An escaped line feed continues the string on the next line.
    return /[\n\f\r]/.test(char) ? '' : char;
  }
}

/** A CSS string that can end neither itself nor the `style` element it stands in. */
export function quoteCss(text: string): string {
  return `"${text.replace(/[\u0000-\u001f"\\<>\u007f]/g, (char) => `\\${char.codePointAt(0)!.toString(16)} `)}"`;
}
