/** Pictures in the characters of a colour terminal: each cell holds two pixels, one above the other. */
import type { RawPicture } from './analyse-pixels.ts';

const ESCAPE = '\x1b[';
const RESET = `${ESCAPE}0m`;
/** The terminal's own ground shows through. */
const MIN_OPACITY = 128;

/**
 * Writes a picture as half blocks (U+2580, U+2584) in 24-bit colours (ISO 8613-6 SGR 38 and 48), a line for two rows of
 * pixels. A terminal's ground shows where the picture is transparent.
 *
 * @example writeHalfBlocks(red2x2) // '\x1b[38;2;255;0;0;48;2;255;0;0m▀▀\x1b[0m\n'
 */
export function writeHalfBlocks(raw: RawPicture): string {
  const lines: string[] = [];
  for (let y = 0; y < raw.height; y += 2) lines.push(lineOf(raw, y));
  return lines.join('');
}

function lineOf(raw: RawPicture, y: number): string {
  let [line, front, back] = ['', '', '49'];
  for (let x = 0; x < raw.width; x++) {
    const [top, bottom] = [colourAt(raw, x, y), y + 1 < raw.height ? colourAt(raw, x, y + 1) : undefined];
    const isUpper = top !== undefined;
    const ink = top ?? bottom;
    const wantedFront = ink === undefined ? front : `38;2;${ink}`;
    const wantedBack = isUpper && bottom !== undefined ? `48;2;${bottom}` : '49';
    const changes = [wantedFront === front ? '' : wantedFront, wantedBack === back ? '' : wantedBack];
    const codes = changes.filter((each) => each !== '').join(';');
    line += (codes === '' ? '' : `${ESCAPE}${codes}m`) + (ink === undefined ? ' ' : isUpper ? '▀' : '▄');
    [front, back] = [wantedFront, wantedBack];
  }
  return `${line}${RESET}\n`;
}

function colourAt({ data, width, channels }: RawPicture, x: number, y: number): string | undefined {
  const at = (y * width + x) * channels;
  const alpha = channels === 4 ? data[at + 3]! : channels === 2 ? data[at + 1]! : 255;
  if (alpha < MIN_OPACITY) return undefined;
  return channels < 3 ? `${data[at]};${data[at]};${data[at]}` : `${data[at]};${data[at + 1]};${data[at + 2]}`;
}
