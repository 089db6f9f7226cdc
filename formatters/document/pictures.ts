/** One picture out of the several a page offers, and what stands for sound and film. */
import { type ChildNode, type Element, isTag } from 'domhandler';
import { parseSrcset, type SourceCandidate } from '../../core/links/srcset.ts';
import { hasBelow, makeElement, makeText } from './edit-tree.ts';
import { isPlaceholder } from './lazy-images.ts';

// What every picture formatter reads; a candidate of another type would be a gamble.
const KNOWN_TYPE = /^image\/(?:jpeg|png|gif|webp|avif)\b/i;

/**
 * Resolves `srcset` and `picture` into `src`: the smallest candidate that is at least `maxWidth` pixels wide, else the
 * widest. Dimensions in the markup are scaled down to fit.
 */
export function choosePicture(img: Element, maxWidth: number): void {
  const candidates = candidatesOf(img);
  const { attribs } = img;
  const chosen = chooseCandidate(candidates, maxWidth);
  if (chosen !== undefined) attribs['src'] = chosen.url;
  delete attribs['srcset'];
  delete attribs['sizes'];
  const width = Number(attribs['width']);
  const height = Number(attribs['height']);
  if (width > maxWidth) {
    attribs['width'] = String(maxWidth);
    if (height > 0) attribs['height'] = String(Math.max(1, Math.round((height * maxWidth) / width)));
    else delete attribs['height'];
  }
}

/** The picture of a `picture` element, ready for `choosePicture`; `undefined` when it has none. */
export function pictureImage(picture: Element): Element | undefined {
  return picture.children.find((child): child is Element => isTag(child) && child.name === 'img');
}

function candidatesOf(img: Element): SourceCandidate[] {
  const own = parseSrcset(img.attribs['srcset'] ?? '');
  const { src, width } = img.attribs;
  if (src !== undefined && !isPlaceholder(src)) {
    const pixels = Number(width);
    // `src` is the candidate for one device pixel per CSS pixel; its size is known when the markup tells it.
    own.push(pixels > 0 && own.some((each) => each.width !== undefined) ? { url: src, width: pixels } : { url: src });
  }
  if (own.length > 0) return own;
  const siblings: readonly ChildNode[] = img.parent?.children ?? [];
  for (const sibling of siblings) {
    if (!isTag(sibling) || sibling.name !== 'source') continue;
    const { srcset, type } = sibling.attribs;
    if (srcset !== undefined && (type === undefined || KNOWN_TYPE.test(type))) own.push(...parseSrcset(srcset));
  }
  return own;
}

function chooseCandidate(candidates: readonly SourceCandidate[], maxWidth: number): SourceCandidate | undefined {
  const sized = candidates.filter((each) => each.width !== undefined).sort((a, b) => a.width! - b.width!);
  const fitting = sized.find((each) => each.width! >= maxWidth) ?? sized.at(-1);
  if (fitting !== undefined) return fitting;
  const plain = candidates.filter((each) => (each.density ?? 1) > 0);
  return plain.sort((a, b) => (a.density ?? 1) - (b.density ?? 1))[0] ?? candidates[0];
}

/** A film or a sound as a link, with its poster where pictures are shown. */
export function mediaLink(media: Element, showsPictures: boolean): ChildNode[] {
  const source = media.children.find(
    (child): child is Element => isTag(child) && child.name === 'source' && 'src' in child.attribs,
  );
  const src = media.attribs['src'] ?? source?.attribs['src'];
  const rest = media.children.filter((child) => !(isTag(child) && child.name === 'source'));
  if (src === undefined || /^(?:blob|data):/i.test(src)) return rest;
  const name = media.attribs['title'] || media.attribs['aria-label'] || (media.name === 'video' ? 'Video' : 'Audio');
  const poster = media.attribs['poster'];
  // What clients that play nothing are told, but for links in it.
  const told = hasBelow(media, ({ name, attribs }) => name === 'a' && 'href' in attribs) ? rest : [];
  const link = makeElement('a', { href: src }, [makeText(name)]);
  return poster && showsPictures ? [makeElement('img', { src: poster, alt: '' }), link, ...told] : [link, ...told];
}
