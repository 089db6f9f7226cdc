/**
 * Text that stays text: nothing a page says becomes markup, ends a link or starts a block (threat 36). Characters that
 * cannot mean anything where they stand are left alone, for whoever reads the source.
 */

// `|` only means something in tables; what needs the beginning of a line is for `guardLine`.
const SPECIAL = /[\\`*_[\](<&~|]/g;
const HAS_SPECIAL = /[\\`*_[\]<&~|]/;
const MAY_BE_ADDRESS = /:\/\/|www\./i;
const ADDRESS = /(?:(?:https?|ftp):\/\/|www\.)[^\s<]*/gi;
const BEGINNING = /((?:https?|ftp):\/|www)([/.])/gi;
const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/iy;

/** What surrounds a stretch of text. */
export interface TextPlace {
  /** A bar would end the cell. */
  readonly inTable: boolean;
  /** Something else than a space follows right behind it. */
  readonly isFollowed: boolean;
}

/**
 * Text escaped for the middle of a line.
 *
 * @example escapeText('a*b [c] x_y', { inTable: false, isFollowed: false }) // 'a\\*b \\[c\\] x_y'
 */
export function escapeText(text: string, { inTable, isFollowed }: TextPlace): string {
  const escaped = HAS_SPECIAL.test(text)
    ? text.replace(SPECIAL, (char, at: number) => (needsEscape(char, text, at, inTable) ? `\\${char}` : char))
    : text;
  return MAY_BE_ADDRESS.test(text) ? guardAddresses(escaped, isFollowed) : escaped;
}

/**
 * GFM 6.9 makes links of bare addresses, which is what they are; but one that holds escapes, or runs into markup, would
 * show the one and swallow the other. Such a one stays text.
 */
function guardAddresses(text: string, isFollowed: boolean): string {
  return text.replace(ADDRESS, (address, at: number) => {
    const runsOn = isFollowed && at + address.length === text.length;
    return runsOn || address.includes('\\') ? address.replace(BEGINNING, '$1\\$2') : address;
  });
}

function needsEscape(char: string, text: string, at: number, inTable: boolean): boolean {
  switch (char) {
    case '|':
      return inTable;
    case '(':
      // After a bracket some readers see a link, whether that is escaped or not.
      return text[at - 1] === ']';
    case '&':
      ENTITY.lastIndex = at;
      return ENTITY.test(text);
    case '<':
      return !/[\s\d=-]/.test(text[at + 1] ?? 'x');
    case '*':
      return !(isSpace(text[at - 1]) && isSpace(text[at + 1]));
    case '_':
      // Within a word it neither opens nor closes.
      return !(isWord(text[at - 1]) && isWord(text[at + 1]));
    case '~':
      // `~5` and `/~name` can open, but what would close them is escaped.
      return !(isWord(text[at + 1]) && (text[at - 1] === '/' || (isSpace(text[at - 1]) && /\d/.test(text[at + 1]!))));
    default:
      return true;
  }
}

// The ends of a text are not known to be spaces.
function isSpace(char: string | undefined): boolean {
  return char === ' ';
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}

/** A line whose beginning cannot be taken for a heading, list, quote, rule, table or definition. */
export function guardLine(line: string): string {
  const first = line.charCodeAt(0);
  // Letters and all beyond ASCII begin nothing.
  if (!(first < 0x41 || first === 0x7c)) return line;
  if (/^[>|]/.test(line) || /^#{1,6}(?:\s|$)/.test(line) || /^[-+*](?:\s|$)/.test(line)) return `\\${line}`;
  if (/^(?:=+|[-\s]+|[|:\s-]+)$/.test(line)) return `\\${line}`;
  return line.replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
}

/**
 * An address as a link's destination: nothing in it can end it.
 *
 * @example destination('/a (b)?x=1&copy;') // '/a%20%28b%29?x=1&amp;copy;'
 */
export function destination(address: string): string {
  const safe = /[\u0000- <>\\()`|*\u007f-\u009f]/.test(address)
    ? address.replace(/[\u0000- <>\\()`|*\u007f-\u009f]/g, percent)
    : address;
  const plain = safe.includes('&') ? safe.replace(/&(?=#|[a-z\d]+;)/gi, '&amp;') : safe;
  return plain === '' ? '<>' : plain;
}

/** A title in double quotes. */
export function quotedTitle(title: string): string {
  return `"${title.replace(/\s+/g, ' ').replace(/[\\"`<&|*_[\]]/g, '\\$&')}"`;
}

/** Text as code: a fence of back-ticks longer than any in it. */
export function codeSpan(text: string, inTable: boolean): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  // GFM 4.10: the bar ends a cell even in code, and its escape is taken away there.
  return fence + pad + (inTable ? text.replace(/\|/g, '\\|') : text) + pad + fence;
}

/** A code block with a fence that nothing in it closes. */
export function codeBlock(text: string, language: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/**
 * TeX that a renderer without formulas cannot read as links, tags or emphasis; to TeX it means the same.
 */
export function safeTex(tex: string): string {
  if (!/[<>[\]`*~$|&_]/.test(tex)) return tex;
  return tex
    .replace(/`/g, "'")
    .replace(/</g, '\\lt ')
    .replace(/>/g, '\\gt ')
    .replace(/\](?=[([:])/g, '] ')
    .replace(/\*/g, '\\ast ')
    .replace(/~/g, '\\ ')
    .replace(/\|/g, '\\vert ')
    .replace(/(^|[^\\])((?:\\\\)*)\$/g, '$1$2\\$$')
    .replace(/&(?=[#a-z])/gi, '& ');
}

function longestRun(text: string): number {
  let longest = 0;
  if (text.includes('`')) for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  return longest;
}

function percent(char: string): string {
  return /[()*]/.test(char) ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : encodeURIComponent(char);
}
