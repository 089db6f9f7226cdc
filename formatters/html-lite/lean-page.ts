/** What a lite page need not carry: attributes and heads that only styles, scripts, search engines and other programs read. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isTag } from 'domhandler';
import {
  editTree,
  findElement,
  hasBelow,
  isHtml,
  isWithin,
  makeText,
  setChildren,
  textOf,
  walkElements,
} from '../document/edit-tree.ts';
import { isHidden } from '../document/furniture.ts';

// What a reader may come back by, follow or subscribe to; the rest is for programs, which ask for other forms.
const KEPT_RELATIONS = /\b(?:canonical|next|prev|license|author|help|search)\b/i;
const FEED = /^application\/(?:rss\+xml|atom\+xml|feed\+json)/i;
const KEPT_META = /^(?:refresh|content-language)$/i;
/** Roles of widgets that a script would work; without one a link is a link and a list a list. */
const WIDGET_ROLES = new Set(
  'button checkbox combobox gridcell link listbox menu menubar menuitem menuitemcheckbox menuitemradio none option presentation radio radiogroup slider switch tab tablist tabpanel toolbar tooltip tree treeitem generic'.split(
    ' ',
  ),
);
/** Elements whose `title` is said by nothing else when it differs from what is seen. */
const KEEPS_TITLE = new Set('abbr acronym dfn input select textarea'.split(' '));

/** Takes from a page what its reader does not miss. Runs before its wrappers are collapsed. */
export function leanPage($: CheerioAPI): void {
  const root = $.root()[0]!;
  leanHead(root);
  const body = findElement(root, 'body');
  if (body === undefined) return;
  nameButtons(body);
  walkElements(body, (element) => {
    if (!isHtml(element)) return;
    if (/^h[1-6]$/.test(element.name)) leanHeading(element);
    if (element.name === 'a') leanPermalink(element);
    leanAttributes(element);
  });
}

function leanHead(root: Parameters<typeof findElement>[0]): void {
  const page = findElement(root, 'html');
  for (const name in page?.attribs) if (name !== 'lang' && name !== 'dir') delete page!.attribs[name];
  const head = findElement(root, 'head');
  if (head === undefined) return;
  const title = findElement(head, 'title');
  if (title !== undefined) setChildren(title, [makeText(textOf(title).replace(/\s+/g, ' ').trim())]);
  setChildren(
    head,
    head.children.filter((child) => {
      if (!isTag(child)) return true;
      const { name, attribs } = child;
      if (name === 'meta') return KEPT_META.test(attribs['http-equiv'] ?? '') || 'charset' in attribs;
      if (name !== 'link') return true;
      const relation = attribs['rel'] ?? '';
      return KEPT_RELATIONS.test(relation) || (/\balternate\b/i.test(relation) && isKeptAlternate(child));
    }),
  );
}

// Translations are what a reader may want; feeds too. Copies for other devices are not: this is one.
function isKeptAlternate({ attribs }: Element): boolean {
  return 'hreflang' in attribs || FEED.test(attribs['type'] ?? '');
}

/** What a heading hides stands for a script to show: it would read as part of the title. */
function leanHeading(heading: Element): void {
  editTree(heading, { enter: (node) => !isHtml(node) || !isHidden(node) });
}

/** A link to its own place that shows nothing, or only to those who listen, is there to be copied. */
function leanPermalink(link: Element): void {
  const { attribs } = link;
  const href = attribs['href']?.trim() ?? '';
  const isOwnPlace = href.startsWith('#') || (href.includes('#') && isWithin(link, /^h[1-6]$/));
  if (!isOwnPlace || textOf(link).trim() !== '' || hasBelow(link, isContent)) return;
  for (const name of ['href', 'title', 'aria-label']) delete attribs[name];
}

/**
 * Buttons that show nothing: one that sends a form gets a name, one that only a script would work goes. One around links or
 * fields, or in a link, which HTML 4.10.6 and 4.5.1 forbid, gives way to what it holds: only some browsers work the inner one.
 */
function nameButtons(body: Element): void {
  editTree(body, {
    // A page's title that strayed into its text (out of a drawing, mostly) is shown nowhere, and names nothing.
    enter: (node) => !isHtml(node) || node.name !== 'title',
    leave(node) {
      if (!isHtml(node) || node.name !== 'button') return node;
      if (hasBelow(node, isControl) || isWithin(node, /^a$/)) return node.children;
      if (textOf(node).trim() !== '' || hasBelow(node, isContent)) return node;
      const { attribs } = node;
      const label = attribs['aria-label']?.trim() || attribs['title']?.trim() || attribs['value']?.trim();
      if (!label && !('form' in attribs) && !isWithin(node, /^form$/)) return undefined;
      setChildren(node, [makeText(label || 'OK')]);
      return node;
    },
  });
}

function isControl({ name, attribs }: Element): boolean {
  return /^(?:input|select|textarea)$/.test(name) || (name === 'a' && 'href' in attribs);
}

function isContent({ name }: Element): boolean {
  return name === 'img' || name === 'input';
}

function leanAttributes(element: Element): void {
  const { name: tag, attribs } = element;
  const role = attribs['role']?.trim().toLowerCase();
  if (role !== undefined && (WIDGET_ROLES.has(role) || tag === 'a') && tag !== 'table') delete attribs['role'];
  if (attribs['aria-hidden'] === 'false') delete attribs['aria-hidden'];
  if (tag === 'a') for (const name of ['type', 'aria-hidden', 'aria-describedby']) delete attribs[name];
  if (tag === 'hr') delete attribs['aria-orientation'];
  if (tag === 'time' && textOf(element).trim() !== '') delete attribs['datetime'];
  leanWords(element);
}

/** Words that nobody sees beside words that say it. */
function leanWords(element: Element): void {
  const { name: tag, attribs } = element;
  if (attribs['title'] === undefined && attribs['aria-label'] === undefined) return;
  if (KEEPS_TITLE.has(tag)) return;
  if (tag === 'img') {
    if (attribs['alt']?.trim()) for (const name of ['title', 'aria-label']) delete attribs[name];
    return;
  }
  const shown = textOf(element).replace(/\s+/g, ' ').trim().toLowerCase();
  if (shown === '') return;
  delete attribs['title'];
  const label = attribs['aria-label']?.replace(/\s+/g, ' ').trim().toLowerCase();
  if (label !== undefined && shown.includes(label)) delete attribs['aria-label'];
}
