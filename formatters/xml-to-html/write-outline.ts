/** An XML tree as nested `details`: the outer levels open, leaves as lines. */
import { stripControls } from '../document/control-sequences.ts';
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { childrenOf, xmlText } from '../xml/find-xml.ts';
import type { XmlElement } from '../xml/parse-xml.ts';

/** Elements that are shown: more makes a page that no one reads and few clients hold. */
const MAX_ELEMENTS = 20_000;
/** Characters of one text that are shown. */
const MAX_TEXT = 5000;
/** Levels that are open at first. */
const OPEN_LEVELS = 2;
/** Levels that fold; what is deeper stands in one line, for its tags would nest too deeply for a page. */
const MAX_LEVELS = 60;

export interface Outline {
  readonly html: string;
  /** Elements that are not shown. */
  readonly left: number;
}

/** Writes the outline. */
export function writeOutline(root: XmlElement): Outline {
  const state = { shown: 0, left: 0 };
  const html = writeElement(root, 0, state);
  return { html, left: state.left };
}

function writeElement(element: XmlElement, level: number, state: { shown: number; left: number }): string {
  if (state.shown >= MAX_ELEMENTS) {
    state.left += countOf(element);
    return '';
  }
  state.shown++;
  const attributes = writeAttributes(element);
  const parts = childrenOf(element);
  if (parts.length === 0 || level >= MAX_LEVELS) {
    const text = writeText(xmlText(element));
    const name = `<b>${escapeText(element.name)}</b>${attributes}`;
    return text === '' ? `<div>${name}</div>` : `<div>${name}: ${text}</div>`;
  }
  const items = element.children.map((child) => {
    if (typeof child !== 'string') {
      const written = writeElement(child, level + 1, state);
      return written === '' ? '' : `<li>${written}</li>`;
    }
    const text = writeText(child);
    return text === '' ? '' : `<li>${text}</li>`;
  });
  return `<details${level < OPEN_LEVELS ? ' open' : ''}><summary>${escapeText(element.name)}${attributes}</summary><ul>${items.join('')}</ul></details>`;
}

function writeAttributes({ attributes }: XmlElement): string {
  let out = '';
  for (const [name, value] of attributes)
    if (!/^xmlns(?::|$)/.test(name)) out += ` <small>${escapeText(name)}=${writeText(value) || '“”'}</small>`;
  return out;
}

/** Text in a line; an address as a link. */
function writeText(text: string): string {
  const plain = stripControls(text).replace(/\s+/g, ' ').trim();
  if (/^https?:\/\/[^\s<>"]{3,2000}$/i.test(plain))
    return `<a href="${escapeAttribute(plain)}">${escapeText(plain)}</a>`;
  return escapeText(plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain);
}

function countOf(element: XmlElement): number {
  let count = 0;
  const pending = [element];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    count++;
    pending.push(...childrenOf(next));
  }
  return count;
}
