/** Reads what terminals are sent back into pixels, as a terminal would. */

export interface TerminalPicture {
  readonly width: number;
  readonly height: number;
  /** RGB; the ground where nothing was drawn. */
  readonly data: Buffer;
}

const GROUND = [30, 30, 30] as const;

function blank(width: number, height: number): Buffer {
  return Buffer.from(Array.from({ length: width * height }, () => GROUND).flat());
}

/** Half blocks: SGR 0, 38;2, 48;2 and 49 are known; anything else throws. */
export function readHalfBlocks(text: string): TerminalPicture {
  const lines = text.split('\n').slice(0, -1);
  const width = Math.max(...lines.map((line) => line.replaceAll(/\x1b\[[\d;]*m/g, '').length));
  const height = lines.length * 2;
  const data = blank(width, height);
  for (const [row, line] of lines.entries()) {
    let [front, back, x]: [readonly number[], readonly number[], number] = [GROUND, GROUND, 0];
    for (const [whole, codes] of line.matchAll(/\x1b\[([\d;]*)m|[^\x1b]|\x1b/g)) {
      if (codes === undefined) {
        if (!'▀▄ '.includes(whole)) throw new RangeError(`a stray ${JSON.stringify(whole)}`);
        data.set(whole === '▀' ? front : back, (row * 2 * width + x) * 3);
        data.set(whole === '▄' ? front : back, ((row * 2 + 1) * width + x) * 3);
        x += 1;
      } else [front, back] = select(codes, front, back);
    }
  }
  return { width, height, data };
}

function select(
  codes: string,
  front: readonly number[],
  back: readonly number[],
): [readonly number[], readonly number[]] {
  const numbers = codes.split(';').map(Number);
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at];
    if (code === 0) [front, back] = [GROUND, GROUND];
    else if (code === 49) back = GROUND;
    else if ((code === 38 || code === 48) && numbers[at + 1] === 2) {
      const colour = numbers.slice(at + 2, at + 5);
      if (code === 38) front = colour;
      else back = colour;
      at += 4;
    } else throw new RangeError(`SGR ${codes}`);
  }
  return [front, back];
}

/** Sixels with raster attributes and RGB registers. */
export function readSixel(text: string): TerminalPicture {
  const body = /^\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\$/s.exec(text);
  if (body === null) throw new RangeError('no sixel picture');
  const [width, height] = [Number(body[1]), Number(body[2])];
  const data = blank(width, height);
  const registers = new Map<number, readonly number[]>();
  let [x, top, colour]: [number, number, readonly number[]] = [0, 0, GROUND];
  for (const [whole, index, rgb, count, bits] of body[3]!.matchAll(
    /#(\d+)((?:;\d+){4})?|(?:!(\d+))?([?-~])|[$-]|./gs,
  )) {
    if (index !== undefined) {
      if (rgb !== undefined)
        registers.set(
          Number(index),
          rgb
            .split(';')
            .slice(2)
            .map((each) => Math.round(Number(each) * 2.55)),
        );
      else colour = registers.get(Number(index))!;
    } else if (bits !== undefined) {
      for (let times = Number(count ?? 1); times > 0; times--, x++)
        for (let row = 0; row < 6; row++)
          if (((bits.charCodeAt(0) - 63) >> row) & 1) data.set(colour, ((top + row) * width + x) * 3);
    } else if (whole === '$') x = 0;
    else if (whole === '-') [x, top] = [0, top + 6];
    else throw new RangeError(`a stray ${JSON.stringify(whole)}`);
  }
  return { width, height, data };
}
