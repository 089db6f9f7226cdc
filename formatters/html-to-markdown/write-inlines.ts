/** Pieces of a line as Markdown (CommonMark 0.31 with GFM). */
import { plainText } from '../document/flow/inline-run.ts';
import type { Inline, LinkPiece, Mark, PicturePiece } from '../document/flow/model.ts';
import { codeSpan, destination, escapeText, quotedTitle, safeTex } from './escape.ts';

/** What surrounds a line. */
export interface Place {
  /** In a cell a bar ends the cell and a line break is `<br>`. */
  readonly inTable: boolean;
  /** Headings are one line. */
  readonly inHeading: boolean;
  readonly inLink: boolean;
}

export const PARAGRAPH: Place = { inTable: false, inHeading: false, inLink: false };
export const HEADING: Place = { inTable: false, inHeading: true, inLink: false };
export const CELL: Place = { inTable: true, inHeading: false, inLink: false };

const DELIMITERS: Readonly<Record<Mark, string>> = {
  deleted: '~~',
  emphasis: '*',
  strong: '**',
  subscript: '',
  superscript: '',
};
const TAGS: Readonly<Record<Mark, string>> = {
  deleted: 'del',
  emphasis: 'em',
  strong: 'strong',
  subscript: 'sub',
  superscript: 'sup',
};
const MAX_ALT = 1000;
const BARE_END = /(?:\/\/|www\.)[^\s<]*$/i;

/** What stands beside a stretch: one character each, empty at the ends of the line. */
interface Beside {
  readonly before: string;
  readonly after: string;
}

/** A line; line breaks in it are hard breaks. */
export function writeInlines(content: readonly Inline[], place: Place): string {
  return write(content, place, { before: '', after: '' });
}

function write(content: readonly Inline[], place: Place, beside: Beside): string {
  // Joined at the end: looking at the last character of a growing text would copy it each time.
  const parts: string[] = [];
  for (let i = 0; i < content.length; i++) {
    const piece = content[i]!;
    const last = parts.at(-1) ?? '';
    const part = writePiece(piece, place, {
      before: lastOf(last) || beside.before,
      after: firstOf(content[i + 1]) || beside.after,
      previous: content[i - 1],
      next: content[i + 1],
    });
    if (part === '') continue;
    if (piece.kind === 'break') parts[parts.length - 1] = last.replace(/ +$/, '');
    // An exclamation mark before a link would make it a picture.
    if (piece.kind === 'link' && last.endsWith('!') && part.startsWith('['))
      parts[parts.length - 1] = `${last.slice(0, -1)}\\!`;
    parts.push(part);
  }
  return parts.join('');
}

/** What stands beside a piece. */
interface Neighbours extends Beside {
  readonly previous: Inline | undefined;
  readonly next: Inline | undefined;
}

function writePiece(piece: Inline, place: Place, beside: Neighbours): string {
  switch (piece.kind) {
    case 'text':
      return writeText(piece.text, beside, place);
    case 'code':
      return writeCode(piece.text, place);
    case 'break':
      return writeBreak(beside.previous, place);
    case 'mark':
      return writeMark(piece.mark, write(piece.content, place, beside), beside);
    case 'link':
      return writeLink(piece, place);
    case 'picture':
      return writePicture(piece, place);
    case 'formula': {
      const fence = piece.display && !place.inTable && !place.inHeading ? '$$' : '$';
      return fence + safeTex(piece.tex) + fence;
    }
    case 'note':
      return `[^${piece.label}]`;
    case 'control':
      return '';
  }
}

function writeBreak(previous: Inline | undefined, { inTable, inHeading }: Place): string {
  if (inTable) return '<br>';
  if (inHeading) return ' ';
  // A bare address would take the backslash in.
  const isBare = (previous?.kind === 'text' || previous?.kind === 'mark') && BARE_END.test(plainText([previous]));
  return isBare ? '  \n' : '\\\n';
}

