/** What a page offers its reader, as lists that can be compared before and after. */
import { load } from 'cheerio';
import { type AnyNode, type Element, hasChildren, isTag, isText } from 'domhandler';
import { toTarget } from '../core/links/address-map.ts';
import {
  isAdvertisement,
  isBeacon,
  isConsentDialogue,
  isHidden,
  isOverlay,
  isTinyPicture,
} from '../formatters/document/furniture.ts';
import { safeAddress } from '../formatters/document/sanitise-attributes.ts';
import { placesOf } from '../formatters/document/strip.ts';

/** One entry an occurrence; equal entries are the same thing. */
export interface Inventory {
  /** Where links lead: absolute addresses. */
  readonly links: string[];
  /** Fields, buttons and options with their names and values. */
  readonly controls: string[];
  /** Headings: level and words. */
  readonly headings: string[];
  /** Alternative texts of pictures. */
  readonly alts: string[];
  /** Those of pictures in links: menus have such. */
  readonly linkedAlts: Set<string>;
  /** All words of the page without spaces: where an alternative text may stand in its picture's place. */
  readonly text: string;
}

// Drawings in the markup are ornaments, or stand beside words; `lite` has words in their place.
const UNSEEN = new Set('script style template head svg'.split(' '));
/** What the entry of a button outside of forms ends with: menus have such. */
export const LOOSE = 'loose';
/** Places called like a property of the document get another name, and so do links to them (threats 34 and 35). */
const TAKEN = /^#x-/;

/**
 * Takes the inventory of what is visible without scripts: neither the page's own `hidden`, `display:none` and
 * `visibility:hidden`, nor what stands in well-known marks of advertisements, consent dialogues and calls to subscribe that no link opens, nor beacons. A link
 * counts when it shows something (words, a picture, a label) and leads somewhere: no `javascript:`, no program that a page
 * must not start, no place that the page does not have. Fields count wherever they stand: forms need hidden ones.
 *
 * @param unwraps addresses are those of prefix mode, and are told as what they stand for
 */
export function takeInventory(html: string, pageUrl: string, unwraps: boolean): Inventory {
  const $ = load(html);
  const found: Inventory = { links: [], controls: [], headings: [], alts: [], linkedAlts: new Set(), text: '' };
  const base = unwraps ? pageUrl : (URL.parse($('base[href]').attr('href') ?? '', pageUrl)?.href ?? pageUrl);
  const places = new Set<string>();
  $('[id],a[name]').each((_, { attribs }) => {
    for (const name of ['id', 'name']) if (attribs[name]) places.add(attribs[name]);
  });
  const opened = placesOf($.root()[0]!);
  const inventory = new InventoryTaker(found, { base, pageUrl, places, opened, unwraps });
  inventory.visit($.root()[0]!, true);
  return { ...found, text: squeeze(textOf($('body')[0]!)) };
}

interface Setting {
  readonly base: string;
  readonly pageUrl: string;
  readonly places: ReadonlySet<string>;
  /** Those that a link with words leads to. */
  readonly opened: ReadonlySet<string>;
  readonly unwraps: boolean;
}

class InventoryTaker {
  readonly #found: Inventory;
  readonly #setting: Setting;

  constructor(found: Inventory, setting: Setting) {
    this.#found = found;
    this.#setting = setting;
  }

