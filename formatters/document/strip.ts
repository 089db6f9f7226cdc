/** The first pass: what is not for a reader without scripts and styles goes, what stands for something else is replaced. */

import type { CheerioAPI } from 'cheerio';
import { type Element, isComment, isDirective, isTag, type ParentNode } from 'domhandler';
import { editTree, hasBelow, isHtml, makeText, type Replacement, textOf, textUpTo, walkElements } from './edit-tree.ts';
import { isGutter, languageOf } from './flow/code-blocks.ts';
import { isConcealed } from './flow/concealment.ts';
import {
  formulaClass,
  formulaCode,
  isDrawnFormula,
  placesOfFormulas,
  readMathPicture,
  readMathScript,
} from './flow/formulas.ts';
import { foreignText } from './foreign-text.ts';
import { frameLink } from './frames.ts';
import { isAdvertisement, isBeacon, isConsentDialogue, isHidden, isOverlay, isTinyPicture } from './furniture.ts';
import { isEmptyPicture } from './lazy-images.ts';
import type { PageDemand } from './page-demand.ts';
import { choosePicture, mediaLink, pictureImage } from './pictures.ts';

const GONE = new Set('script style template base bgsound param track'.split(' '));
/** Characters that the numbers of lines may take: boxes in boxes are each looked at (threat 42). */
const MAX_GUTTER = 100_000;
const USEFUL = /^(?:a|input|select|textarea|button|label|option|h[1-6])$/;

/** How strict `strip` is. */
export interface StripOptions {
  readonly demand: PageDemand;
  readonly pageUrl: string;
  /** Hidden elements go even when they hold links or fields: they are not what the page says (threat 36). */
  readonly dropsHidden: boolean;
}

/** Strips the page. Counts of what went, by reason, for `env.note`. */
export function strip($: CheerioAPI, { demand, pageUrl, dropsHidden }: StripOptions): Record<string, number> {
  const gone: Record<string, number> = {};
  const count = (reason: string): boolean => {
    gone[reason] = (gone[reason] ?? 0) + 1;
    return false;
  };
  let places: ReadonlySet<string> | undefined;
  // What a link of the page opens by a script, a tab's panel mostly, is reached by that link alone.
  const isOpened = ({ attribs }: Element): boolean => {
    if (!attribs['id']) return false;
    places ??= placesOf($.root()[0]!);
    return places.has(attribs['id']);
  };
  let formulas: ReadonlySet<ParentNode> | undefined;
  const isSaidBeside = ({ parent }: Element): boolean => {
    formulas ??= placesOfFormulas($.root()[0]!);
    return parent !== null && formulas.has(parent);
  };
  editTree($.root()[0]!, {
    enter(node) {
      if (isComment(node) || (isDirective(node) && node.name !== '!doctype')) return false;
      if (!isHtml(node)) return true;
      if (node.name === 'script' && readMathScript(node) !== undefined) return true;
      if (node.name === 'script' || node.name === 'style') return count(node.name);
      if (GONE.has(node.name)) return false;
      if (node.name === 'link' || node.name === 'meta') return true;
      if (isConsentDialogue(node)) return count('consent');
      if (isOverlay(node) && !isOpened(node)) return count('overlay');
      if (isAdvertisement(node)) return count('advertisement');
      if (node.name === 'img' && (isTinyPicture(node) || isBeacon(node.attribs['src'] ?? ''))) return count('beacon');
      if (isDrawnFormula(node) && isSaidBeside(node)) return false;
      if (dropsHidden && isGutter(node) && isNoCode(node)) return false;
      // Threat 36: text that nobody is shown must not reach those who read without looking.
      if (dropsHidden && isConcealed(node)) return false;
      // A script may have hidden a form's fields behind widgets of its own; here the fields are all there is.
      if (!isHidden(node)) return true;
      return !dropsHidden && (isUseful(node) || isOpened(node) || hasBelow(node, isUseful));
    },
    leave: (node) => (isTag(node) ? stand(node, demand, pageUrl) : node),
  });
  return gone;
}

/** What stands for an element in a lite page. */
function stand(element: Element, demand: PageDemand, pageUrl: string): Replacement {
  switch (element.name) {
    case 'svg':
    case 'math':
      return foreignText(element);
    case 'script':
      return formulaCode(readMathScript(element));
    case 'pre':
      return tellLanguage(element);
    case 'iframe':
    case 'embed':
    case 'frame':
      return frameLink(element, pageUrl);
    case 'picture':
      // Its `img` may have given way to its text already, or stand in a box of its own.
      return pictureImage(element) ?? element.children.filter((child) => !(isTag(child) && child.name === 'source'));
    case 'img':
      return standForPicture(element, demand);
    case 'video':
    case 'audio':
      return mediaLink(element, demand.images);
    case 'object':
    case 'canvas':
    case 'applet':
      return element.children;
    default:
      return element;
  }
}

function standForPicture(img: Element, demand: PageDemand): Replacement {
  choosePicture(img, demand.maxWidth);
  const { alt, src } = img.attribs;
  const formula = readMathPicture(img);
  if (formula !== undefined) img.attribs['class'] = formulaClass(formula);
  if (demand.images && !isEmptyPicture(src)) return img;
  if (formula !== undefined) return formulaCode(formula);
  // Alternative text stays in the picture's place; without one a picture is an ornament, or a link's only sign.
  return alt?.trim() ? makeText(` ${alt} `) : undefined;
}

/** Says of code itself in which language it is: often that stands on a box around it, which goes. */
function tellLanguage(pre: Element): Element {
  const language = languageOf(pre);
  if (language === '') return pre;
  const code = pre.children.find((child): child is Element => isTag(child) && child.name === 'code');
  delete pre.attribs['class'];
  (code ?? pre).attribs['class'] = `language-${language}`;
  return pre;
}

/** True for a column of line numbers, or words to copy by, and nothing else: their names are used for more. */
function isNoCode(element: Element): boolean {
  const text = textUpTo(element, MAX_GUTTER);
  return text.length <= MAX_GUTTER && /^(?:[\s\d]*|\s*cop(?:ied|y)\b.{0,20})$/i.test(text);
}

/** The places of the page that links with words lead to. */
export function placesOf(root: Parameters<typeof walkElements>[0]): Set<string> {
  const places = new Set<string>();
  walkElements(root, (element) => {
    const { name, attribs } = element;
    const place = name === 'a' && attribs['href']?.startsWith('#') ? attribs['href'].slice(1) : '';
    // `#` alone leads to no place.
    if (place !== '' && textOf(element).trim() !== '') places.add(place);
  });
  return places;
}

// An `a` without an address and a heading without text help nobody.
function isUseful(element: Element): boolean {
  if (!USEFUL.test(element.name)) return false;
  if (element.name === 'a') return 'href' in element.attribs && !element.attribs['href']!.startsWith('#');
  return !/^h[1-6]$/.test(element.name) || textOf(element).trim() !== '';
}
