/** The `base` element: applied once, then gone, so that later steps and the client need not know of it. */
import type { CheerioAPI } from 'cheerio';
import type { Element } from 'domhandler';
import { cleanAddress, readUrl } from '../../core/links/address-map.ts';
import { isAddressAttribute } from '../../core/links/html-addresses.ts';
import { formatSrcset, parseSrcset } from '../../core/links/srcset.ts';
import { editTree, findElement, isHtml, walkElements } from './edit-tree.ts';

/**
 * Makes addresses absolute where the page has a `base` that changes what they mean, and removes it (S-8).
 *
 * Without one nothing changes: relative addresses stay relative, and those already mapped into the gateway stay so.
 */
export function resolveBase($: CheerioAPI, pageUrl: string): void {
  const root = $.root()[0]!;
  const element = findElement(root, 'base');
  if (element === undefined) return;
  const { href } = element.attribs;
  editTree(root, { enter: (node) => !(isHtml(node) && node.name === 'base') });
  const base = href === undefined ? undefined : readUrl(href, pageUrl);
  // A base of another scheme (`data:`, `javascript:`) is ignored by browsers too.
  if (base === undefined || !/^https?:$/.test(base.protocol)) return;
  if (readUrl('.', base.href)?.href === readUrl('.', pageUrl)?.href) return;
  walkElements(root, (each) => resolveElement(each, base.href));
}

function resolveElement(element: Element, base: string): void {
  const { attribs } = element;
  for (const name in attribs) {
    const value = attribs[name]!;
    if (name === 'srcset' || name === 'data-srcset')
      attribs[name] = formatSrcset(parseSrcset(value).map((each) => ({ ...each, url: resolve(each.url, base) })));
    else if (name === 'data-src' || isAddressAttribute(element.name, name)) attribs[name] = resolve(value, base);
  }
}

// A reference to a place within the page stays one, though by the letter it would lead to the base.
function resolve(value: string, base: string): string {
  const text = cleanAddress(value);
  if (text === '' || text.startsWith('#') || /^[a-z][a-z0-9+.-]*:/i.test(text)) return value;
  return readUrl(text, base)?.href ?? value;
}
