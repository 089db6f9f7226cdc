import type { CheerioAPI } from 'cheerio';
import { type Element, ProcessingInstruction } from 'domhandler';
import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { findElement, isHtml, makeElement, makeText, setChildren } from '../document/edit-tree.ts';
import { linkFrames } from '../document/frames.ts';
import { loadLazyImages } from '../document/lazy-images.ts';
import { unwrapNoscript } from '../document/noscript.ts';
import { droppedTags } from '../document/parse.ts';
import { resolveBase } from '../document/resolve-base.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { serialiseXhtml } from '../document/serialise-xhtml.ts';
import { type LiteDemand, readLiteDemand } from './demand.ts';
import { toHtml32, toXhtmlMp } from './old-markup.ts';
import { strip } from './strip.ts';
import { tidy } from './tidy.ts';

// Under 1 kB, by design: a page that reads well on any screen and in the dark.
const STYLE =
  'body{max-width:42em;margin:auto;padding:.5em;font:1em/1.5 sans-serif;overflow-wrap:break-word}img{max-width:100%;height:auto}table{border-collapse:collapse}td,th{border:1px solid #888;padding:.2em .4em;vertical-align:top}pre{overflow:auto}details{margin:.5em 0}:root{color-scheme:light dark}';

/**
 * The whole page simplified: every link, form, label, heading and alternative text works and reads; scripts, styles,
 * frames, beacons, advertisements and consent dialogues are gone.
 *
 * Use it for feature phones, slow links, text browsers, screen readers and old browsers. Tables that only arrange are
 * taken apart, data tables stay; long navigations fold away; pictures are the smallest candidate that fits, or their
 * text. `demands.lite` says how: see `demand.ts`. The markup is HTML, HTML 3.2 or XHTML Mobile Profile.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-lite',
  version: '1.0.0',
  title: 'Whole page, simplified',
  reads: 'document',
  edges: [
    { from: 'text/html', to: 'text/html', keeps: 0.9, cost: 8, meets: ['lite'] },
    { from: 'text/html', to: 'application/vnd.wap.xhtml+xml', keeps: 0.85, cost: 9, meets: ['lite'] },
    { from: 'text/html', to: 'application/xhtml+xml', keeps: 0.85, cost: 9, meets: ['lite'] },
  ],
  format: formatLite,
} satisfies Formatter;

function formatLite(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const isXml = want.mediaType !== 'text/html';
  const asked = readLiteDemand(want.demands['lite']);
  const demand: LiteDemand = isXml ? { ...asked, markup: 'xhtml-mp' } : asked;
  if (droppedTags($) > 0) env.note('document.flattened', { tags: droppedTags($) });
  simplify($, demand, { url: input.url, env });
  if (demand.markup === 'html-3.2') toHtml32($);
  if (demand.markup === 'xhtml-mp') toXhtmlMp($);
  return isXml ? { mediaType: want.mediaType, body: serialiseXhtml($) } : { mediaType: want.mediaType, document: $ };
}

function simplify($: CheerioAPI, demand: LiteDemand, from: { url: string; env: FormatEnv }): void {
  resolveBase($, from.url);
  loadLazyImages($);
  unwrapNoscript($);
  linkFrames($, from.url);
  const gone = strip($, demand, from.url);
  if (Object.keys(gone).length > 0) from.env.note('lite.dropped', gone);
  const body = findElement($.root()[0]!, 'body');
  if (body !== undefined) tidy(body, demand.markup);
  sanitiseDocument($, 'lite');
  finishPage($, demand);
}

/** Document type and head: what the client is told of the page. */
function finishPage($: CheerioAPI, demand: LiteDemand): void {
  const root = $.root()[0]!;
  const page = root.children.find(isHtml);
  const head = findElement(root, 'head');
  if (page === undefined || head === undefined) return;
  const doctype = new ProcessingInstruction('!doctype', '!DOCTYPE html');
  doctype['x-name'] = 'html';
  setChildren(root, [doctype, page]);
  const own: Element[] = [];
  if (demand.markup === 'html') {
    own.push(makeElement('meta', { charset: 'utf-8' }));
    own.push(makeElement('meta', { name: 'viewport', content: 'width=device-width' }));
  }
  const kept = head.children.filter(
    (child) => isHtml(child) && !('charset' in child.attribs) && child.attribs['name']?.toLowerCase() !== 'viewport',
  );
  const style =
    demand.styles === 'none' || demand.markup !== 'html' ? [] : [makeElement('style', {}, [makeText(STYLE)])];
  setChildren(head, [...own, ...kept, ...style]);
}
