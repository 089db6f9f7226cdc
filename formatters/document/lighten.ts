/** What a whole page leaves out for a client that does not want it: pictures, sound and film, styles, fonts. */
import type { CheerioAPI } from 'cheerio';
import { type Element, isTag, isText } from 'domhandler';
import type { PlainData } from '../../core/component.ts';
import { dropFonts } from './drop-fonts.ts';
import { editTree, findElement, isHtml, makeElement, makeText, type Replacement, setChildren } from './edit-tree.ts';
import { OWN_STYLE } from './own-style.ts';
import { mediaLink, pictureImage } from './pictures.ts';

/** What the demand `full` asks for; what it does not say stays. */
export interface FullDemand {
  /** True: scripts, frames and handlers stay as the site wrote them. Default false. */
  readonly scripts: boolean;
  /** False: pictures give way to their text. Default true. */
  readonly images: boolean;
  /** `basic`: a few rules of ours instead of the site's; `none`: none. Default `all`. */
  readonly styles: 'none' | 'basic' | 'all';
  /** False: no web fonts. Default true. */
  readonly fonts: boolean;
  /** False: a link in the place of sound and film. Default true. */
  readonly media: boolean;
}

/** Reads the demand; what is missing or of another type gets its default. */
export function readFullDemand(value: PlainData | undefined): FullDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { scripts, images, styles, fonts, media } = given;
  return {
    scripts: scripts === true,
    images: images !== false,
    styles: styles === 'none' || styles === 'basic' ? styles : 'all',
    fonts: fonts !== false,
    media: media !== false,
  };
}

/** Takes out what the demand leaves out. */
export function lighten($: CheerioAPI, demand: FullDemand): void {
  const { images, styles, fonts, media } = demand;
  if (images && styles === 'all' && fonts && media) return;
  const root = $.root()[0]!;
  editTree(root, {
    enter(node) {
      if (!isTag(node)) return true;
      if (styles !== 'all') delete node.attribs['style'];
      if (!isHtml(node)) return true;
      if (node.name === 'style') return styles === 'all' && (fonts || keepsWithoutFonts(node));
      return node.name !== 'link' || !isLeftOut(node, demand);
    },
    leave: (node) => (isHtml(node) ? stand(node, demand) : node),
  });
  const head = findElement(root, 'head');
  if (styles === 'basic' && head !== undefined)
    setChildren(head, [...head.children, makeElement('style', {}, [makeText(OWN_STYLE)])]);
}

function keepsWithoutFonts(style: Element): boolean {
  const css = dropFonts(style.children.map((child) => (isText(child) ? child.data : '')).join(''));
  setChildren(style, [makeText(css)]);
  return css.trim() !== '';
}

function isLeftOut({ attribs }: Element, { images, styles, fonts }: FullDemand): boolean {
  const relations = (attribs['rel'] ?? '').toLowerCase().split(/\s+/);
  const as = attribs['as']?.toLowerCase();
  if (relations.includes('stylesheet')) return styles !== 'all';
  if (!relations.some((each) => each === 'preload' || each === 'prefetch')) return false;
  return (as === 'style' && styles !== 'all') || (as === 'font' && !fonts) || (as === 'image' && !images);
}

/** What stands for an element. */
function stand(element: Element, { images, media }: FullDemand): Replacement {
  const { name, attribs } = element;
  if ((name === 'video' || name === 'audio') && !media) return mediaLink(element, images);
  if (images) return element;
  if (name === 'picture') return pictureImage(element) ?? element.children.filter((child) => !isSource(child));
  if (name === 'img') return attribs['alt']?.trim() ? makeText(` ${attribs['alt']} `) : undefined;
  // A button that is a picture says what it does in words.
  if (name === 'input' && attribs['type']?.toLowerCase() === 'image') {
    const { src: _src, alt = '', ...others } = attribs;
    return makeElement('input', { ...others, type: 'submit', value: alt.trim() || attribs['value'] || '→' });
  }
  return element;
}

function isSource(node: Element['children'][number]): boolean {
  return isTag(node) && node.name === 'source';
}
