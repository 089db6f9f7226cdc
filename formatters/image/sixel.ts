/** Writes sixel pictures, for terminals that draw (DEC STD 070, chapter 9; VT330/VT340 programmer reference, chapter 14). */
import type { IndexedPicture } from './indexed-png.ts';

/** Begins with pixels square and what is not drawn left alone. */
const START = '\x1bP0;1q';
const END = '\x1b\\';
/** Rows that one character holds, one above the other. */
const BAND = 6;

/** Encodes; what is less than half opaque is not drawn. */
export function makeSixel({ width, height, indexes, palette }: IndexedPicture): string {
  const colours = palette.map(
    ([red, green, blue], index) => `#${index};2;${percent(red)};${percent(green)};${percent(blue)}`,
  );
  const bands: string[] = [];
  for (let top = 0; top < height; top += BAND) bands.push(bandOf({ width, height, indexes, palette }, top));
  return `${START}"1;1;${width};${height}${colours.join('')}${bands.join('-')}${END}`;
}

/** One pass over the band for each colour in it: `$` goes back to its beginning. */
function bandOf({ width, height, indexes, palette }: IndexedPicture, top: number): string {
  const masks = new Map<number, Uint8Array>();
  for (let row = 0; row < BAND && top + row < height; row++) {
    for (let x = 0; x < width; x++) {
      const index = indexes[(top + row) * width + x]!;
      if (palette[index]![3] < 128) continue;
      const mask = masks.get(index) ?? new Uint8Array(width);
      mask[x]! |= 1 << row;
      masks.set(index, mask);
    }
  }
  return [...masks].map(([index, mask]) => `#${index}${runsOf(mask)}`).join('$');
}

/** Characters from `?` up; more than three alike are written as a count. */
function runsOf(mask: Uint8Array): string {
  let text = '';
  const end = mask.findLastIndex((bits) => bits !== 0) + 1;
  for (let x = 0; x < end; ) {
    let next = x + 1;
    while (next < end && mask[next] === mask[x]) next += 1;
    const character = String.fromCharCode(63 + mask[x]!);
    text += next - x > 3 ? `!${next - x}${character}` : character.repeat(next - x);
    x = next;
  }
  return text;
}

function percent(channel: number): number {
  return Math.round((channel * 100) / 255);
}
