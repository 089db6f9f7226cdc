/** What a chart is to show, read from the query of `/-/as/chart/`, a fence of a view, or a plan. */
import type { PlainData, PlainRecord } from '../../core/component.ts';
import { listNames, quoteName, unprocessable } from './refusal.ts';

export const MARKS = ['bar', 'line', 'area', 'point', 'arc'] as const;
export const AGGREGATES = ['sum', 'mean', 'count', 'min', 'max', 'median'] as const;

export type Mark = (typeof MARKS)[number];
export type Aggregate = (typeof AGGREGATES)[number];

/** What is absent is chosen by what the table holds. */
export interface ChartRequest {
  readonly mark: Mark | undefined;
  /** Names of columns. */
  readonly x: string | undefined;
  readonly y: string | undefined;
  readonly color: string | undefined;
  readonly aggregate: Aggregate | undefined;
  readonly title: string | undefined;
  /** CSS pixels, 40 to 2,000. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** A whole Vega-Lite specification; its data are the table. */
  readonly spec: PlainRecord | undefined;
}

/** Names of all options, for errors and documentation. */
export const CHART_OPTIONS = ['mark', 'x', 'y', 'color', 'aggregate', 'title', 'width', 'height', 'spec'] as const;

const SIDE = { min: 40, max: 2_000 };
const MAX_TITLE_CHARACTERS = 300;
const MAX_SPEC_CHARACTERS = 65_536;
/** What `spec` says itself. */
const WITHIN_SPEC = ['mark', 'x', 'y', 'color', 'aggregate'] as const;

/**
 * Reads a request; numbers may be written as text.
 *
 * @throws FormatFailure unprocessable, naming the option and what it may be
 */
export function parseChartRequest(raw: Readonly<PlainRecord>): ChartRequest {
  for (const name of Object.keys(raw))
    if (!(CHART_OPTIONS as readonly string[]).includes(name))
      throw unprocessable(`there is no chart option ${quoteName(name)}; there are: ${listNames(CHART_OPTIONS)}`);
  const spec = parseSpec(raw['spec']);
  const clash = spec === undefined ? undefined : WITHIN_SPEC.find((name) => readText(raw, name) !== undefined);
  if (clash !== undefined) throw unprocessable(`a chart with \`spec\` says \`${clash}\` within it`);
  return {
    mark: parseChoice(raw, 'mark', MARKS),
    x: readText(raw, 'x'),
    y: readText(raw, 'y'),
    color: readText(raw, 'color'),
    aggregate: parseChoice(raw, 'aggregate', AGGREGATES),
    title: readText(raw, 'title')?.slice(0, MAX_TITLE_CHARACTERS),
    width: parseSide(raw, 'width'),
    height: parseSide(raw, 'height'),
    spec,
  };
}

/** An empty value is none. */
function readText(raw: Readonly<PlainRecord>, name: string): string | undefined {
  const value = raw[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'object') throw unprocessable(`\`${name}\` must be text`);
  return String(value);
}

function parseChoice<T extends string>(raw: Readonly<PlainRecord>, name: string, known: readonly T[]): T | undefined {
  const text = readText(raw, name);
  if (text === undefined) return undefined;
  const found = known.find((each) => each === text);
  if (found === undefined)
    throw unprocessable(`there is no ${name} ${quoteName(text)}; there are: ${listNames(known)}`);
  return found;
}

function parseSide(raw: Readonly<PlainRecord>, name: string): number | undefined {
  const text = readText(raw, name);
  if (text === undefined) return undefined;
  const pixels = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(pixels >= SIDE.min && pixels <= SIDE.max))
    throw unprocessable(`\`${name}\` must be ${SIDE.min} to ${SIDE.max} pixels, got ${quoteName(text)}`);
  return pixels;
}

function parseSpec(value: PlainData | undefined): PlainRecord | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw unprocessable('`spec` must be a JSON object, a Vega-Lite specification');
  return parsed as PlainRecord;
}

function parseJson(text: string): unknown {
  if (text.length > MAX_SPEC_CHARACTERS)
    throw unprocessable(`\`spec\` is longer than ${MAX_SPEC_CHARACTERS} characters`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unprocessable(`\`spec\` is not JSON: ${error instanceof Error ? error.message.slice(0, 100) : 'unreadable'}`);
  }
}
