/** Pages to Markdown and back: what of their words and structures is there again. */

import type { CheerioAPI } from 'cheerio';
import { type AnyNode, type Element, hasChildren, isTag, isText, type ParentNode } from 'domhandler';
import { BLOCKS } from '../formatters/document/collapse.ts';
import { textOf } from '../formatters/document/edit-tree.ts';
import { isPlaceholder } from '../formatters/document/lazy-images.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { serialiseDocument } from '../formatters/document/serialise.ts';
import article from '../formatters/html-article/index.ts';
import lite from '../formatters/html-lite/index.ts';
import toMarkdown from '../formatters/html-to-markdown/index.ts';
import toHtml from '../formatters/markdown-to-html/index.ts';
import { format } from './run-formatter.ts';

/** Fields are no text of a page; Markdown has none. */
const UNSAID = new Set('button datalist input option output select textarea head script style template'.split(' '));
const STRUCTURES = {
  headings: /^h[1-6]$/,
  lists: /^[uo]l$/,
  items: /^li$/,
  tables: /^table$/,
  rows: /^tr$/,
  code: /^pre$/,
  quotes: /^blockquote$/,
  links: /^a$/,
  pictures: /^img$/,
} as const;

export type Structure = keyof typeof STRUCTURES;
export const structures = Object.keys(STRUCTURES) as Structure[];

/** What there was and what there is again. */
export interface RoundTrip {
  /** F1 of the words, each as often as it is there: 0 to 1. */
  readonly wordF1: number;
  readonly before: Readonly<Record<Structure, number>>;
  /** At most as many as before. */
  readonly kept: Readonly<Record<Structure, number>>;
  readonly html: string;
  readonly markdown: string;
}

/** Sends what `lite` or `article` makes of a page through Markdown. */
export async function roundTrip(page: string, form: 'lite' | 'article'): Promise<RoundTrip> {
  const first = await format(form === 'lite' ? lite : article, page, { [form]: { styles: 'none', maxWidth: 800 } });
  const html = serialiseDocument(first.document!);
  const markdown = String((await format(toMarkdown, html, {}, { frontMatter: false })).body);
  const back = await format(toHtml, markdown, {});
  const [before, after] = [countStructures(parseDocument(html)), countStructures(back.document!)];
  const kept = { ...before };
  for (const name of structures) kept[name] = Math.min(before[name], after[name]);
  return { wordF1: wordF1(wordsOf(parseDocument(html)), wordsOf(back.document!)), before, kept, html, markdown };
}

function countStructures($: CheerioAPI): Record<Structure, number> {
  const counts = Object.fromEntries(structures.map((name) => [name, 0])) as Record<Structure, number>;
  const visit = (parent: ParentNode): void => {
    for (const child of parent.children) {
      if (!isTag(child) || UNSAID.has(child.name)) continue;
      for (const name of structures) if (STRUCTURES[name].test(child.name) && isThere(child, name)) counts[name] += 1;
      // Code is text alone in Markdown.
      if (child.name !== 'pre') visit(child);
    }
  };
  visit($.root()[0]!);
  return counts;
}

/** What shows nothing is no loss: boxes of nothing, pictures without words, the signs by which headings can be linked to. */
function isThere(element: Element, name: Structure): boolean {
  const { attribs } = element;
  // One that a script would have filled gives way to its words.
  if (name === 'pictures') return Boolean(attribs['alt']?.trim()) && !isPlaceholder(attribs['src']);
  // A link to nothing but the page that it is on leads nowhere.
  if (name === 'links' && (/^#?$/.test(attribs['href']?.trim() ?? '') || isPermalink(element))) return false;
  return holdsSomething(element);
}

function isPermalink(link: Element): boolean {
  const href = link.attribs['href']!;
  if (!href.startsWith('#')) return false;
  if (/^[#¶§🔗]?$/u.test(textOf(link).trim())) return true;
  for (let up = link.parent; up !== null && isTag(up); up = up.parent)
    if (/^h[1-6]$/.test(up.name))
      return [up, up.parent, link].some((each) => each !== null && isTag(each) && each.attribs['id'] === href.slice(1));
  return false;
}

function holdsSomething(parent: ParentNode): boolean {
  return parent.children.some((child) => {
    if (isText(child)) return child.data.trim() !== '';
    if (!isTag(child) || UNSAID.has(child.name)) return false;
    return child.name === 'img' || holdsSomething(child);
  });
}

function wordsOf($: CheerioAPI): Map<string, number> {
  let text = '';
  const visit = (node: AnyNode): void => {
    if (isText(node)) text += node.data;
    if (isTag(node) && node.name === 'img') text += ` ${node.attribs['alt'] ?? ''} `;
    if (!hasChildren(node) || (isTag(node) && UNSAID.has(node.name))) return;
    const apart = isTag(node) && (BLOCKS.has(node.name) || node.name === 'br') ? ' ' : '';
    text += apart;
    for (const child of node.children) visit(child);
    text += apart;
  };
  visit($.root()[0]!);
  const words = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}\p{M}_]+/gu))
    words.set(word, (words.get(word) ?? 0) + 1);
  return words;
}

function wordF1(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  const sum = (words: ReadonlyMap<string, number>) => [...words.values()].reduce((total, count) => total + count, 0);
  const common = [...before].reduce((total, [word, count]) => total + Math.min(count, after.get(word) ?? 0), 0);
  const all = sum(before) + sum(after);
  return all === 0 ? 1 : (2 * common) / all;
}
