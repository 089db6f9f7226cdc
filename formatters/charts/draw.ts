/** A Vega-Lite specification to a drawing: no file, no address, no code of the specification's, an end in time. */
import { runInNewContext } from 'node:vm';
import type { PlainRecord } from '../../core/component.ts';
import { quoteName, unprocessable } from './refusal.ts';
import { type ChartLibrary, loadCharts } from './vega-library.ts';

/** Elements beyond which nobody sees more. */
const MAX_MARKS = 5_000;
const MAX_SIDE = 4_000;
/** Far more than any chart takes; less than a formatter's own deadline, for a specification's fault is its author's. */
const MAX_MS = 4_000;

/**
 * Draws.
 *
 * @param maxMs milliseconds the drawing may take; default 4,000
 * @throws FormatFailure unprocessable for a specification that cannot be drawn
 */
export async function draw(spec: PlainRecord, maxMs = MAX_MS): Promise<string> {
  const library = await loadCharts();
  try {
    // Drawing is done at once; only another context's deadline can end it.
    return runInNewContext('draw()', { draw: () => drawAtOnce(spec, library) }, { timeout: maxMs }) as string;
  } catch (error) {
    if (error instanceof Error && error.name === 'FormatFailure') throw error;
    const isLate = (error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    const reason = isLate ? `it takes over ${maxMs} ms` : messageOf(error);
    throw unprocessable(`the specification cannot be drawn: ${reason}`);
  }
}

function drawAtOnce(spec: PlainRecord, { vega, compile, interpreter }: ChartLibrary): string {
  const faults: string[] = [];
  const logger = quietLogger(faults);
  type Compiled = Parameters<typeof compile>[0];
  const { spec: compiled } = compile(spec as unknown as Compiled, { logger });
  const runtime = vega.parse(compiled, undefined, { ast: true });
  const view = new vega.View(runtime, { expr: interpreter, loader: closedLoader(), logger, renderer: 'none' } as never);
  try {
    view.run();
    if (faults.length > 0) throw unprocessable(`the specification cannot be drawn: ${faults[0]}`);
    return render(view as unknown as DrawnView, vega as unknown as Renderers);
  } finally {
    view.finalize();
  }
}

/** What the renderer is told, and what no type of the library names. */
interface DrawnView {
  readonly _viewWidth: number;
  readonly _viewHeight: number;
  readonly _origin: readonly [number, number];
  padding(): Readonly<Record<'left' | 'right' | 'top' | 'bottom', number>>;
  scenegraph(): { readonly root: SceneItem };
}

interface SceneItem {
  readonly items?: readonly SceneItem[];
}

interface Renderers {
  resetSVGDefIds(): void;
  readonly SVGStringRenderer: new (
    loader: null,
  ) => {
    initialize(
      element: null,
      width: number,
      height: number,
      origin: readonly [number, number],
      scale: number,
    ): { render(root: SceneItem): void };
    svg(): string;
  };
}

function render(view: DrawnView, { resetSVGDefIds, SVGStringRenderer }: Renderers): string {
  const { root } = view.scenegraph();
  const marks = countItems(root);
  if (marks > MAX_MARKS)
    throw unprocessable(`the specification draws ${marks} marks, at most ${MAX_MARKS}: aggregate or bin them`);
  const { left, right, top, bottom } = view.padding();
  const width = view._viewWidth + left + right;
  const height = view._viewHeight + top + bottom;
  const origin: [number, number] = [view._origin[0] + left, view._origin[1] + top];
  if (!(width <= MAX_SIDE && height <= MAX_SIDE))
    throw unprocessable(
      `the specification draws ${Math.round(width)}×${Math.round(height)} pixels, at most ${MAX_SIDE}`,
    );
  // Identifiers count from the start of the process otherwise: equal charts would differ.
  resetSVGDefIds();
  const renderer = new SVGStringRenderer(null);
  renderer.initialize(null, width, height, origin, 1).render(root);
  return renderer.svg();
}

function countItems({ items }: SceneItem): number {
  let count = 1;
  for (const item of items ?? []) count += countItems(item);
  return count;
}

/** Says no: data come with the specification, links and pictures lead nowhere. */
function closedLoader(): object {
  const refuse = () => {
    throw new Error('nothing is loaded from within a chart');
  };
  return { load: refuse, sanitize: refuse, http: refuse, file: refuse };
}

function quietLogger(faults: string[]): never {
  const note = (...parts: readonly unknown[]) => {
    faults.push(parts.map(messageOf).join(' ').slice(0, 200));
    return logger;
  };
  const pass = () => logger;
  const logger = { level: () => logger, error: note, warn: pass, info: pass, debug: pass };
  return logger as never;
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return quoteName(text.slice(0, 160)).slice(1, -1);
}
