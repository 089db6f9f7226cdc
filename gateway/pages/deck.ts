/** Small decks of our own for WAP phones (WML 1.1). */
import { type Html, html } from '../html.ts';
import type { Reply } from '../reply.ts';
import { makeTextReply } from './layout.ts';

export interface DeckContent {
  readonly title: string;
  /** Paragraphs, and what is done with them. */
  readonly body: Html;
  readonly status?: number;
}

/** A deck of one card. */
export function makeDeck({ title, body, status = 200 }: DeckContent): Reply {
  const card = html`<wml><card id="main" title="${inDeck(title)}">${body}</card></wml>`;
  return makeTextReply(
    status,
    'text/vnd.wap.wml; charset=utf-8',
    `<?xml version="1.0"?>\n<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">\n${card}\n`,
  );
}

/** Text for a deck: a dollar sign would begin a variable (WML 1.1, 10.3). */
export function inDeck(text: string): string {
  return text.replaceAll('$', '$$$$');
}
