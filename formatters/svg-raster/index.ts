import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { FormatFailure } from '../../core/executor.ts';
import { prepareDrawing } from '../pictures/prepare-drawing.ts';

/**
 * Drawings (SVG) as pictures, for clients that show none.
 *
 * Draws at the width that is wanted, never larger than the drawing says it is, on a transparent ground. Other formats,
 * greys and qualities are the business of `image`, which comes after it in a chain. Scripts, animations, files and
 * addresses outside of the drawing are left out before the renderer sees it; what declares anything but plain entities,
 * or unfolds into over 10,000 elements, is refused. Its step runs in processes of its own, which can be ended: renderers can hang.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'svg-raster',
  version: '1.2.0',
  title: 'Drawings as pictures',
  reads: 'text',
  edges: [
    {
      from: 'image/svg+xml',
      to: 'image/png',
      keeps: 0.85,
      cost: 60,
      meets: ['clean', 'maxHeight', 'maxWidth', 'still'],
    },
  ],
  format: drawSvg,
} satisfies Formatter;

const RULES = {
  maxCharacters: 65_536,
  maxElements: 2000,
  maxExpanded: 10_000,
  still: true,
  formatter: 'svg-raster',
};
/** Share of the pixels of a step that may be drawn: four bytes each, and filters need several copies. */
const PIXEL_SHARE = 0.32;
const DEFAULT_DENSITY = 72;
const MIN_DENSITY = 1;

async function drawSvg(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const drawing = Buffer.from(prepareDrawing(input.body as string, RULES));
  env.signal.throwIfAborted();
  const sharp = await loadRenderer();
  const { width = 0, height = 0 } = await rendering(() => sharp(drawing, { limitInputPixels: false }).metadata());
  const scale = scaleFor({ width, height }, want.demands);
  const maxPixels = Math.floor(env.limits.maxPixels * PIXEL_SHARE);
  if (width * height * scale * scale > maxPixels)
    throw new FormatFailure(
      'too-large',
      'svg-raster',
      `${width}×${height} is over ${Math.floor(maxPixels / 1e6)} megapixels`,
    );
  env.signal.throwIfAborted();
  const density = Math.max(MIN_DENSITY, DEFAULT_DENSITY * scale);
  const body = await rendering(() =>
    sharp(drawing, { density, limitInputPixels: Math.ceil(maxPixels * 1.1) })
      .png({ compressionLevel: 6 })
      .toBuffer(),
  );
  return { mediaType: want.mediaType, body };
}

/** At most 1. Where both bounds are to be covered, `image` cuts what is too much. */
function scaleFor({ width, height }: { width: number; height: number }, demands: Want['demands']): number {
  const { maxWidth, maxHeight, fit } = demands;
  const ratios = [
    typeof maxWidth === 'number' ? maxWidth / width : undefined,
    typeof maxHeight === 'number' ? maxHeight / height : undefined,
  ].filter((ratio) => ratio !== undefined);
  if (ratios.length === 0 || width === 0 || height === 0) return 1;
  const coversBoth = ratios.length === 2 && fit !== undefined && fit !== 'inside' && fit !== 'contain';
  return Math.min(1, coversBoth ? Math.max(...ratios) : Math.min(...ratios));
}

/**
 * The image library with the renderer let in. Not in `open()`: processes that only decode pictures open all formatters,
 * and must keep it shut.
 */
async function loadRenderer(): Promise<typeof import('sharp').default> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.unblock({ operation: ['VipsForeignLoadSvgBuffer'] });
  return sharp;
}

async function rendering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new FormatFailure('hostile', 'svg-raster', `the drawing cannot be drawn: ${reason}`, { cause: error });
  }
}
