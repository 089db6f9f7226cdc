/** What is around a chart: title, margins, fonts, how axes and legends look. */
import type { PlainRecord } from '../../core/component.ts';
import { type Canvas, titleLines, titleSize } from './canvas.ts';
import { paletteFor } from './palette.ts';
import { asKey } from './reserved-names.ts';

/** First ours; the second, where it is found, is as wide. */
export const FONTS = 'DejaVu Sans, Verdana, sans-serif';

/** From here on a legend stands beside the chart. */
const LEGEND_BESIDE = 480;
const LEGEND_COLUMNS = { narrow: 2, wider: 3, at: 320 };
const LEGEND_LINE = 1.5;

/** The frame; also of a specification that is the reader's own. */
export function frameOf(canvas: Canvas, title: string | undefined): PlainRecord {
  const { size, fontSize, width, height } = canvas;
  const lines = title === undefined || size === 'tiny' ? [] : titleLines(title, canvas);
  const titleSpec = { text: lines.map(asKey), anchor: 'start', fontSize: titleSize(fontSize), offset: 8 };
  return {
    width,
    height: height + Math.max(0, lines.length - 1) * titleSize(fontSize),
    padding: size === 'tiny' ? 1 : 4,
    autosize: { type: 'fit', contains: 'padding' },
    ...(lines.length === 0 ? {} : { title: titleSpec }),
    config: configOf(canvas),
  };
}

/** `null` where there is no room for one. */
export function legendFor(title: string, symbol: string | undefined, { size, width }: Canvas): PlainRecord | null {
  if (size === 'tiny') return null;
  return {
    title: width >= LEGEND_BESIDE ? asKey(title) : null,
    ...(symbol === undefined ? {} : { symbolType: symbol, symbolStrokeWidth: 2, symbolSize: 300 }),
  };
}

/** Pixels that a legend below needs. */
export function legendHeight(names: number, { size, width, fontSize }: Canvas): number {
  if (size === 'tiny' || width >= LEGEND_BESIDE || names === 0) return 0;
  return Math.round(Math.ceil(names / columnsFor(width)) * fontSize * LEGEND_LINE);
}

function columnsFor(width: number): number {
  return width < LEGEND_COLUMNS.at ? LEGEND_COLUMNS.narrow : LEGEND_COLUMNS.wider;
}

function configOf({ size, fontSize, width, colors }: Canvas): PlainRecord {
  const { text, grid, fills } = paletteFor(colors);
  const labels = { labelFontSize: fontSize, titleFontSize: fontSize, labelColor: text, titleColor: text };
  const isBeside = width >= LEGEND_BESIDE;
  return {
    font: FONTS,
    axis: {
      ...labels,
      domainColor: '#888888',
      tickColor: '#888888',
      tickSize: size === 'tiny' ? 2 : 4,
      // Thin strokes of small letters do not survive two colours.
      labelFontWeight: colors === 'mono' ? 'bold' : 'normal',
      titleFontWeight: 'normal',
      gridColor: grid,
      labelLimit: Math.round(width / { tiny: 1.8, small: 3, wide: 4.5 }[size]),
      labelPadding: 2,
      titleLimit: Math.round(width * 0.8),
    },
    legend: {
      ...labels,
      titleFontWeight: 'normal',
      orient: isBeside ? 'right' : 'bottom',
      labelLimit: Math.round(width * (isBeside ? 0.25 : 0.36)),
      titleLimit: Math.round(width * 0.4),
      ...(isBeside ? {} : { columns: columnsFor(width), columnPadding: 8 }),
    },
    title: { color: text, fontWeight: 'bold' },
    view: { stroke: null },
    range: { category: [...fills] },
    mark: { color: fills[0]! },
  };
}
