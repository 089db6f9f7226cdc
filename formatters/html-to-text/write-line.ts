/** Pieces of a line as words of a terminal. */

import { plainText } from '../document/flow/inline-run.ts';
import type { Control, Inline } from '../document/flow/model.ts';
import { BOLD, type Filler, UNDERLINE } from '../document/text/fill-lines.ts';
import type { References } from './references.ts';

/** How a line is written. */
export interface LineStyle {
  readonly references: References;
  /** Emphasis is shown by escape sequences. */
  readonly ansi: boolean;
}

const FIELD_WIDTH = 20;
const MAX_FIELD_WIDTH = 40;

/** Adds a line's pieces to `filler`, in `style` of `BOLD` and `UNDERLINE`. */
export function addInlines(content: readonly Inline[], filler: Filler, line: LineStyle, style = 0): void {
  for (const [i, piece] of content.entries()) {
    if (isCramped(content[i - 1], piece)) filler.text(' ');
    switch (piece.kind) {
      case 'text':
      case 'code':
        filler.text(piece.text, line.ansi ? style : 0);
        break;
      case 'break':
        filler.lineBreak();
        break;
      case 'mark': {
        const own = piece.mark === 'strong' ? BOLD : piece.mark === 'emphasis' ? UNDERLINE : 0;
        // `10²` is not `102`.
        if (piece.mark === 'superscript' && /^[\d+-][\w+-]{0,7}$/.test(plainText(piece.content))) filler.text('^');
        addInlines(piece.content, filler, line, style | own);
        break;
      }
      case 'link': {
        const isShown = plainText(piece.content).trim() === piece.href || piece.href.startsWith('#');
        if (!isShown) filler.text(`[${line.references.numberOf(piece.href)}]`);
        addInlines(piece.content, filler, line, style);
        break;
      }
      case 'picture':
        if (piece.alt !== '') filler.text(`[${piece.alt}]`);
        break;
      case 'formula':
        filler.text(piece.tex);
        break;
      case 'note':
        filler.text(`[^${piece.label}]`);
        break;
      case 'control':
        filler.text(showControl(piece.control).replaceAll(' ', '\u00a0'));
        break;
    }
  }
}

/** A browser draws fields with room around them; here they would run into the words beside them. */
function isCramped(previous: Inline | undefined, piece: Inline): boolean {
  if (previous === undefined || previous.kind === 'break' || piece.kind === 'break') return false;
  if (previous.kind !== 'control' && piece.kind !== 'control') return false;
  return /\S$/.test(shownText(previous)) && /^[^\s.,:;!?)\]]/.test(shownText(piece));
}

function shownText(piece: Inline): string {
  return piece.kind === 'control' ? showControl(piece.control) : plainText([piece]);
}

function showControl(control: Control): string {
  switch (control.type) {
    case 'checkbox':
      return control.checked ? '[x]' : '[ ]';
    case 'radio':
      return control.checked ? '(*)' : '( )';
    case 'select': {
      const shown = control.choices.filter((each) => each.selected).map((each) => each.label);
      const first = control.choices[0]?.label ?? '';
      return `[${(shown.length > 0 ? shown : [first]).join(', ')} v]`;
    }
    case 'file':
      return `[${control.label || 'Choose a file'}]`;
    case 'button':
    case 'reset':
    case 'submit':
      return control.label === '' ? '' : `[${control.label}]`;
    case 'password':
      return `[${control.label.padEnd(fieldWidth(control), '_')}]`;
    default: {
      const text = (control.value || control.label).replace(/\s+/g, ' ').trim();
      const width = fieldWidth(control);
      return `[${text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width, '_')}]`;
    }
  }
}

function fieldWidth({ size }: Control): number {
  return Math.min(size || FIELD_WIDTH, MAX_FIELD_WIDTH);
}
