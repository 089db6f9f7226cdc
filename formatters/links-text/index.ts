import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { readLinkMap, toClient } from '../../core/links/address-map.ts';
import { rewriteCssUrls } from '../../core/links/css-urls.ts';
import { rewriteMarkdownLinks } from '../../core/links/markdown-links.ts';
import { dropFonts } from '../document/drop-fonts.ts';

/**
 * Addresses in style sheets and Markdown, mapped so that following them stays inside the gateway.
 *
 * `url()`, `@import` and `image-set()` in CSS; links, pictures, definitions, autolinks and raw tags in Markdown. An
 * address that must not be given out (a script, a document in a `data:` URL) becomes one that leads nowhere.
 * `demands.links` is a `LinkMap`, with `base` where relative addresses mean something else than the resource's own, and
 * with `fonts: false` where a style sheet is to load none.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'links-text',
  version: '1.1.1',
  title: 'Addresses of style sheets and Markdown',
  reads: 'text',
  edges: [
    { from: 'text/css', to: 'text/css', keeps: 1, cost: 2, meets: ['links'] },
    { from: 'text/markdown', to: 'text/markdown', keeps: 0.99, cost: 2, meets: ['links'] },
  ],
  format: formatLinks,
} satisfies Formatter;

function formatLinks(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const demand = want.demands['links'];
  const map = readLinkMap(demand) ?? env.cannot('the demand `links` is no link map');
  const given = typeof demand === 'object' && demand !== null && !Array.isArray(demand) ? demand : {};
  const base = typeof given['base'] === 'string' ? given['base'] : input.url;
  const text = String(input.body);
  const replace = (url: string): string | undefined => toClient(map, url, base);
  const body =
    input.mediaType === 'text/css'
      ? rewriteCssUrls(given['fonts'] === false ? dropFonts(text) : text, replace)
      : rewriteMarkdownLinks(text, replace);
  return { mediaType: want.mediaType, body };
}