function writeText(text: string, { previous, next }: Neighbours, { inTable }: Place): string {
  const isFollowed = next !== undefined && next.kind !== 'break';
  const escaped = escapeText(text, { inTable, isFollowed });
  // `[^1]:` would define the note here.
  return previous?.kind === 'note' && escaped.startsWith(':') ? `\\${escaped}` : escaped;
}

function writeCode(text: string, { inTable }: Place): string {
  const core = text.trim();
  if (core === '') return ' ';
  const before = text.startsWith(' ') ? ' ' : '';
  return before + codeSpan(core, inTable) + (text.endsWith(' ') ? ' ' : '');
}

function writeLink({ href, title, content, number }: LinkPiece, place: Place): string {
  const inner = write(content, { ...place, inLink: true }, { before: '[', after: ']' });
  const text = inner.trim();
  if (place.inLink || text === '') return inner;
  const before = inner.startsWith(' ') ? ' ' : '';
  const after = inner.endsWith(' ') ? ' ' : '';
  const only = content[0];
  if (content.length === 1 && only?.kind === 'text' && only.text.trim() === href && isAutolink(href) && title === '')
    return `${before}<${href}>${after}`;
  if (number !== undefined) return `${before}[${text}][${number}]${after}`;
  const named = title === '' || (only?.kind === 'text' && only.text.trim() === title) ? '' : ` ${quotedTitle(title)}`;
  return `${before}[${text}](${destination(href)}${named})${after}`;
}

function isAutolink(href: string): boolean {
  return /^https?:\/\/[^\s\u0000-\u001f\u007f-\u009f<>|`\\*_[\]]+$/.test(href);
}

function writePicture({ src, alt, title }: PicturePiece, place: Place): string {
  const text = escapeText(alt.length > MAX_ALT ? `${alt.slice(0, MAX_ALT)}…` : alt, {
    inTable: place.inTable,
    isFollowed: true,
  });
  if (src === '') return text;
  return `![${text}](${destination(src)}${title === '' || title === alt ? '' : ` ${quotedTitle(title)}`})`;
}

function writeMark(mark: Mark, inner: string, { before, after }: Beside): string {
  const core = inner.trim();
  if (core === '') return inner;
  const start = inner.slice(0, inner.indexOf(core));
  const end = inner.slice(start.length + core.length);
  const delimiter = DELIMITERS[mark];
  const opens = isFree(start === '' ? before : ' ', core, delimiter);
  const closes = isFree(end === '' ? after : ' ', lastOf(core), delimiter);
  if (delimiter !== '' && opens && closes) return start + delimiter + core + delimiter + end;
  const tag = TAGS[mark];
  return `${start}<${tag}>${core}</${tag}>${end}`;
}

/**
 * CommonMark 6.2: a run of delimiters flanks what it touches unless that is punctuation and the other side is a word.
 * Two runs side by side would be one.
 */
function isFree(outside: string, inside: string, delimiter: string): boolean {
  if (outside !== '' && outside === delimiter[0]) return false;
  if (outside === '' || /^[\s\p{P}\p{S}]/u.test(outside)) return true;
  return !/^[\p{P}\p{S}]/u.test(inside);
}

function lastOf(text: string): string {
  const last = text.at(-1) ?? '';
  return /[\udc00-\udfff]/.test(last) ? text.slice(-2) : last;
}

/** The first character a piece will show, or one that counts the same. */
function firstOf(piece: Inline | undefined): string {
  if (piece === undefined) return '';
  if (piece.kind === 'text') return String.fromCodePoint(piece.text.codePointAt(0) ?? 32);
  if (piece.kind === 'break') return ' ';
  if (piece.kind === 'control') return '';
  if (piece.kind === 'mark') {
    // Where its delimiter would touch one before it, it is a tag.
    return firstOf(piece.content[0]) === ' ' ? ' ' : '<';
  }
  return '[';
}
