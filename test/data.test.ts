/** Raw data: what the readers make of it, what they refuse, and what each client gets (design part 6). */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { FormatFailure } from '../core/executor.ts';
import { isDateText, numberOf, timeOf } from '../formatters/data/cell-values.ts';
import { pageOf, readTableDemand, rowsSentence } from '../formatters/data/page.ts';
import { readData } from '../formatters/data/read-data.ts';
import type { Table } from '../formatters/data/table.ts';
import { parseTableOptions } from '../formatters/data/table-options.ts';
import { writeData } from '../formatters/data/write-data.ts';
import { writeHtmlTable } from '../formatters/data/write-html.ts';
import { writeMarkdownTable } from '../formatters/data/write-markdown.ts';
import { writeTextTable } from '../formatters/data/write-text.ts';
import { displayWidth } from '../formatters/document/text/display-width.ts';
import { CLIENTS } from './support/client.ts';
import { inWorld, type World } from './support/gateway.ts';
import { wmlFaults } from './support/wml-faults.ts';

const CSV = 'text/csv';
const TSV = 'text/tab-separated-values';
const JSON_TYPE = 'application/json';
const NDJSON = 'application/x-ndjson';

/** Columns as `name:type`, then rows. */
function shapeOf({ columns, rows }: Table): unknown[] {
  return [columns.map(({ name, type }) => `${name}:${type}`).join(' '), ...rows];
}

function failureOf(mediaType: string, text: string): FormatFailure | undefined {
  try {
    readData(mediaType, text);
    return undefined;
  } catch (error) {
    if (error instanceof FormatFailure) return error;
    throw error;
  }
}

const DELIMITED: readonly (readonly [why: string, text: string, ...shape: unknown[]])[] = [
  ['numbers are told from text', 'n,t\n1,a\n-2.5e3,b', 'n:number t:text', ['1', 'a'], ['-2.5e3', 'b']],
  ['thousands are numbers', 'v\n"1,234.50"\n"12,000"', 'v:number', ['1,234.50'], ['12,000']],
  [
    'a postcode and a long identifier are text',
    'zip,id\n01234,12345678901234567890',
    'zip:text id:text',
    ['01234', '12345678901234567890'],
  ],
  [
    'dates and times of ISO 8601',
    'd,m,t\n2026-01-31,2026-01,2026-01-31T10:00Z',
    'd:date m:date t:date',
    ['2026-01-31', '2026-01', '2026-01-31T10:00Z'],
  ],
  ['there is no 30th of February', 'd\n2026-02-30', 'd:text', ['2026-02-30']],
  ['truth in any case', 'b\ntrue\nFALSE\n', 'b:boolean', ['true'], ['FALSE']],
  ['empty is missing and of no type', 'a,b\n,x\n1,', 'a:number b:text', [null, 'x'], ['1', null]],
  [
    'names that are missing or repeated',
    'a,a,,a 2\n1,2,3,4',
    'a:number a 2:number column3:number a 2 2:number',
    ['1', '2', '3', '4'],
  ],
  ['ragged rows', 'a,b\n1\n1,2,3', 'a:number b:number column3:number', ['1', null, null], ['1', '2', '3']],
  [
    'semicolons, and the decimal commas of those who use them',
    'a;b\n1,5;x\n"1.234,25";y',
    'a:number b:text',
    ['1.5', 'x'],
    ['1234.25', 'y'],
  ],
  [
    'thousands beside semicolons stay thousands',
    'a;b\n1,234;x\n5,678;y',
    'a:number b:text',
    ['1,234', 'x'],
    ['5,678', 'y'],
  ],
  ['bars', 'a|b\n1|2', 'a:number b:number', ['1', '2']],
  ['tabs', 'a\tb, c\n1\tx, y', 'a:number b, c:text', ['1', 'x, y']],
  ['the delimiter that a spreadsheet names', 'sep=;\r\na;b\r\n1;2\r\n', 'a:number b:number', ['1', '2']],
  [
    'a byte order mark, lines of any kind, blank lines',
    '\ufeffa,b\r1,2\r\r3,4',
    'a:number b:number',
    ['1', '2'],
    ['3', '4'],
  ],
  [
    'quotes within quotes, delimiters and lines within',
    'a,b\n"x ""y"", z","1\n2"',
    'a:text b:text',
    ['x "y", z', '1\n2'],
  ],
  ['a quotation mark that nothing closes ends nothing', 'a,"b\n1,2', 'a:number "b:number', ['1', '2']],
  ['rows without names', '1,2\n3,4', 'column1:number column2:number', ['1', '2'], ['3', '4']],
  [
    'rows without names among texts',
    '2026-01-01,x,1\n2026-01-02,y,2',
    'column1:date column2:text column3:number',
    ['2026-01-01', 'x', '1'],
    ['2026-01-02', 'y', '2'],
  ],
  ['years are names', 'land,2023,2024\nAT,1,2', 'land:text 2023:number 2024:number', ['AT', '1', '2']],
  ['one year too', 'land,2024\nAT,17', 'land:text 2024:number', ['AT', '17']],
  ['names alone', 'a,b', 'a:text b:text'],
  ['nothing', '', ''],
  ['beyond all numbers', 'v\n1e999', 'v:text', ['1e999']],
];

