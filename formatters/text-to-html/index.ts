import type { CheerioAPI } from 'cheerio';
import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { stripControls } from '../document/control-sequences.ts';
import { findElement, makeText, setChildren } from '../document/edit-tree.ts';
import { finishPage } from '../document/finish-page.ts';
import { linkAddresses } from '../document/link-addresses.ts';
import { readPageDemand } from '../document/page-demand.ts';
import { nameOfAddress } from '../document/page-facts.ts';
import { parseDocument } from '../document/parse.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { escapeText } from '../document/serialise.ts';

/** Addresses that become links. */
const MAX_LINKS = 20_000;
/** Texts of more lines than this are logs and lists: one block of preformatted text. */
const MAX_PROSE_LINES = 20_000;
/** Lines at least this long, on average, were broken by an editor and may be filled anew. */
const FILLED = 45;

/**
 * Plain text to a page of HTML that fits any screen.
 *
 * What was written as paragraphs flows; what has its own shape (columns, code, drawings, verse) keeps it, with long lines
 * broken. Bare addresses are links. The title is the last part of the address. Nothing in the text is markup.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'text-to-html',
  version: '1.0.1',
  title: 'Plain text to HTML',
  reads: 'text',
  edges: [{ from: 'text/plain', to: 'text/html', keeps: 0.98, cost: 2 }],
  format: toHtml,
} satisfies Formatter;

function toHtml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const text = stripControls(
    String(input.body)
      .replace(/^\ufeff/, '')
      .replace(/\r\n?/g, '\n')
      .replace(/\f/g, '\n\n'),
  );
  const budget = { links: MAX_LINKS };
  const body = bodyOf(text, budget);
  if (budget.links <= 0) env.note('text.links-left', { linked: MAX_LINKS });
  const language = input.fields['content-language']?.split(',')[0]?.trim() ?? '';
  const lang = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(language) ? ` lang="${language}"` : '';
  const title = escapeText(nameOfAddress(input.url));
  const $ = parseDocument(
    `<!DOCTYPE html><html${lang}><head><title>${title}</title></head><body>${body}</body></html>`,
  );
  sanitiseDocument($, 'fragment');
  finishPage($, readPageDemand(want.demands['lite'] ?? want.demands['article']));
  breakLongLines($);
  return { mediaType: want.mediaType, document: $ };
}

function bodyOf(text: string, budget: { links: number }): string {
  const lines = text.split('\n');
  if (lines.length > MAX_PROSE_LINES) return `<pre>\n${linkAddresses(text.trimEnd(), budget)}</pre>`;
  let html = '';
  let shaped: string[] = [];
  const flush = (): void => {
    if (shaped.length > 0) html += `<pre>\n${linkAddresses(shaped.join('\n\n'), budget)}</pre>\n`;
    shaped = [];
  };
  for (const block of text.split(/\n(?:[ \t]*\n)+/)) {
    const plain = block.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
    if (plain === '') continue;
    if (isProse(plain)) {
      flush();
      html += `<p>${linkAddresses(plain, budget).replaceAll('\n', isFilled(plain) ? '\n' : '<br>\n')}</p>\n`;
    } else shaped.push(plain);
  }
  flush();
  return html;
}

/** True for lines of words: none indented, no columns, more letters than signs. */
function isProse(block: string): boolean {
  if (/^[ \t]{2,}\S|\t|\S {3,}\S|[|+][-=]{3,}|[{};]$/m.test(block)) return false;
  const letters = block.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  return letters * 2 > block.replace(/\s/g, '').length;
}

/** True when the line breaks are where a line was full, not where the author wanted one. */
function isFilled(block: string): boolean {
  const lines = block.split('\n');
  const full = lines.slice(0, -1);
  if (full.length === 0 || lines.some((line) => /^(?:>|[-*+•] |\d{1,3}[.)] )/.test(line))) return false;
  return full.every((line) => line.length >= FILLED && line.length <= 100);
}

/** Our own style knows code that scrolls; a text is read. */
function breakLongLines($: CheerioAPI): void {
  const style = findElement($.root()[0]!, 'style');
  if (style === undefined) return;
  setChildren(style, [...style.children, makeText('pre{white-space:pre-wrap}')]);
}
