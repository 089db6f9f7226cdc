/** How large a picture comes out. */
import type { Size } from './masters.ts';
import type { PictureWants } from './wants.ts';

/** Options of the library's `resize`. */
export function resizing({ maxWidth, maxHeight, fit, background }: PictureWants, animated: boolean) {
  const isCut = fit === 'cover' && maxWidth !== undefined && maxHeight !== undefined;
  return {
    // Faces, colours and edges draw the eye; frames of an animation must all be cut alike.
    ...(isCut && !animated ? { position: 'attention' } : {}),
    ...(maxWidth === undefined ? {} : { width: maxWidth }),
    ...(maxHeight === undefined ? {} : { height: maxHeight }),
    fit,
    background,
    withoutEnlargement: true,
    kernel: 'lanczos3',
  } as const;
}

/** The size a picture will have, and whether that is another. */
export function fitSize({ width, height }: Size, wants: PictureWants): { isScaled: boolean; size: Size } {
  const isScaled = width > (wants.maxWidth ?? width) || height > (wants.maxHeight ?? height);
  return { isScaled, size: isScaled ? scaledSize({ width, height }, wants) : { width, height } };
}

/** As the library will size it; of `inside`, which keeps the proportions, else the bounds. */
function scaledSize({ width, height }: Size, { maxWidth = width, maxHeight = height, fit }: PictureWants): Size {
  if (fit !== 'inside') return { width: Math.min(width, maxWidth), height: Math.min(height, maxHeight) };
  const scale = Math.min(maxWidth / width, maxHeight / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
