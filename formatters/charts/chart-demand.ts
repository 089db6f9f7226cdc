/** What the demand `chart` asks for: the chart, who looks at it, and where else it is to be had. */
import type { PlainData, PlainRecord } from '../../core/component.ts';
import { type Screen, WIDE_SCREEN } from './canvas.ts';
import { type ChartRequest, parseChartRequest } from './chart-request.ts';

export interface ChartDemand {
  readonly request: ChartRequest;
  readonly screen: Screen;
  /** What a page holds: the drawing itself, a picture to be fetched, or only the numbers. Default `drawing`. */
  readonly show: 'drawing' | 'picture' | 'table';
  /** Address of the chart as a picture; empty where there is none. */
  readonly picture: string;
  /** Address of the data as they came; empty where there is none. */
  readonly original: string;
}

/**
 * Reads the demand; what is missing or of another type gets its default.
 *
 * @throws FormatFailure unprocessable for a request that makes no sense
 */
export function readChartDemand(value: PlainData | undefined): ChartDemand {
  const { request, show, picture, original, ...look } = recordOf(value);
  return {
    request: parseChartRequest(recordOf(request)),
    screen: readScreen(look),
    show: show === 'picture' || show === 'table' ? show : 'drawing',
    picture: typeof picture === 'string' ? picture : '',
    original: typeof original === 'string' ? original : '',
  };
}

function readScreen({ width, maxWidth, color, scale }: PlainRecord): Screen {
  const widest = typeof maxWidth === 'number' && maxWidth >= 1 ? maxWidth : WIDE_SCREEN.maxWidth;
  return {
    width: typeof width === 'number' && width >= 1 ? width : WIDE_SCREEN.width,
    maxWidth: widest,
    colors: color === 'gray' || color === 'mono' ? color : 'full',
    scale: typeof scale === 'number' && scale >= 1 ? Math.min(scale, 3) : 1,
  };
}

function recordOf(value: PlainData | undefined): PlainRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
