import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { finishPage } from '../document/finish-page.ts';
import { readPageDemand } from '../document/page-demand.ts';
import { makeMarkdownPage } from '../markdown/markdown-page.ts';

/**
 * Markdown (CommonMark 0.31 with GFM, footnotes, formulas and front matter) to a page of HTML.
 *
 * All of CommonMark's examples come out as specified, but for bare addresses, which GFM links. Headings can be linked to
 * by their words. Formulas (`$x$`, `$$x$$`, code in the language `math`) are MathML with their TeX in it. Raw HTML that an author wrote passes an allow-list like any other page; scripts never run. YAML front
 * matter gives title, language, author, date and description, and is not shown. Deep nesting and other tricks to keep a
 * parser busy become text.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'markdown-to-html',
  version: '1.1.0',
  title: 'Markdown to HTML',
  reads: 'text',
  edges: [{ from: 'text/markdown', to: 'text/html', keeps: 0.98, cost: 4 }],
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = makeMarkdownPage(String(input.body), input, env);
  finishPage($, readPageDemand(want.demands['lite'] ?? want.demands['article']));
  return { mediaType: want.mediaType, document: $ };
}