for (const [why, text, ...shape] of DELIMITED)
  test(`CSV: ${why}`, (t) => {
    t.deepEqual(shapeOf(readData(CSV, text).table), shape);
  });

const VALUES: readonly (readonly [why: string, text: string, ...shape: unknown[]])[] = [
  ['a list of objects', '[{"a":1},{"b":"x","a":null}]', 'a:number b:text', [1, null], [null, 'x']],
  ['a list of rows with names', '[["m","n"],["Jan",1]]', 'm:text n:number', ['Jan', 1]],
  ['a list of rows without', '[[1,2],[3]]', 'column1:number column2:number', [1, 2], [3, null]],
  ['a list of values', '[1,2.5]', 'value:number', [1], [2.5]],
  ['an object of lists', '{"m":["Jan","Feb"],"n":[1,2]}', 'm:text n:number', ['Jan', 1], ['Feb', 2]],
  ['names and rows apart', '{"columns":["m","n"],"data":[["Jan",1]]}', 'm:text n:number', ['Jan', 1]],
  ['the list within an answer', '{"meta":{"count":1},"data":[{"a":1}]}', 'a:number', [1]],
  ['the one list further in', '{"result":{"answer":{"things":[{"a":true}]}}}', 'a:boolean', [true]],
  [
    'objects within objects',
    '[{"a":{"b":{"c":1}},"l":[1,"x"],"o":[{"y":1}]}]',
    'a.b.c:number l:text o:text',
    [1, '1, x', '[{"y":1}]'],
  ],
  ['mixed values are text', '[{"a":1},{"a":"x"},{"a":true}]', 'a:text', [1], ['x'], [true]],
  ['of a repeated name the last counts (threat 44)', '[{"a":1,"a":2}]', 'a:number', [2]],
  ['an identifier keeps its digits', '[{"id":12345678901234567890}]', 'id:text', ['12345678901234567890']],
  ['beyond all numbers is missing (threat 44)', '[{"v":1e999},{"v":1}]', 'v:number', [null], [1]],
  [
    'names of prototypes are names (threat 59)',
    '[{"__proto__":{"x":1},"constructor":2}]',
    '__proto__.x:number constructor:number',
    [1, 2],
  ],
  ['an empty list has no rows', '[]', ''],
];

for (const [why, text, ...shape] of VALUES)
  test(`JSON: ${why}`, (t) => {
    const { table, isTabular } = readData(JSON_TYPE, text);
    t.true(isTabular);
    t.deepEqual(shapeOf(table), shape);
    t.is(Object.getPrototypeOf({}), Object.prototype);
    t.is(({} as { x?: unknown }).x, undefined);
  });

test('JSON that is no table is listed by its paths', (t) => {
  for (const text of [
    '{"a":1,"b":{"c":[1,2]}}',
    '5',
    '"x"',
    'null',
    '{}',
    '[{"a":1},5]',
    '{"x":[{"a":1}],"y":[{"b":1}]}',
  ])
    t.false(readData(JSON_TYPE, text).isTabular, text);
  t.deepEqual(shapeOf(readData(JSON_TYPE, '{"a":1,"b":{"c":[1,2]}}').table), [
    'path:text value:text',
    ['a', 1],
    ['b.c', '1, 2'],
  ]);
});

test('NDJSON: a value a line, blank lines are nothing, a fault names its line', (t) => {
  t.deepEqual(shapeOf(readData(NDJSON, '{"a":1}\r\n\n{"a":2,"b":"x"}').table), [
    'a:number b:text',
    [1, null],
    [2, 'x'],
  ]);
  t.deepEqual(shapeOf(readData(NDJSON, '').table), ['']);
  const failure = failureOf(NDJSON, '{"a":1}\n\n{a:2}\n');
  t.is(failure?.kind, 'hostile');
  t.regex(failure!.message, /^line 3 is not well-formed/);
});

