/** Charts: what is drawn of a table, how it is told, what is refused (issue 4; design parts 3 and 6). */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import sharp from 'sharp';
import type { PlainRecord } from '../core/component.ts';
import { FormatFailure } from '../core/executor.ts';
import { type Screen, WIDE_SCREEN } from '../formatters/charts/canvas.ts';
import { parseChartRequest } from '../formatters/charts/chart-request.ts';
import { draw } from '../formatters/charts/draw.ts';
import { renderChart } from '../formatters/charts/render-chart.ts';
import { textWidth } from '../formatters/charts/text-width.ts';
import { labelOf, startOf, unitOf, unitWithin } from '../formatters/charts/time-unit.ts';
import { readData } from '../formatters/data/read-data.ts';
import type { Table } from '../formatters/data/table.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { CLIENTS } from './support/client.ts';
import { inWorld, type OpenWorld, openWorld, withWorld } from './support/gateway.ts';

const MONTHS = Array.from({ length: 12 }, (_, i) => `2026-${String(i + 1).padStart(2, '0')}`);
const SALES = `month,region,total\n${MONTHS.flatMap((month, i) => ['North', 'South'].map((region, j) => `${month},${region},${100 + 10 * i + 50 * j}`)).join('\n')}\n`;
const SMALL: Screen = { ...WIDE_SCREEN, width: 240, maxWidth: 240 };
const CHART_ELEMENTS =
  /^(?:svg|title|desc|defs|pattern|g|path|rect|line|circle|text|tspan|clippath|lineargradient|stop)$/;

function csv(text: string): Table {
  return readData('text/csv', text).table;
}

function chart(table: Table, request: PlainRecord = {}, screen: Screen = WIDE_SCREEN) {
  return renderChart(table, parseChartRequest(request), screen);
}

async function refusal(t: ExecutionContext, table: Table, request: PlainRecord): Promise<string> {
  const failure = await t.throwsAsync(async () => await chart(table, request).svg(), { instanceOf: FormatFailure });
  t.is(String(failure?.kind), 'unprocessable', failure?.message);
  return failure?.message ?? '';
}

/** The drawing as elements, after a check that it holds nothing but a drawing. */
function elementsOf(t: ExecutionContext, svg: string) {
  const $ = parseDocument(`<!DOCTYPE html><body>${svg}</body>`);
  const found = $('body *').toArray();
  for (const element of found) {
    t.regex(element.name.toLowerCase(), CHART_ELEMENTS);
    for (const [name, value] of Object.entries(element.attribs)) {
      t.notRegex(name, /^on|href|^style$/i);
      if (name !== 'aria-label') t.notRegex(value, /javascript:|https?:(?!\/\/www\.w3\.org\/2000\/svg)/i);
    }
  }
  return { $, found };
}

const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);

test('without a word of what is wanted, bars of the first numbers stand on the first dates or texts', async (t) => {
  const content = chart(csv('id,city,people,area\n7,Oslo,717,454\n8,Bergen,291,465\n'));
  t.is(content.title, 'id by city');
  const named = chart(csv('id,city,people\n7,Oslo,717\n8,Bergen,291\n'), { y: 'people' });
  t.is(named.title, 'people by city');
  t.deepEqual(named.table.rows, [
    ['Oslo', 717],
    ['Bergen', 291],
  ]);
  t.is(chart(csv('year,total\n2025,7\n2026,9\n')).title, 'total by year');
  t.is(chart(csv('n\n3\n5\n')).title, 'n by row');
  t.is(chart(csv('a,b\nx,p\nx,q\ny,q\n')).title, 'count of rows by a');
});

test('a drawing has a title, a description and a role, and says what is smallest, largest and where it goes', async (t) => {
  const content = chart(csv(SALES), { x: 'month', y: 'total', aggregate: 'sum', title: 'Sales & more' });
  const { $ } = elementsOf(t, await content.svg());
  const svg = $('svg');
  t.is(svg.attr('role'), 'img');
  t.is($('svg > title').text(), 'Sales & more');
  t.is($('svg > desc').text(), content.description);
  t.is(svg.attr('aria-label'), `Sales & more. ${content.description}`);
  t.true(content.description.startsWith('Bar chart of sum of total by month, 12 values.'));
  t.true(content.description.includes('Smallest: 250 (2026-01). Largest: 470 (2026-12). It rises from 250 to 470.'));
});

