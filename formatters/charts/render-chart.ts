/** Charts for formatters: a table and what is wanted of it become a drawing with words for it. Pure: equal input, equal bytes. */
import type { Table } from '../data/table.ts';
import { type Canvas, canvasFor, type Screen, WIDE_SCREEN } from './canvas.ts';
import { FONTS } from './chart-frame.ts';
import type { ChartRequest } from './chart-request.ts';
import { describePlot, titleOfPlot } from './describe-plot.ts';
import { draw } from './draw.ts';
import { finishSvg } from './finish-svg.ts';
import { makePlot } from './make-plot.ts';
import { makeSpec } from './make-spec.ts';
import type { PlotNote } from './plot.ts';
import { plotTable } from './plot-table.ts';
import { prepareSpec } from './spec/prepare-spec.ts';

/** A chart in words and numbers. */
export interface ChartContent {
  readonly title: string;
  /** Sentences: what is shown, from where to where, the trend, what was gathered. */
  readonly description: string;
  /** The numbers that are drawn. */
  readonly table: Table;
  readonly notes: readonly PlotNote[];
  /** The drawing: one SVG element. Without `titled` the title is told, not drawn. Default true. */
  svg(titled?: boolean): Promise<string>;
}

/**
 * Makes a chart.
 *
 * @param screen what shows it; default a screen of 1,920 pixels in colour
 * @throws FormatFailure unprocessable, with what is wrong and what there is; also by `svg()`
 */
export function renderChart(table: Table, request: ChartRequest, screen: Screen = WIDE_SCREEN): ChartContent {
  if (request.spec !== undefined) return renderSpec(table, request, screen);
  const canvas: Canvas = canvasFor(request, screen);
  const plot = makePlot(table, request, canvas.width);
  const title = request.title ?? titleOfPlot(plot);
  const description = describePlot(plot);
  return {
    title,
    description,
    table: plotTable(plot),
    notes: plot.notes,
    svg: async (titled = true) => {
      const drawn = await draw(makeSpec(plot, canvas, titled ? title : undefined));
      return finishSvg(drawn, { title, description, screen, fonts: FONTS });
    },
  };
}

function renderSpec(table: Table, request: ChartRequest, screen: Screen): ChartContent {
  const { title, description, toDraw } = prepareSpec(table, request, screen);
  return {
    title,
    description,
    table,
    notes: [],
    svg: async (titled = true) => finishSvg(await draw(toDraw(titled)), { title, description, screen, fonts: FONTS }),
  };
}