// The names are those of JSONTestSuite's cases of the same kinds; the texts are written out here.
const WELL_FORMED = {
  array_arraysWithSpaces: '[[]   ]',
  array_heterogeneous: '[null, 1, "1", {}]',
  array_empty_string: '[""]',
  array_with_trailing_space: '[2] ',
  number_0e1: '[0e1]',
  number_minus_zero: '[-0]',
  number_real_exp: '[123.456e-78]',
  number_double_close_to_zero: '[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]',
  object_duplicated_key_and_value: '{"a":"b","a":"b"}',
  object_empty_key: '{"":0}',
  object_escaped_null_in_key: '{"foo\\u0000bar": 42}',
  object_long_strings: `{"x":[{"id": "${'x'.repeat(40)}"}], "id": "${'x'.repeat(40)}"}`,
  object_with_newlines: '{\n"a": "b"\n}',
  string_accepted_surrogate_pair: '["\\uD801\\udc37"]',
  string_nonCharacter: '["\\uFFFF"]',
  string_u2028: '["\u2028"]',
  string_escaped_control: '["\\u0012"]',
  structure_lonely_string: '"asd"',
  structure_lonely_false: 'false',
  structure_whitespace: ' [] ',
};
const MALFORMED = {
  array_1_true_without_comma: '[1 true]',
  array_colon: '["": 1]',
  array_comma_and_number: '[,1]',
  array_extra_comma: '["",]',
  array_incomplete: '["x"',
  array_just_minus: '[-]',
  array_newlines_unclosed: '["a",\n4\n,1,',
  array_star: '[*]',
  incomplete_true: '[tru]',
  multidigit_zero: '[012]',
  NaN: '[NaN]',
  minus_infinity: '[-Infinity]',
  number_plus: '[+1]',
  number_dot: '[.123]',
  number_2e: '[2.e3]',
  number_hex: '[0x42]',
  object_bad_value: '["x", truth]',
  object_bracket_key: '{[: "x"}\n',
  object_comment: '{"a":"b"}/**/',
  object_no_colon: '{"a"',
  object_single_quote: "{'a':0}",
  object_trailing_comma: '{"id":0,}',
  object_unquoted_key: '{a: "b"}',
  string_unescaped_tab: '["\t"]',
  string_invalid_escape: '["\\x00"]',
  string_single: "['x']",
  string_start_escape: '["\\u00A"]',
  structure_empty: '',
  structure_angle: '<null>',
  structure_double_array: '[][]',
  structure_end: ']',
  structure_open_object: '{',
  structure_text: 'abc',
  structure_ascii_unicode: 'a\u00e5',
  structure_trailing: '[1]x',
  structure_whitespace_formfeed: '[\u000c]',
  structure_utf8_no_bom: '\u00ef\u00bb\u00bf{}',
  structure_100000_opening_arrays: '['.repeat(100_000),
  structure_open_array_object: '[{"":'.repeat(50_000),
};
const UNDEFINED = {
  number_huge_exp: `[0.4e${'0'.repeat(1)}669999999999999999999999999999999999999999999999999999]`,
  number_neg_int_huge_exp: '[-1e+9999]',
  number_very_big_negative_int: '[-237462374673276894279832749832423479823246327846]',
  string_1st_surrogate_but_2nd_missing: '["\\uDADA"]',
  string_inverted_surrogates: '["\\uDd1e\\uD834"]',
  string_replacement: '["\ufffd"]',
  structure_500_nested_arrays: `${'['.repeat(500)}${']'.repeat(500)}`,
};

test('threat 44: JSON that is well-formed is read', (t) => {
  for (const [name, text] of Object.entries(WELL_FORMED)) t.is(failureOf(JSON_TYPE, text), undefined, name);
});

test('threat 44: JSON that is not is refused as corrupt, however deep it goes', (t) => {
  for (const [name, text] of Object.entries(MALFORMED)) t.is(failureOf(JSON_TYPE, text)?.kind, 'hostile', name);
});

test('threat 44: what the specification leaves open is read or refused, never a crash', (t) => {
  for (const [name, text] of Object.entries(UNDEFINED)) {
    const failure = failureOf(JSON_TYPE, text);
    t.true(failure === undefined || failure.kind === 'hostile', name);
    if (failure === undefined) t.true(writeData(readData(JSON_TYPE, text).table, CSV).isWellFormed(), name);
  }
});

