/**
 * Addresses in Markdown (CommonMark 0.31.2 and GFM's bare addresses): inline links and images, reference definitions,
 * `<…>` autolinks, and the attributes of raw HTML tags. Code spans and code blocks are left alone. Linear.
 */
import { isAddressAttribute } from './html-addresses.ts';

/** Gets an address, escapes undone; gives the one to write, or `undefined` when the link must go. */
export type ReplaceAddress = (url: string) => string | undefined;

/** Longer destinations are left alone: looking for their end at every bracket would be quadratic. */
const MAX_DESTINATION = 2048;
const FENCE = /^[ \t]*(?:(?:>|[*+-][ \t]|\d{1,9}[.)][ \t])[ \t]*)*(`{3,}|~{3,})/;
/** Signs of quotes and list items, behind which a block begins. */
const CONTAINERS = /^[ \t>]*(?:(?:[*+-]|\d{1,9}[.)])[ \t>]+)*/;
const FOOTNOTE = /^\[\^[^\]\s]{1,99}\]:[ \t>]+/;
const DEFINITION = /^\[(?:[^\]\\]|\\.){1,999}\]:[ \t]*\n?[ \t>]*/;
/** CommonMark 4.7: a definition ends with its line, or a title follows. Else it is text that looks like one. */
const BEHIND_DEFINITION = /^[ \t]*(?:$|\n|\r|["'(])/;
const AUTOLINK = /<([a-z][a-z0-9+.-]{1,31}:[^\s<>]*)>/iy;
const TAG = /<\/?[a-z][a-z0-9-]*(?:\s+[a-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?>/iy;
const ATTRIBUTE = /(\s)([a-z_:][\w.:-]*)\s*=\s*([^\s"'=<>`]+|'[^']*'|"[^"]*")/gi;
const BARE = /https?:\/\/[^\s<>"'`[\]]+/iy;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  colon: ':',
  Tab: '\t',
  NewLine: '\n',
  sol: '/',
  lpar: '(',
  rpar: ')',
  num: '#',
  quest: '?',
  equals: '=',
  commat: '@',
  period: '.',
  percnt: '%',
  plus: '+',
  hyphen: '-',
}; // prettier-ignore

/**
 * Writes `markdown` with every address replaced.
 *
 * @example rewriteMarkdownLinks('[a](b "t") `[c](d)`', (url) => `/x/${url}`) // '[a](/x/b "t") `[c](d)`'
 */
export function rewriteMarkdownLinks(markdown: string, replace: ReplaceAddress): string {
  let out = '';
  let text = '';
  let fence = '';
  for (const line of markdown.split(/(?<=\n)/)) {
    const mark = FENCE.exec(line)?.[1] ?? '';
    if (fence !== '') {
      out += line;
      const closes = mark.startsWith(fence) && /^[`~][\s`~]*$/.test(line.slice(line.indexOf(mark)));
      if (closes) fence = '';
    } else if (mark !== '' && !(mark[0] === '`' && line.slice(line.indexOf(mark) + mark.length).includes('`'))) {
      out += new InlineRewriter(text, replace).run() + line;
      text = '';
      fence = mark;
    } else text += line;
  }
  return out + new InlineRewriter(text, replace).run();
}

/** Text outside fences. */
class InlineRewriter {
  readonly #text: string;
  readonly #replace: ReplaceAddress;
  #at = 0;
  #out = '';
  #copied = 0;
  /** Brackets that are open: a bare address in a link's text is no link of its own. */
  #brackets = 0;
  /** Lengths of back-tick runs known to have no partner further on. */
  readonly #lonely = new Set<number>();

  constructor(text: string, replace: ReplaceAddress) {
    this.#text = text;
    this.#replace = replace;
  }

