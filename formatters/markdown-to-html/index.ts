import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { finishPage } from '../document/finish-page.ts';
import { readPageDemand } from '../document/page-demand.ts';
import { nameOfAddress, oneLine } from '../document/page-facts.ts';
import { droppedTags, parseDocument } from '../document/parse.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { readFrontMatter } from './read-front-matter.ts';
import { renderMarkdown } from './render.ts';

/**
 * Markdown (CommonMark 0.31 with GFM, footnotes and front matter) to a page of HTML.
 *
 * All of CommonMark's examples come out as specified, but for bare addresses, which GFM links. Headings can be linked to
 * by their words. Raw HTML that an author wrote passes an allow-list like any other page; scripts never run. YAML front
 * matter gives title, language, author, date and description, and is not shown. Deep nesting and other tricks to keep a
 * parser busy become text.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'markdown-to-html',
  version: '1.0.0',
  title: 'Markdown to HTML',
  reads: 'text',
  edges: [{ from: 'text/markdown', to: 'text/html', keeps: 0.98, cost: 4 }],
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const { values, text } = readFrontMatter(String(input.body));
  const { html, heading, flattened } = renderMarkdown(text);
  const title = oneLine(values.get('title')) ?? oneLine(heading) ?? nameOfAddress(input.url);
  const $ = parseDocument(
    `<!DOCTYPE html><html${languageOf(values, input)}><head><title>${escapeText(title)}</title>${metadata(values)}</head><body>${html}</body></html>`,
  );
  const lost = flattened + droppedTags($);
  if (lost > 0) env.note('markdown.flattened', { marks: lost });
  sanitiseDocument($, 'fragment');
  finishPage($, readPageDemand(want.demands['lite'] ?? want.demands['article']));
  return { mediaType: want.mediaType, document: $ };
}

function languageOf(values: ReadonlyMap<string, string>, { fields }: FormatInput): string {
  const given = values.get('lang') ?? values.get('language') ?? fields['content-language']?.split(',')[0];
  const tag = given?.trim() ?? '';
  return /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(tag) ? ` lang="${tag}"` : '';
}

function metadata(values: ReadonlyMap<string, string>): string {
  return ['author', 'date', 'description', 'keywords']
    .map((name) => [name, oneLine(values.get(name))] as const)
    .map(([name, value]) => (value === undefined ? '' : `<meta name="${name}" content="${escapeAttribute(value)}">`))
    .join('');
}
