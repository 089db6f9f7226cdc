import type { CheerioAPI } from 'cheerio';
import { type Element, isComment } from 'domhandler';
import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { editTree, findElement, isHtml, makeElement, setChildren } from '../document/edit-tree.ts';
import { keepFormCharset } from '../document/forms.ts';
import { linkFrames } from '../document/frames.ts';
import { isBeacon, isTinyPicture } from '../document/furniture.ts';
import { lighten, readFullDemand } from '../document/lighten.ts';
import { preparePage } from '../document/prepare-page.ts';
import { sanitiseDocument } from '../document/sanitise.ts';

/**
 * The whole page, lighter: layout and styles as they are, but no scripts, frames, beacons or comments.
 *
 * Use it for browsers in prefix mode, where scripts do not run, and for slow links. What scripts would have shown is
 * shown without them: `noscript` is unwrapped, lazily loaded pictures are real, frames are links. With
 * `demands.full.scripts` (reverse mode) scripts, frames and handlers stay as the site wrote them and only comments go.
 * `demands.full` also says what is left out: see `document/lighten.ts`.
 * A `meta` refresh is taken out and given as the note `refresh`, for the gateway to send as a field.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-full',
  version: '1.1.1',
  title: 'Whole page, lighter',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/html', keeps: 0.97, cost: 6, meets: ['full'] }],
  format: formatFull,
} satisfies Formatter;

function formatFull(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const result = { mediaType: want.mediaType, document: $ };
  const demand = readFullDemand(want.demands['full']);
  if (demand.scripts) {
    if (input.charset !== 'utf-8') keepFormCharset($, input.charset);
    dropComments($);
    lighten($, demand);
    return result;
  }
  const prepared = preparePage(input, env);
  linkFrames($, input.url);
  dropBeacons($);
  lighten($, demand);
  sanitiseDocument($, 'full');
  declareCharset($);
  return { ...result, ...prepared };
}

// Conditional comments mean something to browsers that are long gone and nothing else.
function dropComments($: CheerioAPI): void {
  editTree($.root()[0]!, { enter: (node) => !isComment(node) });
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
