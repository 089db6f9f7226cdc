/** Markdown as a page that is safe to show. */
import type { CheerioAPI } from 'cheerio';
import type { FormatEnv, FormatInput } from '../../core/component.ts';
import { nameOfAddress, oneLine } from '../document/page-facts.ts';
import { droppedTags, parseDocument } from '../document/parse.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { readFrontMatter } from './read-front-matter.ts';
import { renderMarkdown } from './render.ts';

/** Renders, with what front matter says in the head, and sanitises. @throws FormatFailure too-large */
export function makeMarkdownPage(
  markdown: string,
  { url, fields }: Pick<FormatInput, 'url' | 'fields'>,
  env: FormatEnv,
): CheerioAPI {
  const { values, text } = readFrontMatter(markdown);
  const { html, heading, flattened } = renderMarkdown(text);
  const title = oneLine(values.get('title')) ?? oneLine(heading) ?? nameOfAddress(url);
  const $ = parseDocument(
    `<!DOCTYPE html><html${languageOf(values, fields)}><head><title>${escapeText(title)}</title>${metadata(values)}</head><body>${html}</body></html>`,
  );
  const lost = flattened + droppedTags($);
  if (lost > 0) env.note('markdown.flattened', { marks: lost });
  sanitiseDocument($, 'fragment');
  return $;
}

function languageOf(values: ReadonlyMap<string, string>, fields: FormatInput['fields']): string {
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
