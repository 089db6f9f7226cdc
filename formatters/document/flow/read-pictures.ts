/** Pictures, as far as they say something. */
import type { Element } from 'domhandler';
import { isBeacon, isTinyPicture } from '../furniture.ts';
import { isPlaceholder } from '../lazy-images.ts';
import { choosePicture } from '../pictures.ts';
import { isConcealed } from './concealment.ts';
import { readMathPicture } from './formulas.ts';
import { lineOf } from './inline-run.ts';
import type { FormulaPiece, PicturePiece } from './model.ts';

/**
 * What a picture is in a line; `undefined` for beacons, and where it has neither address nor words. One that is its own
 * address (`data:`) is its words.
 *
 * @param width pixels it should be wide, where there are several to choose from
 * @param addressOf the address to write, empty for one that must not be
 */
export function readPicture(
  img: Element,
  width: number,
  addressOf: (src: string) => string,
): FormulaPiece | PicturePiece | undefined {
  const { srcset, src, alt, title } = img.attribs;
  if (isConcealed(img) || isTinyPicture(img) || isBeacon(src ?? '')) return undefined;
  const formula = readMathPicture(img);
  if (formula !== undefined) return formula;
  if (srcset !== undefined || isPlaceholder(src)) choosePicture(img, width);
  const chosen = img.attribs['src'];
  const isShown = chosen !== undefined && !isPlaceholder(chosen) && !/^\s*data:/i.test(chosen);
  const address = isShown ? addressOf(chosen) : '';
  const words = lineOf(alt ?? '');
  if (address === '' && words === '') return undefined;
  return { kind: 'picture', src: address, alt: words, title: lineOf(title ?? '') };
}
