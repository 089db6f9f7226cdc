/** The last of a simplified page: what the client is told of it, in the markup it reads. */
import type { CheerioAPI } from 'cheerio';
import { type Element, ProcessingInstruction } from 'domhandler';
import type { FormatEnv } from '../../core/component.ts';
import { findElement, isHtml, makeElement, makeText, setChildren } from './edit-tree.ts';
import { encloseFields } from './forms.ts';
import { toHtml32, toXhtmlMp } from './old-markup.ts';
import { OWN_STYLE } from './own-style.ts';
import { addPageBar } from './page-bar.ts';
import type { PageDemand } from './page-demand.ts';

/** What a page's bar tells, where one is wanted. */
export interface PageAccount {
  /** The presentation the page is in. */
  readonly shown: 'lite' | 'article';
  readonly pageUrl: string;
  /** What was left out, in words; empty when nothing was. */
  readonly leftOut: string;
  /** Told how much of the page the bar is. */
  readonly note: FormatEnv['note'];
}

/**
 * Gives a sanitised page its bar, its document type, what the head must tell, our own few rules of style where they are
 * wanted, and the words of the markup that was asked for.
 */
export function finishPage($: CheerioAPI, demand: PageDemand, account?: PageAccount): void {
  const root = $.root()[0]!;
  const page = root.children.find(isHtml);
  const head = findElement(root, 'head');
  if (page === undefined || head === undefined) return;
  const doctype = new ProcessingInstruction('!doctype', '!DOCTYPE html');
  doctype['x-name'] = 'html';
  setChildren(root, [doctype, page]);
  if (demand.bar !== undefined && account !== undefined)
    account.note('page.bar', { bytes: addPageBar($, { ...account, bar: demand.bar, maxWidth: demand.maxWidth }) });
  const own: Element[] = [];
  if (demand.markup === 'html') {
    own.push(makeElement('meta', { charset: 'utf-8' }));
    own.push(makeElement('meta', { name: 'viewport', content: 'width=device-width' }));
  }
  const kept = head.children.filter(
    (child) => isHtml(child) && !('charset' in child.attribs) && child.attribs['name']?.toLowerCase() !== 'viewport',
  );
  const style =
    demand.styles === 'none' || demand.markup !== 'html' ? [] : [makeElement('style', {}, [makeText(OWN_STYLE)])];
  setChildren(head, [...own, ...kept, ...style]);
  if (demand.markup !== 'html') encloseFields($);
  if (demand.markup === 'html-3.2') toHtml32($);
  if (demand.markup === 'xhtml-mp') toXhtmlMp($);
}