test('what shares a place is added up, or averaged in a line, or as it was asked', (t) => {
  const table = csv('k,v\na,1\na,5\nb,2\nb,6\nb,10\n');
  const values = (request: PlainRecord) => chart(table, request).table.rows.map((row) => row[1]);
  t.deepEqual(values({}), [6, 18]);
  t.deepEqual(values({ mark: 'line' }), [3, 6]);
  for (const [aggregate, expected] of [
    ['sum', [6, 18]],
    ['mean', [3, 6]],
    ['count', [2, 3]],
    ['min', [1, 2]],
    ['max', [5, 10]],
    ['median', [3, 6]],
  ] as const)
    t.deepEqual(values({ aggregate }), [...expected], aggregate);
});

test('dates are in order and gathered by the finest unit there is room for', (t) => {
  const days = Array.from({ length: 800 }, (_, i) => startOf(Date.UTC(2024, 0, 1) + i * 86_400_000, 'day'));
  const shuffled = days.map((_, i) => `${labelOf(days[(i * 7) % 800]!, 'day')},1`);
  const content = chart(csv(`day,visits\n${shuffled.join('\n')}\n`));
  t.is(content.table.rows.length, 27);
  t.deepEqual(content.table.rows[1], ['2024-02', 29]);
  t.true(content.description.includes('day is gathered by month.'));
  t.deepEqual(
    content.notes.map(({ event }) => event),
    ['chart.binned', 'chart.aggregated'],
  );
  for (const [unit, label] of [
    ['second', '2026-05-17 13:45:09'],
    ['minute', '2026-05-17 13:45'],
    ['hour', '2026-05-17 13:00'],
    ['day', '2026-05-17'],
    ['month', '2026-05'],
    ['quarter', '2026-Q2'],
    ['year', '2026'],
    ['decade', '2020s'],
    ['century', '2000s'],
  ] as const)
    t.is(labelOf(startOf(Date.parse('2026-05-17T13:45:09.5Z'), unit), unit), label);
  t.is(unitOf([Date.UTC(2026, 0), Date.UTC(2026, 3)]), 'month');
  t.is(unitWithin(new Set(days), 'day', 10), 'quarter');
  t.is(labelOf(startOf(Date.parse('0044-03-15T00:00:00Z'), 'year'), 'year'), '0044');
});

test('many rows become few marks, and the chart says so', async (t) => {
  let big = 'time,sensor,value\n';
  for (let i = 0; i < 100_000; i++)
    big += `${labelOf(Date.UTC(2025, 0, 1) + i * 300_000, 'minute').replace(' ', 'T')}Z,s${i % 25},${(i * 7919) % 1_000}\n`;
  const table = csv(big);
  for (const [request, most] of [
    [{ mark: 'line', y: 'value', x: 'time' }, 1_000],
    [{ mark: 'bar', y: 'value', x: 'time' }, 150],
    [{ mark: 'point', y: 'value', x: 'time' }, 1_000],
    [{ mark: 'bar', y: 'value', x: 'sensor' }, 25],
    [{ mark: 'arc', y: 'value', x: 'sensor' }, 10],
  ] as const) {
    const content = chart(table, request);
    const what = JSON.stringify(request);
    t.true(content.table.rows.length <= most, `${what}: ${content.table.rows.length}`);
    t.true(content.notes.length > 0, what);
    t.true((await content.svg()).length < 200_000, what);
  }
  const series = chart(table, { mark: 'line', x: 'time', y: 'value', color: 'sensor' });
  t.is(series.table.columns.length, 1 + 8);
  t.is(series.table.columns.at(-1)?.name, '(others)');
  t.true(series.description.includes('Of 25 values of sensor the 7 largest are told apart.'));
});

test('numbers on the axis of places are bars of their own while they are few, and steps when they are many', (t) => {
  const few = chart(csv('size,n\n3,1\n1,2\n2,4\n'), { x: 'size', y: 'n' });
  t.deepEqual(
    few.table.rows.map((row) => row[0]),
    ['1', '2', '3'],
  );
  const many = chart(csv(`size\n${Array.from({ length: 1_000 }, (_, i) => i / 10).join('\n')}\n`), {
    x: 'size',
    aggregate: 'count',
  });
  t.true(many.table.rows.length <= 40 && many.table.rows.length >= 10);
  t.true(many.description.includes('size is gathered in steps of 5.'));
});

test('rows without a value are left out and counted', (t) => {
  const { description, table } = chart(csv('k,v\na,1\nb,\nc,3\n'));
  t.is(table.rows.length, 2);
  t.true(description.includes('1 rows without a value are left out.'));
});