  visit(node: AnyNode, isVisible: boolean): void {
    let shown = isVisible;
    if (isTag(node)) {
      if (UNSEEN.has(node.name) || isAdvertisement(node) || isConsentDialogue(node)) return;
      if (isOverlay(node) && !this.#setting.opened.has(node.attribs['id'] ?? '')) return;
      shown &&= !isHidden(node);
      this.#note(node, shown);
    }
    if (hasChildren(node)) for (const child of node.children) this.visit(child, shown);
  }

  #note(element: Element, isVisible: boolean): void {
    const { name, attribs } = element;
    const { controls, headings, links } = this.#found;
    if (/^(?:input|select|textarea|option)$/.test(name) || (name === 'button' && isWorkable(element))) {
      const type = attribs['type']?.toLowerCase() ?? '';
      // What a list or a large field holds is no attribute of it (HTML 4.10.7, 4.10.11).
      const value = /^(?:select|textarea)$/.test(name) ? '' : (attribs['value'] ?? '');
      const place = name === 'button' && !isInForm(element) ? LOOSE : '';
      controls.push([name, type, attribs['name'] ?? '', value, place].join('|'));
    }
    if (!isVisible) return;
    if (/^h[1-6]$/.test(name) && squeeze(textOf(element)) !== '') headings.push(`${name} ${squeeze(textOf(element))}`);
    if (
      name === 'img' &&
      squeeze(attribs['alt'] ?? '') !== '' &&
      !isTinyPicture(element) &&
      !isBeacon(attribs['src'] ?? '')
    )
      this.#noteAlt(element);
    if (
      (name === 'a' || name === 'area') &&
      attribs['href'] !== undefined &&
      (name === 'area' || isSeen(element, attribs['href'].trim()))
    ) {
      const address = this.#addressOf(attribs['href'].trim());
      if (address !== undefined) links.push(address);
    }
  }

  #noteAlt(img: Element): void {
    const alt = squeeze(img.attribs['alt']!);
    this.#found.alts.push(alt);
    if (isWithin(img, /^a$/)) this.#found.linkedAlts.add(alt);
  }

  #addressOf(href: string): string | undefined {
    const { base, pageUrl, places, unwraps } = this.#setting;
    if (href === '' || safeAddress(href, 'link') === undefined) return undefined;
    if (href.startsWith('#'))
      return places.has(decode(href.slice(1))) ? new URL(href.replace(TAKEN, '#'), pageUrl).href : undefined;
    const told = URL.parse((unwraps ? toTarget(href)?.href : undefined) ?? href, base);
    if (told === null) return undefined;
    // Names and passwords in links are dropped on purpose (threat 8): they lead to the same place.
    told.username = told.password = '';
    return told.href;
  }
}

/** Entries of `before` that `after` has not as often. */
export function lostFrom(before: readonly string[], after: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of after) left.set(each, (left.get(each) ?? 0) + 1);
  return before.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}

function isInForm(element: Element): boolean {
  return 'form' in element.attribs || isWithin(element, /^form$/);
}

/** A button without a name outside of forms is drawn by styles and worked by scripts: here it does nothing. One around links, or in a link, is none. */
function isWorkable(button: Element): boolean {
  if (isWithin(button, /^a$/)) return false;
  if (['a', 'input', 'select', 'textarea'].some((name) => holds(button, name))) return false;
  const label = button.attribs['aria-label'] ?? button.attribs['title'] ?? '';
  return showsSomething(button) || squeeze(label) !== '' || isInForm(button);
}

/** A link shows words, a picture, or a drawing with which it leads elsewhere; one to its own place is there to be copied. */
function isSeen(link: Element, href: string): boolean {
  if (showsSomething(link)) return true;
  if (href.includes('#') && (href.startsWith('#') || isWithin(link, /^h[1-6]$/))) return false;
  return squeeze(link.attribs['aria-label'] ?? link.attribs['title'] ?? '') !== '' || holds(link, 'svg');
}

function showsSomething(element: Element): boolean {
  return squeeze(textOf(element)) !== '' || holds(element, 'img') || holds(element, 'input');
}

function holds(parent: Element, name: string): boolean {
  return parent.children.some((child) => isTag(child) && (child.name === name || holds(child, name)));
}

function isWithin(element: Element, name: RegExp): boolean {
  for (let up = element.parent; up !== null && isTag(up); up = up.parent) if (name.test(up.name)) return true;
  return false;
}

function textOf(node: AnyNode): string {
  if (isText(node)) return node.data;
  if (!hasChildren(node) || (isTag(node) && (UNSEEN.has(node.name) || isHidden(node)))) return '';
  return node.children.map(textOf).join('');
}

function squeeze(text: string): string {
  return text.replace(/[\s\u200b-\u200f\u2060\ufeff\u00ad]+/g, '').toLowerCase();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: the fragment means itself.
    return text;
  }
}
