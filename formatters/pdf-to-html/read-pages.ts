/** The text of a PDF's pages with where it stands, and what links to where. */
import type { FormatEnv } from '../../core/component.ts';
import { FormatFailure } from '../../core/executor.ts';
import { stripControls } from '../document/control-sequences.ts';
import { splitByLinks } from './link-runs.ts';
import type { PdfDocument } from './pdf-library.ts';
import type { PdfPage, Run, StructureNode } from './pdf-page.ts';

/** Pages that are shown; the original has the rest. */
export const MAX_PAGES = 200;
/** Pieces of text, over all pages (threat 42). */
const MAX_RUNS = 400_000;
const MAX_CHARACTERS = 3_000_000;
const MAX_LINKS = 5000;

export interface PageLink {
  /** Left, top, right, bottom. */
  readonly box: readonly [number, number, number, number];
  readonly address: string;
}

type Page = Awaited<ReturnType<PdfDocument['getPage']>>;
interface Mark {
  readonly tag?: string;
  readonly id?: string;
}

interface TextItem {
  readonly str: string;
  readonly transform: readonly number[];
  readonly width: number;
}

/** Reads the pages, up to the bounds. @throws FormatFailure too-large */
export async function readPages(pdf: PdfDocument, env: FormatEnv): Promise<PdfPage[]> {
  const pages: PdfPage[] = [];
  const budget = { runs: MAX_RUNS, characters: MAX_CHARACTERS, links: MAX_LINKS };
  const places = new Places(pdf);
  for (let number = 1; number <= Math.min(pdf.numPages, MAX_PAGES); number++) {
    env.signal.throwIfAborted();
    const page = await pdf.getPage(number);
    const links = await readLinks(page, places, budget);
    const runs = splitByLinks(await readRuns(page), links);
    budget.runs -= runs.length;
    budget.characters -= runs.reduce((sum, { text }) => sum + text.length, 0);
    if (budget.runs < 0 || budget.characters < 0)
      throw new FormatFailure('too-large', 'pdf-to-html', 'the PDF has too much text');
    const structure = ((await page.getStructTree()) ?? undefined) as StructureNode | undefined;
    pages.push({ number, height: page.getViewport({ scale: 1 }).height, runs, structure });
    page.cleanup();
  }
  return pages;
}

async function readRuns(page: Page): Promise<Run[]> {
  const { transform } = page.getViewport({ scale: 1 });
  const { items, styles } = await page.getTextContent({ includeMarkedContent: true });
  const runs: Run[] = [];
  const marks: Mark[] = [];
  for (const item of items) {
    if (!('str' in item)) {
      if (item.type === 'endMarkedContent') marks.pop();
      else marks.push(item as Mark);
      continue;
    }
    // ISO 32000-1 14.8.2.2: headers, footers and ornaments.
    if (marks.some(({ tag }) => tag === 'Artifact')) continue;
    const run = toRun(item, transform, styles[item.fontName]?.fontFamily === 'monospace');
    if (run !== undefined) runs.push({ ...run, mark: marks.findLast(({ id }) => typeof id === 'string')?.id });
  }
  return runs;
}

/** `undefined` for nothing, and for text that stands askew or upright: stamps, and names of the axes of charts. */
function toRun({ str, transform, width }: TextItem, page: readonly number[], isFixed: boolean): Run | undefined {
  const text = stripControls(str).replace(/\s+/g, ' ');
  if (text === '') return undefined;
  const [a, b, c, d, left, baseline] = multiply(page, transform);
  if (Math.abs(b) > 0.2 * Math.abs(a) || a < 0) return undefined;
  const size = Math.hypot(c, d);
  if (!(size > 0) || ![left, baseline, width].every(Number.isFinite)) return undefined;
  return { text, left, right: left + width, baseline, size, isFixed, address: undefined, mark: undefined };
}

type Matrix = readonly [number, number, number, number, number, number];

function multiply(m: readonly number[], n: readonly number[]): Matrix {
  const at = (list: readonly number[], i: number): number => list[i] ?? 0;
  return [
    at(m, 0) * at(n, 0) + at(m, 2) * at(n, 1),
    at(m, 1) * at(n, 0) + at(m, 3) * at(n, 1),
    at(m, 0) * at(n, 2) + at(m, 2) * at(n, 3),
    at(m, 1) * at(n, 2) + at(m, 3) * at(n, 3),
    at(m, 0) * at(n, 4) + at(m, 2) * at(n, 5) + at(m, 4),
    at(m, 1) * at(n, 4) + at(m, 3) * at(n, 5) + at(m, 5),
  ];
}

function pointOf(matrix: readonly number[], x: number, y: number): readonly [x: number, y: number] {
  const [, , , , left, top] = multiply(matrix, [1, 0, 0, 1, x, y]);
  return [left, top];
}

interface Annotation {
  readonly subtype?: string;
  readonly rect?: readonly number[];
  readonly url?: string;
  readonly dest?: unknown;
}

async function readLinks(page: Page, places: Places, budget: { links: number }): Promise<PageLink[]> {
  const viewport = page.getViewport({ scale: 1 });
  const links: PageLink[] = [];
  for (const { subtype, rect, url, dest } of (await page.getAnnotations()) as Annotation[]) {
    if (subtype !== 'Link' || rect === undefined || budget.links <= 0) continue;
    budget.links--;
    const number = url === undefined ? await places.pageOf(dest) : undefined;
    const address = url ?? (number === undefined ? undefined : `#page-${number}`);
    if (address === undefined) continue;
    const [x1, y1] = pointOf(viewport.transform, rect[0] ?? 0, rect[1] ?? 0);
    const [x2, y2] = pointOf(viewport.transform, rect[2] ?? 0, rect[3] ?? 0);
    links.push({ box: [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)], address });
  }
  return links;
}

/** Where destinations within the document are. */
export class Places {
  readonly #pdf: PdfDocument;
  readonly #known = new Map<string, number | undefined>();

  constructor(pdf: PdfDocument) {
    this.#pdf = pdf;
  }

  /** Number of the page, where it is among those shown. */
  async pageOf(destination: unknown): Promise<number | undefined> {
    const key = JSON.stringify(destination) ?? '';
    if (!this.#known.has(key)) this.#known.set(key, await this.#find(destination));
    return this.#known.get(key);
  }

  async #find(destination: unknown): Promise<number | undefined> {
    try {
      const explicit = typeof destination === 'string' ? await this.#pdf.getDestination(destination) : destination;
      const place: unknown = Array.isArray(explicit) ? explicit[0] : undefined;
      if (place === undefined || place === null) return undefined;
      const index = typeof place === 'number' ? place : await this.#pdf.getPageIndex(place as never);
      return index >= 0 && index < Math.min(this.#pdf.numPages, MAX_PAGES) ? index + 1 : undefined;
    } catch {
      // A destination that is not there: its link leads nowhere, as in the PDF itself.
      return undefined;
    }
  }
}