const BOMBS: readonly (readonly [name: string, mediaType: string, make: () => string])[] = [
  ['a row of a million cells', CSV, () => ','.repeat(1_000_000)],
  ['delimiters alone', CSV, () => ','.repeat(20_000_000)],
  ['lines alone', CSV, () => 'a\n'.repeat(3_000_000)],
  ['one row without an end', CSV, () => 'x'.repeat(3_000_000)],
  ['quotation marks alone', CSV, () => '"'.repeat(3_000_000)],
  ['tabs alone', TSV, () => '\t'.repeat(8_000_000)],
  ['objects alone', JSON_TYPE, () => `[${'{},'.repeat(5_000_000)}{}]`],
  [
    'a new name in each object',
    JSON_TYPE,
    () => `[${Array.from({ length: 50_000 }, (_, i) => `{"k${i}":1}`).join(',')}]`,
  ],
  [
    'few names in many objects',
    JSON_TYPE,
    () => `[{${Array.from({ length: 900 }, (_, i) => `"k${i}":1`).join(',')}}${',{}'.repeat(50_000)}]`,
  ],
  [
    'a million names in one object',
    JSON_TYPE,
    () => `[{${Array.from({ length: 1_000_000 }, (_, i) => `"${i}":1`).join(',')}}]`,
  ],
  ['lines of JSON', NDJSON, () => '1\n'.repeat(2_000_000)],
];

for (const [name, mediaType, make] of BOMBS)
  test.serial(`threat 44: ${name} are too large, said before memory is gone`, (t) => {
    const text = make();
    const before = process.memoryUsage().rss;
    t.is(failureOf(mediaType, text)?.kind, 'too-large');
    const grown = process.memoryUsage().rss - before;
    t.true(grown < 512 * 1024 * 1024, `${grown} bytes`);
  });

test('numbers and dates mean what they say', (t) => {
  const numbers: readonly (readonly [string, number | undefined])[] = [
    ['1', 1],
    [' 2 ', 2],
    ['-0.5', -0.5],
    ['.5', 0.5],
    ['+3', 3],
    ['1e3', 1000],
    ['1,234', 1234],
    ['1 234,5', undefined],
    ["1'234", 1234],
    ['1\u202f234', 1234],
    ['12,34', undefined],
    ['0', 0],
    ['0.10', 0.1],
    ['007', undefined],
    ['', undefined],
    ['-', undefined],
    ['1.2.3', undefined],
    ['12 %', undefined],
    ['0x10', undefined],
    ['Infinity', undefined],
    ['NaN', undefined],
    ['1e999', undefined],
    ['9007199254740993', undefined],
  ];
  for (const [text, value] of numbers) t.is(numberOf(text), value, text);
  for (const text of ['2024-02-29', '2000-02-29', '2026-12', '2026-01-01 10:30', '2026-01-01T10:30:05.123+05:30'])
    t.true(isDateText(text), text);
  for (const text of [
    '2026-02-29',
    '1900-02-29',
    '2026-13',
    '2026-04-31',
    '2026',
    '01/02/2026',
    '2026-1-1',
    '2026-01-01T25:00',
  ])
    t.false(isDateText(text), text);
  t.is(timeOf('2026-01-01 00:00'), Date.UTC(2026, 0, 1));
  t.is(timeOf('2026-01-01T00:00+0100'), Date.UTC(2025, 11, 31, 23));
});

const cell = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('a,b', '"', 'x\ny', '=1+1', '|', '<b>', '`', '\\', '0', '1e5'),
);
const grid = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 }))
  .chain(([columns, rows]) =>
    fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
  );

/** What CSV cannot tell apart: cells of spaces alone are missing, rows that are nothing else do not exist. */
function asRead(rows: readonly (readonly string[])[]): (string | null)[][] {
  return rows.map((row) => row.map((text) => (text.trim() === '' ? null : text.toWellFormed())));
}

