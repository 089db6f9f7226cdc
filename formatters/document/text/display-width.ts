/** How many columns text takes on a terminal (UAX 11, UAX 29, emoji as terminals show them). */

// East Asian Wide and Fullwidth, emoji aside: first and last code points, ascending.
const WIDE: readonly number[] = [
  0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xa000, 0xa4cf,
  0xa960, 0xa97f, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6f, 0xff01, 0xff60, 0xffe0, 0xffe6,
  0x16fe0, 0x18cff, 0x1aff0, 0x1b2ff, 0x1f200, 0x1f265, 0x20000, 0x3fffd,
];
const EMOJI = /\p{Emoji_Presentation}/u;
const MAY_BE_EMOJI = /\p{Emoji}/u;
const ZERO = /[\p{M}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]/u;
const ASCII = /^[\u0020-\u007e]*$/;
const JOINER = 0x200d;
const EMOJI_STYLE = 0xfe0f;
const TAB = 8;

/** Columns of one line; a tab leads to the next multiple of 8. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  let previous = 0;
  let flags = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code === 9) width += TAB - (width % TAB);
    // Joined emoji are one; skin tones colour the one before.
    else if (previous === JOINER || (isTone(code) && previous > 0x2000)) width += 0;
    else if (code === EMOJI_STYLE) width += previous > 0x7f && widthOf(previous) === 1 && isEmojiCode(previous) ? 1 : 0;
    else if (isFlag(code)) width += ++flags % 2 === 1 ? 2 : 0;
    else width += widthOf(code);
    if (!isFlag(code)) flags = 0;
    previous = code;
  }
  return width;
}

/** Columns of one code point by itself: 0, 1 or 2. */
export function widthOf(code: number): 0 | 1 | 2 {
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : 1;
  const char = String.fromCodePoint(code);
  if (ZERO.test(char)) return 0;
  return isWide(code) || (code >= 0x231a && EMOJI.test(char)) ? 2 : 1;
}

/** True for ideographs, kana and other characters two columns wide, emoji aside. */
export function isWide(code: number): boolean {
  if (code < 0x1100) return false;
  let low = 0;
  let high = WIDE.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (code < WIDE[2 * middle]!) high = middle - 1;
    else if (code > WIDE[2 * middle + 1]!) low = middle + 1;
    else return true;
  }
  return false;
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The text in pieces of at most `width` columns, cut between what people take for characters. */
export function cutToWidth(text: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const wide = displayWidth(segment);
    if (used + wide > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += segment;
    used += wide;
  }
  return piece === '' ? pieces : [...pieces, piece];
}

function isFlag(code: number): boolean {
  return code >= 0x1f1e6 && code <= 0x1f1ff;
}

function isTone(code: number): boolean {
  return code >= 0x1f3fb && code <= 0x1f3ff;
}

function isEmojiCode(code: number): boolean {
  return MAY_BE_EMOJI.test(String.fromCodePoint(code));
}
