/** Paragraphs to the cards of one deck (WML 1.1), no larger than the phone can take. */
import type { SizeOf } from '../document/text/charset-size.ts';
import { shortened, wmlText } from './wml-text.ts';
import type { WmlParagraph } from './write-parts.ts';

const DOCTYPE =
  '\n<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">\n<wml>';
const EPILOGUE = '</wml>\n';
/** Bytes of the content of a card: what one turns pages for. */
const CARD = 1000;
/** Where all must fit into little, cards are smaller than the deck. */
const SHARE = 0.45;

/** A deck, and what it has no room for. */
export interface Deck {
  readonly text: string;
  /** What the next deck begins with; empty when all is there. */
  readonly rest: readonly WmlParagraph[];
}

export interface DeckFrame {
  readonly title: string;
  /** Bytes of the whole deck; 0 for as many as it takes. */
  readonly maxBytes: number;
  /** The charset that the deck goes out in, where that is not what XML takes for granted. */
  readonly charset: string | undefined;
  /** Bytes of a text in that charset. */
  readonly sizeOf: SizeOf;
  /** The last line where there is more: a link to the next deck, if there is an address for it. */
  readonly more: string;
}

/** The last line of a deck that is all one can have. */
export const NO_MORE = '<p>… (more)</p>';

/** Fills a deck from the beginning. */
export function fillDeck(paragraphs: readonly WmlParagraph[], frame: DeckFrame): Deck {
  return new DeckFiller(frame).fill(paragraphs);
}

class DeckFiller {
  readonly #title: string;
  readonly #more: string;
  readonly #maxBytes: number;
  readonly #cardBytes: number;
  readonly #sizeOf: SizeOf;
  readonly #prologue: string;
  /** Bytes of what every deck has beside its cards, and of the end of a paragraph. */
  readonly #fixed: number;
  readonly #cards: string[] = [];
  #content = '';
  /** Bytes of `#content`, and of all cards that are closed. */
  #bytes = 0;
  #closed = 0;

  constructor({ title, maxBytes, charset, sizeOf, more }: DeckFrame) {
    this.#sizeOf = sizeOf;
    // XML 1.0 4.3.3: without a declaration, and once the field is gone, it would be UTF-8.
    const encoding = charset === undefined ? '' : ` encoding="${wmlText(charset)}"`;
    this.#prologue = `<?xml version="1.0"${encoding}?>${DOCTYPE}`;
    this.#more = more;
    this.#title = wmlText(shortened(title, 40));
    this.#fixed = sizeOf(this.#prologue + more + EPILOGUE + this.#title) + '</p>'.length;
    this.#maxBytes = maxBytes;
    this.#cardBytes = maxBytes > 0 ? Math.min(CARD, Math.max(300, Math.floor(maxBytes * SHARE))) : CARD;
  }

  fill(paragraphs: readonly WmlParagraph[]): Deck {
    for (const [i, paragraph] of paragraphs.entries()) {
      const { parts, isCode } = paragraph;
      const placed = this.#paragraph(paragraph);
      if (placed === parts.length) continue;
      this.#content += this.#more;
      const cut = { parts: parts.slice(placed), isCode };
      return { text: this.#finish(), rest: [cut, ...paragraphs.slice(i + 1)] };
    }
    return { text: this.#finish(), rest: [] };
  }

  /** How many of its parts fit. */
  #paragraph({ parts, isCode }: WmlParagraph): number {
    const open = isCode ? '<p mode="nowrap">' : '<p>';
    let isOpen = false;
    for (const [placed, part] of parts.entries()) {
      const size = this.#sizeOf(part);
      const around = isOpen ? 0 : open.length + '</p>'.length;
      const isFull = this.#bytes > 0 && this.#bytes + size + around > this.#cardBytes;
      const needed = size + around + (isFull ? open.length + '</p>'.length : 0);
      if (!this.#fits(needed, isFull)) {
        // What no deck can hold is left out, else there would be no way beyond it.
        if (this.#bytes === 0 && this.#cards.length === 0) continue;
        if (isOpen) this.#put('</p>');
        return placed;
      }
      if (isFull) {
        if (isOpen) this.#put('</p>');
        this.#closeCard();
        isOpen = false;
      }
      if (!isOpen) this.#put(open);
      isOpen = true;
      this.#put(part);
    }
    if (isOpen) this.#put('</p>');
    return parts.length;
  }

  #fits(size: number, opensCard: boolean): boolean {
    if (this.#maxBytes <= 0) return true;
    const cards = this.#cards.length + (opensCard ? 2 : 1);
    const frames = cards * this.#sizeOf(this.#frame(cards + 1, '', true, true));
    return this.#fixed + frames + this.#closed + this.#bytes + size <= this.#maxBytes;
  }

  #put(text: string): void {
    this.#content += text;
    this.#bytes += this.#sizeOf(text);
  }

  #closeCard(): void {
    this.#cards.push(this.#content);
    this.#closed += this.#bytes;
    this.#content = '';
    this.#bytes = 0;
  }

  #finish(): string {
    if (this.#content !== '' || this.#cards.length === 0) this.#closeCard();
    const last = this.#cards.length;
    const cards = this.#cards.map((content, i) => this.#frame(i + 1, content, i > 0, i + 1 < last));
    return this.#prologue + cards.join('') + EPILOGUE;
  }

  #frame(number: number, content: string, hasBack: boolean, hasNext: boolean): string {
    const title = number === 1 && this.#title !== '' ? ` title="${this.#title}"` : '';
    const turn = [
      hasNext ? `<anchor>Next<go href="#c${number + 1}"/></anchor>` : '',
      hasBack ? `<anchor>Back<go href="#c${number - 1}"/></anchor>` : '',
    ].filter((each) => each !== '');
    return `<card id="c${number}"${title}>${content}${turn.length === 0 ? '' : `<p>${turn.join(' ')}</p>`}</card>`;
  }
}
