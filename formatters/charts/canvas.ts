/** How much room a chart has, and what fits into it. */
import type { ChartRequest } from './chart-request.ts';
import type { Colors } from './palette.ts';
import { textWidth } from './text-width.ts';

/** What shows the chart. */
export interface Screen {
  /** CSS pixels of a chart that names no width. */
  readonly width: number;
  /** CSS pixels there are at most. */
  readonly maxWidth: number;
  readonly colors: Colors;
  /** Pixels for each CSS pixel, 1 to 3. */
  readonly scale: number;
}

export const WIDE_SCREEN: Screen = { width: 640, maxWidth: 1_920, colors: 'full', scale: 1 };

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** `tiny`: no words but those on the axes. `small`: no names of axes, the legend below. */
  readonly size: 'tiny' | 'small' | 'wide';
  /** Pixels. */
  readonly fontSize: number;
  readonly colors: Colors;
}

const TINY = 140;
const SMALL = 400;
const MAX_TITLE_LINES = 3;

/** The room for a request on a screen: never wider than the screen. */
export function canvasFor({ width, height }: Pick<ChartRequest, 'width' | 'height'>, screen: Screen): Canvas {
  const wide = Math.max(40, Math.min(width ?? screen.width, screen.maxWidth));
  const size = wide < TINY ? 'tiny' : wide < SMALL ? 'small' : 'wide';
  // A width that was narrowed takes the height with it.
  const high =
    height === undefined ? undefined : Math.max(40, Math.round((height * wide) / Math.max(wide, width ?? wide)));
  return {
    width: wide,
    height: high ?? Math.round(wide * (size === 'wide' ? 0.6 : 0.75)),
    size,
    fontSize: { tiny: 9, small: 11, wide: 12 }[size],
    colors: screen.colors,
  };
}

/** A title in lines that fit; the last one is cut where there are too many. */
export function titleLines(title: string, { width, fontSize }: Canvas): string[] {
  const measure = textWidth();
  const room = (width - 12) / (titleSize(fontSize) * BOLD);
  const lines: string[] = [];
  for (const word of title.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && measure(`${last} ${word}`) <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length <= MAX_TITLE_LINES) return lines;
  return [...lines.slice(0, MAX_TITLE_LINES - 1), `${lines[MAX_TITLE_LINES - 1]}…`];
}

/** How much wider bold text is. */
export const BOLD = 1.13;

export function titleSize(fontSize: number): number {
  return fontSize + 2;
}
