/** What a chart shows, in sentences: for who does not see it. */
import type { Plot, PlotPoint } from './plot.ts';
import { placeText, rounded } from './plot-table.ts';

/** A change of less than this share of the range is none. */
const TREND_SHARE = 0.1;
const MAX_NAMES = 8;
const KINDS: Readonly<Record<Plot['mark'], string>> = {
  bar: 'Bar chart',
  line: 'Line chart',
  area: 'Area chart',
  point: 'Scatter plot',
  arc: 'Pie chart',
};

/** @example titleOfPlot(plot) // 'total by month' */
export function titleOfPlot({ measure, x, series }: Plot): string {
  return `${measure} by ${x.name}${series === undefined ? '' : ` and ${series.name}`}`;
}

/**
 * @example describePlot(plot)
 * // 'Bar chart of total by month, 12 values. Smallest: 3 (2026-02). Largest: 42 (2026-11). It rises from 5 to 40.'
 */
export function describePlot(plot: Plot): string {
  const { points, series, mark } = plot;
  const least = points.reduce((found, each) => (each.y < found.y ? each : found), points[0]!);
  const most = points.reduce((found, each) => (each.y > found.y ? each : found), points[0]!);
  const sentences = [
    `${KINDS[mark]} of ${titleOfPlot(plot)}, ${points.length} ${points.length === 1 ? 'value' : 'values'}.`,
    ...(series === undefined ? [] : [`${series.name}: ${names(series.values)}.`]),
    ...(points.length > 1
      ? [`Smallest: ${told(least, plot)}. Largest: ${told(most, plot)}.`]
      : [`It is ${told(most, plot)}.`]),
    ...trendOf(plot, most.y - least.y),
    ...plot.notes.map(({ sentence }) => sentence),
  ];
  return sentences.join(' ').replace(/\s+/g, ' ');
}

function told({ x, y, series }: PlotPoint, plot: Plot): string {
  return `${numberText(y)} (${placeText(x, plot.x)}${series === undefined ? '' : `, ${series}`})`;
}

/** Where places have an order, and there is one series. */
function trendOf({ x, points, series, mark }: Plot, range: number): string[] {
  const isOrdered = x.kind !== 'category' || x.unit !== undefined;
  if (!isOrdered || series !== undefined || mark === 'point' || mark === 'arc' || points.length < 3) return [];
  const [first, last] = [points[0]!.y, points.at(-1)!.y];
  const from = `from ${numberText(first)} to ${numberText(last)}`;
  if (Math.abs(last - first) < range * TREND_SHARE || range === 0)
    return [`It ends about where it begins (${numberText(last)}).`];
  return [last > first ? `It rises ${from}.` : `It falls ${from}.`];
}

function names(values: readonly string[]): string {
  const shown = values.slice(0, MAX_NAMES).join(', ');
  return values.length > MAX_NAMES ? `${shown} and ${values.length - MAX_NAMES} more` : shown;
}

/** Thousands by commas, at most six digits. */
function numberText(value: number): string {
  const [whole = '', part] = String(rounded(value)).split('.');
  const grouped = /e/.test(whole) ? whole : whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return part === undefined ? grouped : `${grouped}.${part}`;
}
