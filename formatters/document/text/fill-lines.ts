/** Words to lines no wider than asked, each in its style. */
import { cutToWidth, displayWidth, isWide, widthOf } from './display-width.ts';

/** Styles of text, to be added up. */
export const BOLD = 1;
export const UNDERLINE = 2;

interface Fragment {
  readonly text: string;
  readonly style: number;
}

/** What is never cut but where it is wider than a line. */
interface Word {
  readonly fragments: Fragment[];
  width: number;
  /** Spaces before it, where it does not begin a line. */
  readonly spaces: number;
  /** A line break before it that the author wants. */
  readonly breaks: boolean;
}

// JIS X 4051: these do not begin a line, those do not end one.
const NOT_FIRST = new Set(
  '、。，．・：；？！ー）］｝」』】〕〉》”’々…‥ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％,.;:?!)]}',
);
const NOT_LAST = new Set('（［｛「『【〔〈《“‘([{');

/** Text under way to lines. */
export class Filler {
  readonly #words: Word[] = [];
  /** Ends of the text: what comes next sticks to the last word, stands apart, or begins a line. */
  #next: 'break' | 'stick' | number = 'break';
  #last = '';

  /** Adds text; runs of spaces count as one. */
  text(text: string, style = 0): void {
    for (const part of text.split(/([ \n\t]+)/)) {
      if (part === '') continue;
      if (/^[ \n\t]/.test(part)) this.#space(1);
      else this.#chunk(part, style);
    }
  }

  /** Adds text whose spaces are kept within a line. */
  spaced(text: string): void {
    for (const part of text.split(/( +)/)) {
      if (part === '') continue;
      if (part[0] === ' ') this.#space(part.length);
      else this.#chunk(part, 0);
    }
  }

  /** What follows begins a line. */
  lineBreak(): void {
    if (this.#next === 'break' && this.#words.length > 0) this.#push('', 0);
    this.#next = 'break';
  }

  /**
   * The lines, without indentation.
   *
   * @param width columns of a line; a word that is an address may be wider
   */
  lines(width: number): string[] {
    const lines: string[] = [];
    let line = new StyledLine();
    const next = (): void => {
      lines.push(line.end());
      line = new StyledLine();
    };
    for (const [i, word] of this.#words.entries()) {
      if (i > 0 && word.breaks) next();
      if (!line.isEmpty && line.width + word.spaces + word.width > width) next();
      if (!line.isEmpty) line.add(' '.repeat(word.spaces), word.spaces, word.fragments[0]?.style ?? 0, true);
      for (const { text, style } of word.fragments) {
        const pieces = word.width <= width || /:\/\//.test(text) ? [text] : cutToWidth(text, width);
        for (const [n, piece] of pieces.entries()) {
          const wide = displayWidth(piece);
          if (n > 0 || (word.width > width && !line.isEmpty && line.width + wide > width)) next();
          line.add(piece, wide, style, false);
        }
      }
    }
    if (!line.isEmpty || lines.length === 0) lines.push(line.end());
    return this.#words.length === 0 ? [] : lines;
  }

  #space(count: number): void {
    if (this.#next === 'stick') this.#next = count;
  }

  #chunk(chunk: string, style: number): void {
    const text = chunk.replace(/\u00a0/g, ' ');
    if (!/[\u1100-\u{10ffff}]/u.test(text) && !isWide(this.#last.codePointAt(0) ?? 0)) {
      this.#push(text, style);
      return;
    }
    let piece = '';
    for (const char of text) {
      if (mayBreak(this.#last, char)) {
        if (piece !== '') this.#push(piece, style);
        piece = '';
        if (this.#next === 'stick') this.#next = 0;
      }
      piece += char;
      this.#last = char;
    }
    this.#push(piece, style);
  }

  #push(text: string, style: number): void {
    const width = displayWidth(text);
    const last = this.#words.at(-1);
    if (this.#next === 'stick' && last !== undefined) {
      last.fragments.push({ text, style });
      last.width += width;
    } else {
      const spaces = typeof this.#next === 'number' ? this.#next : 0;
      this.#words.push({ fragments: [{ text, style }], width, spaces, breaks: this.#next === 'break' });
    }
    this.#next = 'stick';
    this.#last = lastCharacter(text);
  }
}

/** A line with its styles switched on and off (ECMA-48 SGR). */
class StyledLine {
  width = 0;
  #text = '';
  #style = 0;

  get isEmpty(): boolean {
    return this.#text === '';
  }

  add(text: string, width: number, style: number, isSpace: boolean): void {
    // A space is underlined only between words that both are.
    this.#switch(isSpace ? style & this.#style : style);
    this.#text += text;
    this.width += width;
  }

  end(): string {
    this.#switch(0);
    return this.#text;
  }

  #switch(style: number): void {
    const changed = style ^ this.#style;
    if (changed === 0) return;
    if (changed & BOLD) this.#text += style & BOLD ? '\u001b[1m' : '\u001b[22m';
    if (changed & UNDERLINE) this.#text += style & UNDERLINE ? '\u001b[4m' : '\u001b[24m';
    this.#style = style;
  }
}

/** Columns of a line that `Filler` made. */
export function lineWidth(line: string): number {
  return displayWidth(line.includes('\u001b') ? line.replace(/\u001b\[\d+m/g, '') : line);
}

/** Ideographs may be parted from what stands beside them, but for punctuation that belongs to one side. */
function mayBreak(before: string, after: string): boolean {
  if (before === '' || NOT_FIRST.has(after) || NOT_LAST.has(before)) return false;
  const code = after.codePointAt(0)!;
  return (isWide(before.codePointAt(0)!) || isWide(code)) && widthOf(code) !== 0;
}

function lastCharacter(text: string): string {
  const last = text.at(-1) ?? '';
  return /[\udc00-\udfff]/.test(last) ? text.slice(-2) : last;
}
