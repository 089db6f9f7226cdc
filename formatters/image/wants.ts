/** What is wanted of a picture, read from the demands of a plan. */
import type { PlainData, PlainRecord } from '../../core/component.ts';

/** Names of the demands that every edge meets. `format` says that this very format was named: it is made whatever it costs. */
export const PICTURE_DEMANDS = [
  'background',
  'clean',
  'color',
  'fit',
  'format',
  'hasty',
  'light',
  'maxBytes',
  'maxHeight',
  'maxWidth',
  'quality',
  'still',
] as const;

export type Fit = 'inside' | 'cover' | 'contain' | 'fill';

/** Greys instead of colours: `mono` is black and white. */
export interface GreyWant {
  readonly mode: 'gray' | 'mono';
  /** 2 to 256. */
  readonly levels: number;
}

/** What is absent is not wanted. */
export interface PictureWants {
  /** Perceptual quality, 1 to 100, the same for every format. */
  readonly quality: number | undefined;
  /** Pixels, upright. */
  readonly maxWidth: number | undefined;
  readonly maxHeight: number | undefined;
  /** Bytes of the result; met by less quality, then by fewer pixels. */
  readonly maxBytes: number | undefined;
  /** How both bounds are filled. Default `inside`; a picture is never enlarged. */
  readonly fit: Fit;
  readonly color: GreyWant | undefined;
  /** This very format was named: it is made whatever is lost. */
  readonly format: boolean;
  /** The first frame only. */
  readonly still: boolean;
  /** Time matters more than bytes: others wait. */
  readonly hasty: boolean;
  /** Bytes matter more than usual. */
  readonly light: boolean;
  /** `#rrggbb` under what is transparent where transparency is lost. Default white. */
  readonly background: string;
}

const MAX_SIDE = 65_535;
const MAX_BYTES = 1_000_000_000;
const FITS: readonly string[] = ['inside', 'cover', 'contain', 'fill'] satisfies Fit[];

/**
 * Reads the demands.
 *
 * @throws RangeError naming the demand that cannot be understood
 */
export function parseWants(demands: Readonly<PlainRecord>): PictureWants {
  const fit = readText(demands['fit']) ?? 'inside';
  if (!FITS.includes(fit)) throw new RangeError(`\`fit\` must be of ${FITS.join(', ')}, got \`${fit.slice(0, 40)}\``);
  const background = readText(demands['background']) ?? '#ffffff';
  if (!/^#[0-9a-fA-F]{6}$/.test(background))
    throw new RangeError(`\`background\` must be like #ffffff, got \`${background.slice(0, 40)}\``);
  return {
    quality: parseNumber('quality', demands['quality'], [1, 100]),
    maxWidth: parseSide('maxWidth', demands['maxWidth']),
    maxHeight: parseSide('maxHeight', demands['maxHeight']),
    maxBytes: parseNumber('maxBytes', demands['maxBytes'], [1, MAX_BYTES]),
    fit: fit as Fit,
    color: parseColor(demands['color']),
    format: demands['format'] === true,
    still: demands['still'] === true,
    hasty: demands['hasty'] === true,
    light: demands['light'] === true,
    background,
  };
}

function parseColor(value: PlainData | undefined): GreyWant | undefined {
  if (value === undefined || value === null || value === 'full') return undefined;
  const { mode, levels } = (
    typeof value === 'object' && !Array.isArray(value) ? value : { mode: value }
  ) as PlainRecord;
  if (mode === 'full') return undefined;
  if (mode !== 'gray' && mode !== 'mono') throw new RangeError('`color.mode` must be full, gray or mono');
  return { mode, levels: mode === 'mono' ? 2 : (parseNumber('color.levels', levels, [2, 256]) ?? 256) };
}

function parseSide(name: string, value: PlainData | undefined): number | undefined {
  return parseNumber(name, value, [1, MAX_SIDE]);
}

/** A value that is no number is another's demand of the same name: not wanted here. */
function parseNumber(name: string, value: PlainData | undefined, [min, max]: [number, number]): number | undefined {
  if (typeof value !== 'number') return undefined;
  if (!(value >= min && value <= max)) throw new RangeError(`\`${name}\` must be ${min} to ${max}, got \`${value}\``);
  return Math.round(value);
}

function readText(value: PlainData | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
