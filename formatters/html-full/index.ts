import type { CheerioAPI } from 'cheerio';
import { type Element, isComment } from 'domhandler';
import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainRecord, Want } from '../../core/component.ts';
import { formatRefresh, readRefresh } from '../../core/links/refresh.ts';
import { editTree, findElement, isHtml, makeElement, setChildren, walkElements } from '../document/edit-tree.ts';
import { linkFrames } from '../document/frames.ts';
import { isBeacon, isTinyPicture } from '../document/furniture.ts';
import { loadLazyImages } from '../document/lazy-images.ts';
import { unwrapNoscript } from '../document/noscript.ts';
import { droppedTags } from '../document/parse.ts';
import { resolveBase } from '../document/resolve-base.ts';
import { sanitiseDocument } from '../document/sanitise.ts';

/**
 * The whole page, lighter: layout and styles as they are, but no scripts, frames, beacons or comments.
 *
 * Use it for browsers in prefix mode, where scripts do not run, and for slow links. What scripts would have shown is
 * shown without them: `noscript` is unwrapped, lazily loaded pictures are real, frames are links. With
 * `demands.full.scripts` (reverse mode) scripts, frames and handlers stay as the site wrote them and only comments go.
 * A `meta` refresh is taken out and given as the note `refresh`, for the gateway to send as a field.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-full',
  version: '1.0.0',
  title: 'Whole page, lighter',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/html', keeps: 0.97, cost: 6, meets: ['full'] }],
  format: formatFull,
} satisfies Formatter;

function formatFull(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  if (droppedTags($) > 0) env.note('document.flattened', { tags: droppedTags($) });
  const demand = want.demands['full'];
  const keepsScripts =
    typeof demand === 'object' && demand !== null && 'scripts' in demand && demand['scripts'] === true;
  if (keepsScripts) {
    dropComments($);
    return { mediaType: want.mediaType, document: $ };
  }
  resolveBase($, input.url);
  loadLazyImages($);
  unwrapNoscript($);
  const notes = takeRefresh($);
  linkFrames($, input.url);
  dropBeacons($);
  sanitiseDocument($, 'full');
  declareCharset($);
  return { mediaType: want.mediaType, document: $, notes };
}

// Conditional comments mean something to browsers that are long gone and nothing else.
function dropComments($: CheerioAPI): void {
  editTree($.root()[0]!, { enter: (node) => !isComment(node) });
}

function takeRefresh($: CheerioAPI): PlainRecord {
  const notes: PlainRecord = {};
  walkElements($.root()[0]!, (element) => {
    if (element.name !== 'meta' || !/^\s*refresh\s*$/i.test(element.attribs['http-equiv'] ?? '')) return;
    const refresh = readRefresh(element.attribs['content'] ?? '');
    if (refresh !== undefined) notes['refresh'] ??= formatRefresh(refresh);
  });
  return notes;
}

function dropBeacons($: CheerioAPI): void {
  editTree($.root()[0]!, {
    enter: (node) =>
      !(isHtml(node) && node.name === 'img' && (isTinyPicture(node) || isBeacon(node.attribs['src'] ?? ''))),
  });
}

/** What is sent is UTF-8; a page that is saved should still know. */
function declareCharset($: CheerioAPI): void {
  const head: Element | undefined = findElement($.root()[0]!, 'head');
  if (head === undefined) return;
  const others = head.children.filter(
    (child) => !(isHtml(child) && child.name === 'meta' && 'charset' in child.attribs),
  );
  setChildren(head, [makeElement('meta', { charset: 'utf-8' }), ...others]);
}
