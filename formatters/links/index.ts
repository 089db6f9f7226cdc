import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { type LinkMap, readLinkMap, readUrl, toClient } from '../../core/links/address-map.ts';
import { formatRefresh, readRefresh } from '../../core/links/refresh.ts';
import { editTree, findElement, isHtml } from '../document/edit-tree.ts';
import { keepFormCharset } from '../document/forms.ts';
import { takeRefresh } from '../document/refresh-meta.ts';
import { rewriteTree } from './rewrite-tree.ts';

/**
 * Addresses in pages, mapped so that following them stays inside the gateway.
 *
 * Links, forms, pictures and their `srcset`, style sheets and `style` attributes, frames, lazily loaded pictures and what
 * stands in `noscript`: all or nothing, for one address left out leads away (S-8). The `base` element is applied and
 * removed. What would fail or tell on the client goes: `integrity`, `nonce`, `crossorigin`, `ping`, preconnections,
 * policies (S-4). Forms name the charset their origin reads. `demands.links` is a `LinkMap`, with `base` where relative
 * addresses mean something else than the page's own address.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'links',
  version: '1.0.0',
  title: 'Addresses of pages',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/html', keeps: 1, cost: 3, meets: ['links'] }],
  format: formatLinks,
} satisfies Formatter;

function formatLinks(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const map = readLinkMap(want.demands['links']) ?? env.cannot('the demand `links` is no link map');
  const root = $.root()[0]!;
  const base = baseOf(want, input.url, findElement(root, 'base')?.attribs['href']);
  const refresh = mappedRefresh(takeRefresh($, input.url), map, base);
  editTree(root, { enter: (node) => !(isHtml(node) && node.name === 'base') });
  keepFormCharset($, input.charset);
  rewriteTree(root, map, base);
  const result = { mediaType: want.mediaType, document: $ };
  return refresh === undefined ? result : { ...result, notes: { refresh } };
}

function baseOf(want: Want, pageUrl: string, href: string | undefined): string {
  const demand = want.demands['links'];
  const given = typeof demand === 'object' && demand !== null && !Array.isArray(demand) ? demand['base'] : undefined;
  const page = typeof given === 'string' ? given : pageUrl;
  const base = href === undefined ? undefined : readUrl(href, page);
  // A base of another scheme is ignored by browsers too.
  return base !== undefined && /^https?:$/.test(base.protocol) ? base.href : page;
}

function mappedRefresh(value: string | undefined, map: LinkMap, base: string): string | undefined {
  const refresh = value === undefined ? undefined : readRefresh(value);
  if (refresh?.url === undefined) return value;
  const url = toClient(map, refresh.url, base);
  return url === undefined ? undefined : formatRefresh({ seconds: refresh.seconds, url });
}
