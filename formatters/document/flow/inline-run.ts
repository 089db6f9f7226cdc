/** Text in a line, its spaces collapsed across the borders of elements as a browser does (CSS Text 4.1.1). */
import { stripControls } from '../control-sequences.ts';
import type { Inline } from './model.ts';

// Spaces to collapse, controls to drop; most text has none.
const UNTIDY = /[\u0000-\u001f\u007f-\u009f\u00ad\u2028\u2029\udb40]| {2}/;

/** A line being filled. Pieces of marks and links are lists of their own; what they share is the state of the space. */
export class InlineRun {
  readonly content: Inline[] = [];
  /** True where a space would be a second one, or the first of the line. */
  #atSpace = true;

  /** Adds text to `into`, which is `content` or the content of a piece in it. */
  text(into: Inline[], data: string, kind: 'code' | 'text' = 'text'): void {
    let text = UNTIDY.test(data) ? tidyText(data) : data;
    if (this.#atSpace && text.startsWith(' ')) text = text.slice(1);
    if (text === '') return;
    this.#atSpace = text.endsWith(' ');
    const last = into.at(-1);
    if (last !== undefined && last.kind === kind) last.text += text;
    else into.push({ kind, text });
  }

  add(into: Inline[], piece: Inline): void {
    this.#atSpace = piece.kind === 'break';
    into.push(piece);
  }
}

/** Takes spaces and breaks off the end, and what is then empty. */
export function trimEnd(content: Inline[]): Inline[] {
  for (let last = content.at(-1); last !== undefined; last = content.at(-1)) {
    if (last.kind === 'text' || last.kind === 'code') {
      last.text = last.text.trimEnd();
      if (last.text !== '') break;
    } else if (last.kind === 'mark' || last.kind === 'link') {
      trimEnd(last.content);
      if (last.content.length > 0) break;
    } else if (last.kind !== 'break') break;
    content.pop();
  }
  return content;
}

/** The words alone. */
export function plainText(content: readonly Inline[]): string {
  let text = '';
  for (const piece of content) {
    if (piece.kind === 'text' || piece.kind === 'code') text += piece.text;
    else if (piece.kind === 'mark' || piece.kind === 'link') text += plainText(piece.content);
    else if (piece.kind === 'picture') text += piece.alt;
    else if (piece.kind === 'formula') text += piece.tex;
    else if (piece.kind === 'break') text += ' ';
  }
  return text;
}

/** True when the line shows nothing. */
export function isBlank(content: readonly Inline[]): boolean {
  return content.every((piece) => {
    if (piece.kind === 'text' || piece.kind === 'code') return piece.text.trim() === '';
    if (piece.kind === 'mark' || piece.kind === 'link') return isBlank(piece.content);
    return piece.kind === 'break';
  });
}

/** Text as one tidy line. */
export function lineOf(text: string): string {
  return tidyText(text).trim();
}

function tidyText(data: string): string {
  const text = stripControls(data.replace(/\r/g, '\n'));
  // Separators of lines and paragraphs are no space to HTML, and the end of a heading to many who read what is written here.
  return text.replace(/\u00ad/g, '').replace(/[\t\n\f \u2028\u2029]+/g, ' ');
}
