import type { FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { prepareDrawing } from '../pictures/prepare-drawing.ts';

/**
 * Drawings (SVG) without anything that runs, for browsers.
 *
 * Rebuilds the drawing from an allow-list of shapes, text, paint, filters, styles and motion: no scripts, handlers, HTML,
 * links, files or addresses outside of the drawing, no comments or editors' data. With `still` nothing moves either.
 * Small pictures and fonts within addresses stay. What declares anything but plain entities, or unfolds into over
 * 100,000 elements, is refused.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'svg-clean',
  version: '1.0.0',
  title: 'Drawings made harmless',
  reads: 'text',
  edges: [{ from: 'image/svg+xml', to: 'image/svg+xml', keeps: 0.99, cost: 5, meets: ['clean', 'still'] }],
  format: cleanDrawing,
} satisfies Formatter;

/** A map of a country has tens of thousands of shapes. */
const LIMITS = { maxCharacters: 524_288, maxElements: 50_000, maxExpanded: 100_000 };

function cleanDrawing(input: FormatInput, want: Want): FormatResult {
  const still = want.demands['still'] === true;
  const body = prepareDrawing(input.body as string, { ...LIMITS, still, formatter: 'svg-clean' });
  return { mediaType: want.mediaType, body };
}
