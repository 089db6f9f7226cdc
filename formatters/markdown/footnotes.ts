/** Footnotes as GitHub has them: `[^name]` refers, `[^name]: text` at the beginning of a line defines. */
import type { Lexer, MarkedExtension, Token, Tokens } from 'marked';

const REFERENCE = /^\[\^([^\]\s[]{1,100})\]/;
const DEFINITION = /^ {0,3}\[\^([^\]\s[]{1,100})\]:[ \t]*/;
const MAX_NOTES = 2000;

interface Note {
  readonly tokens: Token[];
  /** Place among the notes that are referred to, from 1; 0 before the first reference. */
  number: number;
  references: number;
}

/** The notes of one document. */
export class Footnotes {
  readonly #notes = new Map<string, Note>();
  #numbered = 0;
  #isReading = false;

  define(name: string, tokens: Token[]): void {
    const key = name.toLowerCase();
    if (!this.#notes.has(key)) this.#notes.set(key, { tokens, number: 0, references: 0 });
  }

  has(name: string): boolean {
    return this.#notes.has(name.toLowerCase());
  }

  /** Reads the text of a note, unless one is being read or there are too many. */
  read(readText: () => void): boolean {
    if (this.#isReading || this.#notes.size >= MAX_NOTES) return false;
    this.#isReading = true;
    readText();
    this.#isReading = false;
    return true;
  }

  /** The reference as HTML. */
  refer(name: string): string {
    const note = this.#notes.get(name.toLowerCase())!;
    if (note.number === 0) note.number = ++this.#numbered;
    const which = ++note.references === 1 ? '' : `-${note.references}`;
    return `<sup><a href="#fn-${note.number}" id="fnref-${note.number}${which}" role="doc-noteref">${note.number}</a></sup>`;
  }

  /** All notes that are referred to, as HTML; a note may refer to others. */
  section(render: (tokens: Token[]) => string): string {
    const items: string[] = [];
    const done = new Set<Note>();
    for (let found = true; found; ) {
      const next = [...this.#notes.values()].find((note) => note.number === items.length + 1 && !done.has(note));
      found = next !== undefined;
      if (next === undefined) break;
      done.add(next);
      const back = `<a href="#fnref-${next.number}" role="doc-backlink" aria-label="Back">↩</a>`;
      const body = render(next.tokens).trimEnd();
      const end = body.endsWith('</p>') ? `${body.slice(0, -4)} ${back}</p>` : `${body}<p>${back}</p>`;
      items.push(`<li id="fn-${next.number}">${end}</li>`);
    }
    return items.length === 0 ? '' : `<hr>\n<ol>\n${items.join('\n')}\n</ol>\n`;
  }
}

/** How marked reads and writes them; `notesOf` finds the notes of the document that a lexer or parser works on. */
export function footnoteExtension(notesOf: (options: Lexer['options']) => Footnotes | undefined): MarkedExtension {
  return {
    extensions: [
      {
        name: 'footnoteDefinition',
        level: 'block',
        tokenizer(src): Tokens.Generic | undefined {
          const match = DEFINITION.exec(src);
          const notes = match === null ? undefined : notesOf(this.lexer.options);
          if (match === null || notes === undefined) return undefined;
          const raw = wholeNote(src);
          const isRead = notes.read(() => {
            const text = raw.slice(match[0].length).replace(/^(?: {1,4}|\t)/gm, '');
            notes.define(match[1]!, this.lexer.blockTokens(text, []));
          });
          return isRead ? { type: 'footnoteDefinition', raw } : undefined;
        },
        renderer: () => '',
      },
      {
        name: 'footnoteReference',
        level: 'inline',
        // Without `start`: text stops at every bracket anyway, and looking ahead from each costs the square.
        tokenizer(src): Tokens.Generic | undefined {
          const match = REFERENCE.exec(src);
          if (match === null || notesOf(this.lexer.options)?.has(match[1]!) !== true) return undefined;
          return { type: 'footnoteReference', raw: match[0], name: match[1]! };
        },
        renderer(token) {
          return notesOf(this.parser.options)?.refer(String(token['name'])) ?? '';
        },
      },
    ],
  };
}

/** The lines of the note that starts here: up to a blank line that no indented line follows, or the next note. */
function wholeNote(src: string): string {
  let end = 0;
  let afterBlank = false;
  for (let at = 0; at < src.length; ) {
    const next = src.indexOf('\n', at);
    const stop = next === -1 ? src.length : next + 1;
    const line = src.slice(at, stop);
    const isBlank = line.trim() === '';
    if (at > 0 && !isBlank && (DEFINITION.test(line) || (afterBlank && !/^(?: {2}|\t)/.test(line)))) break;
    if (!isBlank) end = stop;
    afterBlank = isBlank;
    at = stop;
  }
  return src.slice(0, end);
}
