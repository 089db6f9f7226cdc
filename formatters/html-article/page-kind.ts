/** What kind of page it is, as far as that decides what counts as content. */
import { type Element, isText } from 'domhandler';
import { textOf } from '../document/edit-tree.ts';

/** `thread`: what visitors wrote is the content. `product`: one thing for sale. `other`: all else. */
export type PageKind = 'other' | 'product' | 'thread';

const FORUM_SOFTWARE =
  /discourse|phpbb|vbulletin|xenforo|invision|\bipb\b|flarum|mybb|\bsmf\b|simple machines|nodebb|vanilla forums|punbb|fluxbb|bbpress|khoros|lithium/i;
const THREAD_TYPE = /"@type"\s*:\s*(?:\[[^\]]*)?"(?:DiscussionForumPosting|QAPage)"/;
const PRODUCT_TYPE = /"@type"\s*:\s*(?:\[[^\]]*)?"Product"/g;
/** One thing in several sizes and colours. */
const PRODUCT_GROUP = /"@type"\s*:\s*(?:\[[^\]]*)?"ProductGroup"/;
/** A page whose data describe more things than this is a list of them. */
const MAX_PRODUCTS = 3;
const THREAD_ADDRESS =
  /(?:^|[./_-])(?:forums?|community|discuss(?:ions?)?|boards?|threads?|topics?|showthread|viewtopic|answers|questions)(?:[./?_=-]|$)|\/t\/[\w-]+\/\d+|\/comments\/|\/r\/\w+/i;
const PRODUCT_ADDRESS = /\/(?:products?|dp|itm|items?|pd)\/[^/?#]+|\/[\w-]+[-_]p[-_]?\d+(?:\.html)?(?:$|[?#])/i;
const BUY =
  /^\s*(?:add to (?:my )?(?:cart|bag|basket|trolley)|buy (?:it )?now|in den warenkorb|ajouter au panier|añadir (?:al carrito|a la cesta)|aggiungi al carrello|adicionar ao carrinho|in winkelwagen|do koszyka|в корзину|加入购物车|カートに入れる)/i;
/** A page with more ways to buy than this sells many things. */
const MAX_BUY = 4;
const MAX_LABEL = 40;
const MAX_LABEL_PARTS = 9;
const POST =
  /(?:^|[\s_-])(?:post|message|reply|comment|answer|topic-?body)(?:[\s_-]?(?:body|content|text|container|wrapper|message|item))?(?:$|[\s_-])/i;

/** Tells the kind of a page from metadata, addresses and the software, element by element, while scripts are there. */
export class KindReader {
  #thread = 0;
  #products = 0;
  /** The page says outright that it is about one thing for sale. */
  #saysProduct = false;
  #posts = 0;
  #buys = 0;
  #isProductAddress = false;

  /** @param url where the page was found; where it says it is, it says itself */
  constructor(url: string) {
    this.#readAddress(url);
  }

  /** Takes the next element, in document order. */
  read(element: Element): void {
    const { name, attribs } = element;
    switch (name) {
      case 'meta':
        this.#readMeta(attribs);
        break;
      case 'link':
        if (attribs['rel'] === 'canonical') this.#readAddress(attribs['href'] ?? '');
        break;
      case 'script':
        if (attribs['type'] === 'application/ld+json') this.#readLinkedData(textIn(element));
        break;
      case 'body':
        if (FORUM_SOFTWARE.test(`${attribs['id'] ?? ''} ${attribs['class'] ?? ''}`)) this.#thread += 2;
        break;
      case 'button':
      case 'input':
      case 'a':
        this.#readLabel(element);
        break;
      case 'div':
      case 'article':
      case 'li':
        if (this.#thread === 1 && POST.test(attribs['class'] ?? '')) this.#posts++;
    }
    const type = attribs['itemtype'];
    if (type === undefined) return;
    if (/DiscussionForumPosting|QAPage/.test(type)) this.#thread += 2;
    else if (/schema\.org\/Product$/.test(type)) this.#products++;
  }

  /** The kind, once all has been read. */
  kind(): PageKind {
    if (this.#thread >= 2 || (this.#thread === 1 && this.#posts >= 3)) return 'thread';
    if (this.#saysProduct || this.#isProductAddress) return 'product';
    if (this.#products > 0) return this.#products <= MAX_PRODUCTS ? 'product' : 'other';
    return this.#buys > 0 && this.#buys <= MAX_BUY ? 'product' : 'other';
  }

  #readAddress(url: string): void {
    if (this.#thread === 0 && THREAD_ADDRESS.test(url.replace(/^https?:\/\//, ''))) this.#thread = 1;
    if (PRODUCT_ADDRESS.test(url)) this.#isProductAddress = true;
  }

  #readMeta({ name, property, content = '' }: Readonly<Record<string, string>>): void {
    if (name !== undefined && name.toLowerCase() === 'generator' && FORUM_SOFTWARE.test(content)) this.#thread += 2;
    if (property === 'og:type' && /^(?:og:)?product(?:\.item)?$/i.test(content)) this.#saysProduct = true;
    if (property === 'og:url') this.#readAddress(content);
  }

  #readLinkedData(json: string): void {
    if (THREAD_TYPE.test(json)) this.#thread += 2;
    if (/"ItemList"|"CollectionPage"/.test(json)) return;
    if (PRODUCT_GROUP.test(json)) this.#saysProduct = true;
    this.#products += json.match(PRODUCT_TYPE)?.length ?? 0;
  }

  #readLabel(element: Element): void {
    if (element.children.length > MAX_LABEL_PARTS) return;
    const label = element.name === 'input' ? (element.attribs['value'] ?? '') : textOf(element);
    if (label.length < MAX_LABEL && BUY.test(label)) this.#buys++;
  }
}

function textIn(element: Element): string {
  return element.children.map((child) => (isText(child) ? child.data : '')).join('');
}
