/** marked's renderer with what it leaves out: addresses decoded, the tag filter of GFM, names to link to. */
import { Renderer, type Tokens } from 'marked';
import { parseFragment } from 'parse5';
import type { Formulas } from './formulas.ts';

// GFM 6.11: a browser would read what follows these as something else than the page.
const FILTERED = /<(?=\/?(?:title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext)(?:[\s/>]|$))/gi;
const REFERENCE = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;

export interface RendererOptions {
  /** GFM's tag filter. */
  readonly filtersTags: boolean;
  /** Headings get an `id` after their words, as GitHub does it. */
  readonly namesHeadings: boolean;
  /** Writes code in the language `math`; without it that is code. */
  readonly formulas: Formulas | undefined;
}

/** For one document: make a new one for the next. */
export class PageRenderer extends Renderer {
  readonly #options: RendererOptions;
  readonly #names = new Map<string, number>();
  /** Words of the first heading. */
  firstHeading: string | undefined;

  constructor(options: RendererOptions) {
    super();
    this.#options = options;
  }

  override html(token: Tokens.HTML | Tokens.Tag): string {
    const text = super.html(token);
    // A block of raw HTML ends its line: in an open `pre` that shows.
    const html = token.block === true && !text.endsWith('\n') ? `${text}\n` : text;
    return this.#options.filtersTags ? html.replace(FILTERED, '&lt;') : html;
  }

  override code(token: Tokens.Code): string {
    const { formulas } = this.#options;
    if (formulas === undefined || token.lang?.trim() !== 'math') return super.code(token);
    return `<p>${formulas.write(token.text.trim(), true)}</p>\n`;
  }

  override heading(token: Tokens.Heading): string {
    const text = plainText(this.parser.parseInline(token.tokens, this.parser.textRenderer));
    this.firstHeading ??= text === '' ? undefined : text;
    if (!this.#options.namesHeadings) return super.heading(token);
    const name = this.#nameFor(text);
    const html = super.heading(token);
    return name === '' ? html : html.replace(/^<h\d/, (tag) => `${tag} id="${name}"`);
  }

  override link(token: Tokens.Link): string {
    return super.link(token.autolink === true ? token : { ...token, href: decodeAddress(token.href) });
  }

  override image(token: Tokens.Image): string {
    return super.image({ ...token, href: decodeAddress(token.href) });
  }

  #nameFor(text: string): string {
    const base = text
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replace(/ /g, '-');
    if (base === '') return '';
    const count = this.#names.get(base) ?? 0;
    this.#names.set(base, count + 1);
    return count === 0 ? base : `${base}-${count}`;
  }
}

/** CommonMark 2.5: references in destinations mean their characters, which are then percent-encoded. */
function decodeAddress(href: string): string {
  if (!href.includes('&')) return href;
  return href.replace(REFERENCE, decodeReference).replaceAll('&', '&amp;');
}

function decodeReference(reference: string): string {
  const node = parseFragment(reference).childNodes[0];
  return node !== undefined && 'value' in node ? node.value : reference;
}

function plainText(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(REFERENCE, decodeReference)
    .replace(/\s+/g, ' ')
    .trim();
}
