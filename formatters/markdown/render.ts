/** Markdown to the HTML that the specifications say, not yet safe to show. */
import { Marked, type Token, type Tokens } from 'marked';
import { FormatFailure } from '../../core/executor.ts';
import { BoundedTokenizer } from './bounded-tokenizer.ts';
import { Footnotes, footnoteExtension } from './footnotes.ts';
import { Formulas, formulaExtension } from './formulas.ts';
import { PageRenderer } from './page-renderer.ts';

/** Longest document, in UTF-16 code units. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export interface RenderOptions {
  /** GFM: tables, tasks, deleted text, bare addresses. Default true; without it CommonMark alone. */
  readonly gfm?: boolean;
  /** GFM's tag filter. Default true. */
  readonly filtersTags?: boolean;
  /** What a page needs beyond the specification: names for headings, footnotes, formulas. Default true. */
  readonly forPages?: boolean;
}

export interface Rendered {
  /** Unsafe: what the author wrote as raw HTML is in it. */
  readonly html: string;
  /** Words of the first heading. */
  readonly heading: string | undefined;
  /** Marks that were taken for text because of a bound. */
  readonly flattened: number;
}

// Extensions of the shared instance pile up for the whole process; this one is ours alone and set up once.
const marked = new Marked({ async: false, walkTokens: unlinkInTags });
/** What extensions gather of a page, by its tokenizer: all that they are given. */
const extrasByTokenizer = new WeakMap<object, { readonly notes: Footnotes; readonly formulas: Formulas }>();
marked.use(formulaExtension(({ tokenizer }) => (tokenizer ? extrasByTokenizer.get(tokenizer)?.formulas : undefined)));
marked.use(footnoteExtension(({ tokenizer }) => (tokenizer ? extrasByTokenizer.get(tokenizer)?.notes : undefined)));

/**
 * Renders in about linear time, whatever the input.
 *
 * @throws FormatFailure of kind `too-large` beyond 4 Mi characters
 */
export function renderMarkdown(markdown: string, options: RenderOptions = {}): Rendered {
  const { gfm = true, filtersTags = true, forPages = true } = options;
  if (markdown.length > MAX_CHARACTERS)
    throw new FormatFailure('too-large', 'markdown-to-html', `the text is longer than ${MAX_CHARACTERS} characters`);
  const tokenizer = new BoundedTokenizer(markdown.length, forPages);
  const formulas = forPages ? new Formulas() : undefined;
  const renderer = new PageRenderer({ filtersTags, namesHeadings: forPages, formulas });
  const notes = new Footnotes();
  if (formulas !== undefined) extrasByTokenizer.set(tokenizer, { notes, formulas });
  const settings = { ...marked.defaults, gfm, tokenizer, renderer };
  try {
    const tokens = marked.Lexer.lex(markdown, settings);
    marked.walkTokens(tokens, unlinkInTags);
    const body = marked.Parser.parse(tokens, settings) as string;
    const html = body + notes.section((each) => marked.Parser.parse(each, settings) as string);
    return { html, heading: renderer.firstHeading, flattened: tokenizer.flattened };
  } catch (error) {
    // Some nesting that the bounds do not know of.
    if (error instanceof RangeError || /call stack/i.test(String(error)))
      throw new FormatFailure('too-large', 'markdown-to-html', 'the text is nested too deeply', { cause: error });
    throw error;
  }
}

/** GFM 6.9: a bare address begins a line or follows a space or one of `*_~(`; right after `<` is no place for one. */
function unlinkInTags(token: Token): void {
  const lists: Token[][] = 'tokens' in token && token.tokens !== undefined ? [token.tokens] : [];
  if (token.type === 'table') for (const cell of cellsOf(token as Tokens.Table)) lists.push(cell.tokens);
  for (const list of lists)
    for (let i = 1; i < list.length; i++) {
      const each = list[i]!;
      if (each.type !== 'link' || each['autolink'] !== true || each.raw.startsWith('<')) continue;
      if (list[i - 1]!.raw.endsWith('<')) list[i] = { type: 'text', raw: each.raw, text: each.raw };
    }
}

function cellsOf(table: Tokens.Table): Tokens.TableCell[] {
  return [...table.header, ...table.rows.flat()];
}
