/** A plot as a Vega-Lite specification: what fits the room, and is told apart without colours where there are none. */
import type { PlainRecord } from '../../core/component.ts';
import { measureChannel, placeChannel } from './axes.ts';
import type { Canvas } from './canvas.ts';
import { frameOf, legendFor, legendHeight } from './chart-frame.ts';
import { paletteFor, SHAPES } from './palette.ts';
import type { Plot, PlotPoint } from './plot.ts';
import { asKey } from './reserved-names.ts';

/** Up to so many places a line shows its points. */
const MAX_DOTTED = 40;

export function makeSpec(plot: Plot, canvas: Canvas, title: string | undefined): PlainRecord {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...frameOf(roomier(plot, canvas), title),
    data: { values: plot.points.map(rowOf) },
    ...(plot.mark === 'arc' ? pie(plot, canvas) : xy(plot, canvas)),
  };
}

function rowOf({ x, series, ...rest }: PlotPoint): PlainRecord {
  return {
    ...rest,
    x: typeof x === 'string' ? asKey(x) : x,
    ...(series === undefined ? {} : { series: asKey(series) }),
  };
}

/** A legend below takes room of its own, not the chart's. */
function roomier({ mark, points, series }: Plot, canvas: Canvas): Canvas {
  const names = mark === 'arc' ? points.length : (series?.values.length ?? 0);
  return { ...canvas, height: canvas.height + legendHeight(names, canvas) };
}

function xy(plot: Plot, canvas: Canvas): PlainRecord {
  const { mark, series } = plot;
  const x = placeChannel(plot, canvas);
  const offset = series !== undefined && mark === 'bar' && !isStacked(plot);
  return {
    mark: markOf(plot, canvas),
    encoding: {
      x,
      y: {
        ...measureChannel(plot, canvas),
        ...(series === undefined ? {} : { stack: isStacked(plot) ? 'zero' : false }),
      },
      ...(series === undefined ? {} : seriesChannels(plot, canvas)),
      ...(offset ? { xOffset: { field: 'series', type: 'nominal', sort: null } } : {}),
      ...(plot.points.some(({ size }) => size !== undefined)
        ? { size: { field: 'size', type: 'quantitative', legend: null, scale: { range: [6, canvas.width / 2] } } }
        : {}),
    },
  };
}

/** Sums lie upon one another; means would add up to nothing. */
function isStacked({ mark, aggregate, points }: Plot): boolean {
  const adds = aggregate === undefined || aggregate === 'sum' || aggregate === 'count';
  return (mark === 'bar' || mark === 'area') && adds && !(mark === 'area' && points.some(({ y }) => y < 0));
}

function markOf({ mark, points, series }: Plot, { colors, size }: Canvas): PlainRecord {
  const { fills, lines, outline } = paletteFor(colors);
  const drawn = { aria: false, ...(outline === undefined ? {} : { stroke: outline, strokeWidth: 1 }) };
  if (mark === 'bar') return { type: 'bar', ...drawn, ...(series === undefined ? { fill: fills[0]! } : {}) };
  if (mark === 'area')
    return {
      type: 'area',
      ...drawn,
      ...(series === undefined ? { fill: fills[0]!, fillOpacity: colors === 'mono' ? 1 : 0.8 } : {}),
    };
  const width = size === 'tiny' ? 1.5 : 2;
  if (mark === 'line') {
    const dots = points.length <= MAX_DOTTED && size !== 'tiny';
    return {
      type: 'line',
      aria: false,
      strokeWidth: width,
      color: lines[0]!,
      point: dots ? { size: 24, filled: true } : false,
    };
  }
  return {
    type: 'point',
    aria: false,
    filled: colors === 'full',
    color: lines[0]!,
    opacity: colors === 'full' ? 0.75 : 1,
    ...(points.some((each) => each.size !== undefined) ? {} : { size: size === 'tiny' ? 8 : 28 }),
  };
}

function seriesChannels({ mark, series }: Plot, canvas: Canvas): PlainRecord {
  const { colors } = canvas;
  const { fills, lines, dashes } = paletteFor(colors);
  const domain = series!.values.map(asKey);
  const legend = legendFor(series!.name, mark === 'line' ? 'stroke' : undefined, canvas);
  const cycle = (list: readonly unknown[]) => domain.map((_, i) => list[i % list.length]) as string[];
  const channel = { field: 'series', type: 'nominal', sort: null, legend };
  if (mark === 'bar' || mark === 'area') return { color: { ...channel, scale: { domain, range: cycle(fills) } } };
  const color = { color: { ...channel, scale: { domain, range: cycle(lines) } } };
  if (mark === 'point') return { ...color, shape: { ...channel, scale: { domain, range: cycle(SHAPES) } } };
  return colors === 'full' ? color : { ...color, strokeDash: { ...channel, scale: { domain, range: cycle(dashes) } } };
}

function pie({ points, x }: Plot, canvas: Canvas): PlainRecord {
  const { colors } = canvas;
  const { fills } = paletteFor(colors);
  const domain = points.map((point) => asKey(String(point.x)));
  const legend = legendFor(x.name, undefined, canvas);
  const range = domain.map((_, i) => fills[i % fills.length]!);
  return {
    mark: { type: 'arc', aria: false, stroke: colors === 'full' ? '#ffffff' : '#000000' },
    encoding: {
      theta: { field: 'y', type: 'quantitative', stack: true },
      order: { field: 'y', type: 'quantitative', sort: 'descending' },
      color: { field: 'x', type: 'nominal', sort: null, legend, scale: { domain, range } },
    },
  };
}