  run(): string {
    let lineStart = true;
    while (this.#at < this.#text.length) {
      if (lineStart) this.#line();
      lineStart = this.#text[this.#at] === '\n';
      if (this.#at < this.#text.length) this.#inline(this.#text[this.#at]!);
    }
    return this.#out + this.#text.slice(this.#copied);
  }

  #line(): void {
    if (/^[ \t>]*\n/.test(this.#text.slice(this.#at, this.#at + 80))) this.#brackets = 0;
    const rest = this.#text.slice(this.#at, this.#at + 1200 + MAX_DESTINATION);
    const inner = rest.slice(CONTAINERS.exec(rest)![0].length);
    const note = FOOTNOTE.exec(inner)?.[0] ?? '';
    // A reader without footnotes takes one that is a lone address for a definition; on the web it may be both.
    const start = /^https?:/i.test(inner.slice(note.length)) && note !== '' ? undefined : this.#definition(inner);
    const behind = start ?? (note === '' ? undefined : this.#definition(inner.slice(note.length)));
    if (behind === undefined) return;
    this.#at += rest.length - inner.length + (start === undefined ? note.length : 0) + behind;
    this.#destination(/\s/);
  }

  /** Where the destination of a definition that begins here begins. */
  #definition(text: string): number | undefined {
    const start = DEFINITION.exec(text)?.[0].length;
    if (start === undefined) return undefined;
    const end = start + rawDestination(text.slice(start)).length;
    return end > start && BEHIND_DEFINITION.test(text.slice(end)) ? start : undefined;
  }

  #inline(char: string): void {
    if (char === '\\') this.#at += 2;
    else if (char === '`') this.#codeSpan();
    else if (char === '<') this.#angle();
    else if (char === '[') {
      this.#brackets++;
      this.#at++;
    } else if (char === ']') this.#closeBracket();
    else if ((char === 'h' || char === 'H') && this.#brackets === 0) this.#bare();
    else this.#at++;
  }

  #codeSpan(): void {
    const start = this.#at;
    while (this.#text[this.#at] === '`') this.#at++;
    const length = this.#at - start;
    if (this.#lonely.has(length)) return;
    const runs = /`+/g;
    runs.lastIndex = this.#at;
    for (let run = runs.exec(this.#text); run !== null; run = runs.exec(this.#text))
      if (run[0].length === length) {
        this.#at = runs.lastIndex;
        return;
      }
    this.#lonely.add(length);
  }

  #angle(): void {
    AUTOLINK.lastIndex = this.#at;
    const link = AUTOLINK.exec(this.#text);
    if (link !== null) {
      const next = this.#replace(link[1]!);
      const shown = escapeMarkdown(link[1]!);
      this.#substitute(link[0].length, next === undefined ? `&lt;${shown}&gt;` : `[${shown}](${destinationOf(next)})`);
      return;
    }
    TAG.lastIndex = this.#at;
    const tag = TAG.exec(this.#text)?.[0];
    if (tag === undefined) this.#at++;
    else this.#substitute(tag.length, this.#tag(tag));
  }

  #tag(tag: string): string {
    const name = /[a-z][a-z0-9-]*/i.exec(tag)![0].toLowerCase();
    return tag.replace(ATTRIBUTE, (whole, space: string, attribute: string, quoted: string) => {
      const lower = attribute.toLowerCase();
      if (lower.startsWith('on') || lower === 'style' || lower === 'srcdoc' || lower === 'srcset') return '';
      if (!isAddressAttribute(name, lower)) return whole;
      const value = unescapeHtml(/^["']/.test(quoted) ? quoted.slice(1, -1) : quoted);
      const next = value === undefined ? undefined : this.#replace(value);
      if (next === undefined) return '';
      return `${space}${attribute}="${next.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`)}"`;
    });
  }

  #closeBracket(): void {
    this.#brackets = Math.max(0, this.#brackets - 1);
    this.#at++;
    if (this.#text[this.#at] !== '(') return;
    this.#at++;
    while (/[ \t\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
    this.#destination(/[\s)]/);
  }

  /** Replaces the destination that starts here and ends before `end`. */
  #destination(end: RegExp): void {
    const rest = this.#text.slice(this.#at, this.#at + MAX_DESTINATION);
    const raw = rawDestination(rest);
    if (raw === '' || !end.test(rest[raw.length] ?? ' ')) return;
    const inner = raw.startsWith('<') && raw.endsWith('>') ? raw.slice(1, -1) : raw;
    const url = unescapeHtml(inner.replace(/\\([!-/:-@[-`{-~])/g, '$1'));
    const next = url === undefined ? undefined : this.#replace(url);
    this.#substitute(raw.length, next === undefined ? '#' : destinationOf(next));
  }

  #bare(): void {
    const before = this.#text[this.#at - 1] ?? ' ';
    BARE.lastIndex = this.#at;
    const found = /[\s*_~(]/.test(before) ? BARE.exec(this.#text)?.[0] : undefined;
    if (found === undefined) {
      this.#at++;
      return;
    }
    const url = trimBare(found);
    const next = this.#replace(unescapeHtml(url) ?? url);
    if (next === undefined || next === url) this.#at += url.length;
    else this.#substitute(url.length, `[${escapeMarkdown(url)}](${destinationOf(next)})`);
  }

  #substitute(length: number, text: string): void {
    this.#out += this.#text.slice(this.#copied, this.#at) + text;
    this.#at += length;
    this.#copied = this.#at;
  }
}

/** A destination as it is written. */
function rawDestination(text: string): string {
  return /^<(?:[^<>\n\\]|\\.)*>/.exec(text)?.[0] ?? bareDestination(text);
}

/** A destination without brackets: no spaces, parentheses balanced. */
function bareDestination(text: string): string {
  let depth = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (char <= ' ' || char === '<') break;
    if (char === '\\') at++;
    else if (char === '(') depth++;
    else if (char === ')' && depth-- === 0) break;
  }
  return depth > 0 ? '' : text.slice(0, at);
}

// GFM 6.9: marks at the end are no part of a bare address, nor is a parenthesis that opens outside of it.
function trimBare(url: string): string {
  let end = url.length;
  let surplus = 0;
  for (const char of url) if (char === '(' || char === ')') surplus += char === ')' ? 1 : -1;
  for (; end > 0; end--) {
    const char = url[end - 1]!;
    if (char === ')' && surplus > 0) surplus--;
    else if (!/[?!.,:*_~;]/.test(char)) break;
  }
  return url.slice(0, end);
}

/** An address as a Markdown destination that nothing in it can end. */
function destinationOf(url: string): string {
  return url
    .replace(/[\u0000- <>\\()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    .replace(/&(?=#|[a-z0-9]+;)/gi, '&amp;');
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>&~]/g, '\\$&');
}

/** Character references undone; `undefined` for one we do not know, which could be anything. */
function unescapeHtml(text: string): string | undefined {
  let isKnown = true;
  const plain = text.replace(/&(?:#(\d{1,7});?|#x([0-9a-f]{1,6});?|([a-z][a-z0-9]*);)/gi, (_, decimal, hex, name) => {
    if (name !== undefined) {
      isKnown &&= Object.hasOwn(NAMED, name);
      return NAMED[name] ?? '';
    }
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '\ufffd';
  });
  return isKnown ? plain : undefined;
}