test('law: what is written as CSV is read back, cell by cell', (t) => {
  fc.assert(
    fc.property(grid, (rows) => {
      const width = rows[0]?.length ?? 1;
      const columns = Array.from({ length: width }, (_, i) => ({ name: `name ${i}`, type: 'text' as const }));
      const cells = asRead(rows).filter((row) => row.some((each) => each !== null));
      const again = readData(CSV, writeData({ columns, rows: cells }, CSV)).table;
      t.deepEqual(
        again.columns.map(({ name }) => name),
        columns.map(({ name }) => name),
      );
      // csv-parse takes a lone CR or CRLF within quotes as it stands.
      t.deepEqual(again.rows, cells);
    }),
    { numRuns: 200 },
  );
});

test('law: a Markdown table has as many bars as it needs, an HTML table as many cells; nothing in a cell is markup (threats 34, 36)', (t) => {
  fc.assert(
    fc.property(grid, (rows) => {
      const width = rows[0]?.length ?? 1;
      const columns = Array.from({ length: width }, (_, i) => ({ name: `n${i}<b>|`, type: 'text' as const }));
      const table = { columns, rows: asRead(rows) };
      const lines = writeMarkdownTable(table).trimEnd().split('\n');
      t.is(lines.length, rows.length + 2);
      for (const line of lines) t.is(line.replace(/\\[\s\S]/g, '').split('|').length, width + 2, line);
      const html = writeHtmlTable(table, { caption: '<i>' });
      t.is(html.match(/<td/g)?.length ?? 0, rows.length * width);
      t.false(/<(?!\/?(?:table|caption|thead|tbody|tr|th|td)[ >])/.test(html.replace(/<table border="1">/, '')), html);
      for (const line of writeTextTable(table, 40).split('\n')) t.true(displayWidth(line) <= 40, line);
    }),
    { numRuns: 200 },
  );
});

test('a page of a table is whole, in order, and links to those beside it; beyond the last is the last', (t) => {
  const table: Table = { columns: [{ name: 'n', type: 'number' }], rows: Array.from({ length: 450 }, (_, i) => [i]) };
  const at = (page: number) => pageOf(table, readTableDemand({ page, address: 'http://gw/-/as/table/x' }));
  t.deepEqual(
    [at(1).first, at(1).last, at(1).previous, at(1).next],
    [1, 200, undefined, 'http://gw/-/as/table/x?page=2&rows=200'],
  );
  t.deepEqual([at(3).first, at(3).last, at(3).next, at(9).first], [401, 450, undefined, 401]);
  t.deepEqual(
    [1, 2, 3].flatMap((page) => [...at(page).table.rows]),
    [...table.rows],
  );
  t.is(rowsSentence({ first: 1, last: 200, total: 100_000 }), 'Rows 1–200 of 100,000');
  t.is(rowsSentence({ first: 1, last: 1, total: 1 }), '1 row');
  t.is(readTableDemand({ rows: 1e9, page: -1, address: 5 } as never).rows, 10_000);
});

const SALES = 'month,region,total\n2026-01,North,"1,234.50"\n2026-02,South,980\n2026-03,"a|b <i>",12\n';
const FILES: Readonly<Record<string, readonly [type: string, body: string, more?: Readonly<Record<string, string>>]>> =
  {
    '/sales.csv': [CSV, SALES],
    '/list.json': [JSON_TYPE, '[{"id":1,"user":{"name":"Ann"}},{"id":2,"user":{"name":"Bo"}}]'],
    '/status.json': ['application/json; charset=utf-8', '{"ok":true,"limits":{"rows":5}}'],
    '/lines': [NDJSON, '{"a":1}\n{"a":2}\n'],
    '/tabs': [TSV, 'a\tb\n1\t2\n'],
    '/broken.json': [JSON_TYPE, '{"a":1,}'],
    '/wide.csv': [CSV, ','.repeat(5_000)],
    '/latin.csv': [
      'text/csv; charset=iso-8859-1',
      Buffer.from('stra\u00dfe;n\nH\u00fcgel;1\n', 'latin1').toString('latin1'),
    ],
    '/kept.csv': [CSV, SALES, { 'cache-control': 'no-transform' }],
    '/saved.csv': [CSV, SALES, { 'content-disposition': 'attachment; filename=s.csv' }],
  };

function serveFiles({ origin }: World): void {
  for (const [path, [type, body, more = {}]] of Object.entries(FILES))
    origin.on(path, (_, response) => {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=60', ...more });
      response.end(Buffer.from(body, path === '/latin.csv' ? 'latin1' : 'utf8'));
    });
}

/** Media type and chain, for a table of who gets what. */
async function got({ through }: World, path: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const { status, fields: sent } = await through(path, { fields });
  const chain = String(sent['format-chain']).replace(/;v="[^"]*"/g, '');
  return `${status} ${String(sent['content-type']).split(';')[0]} ${chain}`;
}

