/** A reader's own specification, checked, given its data and made to fit. */
import type { PlainData, PlainRecord } from '../../../core/component.ts';
import type { Table } from '../../data/table.ts';
import { type Canvas, canvasFor, type Screen } from '../canvas.ts';
import { frameOf } from '../chart-frame.ts';
import type { ChartRequest } from '../chart-request.ts';
import { unprocessable } from '../refusal.ts';
import { checkFields } from './check-fields.ts';
import { checkSpec } from './check-spec.ts';
import { makeRows } from './make-rows.ts';

export interface PreparedSpec {
  readonly title: string;
  readonly description: string;
  /** With the title drawn, or without. */
  toDraw(titled: boolean): PlainRecord;
}

const MAX_COLUMNS_TOLD = 12;
/** One chart takes the size of the room; several beside each other have their own. */
const SEVERAL = ['hconcat', 'vconcat', 'concat', 'facet', 'repeat'];

/** @throws FormatFailure unprocessable with the path of the fault */
export function prepareSpec(table: Table, request: ChartRequest, screen: Screen): PreparedSpec {
  const spec = request.spec!;
  checkSpec(spec);
  checkFields(spec, table);
  if (table.rows.length === 0) throw unprocessable('there are no rows to draw');
  const title = request.title ?? titleOf(spec['title']);
  const names = table.columns.slice(0, MAX_COLUMNS_TOLD).map(({ name }) => name);
  const told = `Chart drawn from ${table.rows.length} rows of ${names.join(', ')}${table.columns.length > names.length ? ' and more' : ''}.`;
  const given = spec['description'];
  const size = { width: request.width ?? sideOf(spec['width']), height: request.height ?? sideOf(spec['height']) };
  const canvas = canvasFor(size, screen);
  return {
    title: title ?? `Chart of ${names.join(', ')}`,
    description: typeof given === 'string' && given !== '' ? `${given.slice(0, 500)} ${told}` : told,
    toDraw: (titled) => fitted(spec, titled ? title : undefined, canvas, table),
  };
}

function fitted(spec: PlainRecord, title: string | undefined, canvas: Canvas, table: Table): PlainRecord {
  const frame = frameOf(canvas, title);
  const { width, height, autosize, ...around } = frame;
  const {
    title: _title,
    data: _data,
    width: _width,
    height: _height,
    autosize: _autosize,
    config,
    usermeta: _meta,
    ...rest
  } = spec;
  const isOne = !SEVERAL.some((name) => Object.hasOwn(spec, name) || Object.hasOwn(recordOf(spec['encoding']), name));
  const own = isOne ? { width, height, autosize } : {};
  return {
    ...rest,
    ...around,
    ...own,
    config: merged(recordOf(around['config']), recordOf(config)),
    data: { values: makeRows(table) as unknown as PlainData[] },
  } as PlainRecord;
}

/** The second's values over the first's. */
function merged(base: PlainRecord, over: PlainRecord): PlainRecord {
  const result: PlainRecord = { ...base };
  for (const [name, value] of Object.entries(over)) {
    if (name === 'signals' || name === 'autosize') continue;
    const before = result[name];
    const isDeep = isRecord(before) && isRecord(value);
    result[name] = isDeep ? merged(before, value) : value;
  }
  return result;
}

function titleOf(value: PlainData | undefined): string | undefined {
  const text = isRecord(value) ? value['text'] : value;
  const joined = Array.isArray(text) ? text.filter((each) => typeof each === 'string').join(' ') : text;
  return typeof joined === 'string' && joined.trim() !== '' ? joined.slice(0, 300) : undefined;
}

function sideOf(value: PlainData | undefined): number | undefined {
  return typeof value === 'number' && value >= 40 ? Math.round(value) : undefined;
}

function recordOf(value: PlainData | undefined): PlainRecord {
  return isRecord(value) ? value : {};
}

function isRecord(value: PlainData | undefined): value is PlainRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
