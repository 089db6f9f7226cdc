import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainData, Want } from '../../core/component.ts';
import { findElement } from '../document/edit-tree.ts';
import { readFlow } from '../document/flow/read-flow.ts';
import { encloseFields } from '../document/forms.ts';
import { nameOfAddress, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { fillDeck } from './fill-deck.ts';
import { wmlText } from './wml-text.ts';
import { PartWriter } from './write-parts.ts';

/** Less than this holds no deck. */
const MIN_BYTES = 600;

/**
 * HTML to a deck of WML 1.1, for WAP phones.
 *
 * The page is cut into cards that lead to each other. Links work, forms are fields and an action, headings stand out,
 * tables are lines, pictures their words unless `demands.deck.images` is true. With `demands.deck.maxBytes` the whole
 * deck is no larger; what has no room is left out, which its last line and the note `deck.cut` say. Let `links` run
 * before it where addresses must stay inside the gateway.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-wml',
  version: '1.0.0',
  title: 'HTML to WML',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/vnd.wap.wml', keeps: 0.5, cost: 5, meets: ['deck'] }],
  format: toWml,
} satisfies Formatter;

interface DeckDemand {
  readonly maxBytes: number;
  readonly images: boolean;
}

function toWml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const { maxBytes, images } = readDeckDemand(want.demands['deck']);
  if (maxBytes > 0 && maxBytes < MIN_BYTES) env.cannot(`a deck needs ${MIN_BYTES} bytes, ${maxBytes} are allowed`);
  const prepared = preparePage(input, env);
  encloseFields($);
  const root = $.root()[0]!;
  const facts = readPageFacts($);
  const title = facts.title ?? nameOfAddress(input.url);
  const blocks = readFlow(findElement(root, 'body') ?? root, {
    pageUrl: input.url,
    resolve: (address) => address,
    pictureWidth: 96,
    notes: false,
  });
  const maxPart = maxBytes > 0 ? Math.floor(maxBytes / 3) : 4000;
  const paragraphs = new PartWriter({ images, maxPart }).write(blocks);
  const shown =
    paragraphs.length > 0 ? paragraphs : [{ parts: [`<b>${wmlText(title.slice(0, 80))}</b>`], isCode: false }];
  const { text, left } = fillDeck(title, shown, maxBytes);
  if (left > 0) env.note('deck.cut', { paragraphs: left, of: shown.length });
  return { mediaType: want.mediaType, body: text, ...prepared };
}

function readDeckDemand(value: PlainData | undefined): DeckDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { maxBytes, images } = given;
  return { maxBytes: typeof maxBytes === 'number' && maxBytes > 0 ? Math.floor(maxBytes) : 0, images: images === true };
}