test('a column, mark or aggregate that is not there is refused by a sentence that names it and those that are', async (t) => {
  const table = csv(SALES);
  for (const [request, ...words] of [
    [{ y: 'profit' }, '`profit`', '`y`', '`month`', '`region`', '`total`'],
    [{ x: '__proto__' }, '`__proto__`', '`x`', '`month`'],
    [{ color: 'Region' }, '`Region`', '`color`', '`region`'],
    [{ y: 'region' }, '`region`', 'text', '`total`'],
    [{ mark: 'pie' }, '`pie`', '`bar`', '`line`', '`area`', '`point`', '`arc`'],
    [{ aggregate: 'avg' }, '`avg`', '`mean`', '`median`'],
    [{ width: '12' }, '`width`', '40 to 2000', '`12`'],
    [{ height: 'tall' }, '`height`', '`tall`'],
    [{ marks: 'bar' }, '`marks`', '`mark`', '`spec`'],
    [{ spec: '{' }, '`spec`', 'JSON'],
    [{ spec: '[]' }, '`spec`', 'object'],
    [{ spec: '{"mark":"bar"}', mark: 'line' }, '`mark`', '`spec`'],
  ] as const) {
    const reason = await refusal(t, table, request as PlainRecord);
    for (const word of words) t.true(reason.includes(word), `${JSON.stringify(request)}: ${reason}`);
  }
  await refusal(t, csv('a,b\n'), {});
  t.true((await refusal(t, csv('k,v\na,-1\nb,2\n'), { mark: 'arc' })).includes('negative'));
  const wide = csv(`${Array.from({ length: 500 }, (_, i) => `column number ${i}`).join(',')}\n${'1,'.repeat(499)}1\n`);
  const reason = await refusal(t, wide, { y: 'x'.repeat(5_000) });
  t.true(reason.length < 300, String(reason.length));
  t.regex(reason, /and \d{3} more$/);
});

const XY = { x: { field: 'month', type: 'temporal' }, y: { field: 'total', type: 'quantitative' } };