test(
  'design 6: a table for browsers, text clients and agents; the data for who names them; curl gets the original',
  inWorld(async (t, world) => {
    serveFiles(world);
    const accepting = (accept: string) => ({ ...CLIENTS.curl, accept });
    const expected: readonly (readonly [string, Readonly<Record<string, string>>, string | RegExp])[] = [
      ['/sales.csv', CLIENTS.desktop, '200 text/html data-to-html'],
      ['/sales.csv', CLIENTS.lynx, '200 text/html data-to-html'],
      ['/sales.csv', CLIENTS.kaios, /^200 text\/html data-to-html\b/],
      ['/sales.csv', CLIENTS.wap, /^200 text\/vnd\.wap\.wml data-to-html, html-to-wml\b/],
      ['/sales.csv', CLIENTS.agent, '200 text/markdown data-to-markdown'],
      ['/sales.csv', { ...CLIENTS.curl, 'format-profile': 'terminal' }, '200 text/plain data-to-text'],
      ['/sales.csv', CLIENTS.curl, '200 text/csv none;reason=not-asked'],
      ['/sales.csv', accepting('application/json'), '200 application/json data-convert'],
      ['/sales.csv', accepting('text/plain'), '200 text/plain data-to-text'],
      ['/sales.csv', accepting('text/csv'), '200 text/csv none;reason=not-asked'],
      ['/list.json', accepting('text/csv'), '200 text/csv data-convert'],
      ['/list.json', accepting('text/csv;q=0.5, application/x-ndjson'), '200 application/x-ndjson data-convert'],
      ['/lines', accepting('application/json'), '200 application/json data-convert'],
      ['/tabs', accepting('text/csv'), '200 text/csv data-convert'],
      ['/tabs', CLIENTS.desktop, '200 text/html data-to-html'],
      // CT-3: data that a script fetches, whatever the browser.
      [
        '/list.json',
        { ...CLIENTS.desktop, accept: '*/*', 'sec-fetch-dest': 'empty' },
        '200 application/json none;reason=not-asked',
      ],
      [
        '/list.json',
        { ...CLIENTS.desktop, accept: 'application/json, text/plain, */*' },
        '200 application/json none;reason=not-asked',
      ],
      [
        '/list.json',
        { ...CLIENTS.desktop, accept: '*/*', 'x-requested-with': 'XMLHttpRequest' },
        '200 application/json none;reason=not-asked',
      ],
      ['/kept.csv', CLIENTS.desktop, '200 text/csv none;reason=no-transform'],
      ['/saved.csv', CLIENTS.desktop, '200 text/csv none;reason=attachment'],
      // JSON that is no table is left to the browser's own viewer; who cannot have one gets an outline.
      ['/status.json', CLIENTS.desktop, '200 application/json none;reason=failed'],
      ['/status.json', CLIENTS.lynx, '200 text/html data-to-html'],
      ['/status.json', CLIENTS.agent, '200 text/markdown data-to-markdown'],
      ['/status.json', accepting('text/csv'), '200 application/json none;reason=failed'],
    ];
    for (const [path, fields, want] of expected) {
      const is = await got(world, path, fields);
      const where = `${path} ${JSON.stringify(fields)}`;
      if (typeof want === 'string') t.is(is, want, where);
      else t.regex(is, want, where);
    }
  }),
);

test(
  'CT-3: what takes anything may be a script of the page where scripts stay, as on a site the gateway stands in front of',
  inWorld(async (t, world) => {
    serveFiles(world);
    const { admin, get, origin } = world;
    const put = await admin('/api/sites', { method: 'PUT', json: [{ host: 'shop.example', upstream: origin.url }] });
    t.is(put.status, 200, put.text);
    const asked = async (accept: string) => {
      const { fields } = await get('/list.json', { fields: { ...CLIENTS.desktop, host: 'shop.example', accept } });
      return String(fields['content-type']).split(';')[0];
    };
    t.is(await asked('*/*'), JSON_TYPE);
    t.is(await asked(CLIENTS.desktop.accept), 'text/html');
  }),
);

