/** What kind of page it is, as far as that decides what counts as content. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isText } from 'domhandler';
import { textOf, walkElements } from '../document/edit-tree.ts';

/** `thread`: what visitors wrote is the content. `product`: one thing for sale. `other`: all else. */
export type PageKind = 'other' | 'product' | 'thread';

const FORUM_SOFTWARE =
  /discourse|phpbb|vbulletin|xenforo|invision|\bipb\b|flarum|mybb|\bsmf\b|simple machines|nodebb|vanilla forums|punbb|fluxbb|bbpress|khoros|lithium/i;
const THREAD_TYPE = /"@type"\s*:\s*(?:\[[^\]]*)?"(?:DiscussionForumPosting|QAPage)"/;
const PRODUCT_TYPE = /"@type"\s*:\s*(?:\[[^\]]*)?"(?:Product|ProductGroup)"/g;
const THREAD_ADDRESS =
  /(?:^|[./_-])(?:forums?|community|discuss(?:ions?)?|boards?|threads?|topics?|showthread|viewtopic|answers|questions)(?:[./?_=-]|$)|\/t\/[\w-]+\/\d+|\/comments\/|\/r\/\w+/i;
const PRODUCT_ADDRESS = /\/(?:products?|dp|itm|items?|pd)\/[^/?#]+|\/[\w-]+[-_]p[-_]?\d+(?:\.html)?(?:$|[?#])/i;
const BUY =
  /^\s*(?:add to (?:my )?(?:cart|bag|basket|trolley)|buy (?:it )?now|in den warenkorb|ajouter au panier|añadir (?:al carrito|a la cesta)|aggiungi al carrello|adicionar ao carrinho|in winkelwagen|do koszyka|в корзину|加入购物车|カートに入れる)/i;
/** A page with more ways to buy than this sells many things. */
const MAX_BUY = 4;
const POST =
  /(?:^|[\s_-])(?:post|message|reply|comment|answer|topic-?body)(?:[\s_-]?(?:body|content|text|container|wrapper|message|item))?(?:$|[\s_-])/i;

/** Tells the kind from metadata, the address and the software. Call it while scripts are still in the tree. */
export function pageKindOf($: CheerioAPI, url: string): PageKind {
  const clues = { isThread: THREAD_ADDRESS.test(addressOf(url)) ? 1 : 0, products: 0, posts: 0, buys: 0 };
  walkElements($.root()[0]!, (element) => readClues(element, clues));
  if (clues.isThread >= 2 || (clues.isThread === 1 && clues.posts >= 3)) return 'thread';
  const isForSale = clues.buys > 0 && clues.buys <= MAX_BUY;
  return clues.products === 1 || (clues.products < 2 && isForSale) || PRODUCT_ADDRESS.test(url) ? 'product' : 'other';
}

interface Clues {
  isThread: number;
  products: number;
  posts: number;
  buys: number;
}

function readClues(element: Element, clues: Clues): void {
  const { name, attribs } = element;
  if (name === 'meta') {
    const { name: key, property, content = '' } = attribs;
    if (key?.toLowerCase() === 'generator' && FORUM_SOFTWARE.test(content)) clues.isThread += 2;
    if (property === 'og:type' && /^(?:og:)?product(?:\.item)?$/i.test(content)) clues.products = 1;
  } else if (name === 'script' && attribs['type'] === 'application/ld+json') {
    const json = textIn(element);
    if (THREAD_TYPE.test(json)) clues.isThread += 2;
    const products = json.match(PRODUCT_TYPE)?.length ?? 0;
    if (products > 0 && !/"ItemList"|"CollectionPage"/.test(json)) clues.products += products > 3 ? 2 : 1;
  } else if (name === 'body') {
    if (FORUM_SOFTWARE.test(`${attribs['id'] ?? ''} ${attribs['class'] ?? ''}`)) clues.isThread += 2;
  } else if (/DiscussionForumPosting|QAPage/.test(attribs['itemtype'] ?? '')) clues.isThread += 2;
  else if (/schema\.org\/Product$/.test(attribs['itemtype'] ?? '')) clues.products++;
  if (name === 'button' || name === 'input' || name === 'a') {
    const label = name === 'input' ? (attribs['value'] ?? '') : element.children.length > 9 ? '' : textOf(element);
    if (label.length < 40 && BUY.test(label)) clues.buys++;
  }
  if ((name === 'div' || name === 'article' || name === 'li') && POST.test(attribs['class'] ?? '')) clues.posts++;
}

function addressOf(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

function textIn(element: Element): string {
  return element.children.map((child) => (isText(child) ? child.data : '')).join('');
}
