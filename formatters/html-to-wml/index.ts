import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainData, Want } from '../../core/component.ts';
import { findElement } from '../document/edit-tree.ts';
import { readFlow } from '../document/flow/read-flow.ts';
import { encloseFields } from '../document/forms.ts';
import { nameOfAddress, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { sizeIn } from '../document/text/charset-size.ts';
import { fillDeck, NO_MORE } from './fill-deck.ts';
import { wmlText } from './wml-text.ts';
import { PartWriter } from './write-parts.ts';

/** Less than this holds no deck. */
const MIN_BYTES = 600;

/**
 * HTML to a deck of WML 1.1, for WAP phones.
 *
 * The page is cut into cards that lead to each other. Links work, forms are fields and an action, headings stand out,
 * tables are lines, pictures their words unless `demands.deck.images` is true. With `demands.deck.maxBytes` the whole
 * deck is no larger in its `charset`; what has no room is in the next deck, to which the last line leads where `demands.deck` says how
 * (`part`, `before`, `after`), and which the note `deck.cut` tells of. Let `links` run before it where addresses must stay
 * inside the gateway.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-wml',
  version: '1.1.9',
  title: 'HTML to WML',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/vnd.wap.wml', keeps: 0.5, cost: 5, meets: ['deck'] }],
  format: toWml,
} satisfies Formatter;

interface DeckDemand {
  readonly maxBytes: number;
  readonly images: boolean;
  /** The charset that the phone gets it in; `undefined` for UTF-8. */
  readonly charset: string | undefined;
  /** Which deck, from 1 on; past the end it is the last. */
  readonly part: number;
  /** The address of deck n is `before` n `after`; `undefined` where there is none. */
  readonly next: { readonly before: string; readonly after: string } | undefined;
}

function toWml(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const demand = readDeckDemand(want.demands['deck']);
  const { maxBytes, images, charset } = demand;
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
  const sizeOf = sizeIn(charset);
  const paragraphs = new PartWriter({ images, maxPart, sizeOf }).write(blocks);
  const shown =
    paragraphs.length > 0 ? paragraphs : [{ parts: [`<b>${wmlText(title.slice(0, 80))}</b>`], isCode: false }];
  let deck = fillDeck(shown, { title, maxBytes, charset, sizeOf, more: moreLine(demand, 2) });
  for (let part = 2; part <= demand.part && deck.rest.length > 0; part++)
    deck = fillDeck(deck.rest, { title, maxBytes, charset, sizeOf, more: moreLine(demand, part + 1) });
  const { text, rest } = deck;
  if (rest.length > 0) env.note('deck.cut', { paragraphs: rest.length, of: shown.length });
  return { mediaType: want.mediaType, body: text, ...prepared };
}

function readDeckDemand(value: PlainData | undefined): DeckDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { maxBytes, images, charset, part, before, after } = given;
  return {
    maxBytes: typeof maxBytes === 'number' && maxBytes > 0 ? Math.floor(maxBytes) : 0,
    images: images === true,
    charset: typeof charset === 'string' && charset !== 'utf-8' ? charset : undefined,
    part: typeof part === 'number' && part >= 1 ? Math.floor(part) : 1,
    next: typeof before === 'string' && typeof after === 'string' ? { before, after } : undefined,
  };
}

/** A longer address would leave too little room for what it leads on from: this share of a deck. */
const ADDRESS_SHARE = 0.22;

function moreLine({ next, maxBytes }: DeckDemand, part: number): string {
  const href = next === undefined ? '' : wmlText(`${next.before}${part}${next.after}`);
  return href === '' || (maxBytes > 0 && href.length > maxBytes * ADDRESS_SHARE)
    ? NO_MORE
    : `<p><a href="${href}">More</a></p>`;
}
