/**
 * Whether a reader's own Vega-Lite specification may be drawn. The interpreter runs no code and the loader loads nothing;
 * what is left to refuse is what brings its own data, what is endless, and what names things that are not there.
 */
import type { PlainData, PlainRecord } from '../../../core/component.ts';
import { listNames, quoteName, unprocessable } from '../refusal.ts';
import { checkExpression, checkFormat } from './check-expression.ts';

const MAX_DEPTH = 30;
const MAX_VALUES = 5_000;
const MAX_INLINE_ROWS = 1_000;
/** Of anything that is counted: bins, steps, ticks, columns, pixels of a step. */
const MAX_COUNT = 1_000;
const MAX_SIDE = 2_000;
const COUNTED = new Set(
  'maxbins minsteps maxsteps steps tickCount columns count base divide resolve limit strokeWidth padding offset step'.split(
    ' ',
  ),
);
const SIDES = new Set(['width', 'height', 'size', 'radius', 'fontSize', 'outerRadius', 'innerRadius']);
const MARKS = 'arc area bar boxplot circle errorband errorbar line point rect rule square text tick trail'.split(' ');
/** Pictures and maps come from elsewhere. */
const NO_MARKS = new Set(['image', 'geoshape']);
/** Where something leads, or comes from: as a channel, a property of a mark or of its configuration. */
const NO_ADDRESSES = new Set(['url', 'href']);
const CHANNELS =
  'x y x2 y2 xError xError2 yError yError2 xOffset yOffset theta theta2 radius radius2 color fill stroke opacity fillOpacity strokeOpacity strokeWidth strokeDash size angle shape text tooltip key order detail facet row column description time'.split(
    ' ',
  );
/** One of these says what is drawn. */
const DRAWN = ['mark', 'layer', 'concat', 'hconcat', 'vconcat', 'facet', 'repeat'];
const AGGREGATES =
  'argmax argmin average count distinct max mean median min missing product q1 q3 ci0 ci1 stderr stdev stdevp sum valid values variance variancep exponential exponentialb'.split(
    ' ',
  );
const TYPES = ['quantitative', 'temporal', 'ordinal', 'nominal'];
/** Parts that say where data come from. */
const NO_DATA = new Set(['datasets', 'projection']);

/** Where in the specification a value is. */
interface Place {
  readonly path: string;
  /** Name of the property that holds it, or the list that it is in. */
  readonly key: string;
  readonly depth: number;
}

/**
 * Checks all but the names of columns.
 *
 * @throws FormatFailure unprocessable with the path of the fault
 */
export function checkSpec(spec: PlainRecord): void {
  const schema = spec['$schema'];
  if (typeof schema === 'string' && !/vega-lite/.test(schema))
    throw unprocessable('`spec.$schema` must be that of Vega-Lite');
  if (!DRAWN.some((name) => Object.hasOwn(spec, name)))
    throw unprocessable(`\`spec.mark\` is missing; there are: ${listNames(MARKS)}`);
  let values = 0;
  const visit = (value: PlainData, { path, key, depth }: Place): void => {
    values += 1;
    if (depth > MAX_DEPTH) throw unprocessable(`\`spec\` is nested over ${MAX_DEPTH} deep`);
    if (values > MAX_VALUES) throw unprocessable(`\`spec\` holds over ${MAX_VALUES} values`);
    if (typeof value === 'number') checkNumber(value, path, key);
    else if (typeof value === 'string') checkText(value, path, key);
    else if (Array.isArray(value))
      for (const [i, each] of value.entries()) visit(each, { path: `${path}[${i}]`, key, depth: depth + 1 });
    else if (typeof value === 'object' && value !== null) {
      checkRecord(value, path, key);
      for (const [name, each] of Object.entries(value))
        if (!isData(name, each, path))
          visit(each, { path: `${path}.${name.slice(0, 40)}`, key: name, depth: depth + 1 });
    }
  };
  visit(spec, { path: 'spec', key: '', depth: 0 });
}

