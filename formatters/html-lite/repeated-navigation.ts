/** Menus that a page has twice: once for wide screens, once for narrow ones. */
import { type Element, isTag, isText } from 'domhandler';
import { editTree, isHtml, textOf, walkElements } from '../document/edit-tree.ts';

/** Fewer links than this are no menu: a name and a button at both ends of a page may be meant. */
const MIN_LINKS = 4;
const MENUS = new Set(['nav', 'ul', 'ol', 'menu']);

/**
 * Drops navigations and lists of nothing but links, each of which an earlier one has, words and address alike. The first
 * stays, where a reader meets it first; so no link is lost.
 *
 * @returns how many menus went
 */
export function dropRepeatedNavigation(body: Element): number {
  const menus = findMenus(body);
  const dropped = new Set<Element>();
  const seen: Set<string>[] = [];
  for (const { menu, links } of menus) {
    if (isWithin(menu, dropped)) continue;
    if (seen.some((earlier) => links.every((link) => earlier.has(link)))) dropped.add(menu);
    else seen.push(new Set(links));
  }
  if (dropped.size > 0) editTree(body, { enter: (node) => !(isHtml(node) && dropped.has(node)) });
  return dropped.size;
}

interface Menu {
  readonly menu: Element;
  readonly links: readonly string[];
}

/** Outermost menus, in the order of the page. */
function findMenus(body: Element): Menu[] {
  const found: Menu[] = [];
  const visit = (parent: Element): void => {
    for (const child of parent.children) {
      if (!isTag(child)) continue;
      if (isHtml(child) && (MENUS.has(child.name) || child.attribs['role'] === 'navigation')) {
        const links = linksOf(child);
        if (links !== undefined && links.length >= MIN_LINKS) {
          found.push({ menu: child, links });
          continue;
        }
      }
      visit(child);
    }
  };
  visit(body);
  return found;
}

/** Its links as `address words`; `undefined` when it holds anything beside them. */
function linksOf(menu: Element): string[] | undefined {
  const links: string[] = [];
  let isMenu = !hasLooseText(menu);
  walkElements(menu, (element) => {
    if (/^(?:input|select|textarea|form|table|p|h[1-6]|article|pre|video|audio)$/.test(element.name)) isMenu = false;
    if (element.name !== 'a' || element.attribs['href'] === undefined) return;
    links.push(`${element.attribs['href']} ${textOf(element).replace(/\s+/g, ' ').trim()}`);
  });
  return isMenu ? links : undefined;
}

/** Words outside of links and buttons make it more than a menu. */
function hasLooseText(parent: Element): boolean {
  return parent.children.some((child) => {
    if (isText(child)) return child.data.trim() !== '';
    if (!isTag(child)) return false;
    return child.name !== 'a' && child.name !== 'button' && hasLooseText(child);
  });
}

function isWithin(element: Element, dropped: ReadonlySet<Element>): boolean {
  for (let up = element.parent; up !== null && isTag(up); up = up.parent) if (dropped.has(up)) return true;
  return false;
}
