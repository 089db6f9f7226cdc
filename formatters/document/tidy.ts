/** The second pass: links that say where they lead, tables that hold data, and nothing around them that says nothing. */
import { type Element, hasChildren, isTag } from 'domhandler';
import { collapse, findReferences } from './collapse.ts';
import { editTree, hasBelow, isHtml, makeElement, makeText, setChildren, textOf, walkElements } from './edit-tree.ts';
import { isFormulaClass } from './flow/formulas.ts';
import { flattenTable, isLayoutTable } from './layout-tables.ts';
import { partWords } from './part-words.ts';

/** From this many links on a navigation is folded: it would push the page off a small screen. */
const FOLDED_LINKS = 12;
const HEADING = /^h[1-6]$/;
// They tell what scripts would do.
const DEAD_ARIA =
  /^aria-(?:expanded|controls|haspopup|live|atomic|relevant|busy|owns|activedescendant|modal|pressed|selected|posinset|setsize)$/;
// Roles without sense, and those that elements have by themselves.
const IDLE_ROLES = new Set(['presentation', 'none', 'generic']);
const OWN_ROLE: Readonly<Record<string, string>> = {
  a: 'link',
  article: 'article',
  aside: 'complementary',
  button: 'button',
  form: 'form',
  img: 'img',
  li: 'listitem',
  main: 'main',
  nav: 'navigation',
  ol: 'list',
  section: 'region',
  table: 'table',
  ul: 'list',
};
const PRESENTATIONAL = new Set(
  'align bgcolor border cellpadding cellspacing class color face height size style valign width tabindex'.split(' '),
);

/** How a page is tidied. */
export interface TidyOptions {
  /** Long navigations fold: needs a client that knows `details`. */
  readonly foldsNavigation: boolean;
  /** Links and icons without text get their labels: in a page that is worked with, not in one that is read. */
  readonly namesIcons: boolean;
}

/** Tidies what `body` holds. */
export function tidy(body: Element, { foldsNavigation, namesIcons }: TidyOptions): void {
  const references = findReferences(body);
  editTree(body, {
    leave(node) {
      if (!isHtml(node)) return node;
      cleanAttributes(node, references);
      if (node.name === 'a' && namesIcons) nameLink(node);
      if (node.name === 'table' && isLayoutTable(node)) return flattenTable(node);
      return node;
    },
  });
  partWords(body);
  collapse(body, references, namesIcons);
  if (foldsNavigation) foldNavigation(body);
}

function cleanAttributes(element: Element, references: ReadonlySet<string>): void {
  const { attribs, name: tag } = element;
  for (const name in attribs) {
    // The class of code names its language, that of a picture tells that it is a formula.
    const isTelling =
      name === 'class' && (tag === 'code' || tag === 'pre' || (tag === 'img' && isFormulaClass(attribs[name]!)));
    if (!isTelling && isIdle(name, attribs[name]!, tag)) delete attribs[name];
    else if (name === 'id' && !HEADING.test(tag) && !references.has(attribs[name]!)) delete attribs[name];
  }
  const said = attribs['title'] ?? attribs['aria-label'];
  if (said === undefined || (tag !== 'a' && tag !== 'button')) return;
  // A label that repeats the text is read out twice.
  const text = textOf(element).replace(/\s+/g, ' ').trim();
  if (attribs['title']?.trim() === text) delete attribs['title'];
  if (attribs['aria-label']?.trim() === text) delete attribs['aria-label'];
}

/** True for an attribute that does nothing in a page without scripts and styles, or says what the element says. */
function isIdle(name: string, value: string, tag: string): boolean {
  if (name === 'size' && (tag === 'input' || tag === 'select')) return false;
  if ((name === 'width' || name === 'height') && (tag === 'img' || tag === 'input')) return false;
  if (PRESENTATIONAL.has(name) || DEAD_ARIA.test(name) || /^(?:on|data-|item)/.test(name)) return true;
  if (name === 'role') return (IDLE_ROLES.has(value) && tag !== 'table') || OWN_ROLE[tag] === value;
  if (name === 'rel' || name === 'hreflang') return tag === 'a';
  if (name === 'loading' || name === 'decoding') return true;
  return name === 'title' && value.trim() === '';
}

/** A link that showed only a picture or an icon gets words: its label, or where it leads. */
function nameLink(link: Element): void {
  const { attribs } = link;
  if (attribs['href'] === undefined || textOf(link).trim() !== '' || hasBelow(link, isPicture)) return;
  const label = attribs['aria-label']?.trim() || attribs['title']?.trim() || placeName(attribs['href']);
  if (label) setChildren(link, [makeText(label)]);
}

function isPicture({ name }: Element): boolean {
  return name === 'img' || name === 'input';
}

/** The last word of an address: `https://e.org/about/team.html` is `team`. */
function placeName(href: string): string {
  const path = href.replace(/[?#].*$/, '').replace(/\/+$/, '');
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.\w{2,5}$/, '') || href;
}

/** Puts long navigations behind a line that opens them, without scripts. */
function foldNavigation(body: Element): void {
  editTree(body, {
    leave(node) {
      const isNavigation = isHtml(node) && (node.name === 'nav' || node.attribs['role'] === 'navigation');
      if (!isNavigation || countLinks(node) < FOLDED_LINKS || isInNavigation(node)) return node;
      const label = node.attribs['aria-label']?.trim() || 'Menu';
      const fold = makeElement('details', {}, [makeElement('summary', {}, [makeText(label)]), ...node.children]);
      setChildren(node, [fold]);
      return node;
    },
  });
}

function countLinks(element: Element): number {
  let count = 0;
  walkElements(element, (each) => {
    if (each.name === 'a') count++;
  });
  return count;
}

function isInNavigation(element: Element): boolean {
  for (let up = element.parent; up !== null && isTag(up); up = up.parent)
    if (up.name === 'nav' || up.name === 'details' || up.attribs['role'] === 'navigation') return true;
  return !hasChildren(element);
}