/** Data of the whole are replaced; those of a part are rows written there. @throws FormatFailure unprocessable */
function isData(name: string, value: PlainData, path: string): boolean {
  if (NO_DATA.has(name))
    throw unprocessable(`\`${path}.${name}\` is not known here: the data are those of the address`);
  if (NO_ADDRESSES.has(name)) throw unprocessable(`\`${path}.${name}\` is not known here: charts lead nowhere`);
  if (name !== 'data') return false;
  if (path !== 'spec') checkInline(value, `${path}.data`);
  return true;
}

function checkNumber(value: number, path: string, key: string): void {
  const most = COUNTED.has(key) ? MAX_COUNT : SIDES.has(key) ? MAX_SIDE : undefined;
  if (most !== undefined && !(Math.abs(value) <= most))
    throw unprocessable(`\`${path}\` must be at most ${most}, got ${value}`);
}

function checkText(value: string, path: string, key: string): void {
  checkExpression(value, path, key);
  if (/format/i.test(key)) checkFormat(value, path);
  if (key === 'mark' && !isConfig(path)) checkMark(value, path);
  if (key === 'aggregate' || key === 'op') checkKnown(value, path, AGGREGATES);
}

function checkRecord(record: PlainRecord, path: string, key: string): void {
  const { type, bin, step, keyvals, tickCount } = record;
  if (key === 'mark' && !isConfig(path)) {
    if (typeof type !== 'string') throw unprocessable(`\`${path}.type\` is missing; there are: ${listNames(MARKS)}`);
    checkMark(type, `${path}.type`);
  }
  if (key === 'encoding') checkChannels(record, path);
  // As many bins, ticks or rows as the values are far apart: nobody knows how many.
  if (key === 'bin' && step !== undefined) throw unprocessable(`\`${path}.step\` is not known here; say \`maxbins\``);
  if (typeof bin === 'object' && bin !== null && !Array.isArray(bin) && bin['step'] !== undefined)
    throw unprocessable(`\`${path}.bin.step\` is not known here; say \`maxbins\``);
  if (typeof tickCount === 'object') throw unprocessable(`\`${path}.tickCount\` must be a number`);
  if (typeof keyvals === 'object' && !Array.isArray(keyvals)) throw unprocessable(`\`${path}.keyvals\` must be a list`);
}

/** There marks and channels are names of defaults. */
function isConfig(path: string): boolean {
  return path.startsWith('spec.config.');
}

function checkMark(mark: string, path: string): void {
  if (NO_MARKS.has(mark))
    throw unprocessable(`the mark ${quoteName(mark)} (\`${path}\`) is not drawn here; there are: ${listNames(MARKS)}`);
  checkKnown(mark, path, MARKS);
}

function checkChannels(encoding: PlainRecord, path: string): void {
  for (const [name, channel] of Object.entries(encoding)) {
    checkKnown(name, `${path}.${name.slice(0, 40)}`, CHANNELS);
    const type =
      typeof channel === 'object' && channel !== null && !Array.isArray(channel) ? channel['type'] : undefined;
    if (typeof type === 'string') checkKnown(type, `${path}.${name}.type`, TYPES);
  }
}

function checkKnown(value: string, path: string, known: readonly string[]): void {
  if (!known.includes(value))
    throw unprocessable(`there is no ${quoteName(value)} (\`${path}\`); there are: ${listNames(known)}`);
}

/** Rows written within the specification, for rules and labels. */
function checkInline(data: PlainData, path: string): void {
  const values = typeof data === 'object' && data !== null && !Array.isArray(data) ? data['values'] : undefined;
  if (!Array.isArray(values))
    throw unprocessable(`\`${path}\` must hold \`values\`: nothing is loaded from within a chart`);
  if (values.length > MAX_INLINE_ROWS) throw unprocessable(`\`${path}.values\` holds over ${MAX_INLINE_ROWS} rows`);
}
