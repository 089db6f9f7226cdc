/** Vega and Vega-Lite, loaded when the first chart is drawn, without a way out: no file, no address, no code. */

import { BOLD } from './canvas.ts';
import { sealInherited } from './reserved-names.ts';
import { textWidth } from './text-width.ts';

type Vega = typeof import('vega');

export interface ChartLibrary {
  readonly vega: Vega;
  readonly compile: typeof import('vega-lite').compile;
  readonly interpreter: typeof import('vega-interpreter').expressionInterpreter;
}

let loading: Promise<ChartLibrary> | undefined;

/** The libraries; they are heavy, and most processes never draw. */
export function loadCharts(): Promise<ChartLibrary> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ChartLibrary> {
  const [vega, lite, interpreter] = await Promise.all([
    import('vega'),
    import('vega-lite'),
    import('vega-interpreter'),
  ]);
  sealInherited();
  const measure = textWidth();
  // Without a canvas the library guesses; what is drawn is drawn in our font.
  const metrics = (vega as unknown as { textMetrics: { width: TextMetric } }).textMetrics;
  metrics.width = (item, text) => {
    const line = text === undefined || text === null ? '' : String(text);
    const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
    const width = measure(line.trim()) * (item.fontSize ?? 11) * (bold ? BOLD : 1);
    return item.limit !== undefined && item.limit > 0 ? Math.min(width, item.limit) : width;
  };
  return { vega, compile: lite.compile, interpreter: interpreter.expressionInterpreter };
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
  /** Pixels at which the text is cut. */
  readonly limit?: number;
}

type TextMetric = (item: TextItem, text: unknown) => number;