test('a whole specification is drawn with the data of the address', async (t) => {
  const table = csv(SALES);
  for (const spec of [
    { mark: 'bar', encoding: { x: { field: 'region' }, y: { aggregate: 'sum', field: 'total' } }, title: 'One' },
    {
      data: { url: 'http://127.0.0.1:1/x' },
      mark: { type: 'line', point: true },
      encoding: XY,
      title: { text: ['One'] },
    },
    {
      title: 'One',
      layer: [
        { mark: 'line', encoding: XY },
        { data: { values: [{ limit: 150 }] }, mark: 'rule', encoding: { y: { field: 'limit', type: 'quantitative' } } },
      ],
    },
    { title: 'One', facet: { column: { field: 'region' } }, spec: { mark: 'point', encoding: XY } },
    {
      title: 'One',
      transform: [{ calculate: 'datum.total * 2', as: 'twice' }],
      mark: 'area',
      encoding: { ...XY, y: { field: 'twice', type: 'quantitative' } },
    },
  ]) {
    const content = chart(table, { spec: spec as PlainRecord });
    t.is(content.title, 'One');
    const svg = await content.svg();
    elementsOf(t, svg);
    t.true(textsOf(svg).includes('One'), JSON.stringify(spec));
    t.regex(svg, /<path[^>]* d="M/);
    t.true(content.description.startsWith('Chart drawn from 24 rows of month, region, total.'));
  }
  const dotted = readData('application/json', '[{"a":{"b":3},"c":"x"},{"a":{"b":4},"c":"y"}]').table;
  for (const field of ['a.b', 'a\\.b'])
    t.regex(
      await chart(dotted, {
        spec: { mark: 'bar', encoding: { x: { field: 'c' }, y: { field, type: 'quantitative' } } },
      }).svg(),
      />4(?:\.0)?</,
    );
});

test('a fault in a specification is refused with its path (threats 3, 34, 46)', async (t) => {
  const table = csv(SALES);
  const bars = { mark: 'bar', encoding: XY };
  for (const [spec, path, ...words] of [
    [{ mark: 'bar', encoding: { x: { field: 'day' }, y: XY.y } }, 'spec.encoding.x.field', '`day`', '`month`'],
    [{ layer: [bars, { mark: 'rul' }] }, 'spec.layer[1].mark', '`rul`', '`rule`'],
    [{ encoding: XY }, 'spec.mark', '`bar`'],
    [{ mark: {} }, 'spec.mark.type', '`bar`'],
    [{ ...bars, encoding: { z: XY.x } }, 'spec.encoding.z', '`x`'],
    [{ ...bars, encoding: { x: { field: 'total', type: 'number' } } }, 'spec.encoding.x.type', '`quantitative`'],
    [{ ...bars, encoding: { y: { aggregate: 'avg', field: 'total' } } }, 'spec.encoding.y.aggregate', '`mean`'],
    [{ mark: 'image', encoding: XY }, 'spec.mark', '`image`'],
    [{ mark: { type: 'bar', href: 'http://127.0.0.1/' }, encoding: XY }, 'spec.mark.href'],
    [{ ...bars, encoding: { ...XY, href: { value: 'javascript:alert(1)' } } }, 'spec.encoding.href'],
    [{ ...bars, config: { mark: { href: 'http://127.0.0.1/' } } }, 'spec.config.mark.href'],
    [{ layer: [{ ...bars, data: { url: 'file:///etc/passwd' } }] }, 'spec.layer[0].data'],
    [{ ...bars, datasets: { a: [] } }, 'spec.datasets'],
    [
      { ...bars, transform: [{ lookup: 'region', from: { data: { url: 'http://127.0.0.1/' }, key: 'a' } }] },
      'spec.transform[0].from.data',
    ],
    [
      { ...bars, transform: [{ calculate: 'length(sequence(0, 1e9))', as: 'n' }] },
      'spec.transform[0].calculate',
      '`sequence`',
    ],
    [{ ...bars, transform: [{ calculate: "format(1, '999999999d')", as: 'n' }] }, 'spec.transform[0].calculate'],
    [{ ...bars, transform: [{ filter: 'test(/(a+)+$/, datum.region)' }] }, 'spec.transform[0].filter', '`test`'],
    [{ ...bars, encoding: { x: { field: 'total', bin: { step: 1e-9 } } } }, 'spec.encoding.x.bin.step', 'maxbins'],
    [{ ...bars, encoding: { x: { field: 'total', bin: { maxbins: 1e9 } } } }, 'spec.encoding.x.bin.maxbins', '1000'],
    [{ ...bars, encoding: { y: { ...XY.y, axis: { format: '99999d' } } } }, 'spec.encoding.y.axis.format'],
    [
      { ...bars, encoding: { x: { ...XY.x, axis: { tickCount: { interval: 'millisecond' } } } } },
      'spec.encoding.x.axis.tickCount',
    ],
    [{ ...bars, width: 1e7 }, 'spec.width', '2000'],
    [{ ...bars, $schema: 'https://vega.github.io/schema/vega/v6.json' }, 'spec.$schema', 'Vega-Lite'],
    [{ ...bars, encoding: { ...XY, row: { field: 'region' } } }, undefined],
    [{ facet: { column: { field: 'wide' } }, spec: bars }, 'spec.facet.field', 'over 50'],
  ] as const) {
    if (path === undefined) {
      await t.notThrowsAsync(async () => await chart(table, { spec: spec as unknown as PlainRecord }).svg());
      continue;
    }
    const reason = await refusal(t, table, { spec: spec as unknown as PlainRecord });
    for (const word of [`\`${path}\``, ...words]) t.true(reason.includes(word), `${word} of ${reason}`);
  }
  const deep = `${'{"layer":['.repeat(500)}{"mark":"bar"}${']}'.repeat(500)}`;
  t.true((await refusal(t, table, { spec: deep })).includes('deep'));
});

test('expressions of a specification are read, never run as code: the interpreter has no way out (threat 53)', async (t) => {
  const table = csv(SALES);
  for (const calculate of [
    "constructor.constructor('return process')()",
    "[].constructor.constructor('return 1')()",
    "datum.constructor.constructor('return 1')()",
    'globalThis.process.exit(1)',
    "import('node:fs')",
  ])
    await refusal(t, table, { spec: { mark: 'bar', transform: [{ calculate, as: 'n' }], encoding: XY } });
  t.is(({} as { polluted?: unknown }).polluted, undefined);
});

test('a drawing that takes too long is its author’s mistake, not a fault of the formatter (threat 53)', async (t) => {
  const spec = { data: { values: [{ x: 1 }] }, mark: 'point', encoding: { x: { field: 'x', type: 'quantitative' } } };
  const failure = await t.throwsAsync(draw(spec, 1), { instanceOf: FormatFailure });
  t.is(String(failure?.kind), 'unprocessable');
  t.regex(failure?.message ?? '', /takes over/);
  t.regex(await draw(spec), /^<svg/);
});

test('names and titles are text wherever they stand (threats 34, 60)', async (t) => {
  const nasty = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '</title></svg><svg onload=alert(1)>',
    ']]><a xlink:href="javascript:alert(1)">x</a>',
    '{{constructor.constructor("alert(1)")()}}',
    "datum['x']; alert(1)",
    '__proto__',
    'a.b[0].c',
    '\u0000\u001b[31m\u202e\ufffe\ud800',
    '&amp;&#60;script&#62;',
  ];
  const rows = nasty.map((name, i) => [name, nasty[(i + 1) % nasty.length]!, i + 1]);
  for (const [x, y, color] of [
    [nasty[0]!, nasty[1]!, nasty[2]!],
    [nasty[6]!, nasty[7]!, nasty[8]!],
    ['constructor', 'prototype', 'toString'],
  ] as const) {
    const table: Table = {
      columns: [
        { name: x, type: 'text' },
        { name: color, type: 'text' },
        { name: y, type: 'number' },
      ],
      rows,
    };
    for (const mark of ['bar', 'line', 'area', 'point', 'arc'])
      for (const screen of [WIDE_SCREEN, SMALL]) {
        const svg = await chart(table, { mark, x, y, color, title: nasty[3]! }, screen).svg();
        elementsOf(t, svg);
        t.notRegex(svg, /[\u0000-\u0008\u001b\ufffe\ud800-\udfff]/u);
        t.is((await sharp(Buffer.from(svg)).metadata()).format, 'svg');
      }
  }
  t.is(({} as { b?: unknown }).b, undefined);
});

