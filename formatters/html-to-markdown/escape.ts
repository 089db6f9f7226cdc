/**
 * Text that stays text: nothing a page says becomes markup, ends a link or starts a block (threat 36). Characters that
 * cannot mean anything where they stand are left alone, for whoever reads the source.
 */

// `|` only means something in tables; what needs the beginning of a line is for `guardLine`.
const SPECIAL = /[\\`*_[\]<&~|]/g;
const HAS_SPECIAL = /[\\`*_[\]<&~|]/;
const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/iy;

/**
 * Text escaped for the middle of a line.
 *
 * @param inTable a bar would end the cell
 * @example escapeText('a*b [c] x_y', false) // 'a\\*b \\[c\\] x_y'
 */
export function escapeText(text: string, inTable: boolean): string {
  if (!HAS_SPECIAL.test(text)) return text;
  return text.replace(SPECIAL, (char, at: number) => (needsEscape(char, text, at, inTable) ? `\\${char}` : char));
}

function needsEscape(char: string, text: string, at: number, inTable: boolean): boolean {
  switch (char) {
    case '|':
      return inTable;
    case '&':
      ENTITY.lastIndex = at;
      return ENTITY.test(text) || text.length - at < 34;
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
  const safe = /[\u0000- <>\\()`|*_~\u007f]/.test(address)
    ? address.replace(/[\u0000- <>\\()`|*\u007f]/g, percent)
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
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
