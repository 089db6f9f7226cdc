/** What a simplified page says of itself: how else it is to be had, what was left out, each picture in full. */
import type { CheerioAPI } from 'cheerio';
import type { ChildNode, Element } from 'domhandler';
import type { PlainData } from '../../core/component.ts';
import { readUrl } from '../../core/links/address-map.ts';
import { editTree, findElement, isHtml, makeElement, makeText, setChildren } from './edit-tree.ts';
import { serialiseNodes } from './serialise.ts';

/** Addresses of the other forms of a page, as the gateway knows them. */
export interface PageBar {
  /** Address by presentation, in the order shown. */
  readonly links: Readonly<Record<string, string>>;
  /** What stands before a picture's own address in the address of its original; `undefined` where there is none. */
  readonly pictures: { readonly before: string; readonly within: string } | undefined;
}

/** What a page's bar is made of. */
export interface BarContext {
  readonly bar: PageBar;
  /** The presentation the page is in. */
  readonly shown: string;
  readonly pageUrl: string;
  /** Pixels a picture may be wide here: one that is smaller here is in full already. */
  readonly maxWidth: number;
  /** What was left out, in words; empty when nothing was. */
  readonly leftOut: string;
}

/** Reads the part `bar` of a page demand; `undefined` when there is none. */
export function readPageBar(value: PlainData | undefined): PageBar | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { links, pictures } = value;
  if (typeof links !== 'object' || links === null || Array.isArray(links)) return undefined;
  const known = Object.entries(links).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const isPlace = typeof pictures === 'object' && pictures !== null && !Array.isArray(pictures);
  const before = isPlace ? pictures['before'] : undefined;
  const within = isPlace ? pictures['within'] : undefined;
  return {
    links: Object.fromEntries(known),
    pictures: typeof before === 'string' && typeof within === 'string' ? { before, within } : undefined,
  };
}

/**
 * Adds the bar to a sanitised page: its own addresses are the gateway's and need no rewriting.
 *
 * @returns Characters it takes: the law that a page does not grow leaves our own mark out of account.
 */
export function addPageBar($: CheerioAPI, context: BarContext): number {
  const body = findElement($.root()[0]!, 'body');
  if (body === undefined) return 0;
  const pictures = linkPictures(body, context);
  const [bar, footer] = [makeBar(context), makeFooter(context)];
  setChildren(body, [bar, ...body.children, ...footer]);
  return pictures + serialiseNodes([bar, ...footer]).length;
}

function makeBar({ bar, shown }: BarContext): Element {
  const items = Object.entries(bar.links).flatMap(([name, href], index): ChildNode[] => [
    ...(index === 0 ? [] : [makeText(' · ')]),
    name === shown ? makeElement('b', {}, [makeText(name)]) : makeElement('a', { href }, [makeText(name)]),
  ]);
  return makeElement('nav', { 'aria-label': 'Forms of this page' }, [makeElement('small', {}, items)]);
}

function makeFooter({ bar, leftOut }: BarContext): Element[] {
  const whole = bar.links['full'] ?? bar.links['original'];
  if (leftOut === '') return [];
  const more = whole === undefined ? [] : [makeText(' '), makeElement('a', { href: whole }, [makeText('Whole page')])];
  return [
    makeElement('footer', {}, [
      makeElement('p', {}, [makeElement('small', {}, [makeText(`Left out: ${leftOut}.`), ...more])]),
    ]),
  ];
}

const MAX_PICTURES = 60;
// What takes a click already must not hold another link.
const TAKES_CLICKS = new Set('a button label summary select'.split(' '));

/** Wraps each picture that stands alone in a link to its original. Returns the characters this takes. */
function linkPictures(body: Element, { bar, pageUrl, maxWidth }: BarContext): number {
  const { pictures } = bar;
  if (pictures === undefined) return 0;
  let clickable = 0;
  let linked = 0;
  let characters = 0;
  editTree(body, {
    enter(node) {
      if (isHtml(node) && TAKES_CLICKS.has(node.name)) clickable += 1;
      return true;
    },
    leave(node) {
      if (!isHtml(node)) return node;
      if (TAKES_CLICKS.has(node.name)) clickable -= 1;
      if (node.name !== 'img' || clickable > 0 || linked >= MAX_PICTURES || isSmall(node, maxWidth)) return node;
      const url = readUrl(node.attribs['src'] ?? '', pageUrl);
      if (url === undefined || !/^https?:$/.test(url.protocol) || !url.href.startsWith(pictures.within)) return node;
      linked += 1;
      const href = pictures.before + url.href.slice(pictures.within.length);
      characters += href.length + '<a href=""></a>'.length;
      return makeElement('a', { href }, [node]);
    },
  });
  return characters;
}

function isSmall({ attribs }: Element, maxWidth: number): boolean {
  return /^\d+$/.test(attribs['width'] ?? '') && Number(attribs['width']) < maxWidth;
}

/** Reasons of `strip` and others, in words. */
const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  script: ['script', 'scripts'],
  style: ['style sheet', 'style sheets'],
  advertisement: ['advertisement', 'advertisements'],
  consent: ['consent dialogue', 'consent dialogues'],
  overlay: ['call to subscribe', 'calls to subscribe'],
  beacon: ['tracking picture', 'tracking pictures'],
  menu: ['repeated menu', 'repeated menus'],
};

/**
 * Counts by reason, as a sentence's end.
 *
 * @example tellLeftOut({ script: 2, beacon: 1 }) // '2 scripts, 1 tracking picture'
 */
export function tellLeftOut(counts: Readonly<Record<string, number>>): string {
  return Object.entries(WORDS)
    .flatMap(([reason, [one, many]]) => {
      const count = counts[reason] ?? 0;
      return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
    })
    .join(', ');
}
