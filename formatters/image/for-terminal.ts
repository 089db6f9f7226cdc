/** Pictures for terminals: half blocks in text, or sixels. */
import type { PlainData, PlainRecord } from '../../core/component.ts';
import { loadSharp } from '../pictures/sharp-library.ts';
import { analysePixels, type RawPicture } from './analyse-pixels.ts';
import { dither } from './dither.ts';
import { decoding, draw, drawGrey, type Source } from './drawing.ts';
import { writeHalfBlocks } from './half-blocks.ts';
import { makeSixel } from './sixel.ts';
import type { PictureWants } from './wants.ts';

/** What a terminal can be sent, by media type. */
export type TerminalKind = 'ansi' | 'sixel';

export const TERMINAL_TYPES: Readonly<Record<TerminalKind, string>> = { ansi: 'text/plain', sixel: 'image/x-sixel' };

/** Demands that say how wide a terminal is. */
export const TERMINAL_DEMANDS = ['wrap'] as const;

const DEFAULT_COLUMNS = 72;
/** Pixels of a column: terminals differ, most are a little wider. */
const COLUMN_PIXELS = 9;
/** Lines for each column: what is taller is scaled to that. */
const MAX_LINES_PER_COLUMN = 1;
/** A colour of its own says that nothing is drawn there. */
const SIXEL_COLOURS = 255;

/** The kind of a media type; `undefined` for others. */
export function terminalKindOf(mediaType: string): TerminalKind | undefined {
  if (mediaType === TERMINAL_TYPES.ansi) return 'ansi';
  return mediaType === TERMINAL_TYPES.sixel ? 'sixel' : undefined;
}

/**
 * Draws for a terminal.
 *
 * @throws FormatFailure hostile where the picture turns out to be corrupt
 */
export async function writeForTerminal(
  kind: TerminalKind,
  source: Source,
  { wants, demands }: { wants: PictureWants; demands: Readonly<PlainRecord> },
): Promise<string> {
  const columns = columnsOf(demands['wrap']);
  const width =
    kind === 'ansi' ? columns : Math.min(columns * COLUMN_PIXELS, wants.maxWidth ?? Number.POSITIVE_INFINITY);
  const maxHeight = kind === 'ansi' ? columns * 2 * MAX_LINES_PER_COLUMN : wants.maxHeight;
  const drawing = await draw(source, { ...wants, maxWidth: width, maxHeight, fit: 'inside' });
  if (wants.color !== undefined) {
    const { levels } = wants.color;
    const grey = await drawGrey(drawing, { background: '#000000', levels });
    dither(grey, levels);
    return write(kind, { ...grey, data: grey.pixels, channels: 1 });
  }
  const pipeline = kind === 'ansi' ? drawing.pipeline() : await fewColoured(drawing.pipeline());
  const { data, info } = await decoding(() => pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  return write(kind, { data, ...info } as RawPicture);
}

function write(kind: TerminalKind, raw: RawPicture): string {
  if (kind === 'ansi') return writeHalfBlocks(raw);
  return makeSixel({ ...raw, ...analysePixels(raw).fewColours! });
}

/** The picture in at most 255 colours, dithered. */
async function fewColoured(pipeline: import('sharp').Sharp): Promise<import('sharp').Sharp> {
  const sharp = await loadSharp();
  const options = { palette: true, colours: SIXEL_COLOURS, effort: 2, dither: 0.8, compressionLevel: 1 };
  return sharp(await decoding(() => pipeline.png(options).toBuffer()));
}

function columnsOf(wrap: PlainData | undefined): number {
  const width = typeof wrap === 'object' && wrap !== null && !Array.isArray(wrap) ? wrap['width'] : undefined;
  return typeof width === 'number' && width >= 1 ? Math.min(1000, Math.round(width)) : DEFAULT_COLUMNS;
}
