import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { findElement } from '../document/edit-tree.ts';
import { finishPage } from '../document/finish-page.ts';
import { keepFormCharset } from '../document/forms.ts';
import { linkFrames } from '../document/frames.ts';
import { tellLeftOut } from '../document/page-bar.ts';
import { type PageDemand, pageOptionsSchema, parsePageOptions, readPageDemand } from '../document/page-demand.ts';
import { preparePage } from '../document/prepare-page.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { serialiseXhtml } from '../document/serialise-xhtml.ts';
import { strip } from '../document/strip.ts';
import { tidy } from '../document/tidy.ts';
import { leanPage } from './lean-page.ts';
import { dropRepeatedNavigation } from './repeated-navigation.ts';

/**
 * The whole page simplified: every link, form, label, heading and alternative text works and reads; scripts, styles,
 * frames, beacons, advertisements, consent dialogues and calls to subscribe that lie over the page are gone.
 *
 * Use it for feature phones, slow links, text browsers, screen readers and old browsers. Tables that only arrange are
 * taken apart, data tables stay; a menu that the page has twice is there once, long ones fold away; pictures are the smallest candidate that fits, or their
 * text. A bar leads to the page's other forms, and each picture to itself in full. `demands.lite` says how: see `page-demand.ts`. The markup is HTML, HTML 3.2 or XHTML Mobile Profile.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-lite',
  version: '1.2.8',
  title: 'Whole page, simplified',
  reads: 'document',
  edges: [
    { from: 'text/html', to: 'text/html', keeps: 0.9, cost: 8, meets: ['lite'] },
    { from: 'text/html', to: 'application/vnd.wap.xhtml+xml', keeps: 0.85, cost: 9, meets: ['lite'] },
    { from: 'text/html', to: 'application/xhtml+xml', keeps: 0.85, cost: 9, meets: ['lite'] },
  ],
  optionsSchema: pageOptionsSchema,
  parseOptions: parsePageOptions,
  format: formatLite,
} satisfies Formatter;

function formatLite(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const { mediaType } = want;
  const isXml = mediaType !== 'text/html';
  const asked = readPageDemand(want.demands['lite'], want.options);
  const demand: PageDemand = isXml ? { ...asked, markup: 'xhtml-mp' } : asked;
  const prepared = preparePage(input, env);
  // The reply may be in another charset for old clients: their forms say what the origin reads.
  if (demand.markup !== 'html') keepFormCharset($, input.charset);
  linkFrames($, input.url);
  const gone = strip($, { demand, pageUrl: input.url, dropsHidden: false });
  leanPage($);
  const body = findElement($.root()[0]!, 'body');
  const menus = body === undefined ? 0 : dropRepeatedNavigation(body);
  if (menus > 0) gone['menu'] = menus;
  if (Object.keys(gone).length > 0) env.note('lite.dropped', gone);
  if (body !== undefined) tidy(body, { foldsNavigation: demand.markup === 'html', namesIcons: true });
  sanitiseDocument($, 'lite');
  finishPage($, demand, { shown: 'lite', pageUrl: input.url, leftOut: tellLeftOut(gone), note: env.note });
  return isXml ? { mediaType, body: serialiseXhtml($), ...prepared } : { mediaType, document: $, ...prepared };
}
