/** The axes of a chart: what they say, how fine, and how it fits. */
import type { PlainRecord } from '../../core/component.ts';
import { BOLD, type Canvas } from './canvas.ts';
import type { Plot } from './plot.ts';
import { asKey } from './reserved-names.ts';
import { textWidth } from './text-width.ts';

/** Share of the width that the axis of places takes, with a legend beside it or without. */
const PLOT_SHARE = { tiny: 0.7, beside: 0.65, whole: 0.82 };
/** From here on a legend is beside the chart. */
const LEGEND_BESIDE = 480;
const LABEL_GAP = 6;

/** The channel `x`. */
export function placeChannel(plot: Plot, canvas: Canvas): PlainRecord {
  const { kind, name } = plot.x;
  const title = canvas.size === 'wide' ? asKey(name) : null;
  const axis: PlainRecord = { title, grid: false, labelOverlap: 'greedy', labelSeparation: LABEL_GAP };
  const tickCount = { tiny: 3, small: 4, wide: 8 }[canvas.size];
  if (kind === 'time') {
    const format = timeFormat(plot, canvas);
    const ticks = canvas.size === 'tiny' ? endTicks(plot, format, canvas) : { tickCount };
    return { field: 'x', type: 'temporal', scale: { type: 'utc' }, axis: { ...axis, ...ticks, format } };
  }
  if (kind === 'category')
    return { field: 'x', type: 'nominal', sort: null, axis: { ...axis, ...labelTurn(plot, canvas) } };
  const format = numberFormat(
    plot.points.map(({ x }) => x as number),
    canvas,
  );
  const scale = { zero: false, nice: plot.mark === 'point' };
  return { field: 'x', type: 'quantitative', scale, axis: { ...axis, tickCount, ...format } };
}

/** The words of a time are long: the smallest screen has room for the first and perhaps the last. */
function endTicks({ points }: Plot, format: string, { width, fontSize }: Canvas): PlainRecord {
  const times = points.map(({ x }) => x as number);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const word = format.replace('%Y', '0000').replace(/%./g, '00');
  const both = 2 * textWidth()(word) * fontSize * BOLD + LABEL_GAP <= width * PLOT_SHARE.tiny;
  return { values: { expr: both ? `[${first}, ${last}]` : `[${first}]` } };
}

/** The channel `y`. */
export function measureChannel({ measure, mark, points }: Plot, canvas: Canvas): PlainRecord {
  const { size, colors } = canvas;
  const values = points.map(({ y }) => y);
  const axis = {
    title: size === 'wide' ? asKey(measure) : null,
    tickCount: { tiny: 3, small: 4, wide: 6 }[size],
    grid: colors !== 'mono',
    ...numberFormat(values, canvas),
  };
  return { field: 'y', type: 'quantitative', axis, ...(standsOnZero(mark, values) ? {} : { scale: { zero: false } }) };
}

/** Bars and areas do; lines and points show their range where it is far from zero. */
function standsOnZero(mark: Plot['mark'], values: readonly number[]): boolean {
  if (mark === 'bar' || mark === 'area') return true;
  const least = Math.min(...values);
  const most = Math.max(...values);
  return !(least > 0 && (most - least) / most < 0.5);
}

/** Names stand level where they fit, else aslant; where they are too many upright, and not each of them. */
function labelTurn(plot: Plot, { width, fontSize, size }: Canvas): PlainRecord {
  const measure = textWidth();
  const names = [...new Set(plot.points.map(({ x }) => asKey(String(x))))];
  const hasLegend = plot.series !== undefined && width >= LEGEND_BESIDE;
  const share = size === 'tiny' ? PLOT_SHARE.tiny : hasLegend ? PLOT_SHARE.beside : PLOT_SHARE.whole;
  const band = (width * share) / names.length;
  const widest = Math.max(...names.map((name) => measure(name))) * fontSize;
  if (widest + LABEL_GAP <= band) return { labelAngle: 0, labelOverlap: false };
  // What has an order is understood by some of its labels.
  const isOrdered = plot.x.unit !== undefined || names.every((name) => /^-?[\d.]+$/.test(name));
  if (isOrdered && widest < width / 2)
    return { labelAngle: 0, labelOverlap: false, labelLimit: width, values: spaced(names, widest, band) };
  const limit = Math.round(width * (size === 'wide' ? 0.18 : 0.35));
  return band >= fontSize * 1.2
    ? { labelAngle: -45, labelOverlap: false, labelLimit: limit }
    : { labelAngle: -90, labelOverlap: band < fontSize, labelLimit: limit };
}

/** Every so many names, so that they do not touch and the last one ends within the chart. */
function spaced(names: readonly string[], widest: number, band: number): string[] {
  const step = Math.ceil((widest + LABEL_GAP) / band);
  return names.filter((_, i) => i % step === 0 && (names.length - i - 0.5) * band >= widest / 2 - LABEL_GAP);
}

function timeFormat({ points, x: { unit } }: Plot, { size }: Canvas): string {
  const times = points.map(({ x }) => x as number);
  const days = (Math.max(...times) - Math.min(...times)) / 86_400_000;
  if (unit === 'year' || unit === 'decade' || unit === 'century' || days > 3_650) return '%Y';
  if (unit === 'month' || unit === 'quarter' || days > 180) return '%Y-%m';
  if (unit === 'day' || days > 4) return size === 'wide' ? '%Y-%m-%d' : '%m-%d';
  return days > 1 ? '%m-%d %H:%M' : '%H:%M';
}

/** Large numbers are short; numbers that look like years stay whole. */
function numberFormat(values: readonly number[], { size }: Canvas): PlainRecord {
  const most = values.reduce((found, each) => Math.max(found, Math.abs(each)), 0);
  const looksLikeYears = most < 3_000 && values.every((each) => Number.isInteger(each) && each >= 1_000);
  if (looksLikeYears) return { format: 'd' };
  return most >= (size === 'tiny' ? 1_000 : 10_000) ? { format: '~s' } : {};
}
