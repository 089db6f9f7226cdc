/** Formulas in Markdown as forges and Pandoc have them: `$x$` in a line, `$$x$$`, and code in the language `math`. */
import type { Lexer, MarkedExtension, Tokens } from 'marked';
import temml from 'temml';
import { escapeText } from '../document/serialise.ts';

/** Characters of TeX in one formula, and of those in one document that become MathML: it has ten times as many. */
const MAX_TEX = 2000;
const MAX_ALL = 100_000;
/** Pandoc: no space within the signs, no digit behind them; a word behind them is a name of the shell. */
const IN_LINE =
  /^\$((?:[^\s$\\]|\\[^\n])(?:(?:[^$\\\n]|\\[^\n]|\n(?!\s*\n)){0,1998}?(?:[^\s$\\]|\\[^\n]))?)\$(?![\p{L}\p{N}$])/u;
const DISPLAY = /^\$\$(?!\$)((?:[^$\\\n]|\\[^\n]|\\?\n(?![ \t]*\n)){1,2000}?)\$\$(?!\$)/;
const BLOCK_END = /^[ \t]*(?:\n|$)/;
/** A sign of TeX, or no word of two letters: what is between two prices is neither. */
const TEX = /[\\^_={}<>|+]|^(?:\P{L}|\p{L}(?!\p{L}))+$/u;

/** Writes the formulas of one document. */
export class Formulas {
  #room = MAX_ALL;

  /** MathML with the TeX in it, safe; `code` for what is no TeX. */
  write(tex: string, display: boolean): string {
    this.#room -= tex.length;
    if (tex.length <= MAX_TEX && this.#room >= 0)
      try {
        const options = { displayMode: display, annotate: true, throwOnError: true, trust: false, maxExpand: 200 };
        return temml.renderToString(tex, options).replace(/ (?:class|style)="[^"]*"/g, '');
      } catch {
        // A mistake in it, or nesting that overflows the stack: people can read the source.
      }
    return `<code class="math${display ? ' display' : ''}">${escapeText(tex)}</code>`;
  }
}

/** How marked reads and writes them; `formulasOf` finds those of the document that a lexer or parser works on. */
export function formulaExtension(formulasOf: (options: Lexer['options']) => Formulas | undefined): MarkedExtension {
  const write = (token: Tokens.Generic, options: Lexer['options']) =>
    formulasOf(options)?.write(String(token['tex']), token['display'] === true) ?? '';
  return {
    extensions: [
      {
        name: 'formulaBlock',
        level: 'block',
        tokenizer(src): Tokens.Generic | undefined {
          if (!src.startsWith('$$') || formulasOf(this.lexer.options) === undefined) return undefined;
          const match = DISPLAY.exec(src);
          const end = match === null ? null : BLOCK_END.exec(src.slice(match[0].length));
          const tex = match?.[1]?.trim();
          if (match === null || end === null || !tex) return undefined;
          return { type: 'formulaBlock', raw: match[0] + end[0], tex, display: true };
        },
        renderer(token) {
          return `<p>${write(token, this.parser.options)}</p>\n`;
        },
      },
      {
        name: 'formula',
        level: 'inline',
        // Without `start`: the tokenizer ends text at such signs.
        tokenizer(src): Tokens.Generic | undefined {
          if (!src.startsWith('$') || formulasOf(this.lexer.options) === undefined) return undefined;
          const display = DISPLAY.exec(src);
          const match = display ?? IN_LINE.exec(src);
          const tex = match?.[1]?.trim();
          if (match === null || !tex || (display === null && !TEX.test(tex))) return undefined;
          return { type: 'formula', raw: match[0], tex, display: display !== null };
        },
        renderer(token) {
          return write(token, this.parser.options);
        },
      },
    ],
  };
}

/** Where text is to end, since a formula may begin there; `undefined` when none may. */
export function placeOfFormula(text: string): number | undefined {
  const found = /[^\p{L}\p{N}\\$]\$/u.exec(text);
  return found === null ? undefined : found.index + found[0].length - 1;
}