test(
  'CT-3: what a page loads as a script, a style or writing is no document, whatever its server calls it',
  inWorld(async (t, world) => {
    const { origin, through } = world;
    const text = 'let boats = 3;\nsail(boats);\n';
    origin.on('/boats', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
    });
    const asked = (dest: string, accept = '*/*') =>
      through('/boats', { fields: { ...CLIENTS.desktop, accept, 'sec-fetch-dest': dest } });
    for (const dest of ['script', 'style', 'font', 'worker', 'track']) {
      const { fields, text: sent } = await asked(dest);
      t.regex(String(fields['content-type']), /^text\/plain/, dest);
      t.is(sent, text, dest);
    }
    for (const dest of ['document', 'iframe', 'object'])
      t.regex(String((await asked(dest, CLIENTS.desktop.accept)).fields['content-type']), /^text\/html/, dest);
  }),
);

test(
  'a table says what it is to who cannot see it, in each format; a charset is obeyed (threat 45)',
  inWorld(async (t, world) => {
    serveFiles(world);
    const { origin, through } = world;
    const page = await through('/sales.csv', { fields: CLIENTS.desktop });
    t.regex(page.text, /<caption>3 rows<\/caption>/);
    t.regex(page.text, /<th scope="col" align="right">total<\/th>/);
    t.true(page.text.includes('<td align="right">1,234.50</td>'), page.text);
    t.true(page.text.includes('a|b &lt;i&gt;'));
    t.regex(page.text, /<title>sales\.csv<\/title>/);
    t.true(page.text.includes(`/-/as/original/${origin.url}/sales.csv`), 'a way to the whole');
    t.truthy(page.fields.etag);
    t.regex(String(page.fields.vary), /accept/i);
    const again = await through('/sales.csv', {
      fields: { ...CLIENTS.desktop, 'if-none-match': String(page.fields.etag) },
    });
    t.is(again.status, 304);
    const deck = await through('/sales.csv', { fields: CLIENTS.wap });
    t.deepEqual(wmlFaults(deck.text), []);
    t.true(deck.body.byteLength <= 1_400);
    t.true(deck.text.includes('1,234.50'));
    const latin = await through('/latin.csv', { fields: { ...CLIENTS.curl, accept: 'application/json' } });
    t.deepEqual(JSON.parse(latin.text), [{ stra\u00dfe: 'H\u00fcgel', n: 1 }]);
    t.is(latin.fields['content-type'], 'application/json; charset=utf-8');
  }),
);

test(
  'threats 44, 34: hostile data are 4xx or the original where nobody named a form, never 500; each fault says what it is',
  inWorld(async (t, world) => {
    serveFiles(world);
    const { get, through, origin } = world;
    const broken = await through('/broken.json', { fields: { ...CLIENTS.curl, accept: 'text/csv' } });
    t.is(broken.status, 422);
    t.regex(broken.text, /not well-formed/);
    t.is(broken.fields['cache-control'], 'no-store');
    t.is((await through('/broken.json', { fields: CLIENTS.curl })).status, 200);
    const wide = await through('/wide.csv', { fields: CLIENTS.desktop });
    t.deepEqual([wide.status, wide.text, wide.fields['format-chain']], [200, ','.repeat(5_000), 'none;reason=failed']);
    const named = await get(`/-/as/text/${origin.url}/wide.csv`, { fields: CLIENTS.desktop });
    t.is(named.status, 413);
    t.regex(named.text, /1000 cells/);
  }),
);

