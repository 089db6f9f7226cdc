/** `meta http-equiv=refresh`: a field of the reply in the place of an element, as design part 3 has it. */
import type { CheerioAPI } from 'cheerio';
import { readUrl } from '../../core/links/address-map.ts';
import { formatRefresh, type Refresh, readRefresh } from '../../core/links/refresh.ts';
import { editTree, findElement, isHtml } from './edit-tree.ts';

/**
 * Takes the refresh out of the page and returns the first, as the value of a Refresh field. A page with a `base` has its
 * address resolved; call it before the `base` is gone.
 */
export function takeRefresh($: CheerioAPI, pageUrl: string): string | undefined {
  let first: Refresh | undefined;
  editTree($.root()[0]!, {
    enter(node) {
      if (!isHtml(node) || node.name !== 'meta' || !/^\s*refresh\s*$/i.test(node.attribs['http-equiv'] ?? ''))
        return true;
      first ??= readRefresh(node.attribs['content'] ?? '');
      return false;
    },
  });
  if (first?.url === undefined) return first === undefined ? undefined : formatRefresh(first);
  const base = findElement($.root()[0]!, 'base')?.attribs['href'];
  if (base === undefined) return formatRefresh(first);
  const url = readUrl(first.url, readUrl(base, pageUrl)?.href ?? pageUrl)?.href;
  return url === undefined ? undefined : formatRefresh({ seconds: first.seconds, url });
}