test('equal tables and requests give equal bytes, whatever was drawn before', async (t) => {
  const table = csv(SALES);
  const gradient = {
    mark: {
      type: 'area',
      color: {
        gradient: 'linear',
        stops: [
          { offset: 0, color: 'red' },
          { offset: 1, color: 'blue' },
        ],
      },
    },
    encoding: XY,
  };
  const draws = async () => [
    await chart(table, { color: 'region' }).svg(),
    await chart(table, { mark: 'arc' }, { ...SMALL, colors: 'mono' }).svg(),
    await chart(table, { spec: gradient as unknown as PlainRecord }).svg(),
  ];
  t.deepEqual(await draws(), await draws());
});

test('colours are those that everybody tells apart; where there are none, greys of e-ink, or patterns and dashes', async (t) => {
  const table = csv(SALES);
  const colorsOf = async (mark: string, colors: Screen['colors']) => {
    const svg = await chart(table, { mark, color: 'region', y: 'total' }, { ...WIDE_SCREEN, colors }).svg();
    return { svg, colors: new Set([...svg.matchAll(/(?:fill|stroke)="(#[0-9a-f]+)"/gi)].map((match) => match[1]!)) };
  };
  const full = await colorsOf('bar', 'full');
  t.true(full.colors.has('#0072b2') && full.colors.has('#d55e00'));
  for (const mark of ['bar', 'line', 'area', 'point', 'arc']) {
    const gray = await colorsOf(mark, 'gray');
    for (const color of gray.colors) t.regex(color, /^#(?:(..)\1\1|(.)\2\2)$/, `${mark}: ${color}`);
    const mono = await colorsOf(mark, 'mono');
    for (const color of mono.colors) t.regex(color, /^#(?:000|000000|fff|ffffff|888888)$/, `${mark}: ${color}`);
  }
  t.regex((await colorsOf('bar', 'mono')).svg, /<pattern id="p1".*url\(#p1\)/s);
  t.regex((await colorsOf('line', 'mono')).svg, /stroke-dasharray="6,3"/);
});

test('a chart is as wide as the screen: at 240 pixels the legend is below, at 96 there are the axes alone', async (t) => {
  const table = csv(SALES);
  for (const [maxWidth, width] of [
    [1_920, 640],
    [240, 240],
    [96, 96],
  ] as const) {
    const svg = await chart(table, { color: 'region' }, { ...WIDE_SCREEN, maxWidth }).svg();
    t.regex(svg, new RegExp(`^<svg [^>]*width="${width}"`));
    t.is(textsOf(svg).includes('North'), maxWidth > 96);
    t.is(textsOf(svg).includes('total by month and region'), maxWidth > 96);
    t.is(textsOf(svg).includes('month'), maxWidth > 240);
  }
  t.regex(await chart(table, { width: '300', height: '150' }).svg(), /^<svg [^>]*width="300" height="150"/);
  t.regex(
    await chart(table, { width: '300' }, { ...WIDE_SCREEN, scale: 2 }).svg(),
    /width="600" [^>]*viewBox="0 0 300 /,
  );
  const spec = { facet: { column: { field: 'region' } }, spec: { width: 900, mark: 'bar', encoding: XY } };
  t.regex(await chart(table, { spec: spec as unknown as PlainRecord }, SMALL).svg(), /^<svg [^>]*width="240"/);
});

test('text is measured by the font that draws it', (t) => {
  const measure = textWidth();
  t.true(measure('iii') < measure('WWW'));
  t.is(measure(''), 0);
  t.is(measure('ab'), measure('a') + measure('b'));
  t.true(measure('Ж') > 0.5 && measure('日') > 0.5);
  const conf = readFileSync(new URL('../formatters/pool/fonts.conf', import.meta.url), 'utf8');
  const folder = /<dir prefix="relative">([^<]+)</.exec(conf)?.[1] ?? '';
  t.notThrows(() => readFileSync(new URL(`../formatters/pool/${folder}/DejaVuSans.ttf`, import.meta.url)));
  t.is(conf.match(/<dir/g)?.length, 1, 'no other fonts: a drawing is the same on every machine');
});

test('any table gives a drawing or a refusal', async (t) => {
  const cell = fc.oneof(
    fc.string(),
    fc.constant(''),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  const request = fc.record({
    mark: fc.constantFrom('bar', 'line', 'area', 'point', 'arc'),
    aggregate: fc.constantFrom('', 'sum', 'count', 'median'),
  });
  const columns = fc.array(
    fc.tuple(fc.string({ minLength: 1 }), fc.constantFrom('number', 'date', 'boolean', 'text')),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(
      columns,
      fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { maxLength: 12 }),
      request,
      async (names, rows, asked) => {
        const table = {
          columns: names.map(([name, type], i) => ({ name: `${name}${i}`, type })),
          rows: rows.map((row) => row.slice(0, names.length)),
        } as Table;
        try {
          elementsOf(t, await chart(table, asked).svg());
        } catch (error) {
          if (!(error instanceof FormatFailure) || error.message.includes('cannot be drawn')) throw error;
        }
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

let held: OpenWorld;
test.before(async () => {
  held = await openWorld();
  const { origin } = held.world;
  const sends = (path: string, type: string, body: string, more: Readonly<Record<string, string>> = {}) =>
    origin.on(path, (_, response) => {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=60', ...more });
      response.end(body);
    });
  sends('/sales.csv', 'text/csv', SALES, { 'content-disposition': 'attachment; filename=sales.csv' });
  sends(
    '/sales.json',
    'application/json',
    JSON.stringify([
      { city: 'Oslo', people: 717 },
      { city: 'Bergen', people: 291 },
    ]),
  );
  sends('/page.html', 'text/html', '<p>no data');
  sends('/settings.json', 'application/json', '{"a":{"b":1}}');
  origin.on('/asked.csv?region=North&top=3', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' });
    response.end('k,v\nNorth,3\n');
  });
  origin.on('/moved.csv', (_, response) => {
    response.writeHead(302, { location: '/asked.csv?region=North&top=3' });
    response.end();
  });
});
test.after.always(async () => await held.close());

/** Asks for a chart of the origin's data. */
function ask(path: string, query: string, fields: Readonly<Record<string, string>> = {}) {
  const { world } = held;
  return world.get(`/-/as/chart/${world.origin.url}${path}?${query}`, { fields });
}

test.serial('a chart comes in the form that Accept names, the data too (design parts 3 and 6)', async (t) => {
  for (const [accept, type] of [
    ['*/*', 'image/svg+xml; charset=utf-8'],
    ['image/svg+xml', 'image/svg+xml; charset=utf-8'],
    ['image/png', 'image/png'],
    ['image/webp', 'image/webp'],
    ['image/gif', 'image/gif'],
    ['image/jpeg', 'image/jpeg'],
    ['text/html', 'text/html; charset=utf-8'],
    ['text/markdown, text/html', 'text/markdown; charset=utf-8'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['text/vnd.wap.wml', 'text/vnd.wap.wml; charset=utf-8'],
    ['text/csv', 'text/csv'],
    ['application/json', 'application/json; charset=utf-8'],
    ['text/html;q=0.1, image/png', 'image/png'],
  ] as const) {
    const { status, fields, body } = await ask('/sales.csv', 'x=month&y=total', { accept });
    t.is(status, 200, accept);
    t.is(fields['content-type'], type, accept);
    t.true(body.length > 0);
    t.regex(String(fields.vary), /\baccept\b/i);
    if (type !== 'text/csv')
      t.is(fields['content-disposition'], undefined, 'a chart is shown, not saved under the name of the data');
  }
  const { text } = await ask('/sales.csv', 'x=month&y=total', { accept: 'application/json' });
  t.is((JSON.parse(text) as unknown[]).length, 24);
});

test.serial(
  'browsers get the drawing in a page, phones a picture of their width, readers the numbers (S3)',
  async (t) => {
    const query = 'mark=line&x=month&y=total&color=region';
    const desktop = await ask('/sales.csv', query, CLIENTS.desktop);
    t.regex(desktop.text, /<figure[^>]*><svg [^>]*role="img"/);
    t.regex(desktop.text, /<details><summary>.*<th scope="col"[^>]*>North</s);
    t.notRegex(desktop.text, /<script|<img/);
    t.regex(
      (await ask('/sales.csv', query, CLIENTS.desktopImage)).fields['content-type'] ?? '',
      /^image\/(?:svg\+xml|webp|avif)/,
    );

    const phone = await ask('/sales.csv', query, CLIENTS.kaios);
    const picture = /<img src="([^"]+)" alt="Line chart of /.exec(phone.text)?.[1]?.replaceAll('&amp;', '&');
    t.notRegex(phone.text, /<svg/);
    const shown = await held.world.get(new URL(picture!).pathname + new URL(picture!).search, {
      fields: CLIENTS.kaios,
    });
    t.is(shown.fields['content-type'], 'image/gif');
    t.is((await sharp(shown.body).metadata()).width, 240);

    const lynx = await ask('/sales.csv', query, CLIENTS.lynx);
    t.notRegex(lynx.text, /<svg|<img/);
    t.regex(lynx.text, /<p>Line chart of total by month and region, 24 values\..*<table/s);

    const agent = await ask('/sales.csv', query, CLIENTS.agent);
    t.regex(agent.text, /^# total by month and region\n\nLine chart .*\n\n\| month \| North \| South \|\n/);
    t.regex(agent.text, /\| 2026-12 \| 210 \| 260 \|/);
    t.is(agent.fields['x-markdown-tokens'], String(Math.ceil(agent.text.length / 4)));

    const terminal = await ask('/sales.csv', query, { 'format-profile': 'terminal' });
    t.regex(terminal.text, /^month +North +South$/m);
    for (const line of terminal.text.split('\n')) if (!line.includes('://')) t.true(line.length <= 72, line);
  },
);

test.serial('a WAP phone gets a deck with a picture in black and white and the numbers', async (t) => {
  const deck = await ask('/sales.csv', 'color=region', CLIENTS.wap);
  t.is(deck.fields['content-type'], 'text/vnd.wap.wml; charset=utf-8');
  const source = /<img src="([^"]+)"/.exec(deck.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  t.regex(deck.text, /2026-01 \| 100 \| 150/);
  const picture = await held.world.get(source.slice(held.world.server.origin.length), { fields: CLIENTS.wap });
  t.is(picture.fields['content-type'], 'image/vnd.wap.wbmp');
  t.deepEqual([...picture.body.subarray(0, 4)], [0, 0, 96, 72]);
});

test.serial('text is drawn in pictures, on machines without any font too', async (t) => {
  const dark = async (title: string) => {
    const { body } = await ask('/sales.csv', `x=month&y=total&title=${encodeURIComponent(title)}`, {
      accept: 'image/png',
    });
    const area = { left: 0, top: 0, width: 400, height: 24 };
    const pixels = await sharp(body).flatten().extract(area).greyscale().raw().toBuffer();
    return { count: pixels.filter((value) => value < 100).length, pixels };
  };
  const [short, long, other] = await Promise.all([dark('iii'), dark('WWWWWWWWWW'), dark('MMMMMMMMMM')]);
  t.true(short.count > 10, String(short.count));
  t.true(long.count > 5 * short.count, `${long.count} of ${short.count}`);
  t.false(long.pixels.equals(other.pixels), 'other letters are other pixels, not boxes');
});

test.serial('what makes no sense is 422, named in the format of the client; nothing is suspended by it', async (t) => {
  for (let i = 0; i < 6; i++) t.is((await ask('/sales.csv', `y=nope${i}`)).status, 422);
  for (const [query, ...words] of [
    ['x=month&y=profit', '`profit`', '`month`', '`region`', '`total`'],
    ['mark=pie', '`pie`', '`bar`'],
    ['spec=%7B%22mark%22%3A%22barr%22%7D', '`barr`', '`spec.mark`', '`rule`'],
    ['a=1', '`a`', '`mark`'],
  ] as const) {
    const { status, text, fields } = await ask('/sales.csv', query, { accept: 'application/json' });
    // The data itself needs no chart.
    t.is(status, 200);
    t.regex(fields['content-type'] ?? '', /json/);
    const plain = await ask('/sales.csv', query, { accept: 'text/plain' });
    t.is(plain.status, 422);
    t.is(plain.fields['cache-control'], 'no-store');
    for (const word of words) t.true(plain.text.includes(word), plain.text);
    t.false(text.includes('422'));
  }
  const page = await ask('/sales.csv', 'y=%3Cscript%3Ealert(1)%3C%2Fscript%3E', CLIENTS.desktop);
  t.is(page.status, 422);
  t.true(page.text.includes('&#60;script') && !page.text.includes('<script'), page.text);
  t.is((await ask('/sales.csv', 'format=bmp')).status, 422);
  t.is((await ask('/settings.json', '')).status, 422);
  t.is((await ask('/sales.csv', 'x=month&y=total')).status, 200);
  const { formatters } = JSON.parse((await held.world.admin('/api/formatters')).text) as {
    formatters: { name: string; suspended: boolean; faults: number }[];
  };
  t.like(
    formatters.find(({ name }) => name === 'chart'),
    { suspended: false, faults: 0 },
  );
});

test.serial(
  'a page is no chart: 406; an unknown presentation names the chart among those there are; a dead address stays what it is',
  async (t) => {
    const page = await ask('/page.html', 'mark=bar');
    t.is(page.status, 406);
    t.true(page.text.includes('chart'));
    const { world } = held;
    const unknown = await world.get(`/-/as/pie/${world.origin.url}/sales.csv`);
    t.is(unknown.status, 404);
    t.regex(unknown.text, /original, .*\bchart\b/);
    t.is((await ask('/none.csv', 'mark=bar')).status, 404);
  },
);

test.serial(
  'what is asked is in the ETag: an equal request is 304, another chart is another variant (C-12, P-10)',
  async (t) => {
    const one = await ask('/sales.json', 'mark=bar');
    const etag = String(one.fields.etag);
    t.regex(etag, /^"/);
    const again = await ask('/sales.json', 'mark=bar', { 'if-none-match': etag });
    t.is(again.status, 304);
    t.regex(String(again.fields['cache-status']), /gw-variant; hit/);
    for (const query of ['mark=line', 'mark=bar&title=x', 'mark=bar&width=300', 'mark=bar&y=people&aggregate=mean']) {
      const other = await ask('/sales.json', query, { 'if-none-match': etag });
      t.is(other.status, 200, query);
      t.not(String(other.fields.etag), etag);
    }
    const head = await held.world.get(`/-/as/chart/${held.world.origin.url}/sales.json?mark=bar`, { method: 'HEAD' });
    t.is(head.fields.etag, etag);
    t.is(head.body.length, 0);
  },
);

test.serial(
  'the query is the chart’s; a target that has one is percent-encoded whole, also where an origin redirects',
  async (t) => {
    const { world } = held;
    const whole = encodeURIComponent(`${world.origin.url}/asked.csv?region=North&top=3`);
    const encoded = await world.get(`/-/as/chart/${whole}?mark=bar&x=k`);
    t.is(encoded.status, 200);
    t.true(encoded.text.includes('v by k'));
    const moved = await ask('/moved.csv', 'mark=bar&x=k');
    t.is(moved.status, 302);
    t.true((await world.get(String(moved.fields.location))).text.includes('v by k'));
    const collapsed = await world.get(
      `/-/as/chart/${world.origin.url.replace('//', '/')}/sales.csv?y=total&title=a%26b`,
    );
    t.is(collapsed.status, 307);
    t.is(collapsed.fields.location, `/-/as/chart/${world.origin.url}/sales.csv?y=total&title=a%26b`);
  },
);

test.serial('a chart is explained like everything else', async (t) => {
  const { world } = held;
  const { text } = await world.get(`/-/explain/-/as/chart/${world.origin.url}/sales.csv?mark=bar&x=month&y=total`, {
    fields: { accept: 'application/json', 'explain-accept': 'image/png' },
  });
  const explained = JSON.parse(text) as {
    plan: { formatter: string }[];
    notes: { event: string }[];
    presentation: string;
  };
  t.is(explained.presentation, 'chart');
  t.deepEqual(explained.plan.map(({ formatter }) => formatter).slice(0, 2), ['chart', 'svg-raster']);
  t.true(explained.notes.some(({ event }) => event === 'chart.aggregated'));
});

test.serial('in front of a site TARGET is a path of that site, its query percent-encoded with it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'charts-'));
  try {
    await withWorld({}, async ({ origin }) => {
      origin.on('/stat/d.csv', (request, response) => {
        response.writeHead(200, { 'content-type': 'text/csv' });
        response.end(`k,${request.url === '/stat/d.csv?a=1' ? 'asked' : 'plain'}\nx,1\ny,2\n`);
      });
      const sites = join(folder, 'sites.json');
      await writeFile(sites, JSON.stringify([{ host: 'stat.example', upstream: origin.url }]));
      await inWorld(
        async (tt, { get }) => {
          const fields = { host: 'stat.example', accept: 'text/plain' };
          tt.regex((await get('/-/as/chart/stat/d.csv?x=k', { fields })).text, /plain by k/);
          tt.regex((await get('/-/as/chart/stat%2Fd.csv%3Fa%3D1?x=k', { fields })).text, /asked by k/);
        },
        { environment: { SITES: sites, UPSTREAM_ALLOW: 'none' } },
      )(t);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