test(
  'a large table is shown in pages by /-/as/table/, whose query is its own; a target with a query is percent-encoded whole',
  inWorld(async (t, { origin, get, through }) => {
    const rows = Array.from({ length: 1_000 }, (_, i) => `${i + 1},r${i + 1}`);
    origin.on('/big.csv', (request, response) => {
      response.writeHead(200, { 'content-type': CSV, 'cache-control': 'max-age=60' });
      response.end(`n,name${request.url?.includes('?') ? `,q` : ''}\n${rows.join('\n')}\n`);
    });
    const first = await through('/big.csv', { fields: CLIENTS.desktop });
    t.regex(first.text, /Rows 1–200 of 1,000/);
    t.is(first.text.match(/<tr>/g)?.length, 201);
    const next = /href="(?:http:\/\/[^/]*)?(\/-\/as\/table\/[^"]*page=2[^"]*)"/
      .exec(first.text)?.[1]
      ?.replaceAll('&amp;', '&');
    t.truthy(next, first.text.slice(-500));
    const second = await get(next!, { fields: CLIENTS.desktop });
    t.regex(second.text, /Rows 201–400 of 1,000/);
    t.true(second.text.includes('>r201<') && !second.text.includes('>r200<'));
    t.not(second.fields.etag, first.fields.etag, 'pages have validators of their own');
    const text = await get(`/-/as/table/${origin.url}/big.csv?page=5&rows=250`, {
      fields: { ...CLIENTS.curl, accept: 'text/plain' },
    });
    t.regex(text.text, /Rows 751–1,000 of 1,000/);
    t.is(text.fields['content-type'], 'text/plain; charset=utf-8');
    const whole = encodeURIComponent(`${origin.url}/big.csv?x=1&y=2`);
    const asked = await get(`/-/as/table/${whole}?rows=3`, { fields: { ...CLIENTS.curl, accept: 'text/markdown' } });
    t.regex(asked.text, /\| n \| name \| q \|/);
    t.true(origin.requests.some(({ path }) => path === '/big.csv?x=1&y=2'));
    t.true(asked.text.includes(`/-/as/table/${whole}?page=2&rows=3`), asked.text);
    for (const [query, why] of [
      ['page=0', /`page`/],
      ['rows=x', /`rows`/],
      ['colour=red', /`colour`.*rows, page/],
    ] as const) {
      const refused = await get(`/-/as/table/${origin.url}/big.csv?${query}`, { fields: CLIENTS.curl });
      t.is(refused.status, 422, query);
      t.regex(refused.text, why);
    }
  }),
);

test(
  'a profile says how many rows a page has; a number that makes no sense is refused with its path',
  inWorld(async (t, world) => {
    serveFiles(world);
    const { admin, through } = world;
    const put = (rows: unknown) =>
      admin('/api/profiles/rows', {
        method: 'PUT',
        json: {
          name: 'rows',
          extends: 'terminal',
          selectable: true,
          prefers: { formatters: { 'data-to-text': { rows } } },
        },
      });
    t.true((await put(2)).status < 300);
    const { text } = await through('/sales.csv', { fields: { ...CLIENTS.curl, 'format-profile': 'rows' } });
    t.regex(text, /Rows 1–2 of 3\n/);
    t.regex(text, /Next rows: .*page=2&rows=2\n/);
    t.throws(() => parseTableOptions({ rows: 0 }), { message: /`rows` must be 1 to 10000, got `0`/ });
  }),
);

test(
  'presentations of data are named by the URL, chart and table among them; one that makes no sense is 406, an unknown one 404',
  inWorld(async (t, world) => {
    serveFiles(world);
    const { get, origin } = world;
    const as = async (name: string, path: string) => {
      const { status, fields } = await get(`/-/as/${name}/${origin.url}${path}`, { fields: CLIENTS.desktop });
      return `${status} ${String(fields['content-type']).split(';')[0]}`;
    };
    t.is(await as('full', '/status.json'), '200 text/html');
    t.is(await as('lite', '/sales.csv'), '200 text/html');
    t.is(await as('text', '/sales.csv'), '200 text/plain');
    t.is(await as('markdown', '/status.json'), '200 text/markdown');
    t.is(await as('wml', '/sales.csv'), '200 text/vnd.wap.wml');
    t.is(await as('gemtext', '/sales.csv'), '200 text/gemini');
    t.is(await as('original', '/sales.csv'), '200 text/csv');
    const unknown = await get(`/-/as/picture/${origin.url}/sales.csv`, { fields: CLIENTS.curl });
    t.is(unknown.status, 404);
    t.regex(unknown.text, /chart, table/);
    origin.on('/page', '<title>x</title><p>text');
    t.is(await as('table', '/page'), '406 text/html');
  }),
);

test(
  'a hundred thousand rows become a page, while small pages are served beside it',
  inWorld(async (t: ExecutionContext, { origin, through }) => {
    const rows = Array.from(
      { length: 100_000 },
      (_, i) => `2026-01-${String((i % 28) + 1).padStart(2, '0')},city ${i % 50},${i}`,
    );
    origin.on('/100000.csv', (_, response) => {
      response.writeHead(200, { 'content-type': CSV });
      response.end(`date,city,n\n${rows.join('\n')}\n`);
    });
    origin.on('/small', '<title>Small</title><p>words</p>');
    const [large, small] = await Promise.all([
      through('/100000.csv', { fields: CLIENTS.desktop }),
      through('/small', { fields: CLIENTS.curl }),
    ]);
    t.regex(large.text, /Rows 1–200 of 100,000/);
    t.true(large.body.byteLength < 40_000);
    t.is(small.status, 200);
  }),
);
