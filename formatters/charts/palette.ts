/**
 * Colours and patterns that tell series apart for everybody: the palette of Okabe and Ito, which people with any kind of
 * colour blindness can read; greys for e-ink; black patterns on white where there are no greys.
 */

export type Colors = 'full' | 'gray' | 'mono';

const OKABE_ITO = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#e69f00',
  '#cc79a7',
  '#56b4e9',
  '#000000',
  '#b5a100',
  '#7f7f7f',
  '#8c3b1b',
];
// Of sixteen steps, which e-ink has: nothing between them is to be mixed from dots.
const GREYS = [
  '#333333',
  '#bbbbbb',
  '#777777',
  '#eeeeee',
  '#555555',
  '#999999',
  '#000000',
  '#dddddd',
  '#888888',
  '#ffffff',
];
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [10, 5], [4, 1], [1, 3], [12, 3, 3, 3, 3, 3]];
export const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'cross',
  'diamond',
  'triangle-down',
  'triangle-right',
  'triangle-left',
];

/** Lines within a tile of eight by eight pixels. */
const PATTERNS = [
  'M0,0h8v8h-8Z',
  'M-2,2L2,-2M0,8L8,0M6,10L10,6',
  'M2,0v4h-4v-4ZM6,4v4h-4v-4ZM10,0v4h-4v-4ZM2,8v-4h-4v4Z',
  'M0,4h8',
  'M-2,6L2,10M0,0L8,8M6,-2L10,2',
  'M4,0v8',
  'M0,0L8,8M0,8L8,0',
  'M3,3h2v2h-2Z',
  'M0,0v8M0,4h8',
  '',
];
/** Filled, not stroked. */
const SOLID = new Set([0, 2, 7]);

export interface Palette {
  /** Of areas, bars and slices, in the order of series. */
  readonly fills: readonly string[];
  readonly lines: readonly string[];
  readonly dashes: readonly (readonly number[])[];
  /** Around what is filled; `undefined` where colours differ enough. */
  readonly outline: string | undefined;
  readonly text: string;
  readonly grid: string;
}

// Colours that nothing else has: `finishSvg` puts patterns in their place.
const MARKER = /^#fe00([0-9a-f]{2})$/;
const markers = PATTERNS.map((_, i) => `#fe00${i.toString(16).padStart(2, '0')}`);

const PALETTES: Readonly<Record<Colors, Palette>> = {
  full: { fills: OKABE_ITO, lines: OKABE_ITO, dashes: DASHES, outline: undefined, text: '#222222', grid: '#dddddd' },
  gray: {
    fills: GREYS,
    lines: ['#000000', '#777777', '#444444', '#999999'],
    dashes: DASHES,
    outline: '#000000',
    text: '#000000',
    grid: '#dddddd',
  },
  mono: { fills: markers, lines: ['#000000'], dashes: DASHES, outline: '#000000', text: '#000000', grid: '#ffffff' },
};

export function paletteFor(colors: Colors): Palette {
  return PALETTES[colors];
}

/** The pattern that a colour stands for, by its number. */
export function patternNumber(color: string): number | undefined {
  const match = MARKER.exec(color);
  return match === null ? undefined : Number.parseInt(match[1]!, 16);
}

/** The element of a pattern. */
export function patternElement(number: number): string {
  const path = PATTERNS[number] ?? '';
  const ink = SOLID.has(number) ? 'fill="#000"' : 'fill="none" stroke="#000" stroke-width="1.5"';
  return `<pattern id="p${number}" width="8" height="8" patternUnits="userSpaceOnUse"><path d="M0,0h8v8h-8Z" fill="#fff"/><path d="${path}" ${ink}/></pattern>`;
}
