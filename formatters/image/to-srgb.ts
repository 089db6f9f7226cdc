/**
 * Wide and bright colours as a page in sRGB shows them: the white of a page stays nearly white, what shines beyond it is
 * drawn together below, and colours that a screen does not have keep their hue and brightness and lose saturation.
 */
import type { RawPicture } from './analyse-pixels.ts';
import type { ColourCoding, Primaries } from './colour-coding.ts';

/** Sixteen bits a channel, interleaved: RGB or RGBA. */
export interface DeepPicture {
  readonly data: Uint16Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** Bits that were coded; those below them are nought. */
  readonly bits: number;
}

const MOST = 65_535;
/** ITU-R BT.2408: diffuse white, in candelas a square metre. */
const WHITE_NITS = 203;
const PQ_NITS = 10_000;
/** ITU-R BT.2100: a display of a thousand candelas, for which system gamma is 1.2. */
const HLG_NITS = 1_000;
const HLG_GAMMA = 1.2;
/** Up to that share of white nothing is changed. */
const KNEE = 0.6;

type Matrix = readonly [readonly number[], readonly number[], readonly number[]];

/** Linear light of Display P3 to that of BT.709, D65 each (SMPTE RP 177). */
export const P3_TO_SRGB: Matrix = [
  [1.2249402, -0.2249402, 0],
  [-0.0420569, 1.0420569, 0],
  [-0.0196376, -0.0786361, 1.0982736],
];

const TO_SRGB: Readonly<Record<Primaries, Matrix | undefined>> = {
  srgb: undefined,
  p3: P3_TO_SRGB,
  bt2020: [
    [1.660491, -0.5876411, -0.0728499],
    [-0.1245505, 1.1328999, -0.0083494],
    [-0.0181508, -0.1005789, 1.1187297],
  ],
};
/** Brightness of linear BT.709. */
const [RED, GREEN, BLUE] = [0.2126, 0.7152, 0.0722];

/** The picture in eight bits of sRGB. */
export function toSrgb({ data, width, height, channels, bits }: DeepPicture, coding: ColourCoding): RawPicture {
  const linear = linearTable(coding, MOST - (MOST >>> bits));
  const matrix = TO_SRGB[coding.primaries];
  const isHlg = coding.transfer === 'hlg';
  const peak = peakOf(data, channels, linear);
  const [curve, encode] = [
    coding.transfer === 'srgb' ? undefined : toneCurve(isHlg ? hlgLight(peak) : peak),
    srgbTable(),
  ];
  const out = new Uint8Array(width * height * channels);
  const colour: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < data.length; at += channels) {
    for (let channel = 0; channel < 3; channel++) colour[channel] = linear[data[at + channel]!]!;
    if (isHlg) toDisplayLight(colour);
    if (matrix !== undefined) multiply(matrix, colour);
    if (curve !== undefined) compress(colour, curve);
    intoGamut(colour);
    for (let channel = 0; channel < 3; channel++) out[at + channel] = encode[Math.round(colour[channel]! * MOST)]!;
    if (channels === 4) out[at + 3] = data[at + 3]! >>> 8;
  }
  return { data: out, width, height, channels };
}

/** Light of every number, white as 1; of HLG that of the scene. */
function linearTable({ transfer }: ColourCoding, white: number): Float32Array {
  const light = { srgb: fromSrgb, pq: fromPq, hlg: fromHlg }[transfer];
  return Float32Array.from({ length: MOST + 1 }, (_, value) => light(Math.min(1, value / white)));
}

/** Light of a number from 0 to 1. */
export function fromSrgb(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** SMPTE ST 2084. */
function fromPq(value: number): number {
  const root = value ** (1 / 78.84375);
  return (
    (Math.max(0, root - 0.8359375) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125) * (PQ_NITS / WHITE_NITS)
  );
}

/** ITU-R BT.2100, table 5. */
function fromHlg(value: number): number {
  return value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12;
}

/** Of a grey. */
function hlgLight(scene: number): number {
  return scene ** HLG_GAMMA * (HLG_NITS / WHITE_NITS);
}

/** BT.2100: brightness of the scene to that of a display, the same for all channels; primaries are those of BT.2020. */
function toDisplayLight(colour: [number, number, number]): void {
  const bright = 0.2627 * colour[0] + 0.678 * colour[1] + 0.0593 * colour[2];
  const gain = bright <= 0 ? 0 : bright ** (HLG_GAMMA - 1) * (HLG_NITS / WHITE_NITS);
  for (let channel = 0; channel < 3; channel++) colour[channel]! *= gain;
}

function multiply([r, g, b]: Matrix, colour: [number, number, number]): void {
  const [red, green, blue] = colour;
  colour[0] = r[0]! * red + r[1]! * green + r[2]! * blue;
  colour[1] = g[0]! * red + g[1]! * green + g[2]! * blue;
  colour[2] = b[0]! * red + b[1]! * green + b[2]! * blue;
}

/** The brightest there is, but for a thousandth that may be specks. */
function peakOf(data: Uint16Array, channels: number, linear: Float32Array): number {
  const counts = new Uint32Array(256);
  for (let at = 0; at < data.length; at += channels)
    counts[Math.max(data[at]!, data[at + 1]!, data[at + 2]!) >>> 8]! += 1;
  let above = data.length / channels / 1_000;
  let level = 255;
  for (; level > 0 && counts[level]! <= above; level--) above -= counts[level]!;
  return linear[level * 256 + 255]!;
}

/** Light from the knee to the peak drawn together into what is left below white; smooth, rising (Reinhard, extended). */
function toneCurve(peak: number): (light: number) => number {
  if (peak <= 1) return (light) => light;
  const reach = (peak - KNEE) / (1 - KNEE);
  return (light) => {
    if (light <= KNEE) return light;
    const beyond = Math.min(reach, (light - KNEE) / (1 - KNEE));
    return KNEE + ((1 - KNEE) * beyond * (1 + beyond / reach ** 2)) / (1 + beyond);
  };
}

/** By its strongest channel, so that hues stay. */
function compress(colour: [number, number, number], curve: (light: number) => number): void {
  const strongest = Math.max(colour[0], colour[1], colour[2]);
  if (strongest <= KNEE) return;
  const gain = curve(strongest) / strongest;
  for (let channel = 0; channel < 3; channel++) colour[channel]! *= gain;
}

/** Towards the grey of its brightness, as far as it must. */
function intoGamut(colour: [number, number, number]): void {
  const [red, green, blue] = colour;
  const least = Math.min(red, green, blue);
  const most = Math.max(red, green, blue);
  if (least >= 0 && most <= 1) return;
  const grey = Math.min(1, Math.max(0, RED * red + GREEN * green + BLUE * blue));
  const toLeast = least < 0 ? grey / (grey - least) : 1;
  const toMost = most > 1 ? (1 - grey) / (most - grey) : 1;
  const share = Math.min(toLeast, toMost);
  for (let channel = 0; channel < 3; channel++)
    colour[channel] = Math.min(1, Math.max(0, grey + (colour[channel]! - grey) * share));
}

/** Eight bits of every light in sixteen. */
function srgbTable(): Uint8Array {
  return Uint8Array.from({ length: MOST + 1 }, (_, index) => {
    const light = index / MOST;
    return Math.round(255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055));
  });
}
