import test from 'ava';
import {
  currentAgeSeconds,
  directiveSeconds,
  effectiveCacheControl,
  formatCacheControl,
  freshnessLifetimeSeconds,
  isNoTransform,
  isPrivateOrNoStore,
  parseCacheControl,
  readAgeSeconds,
} from '../core/cache-control.ts';
import { type ConditionalOutcome, evaluateConditions, mayUseRange } from '../core/conditional.ts';
import { formatEntityTag, isStrongMatch, isWeakMatch, parseEntityTags, readEntityTag } from '../core/etag.ts';
import { Fields } from '../core/fields.ts';
import { formatHttpDate, readHttpDate } from '../core/http-date.ts';
import { selectingValue } from '../core/selecting-value.ts';
import { readStructuredDictionary } from '../core/structured-dictionary.ts';

const OLD = 'Sun, 06 Nov 1994 08:49:37 GMT';
const NEW = 'Sun, 06 Nov 2022 08:49:37 GMT';

interface Case {
  readonly title: string;
  readonly fields: Record<string, string>;
  readonly expected: ConditionalOutcome;
  readonly method?: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  readonly status?: number;
}

const cases: Case[] = [
  { title: 'no condition', fields: {}, expected: 'proceed' },
  { title: '13.1.2 If-None-Match matches', fields: { 'if-none-match': '"a"' }, expected: 'not-modified' },
  { title: '13.1.2 weakly', fields: { 'if-none-match': 'W/"a"' }, expected: 'not-modified' },
  { title: '13.1.2 in a list', fields: { 'if-none-match': '"x", W/"y" ,"a"' }, expected: 'not-modified' },
  { title: '13.1.2 a comma in a tag', fields: { 'if-none-match': '"x,a", "b"' }, expected: 'proceed' },
  { title: '13.1.2 any', fields: { 'if-none-match': '*' }, expected: 'not-modified' },
  { title: '13.1.2 other', fields: { 'if-none-match': '"b"' }, expected: 'proceed' },
  { title: '8.8.3 unquoted is no tag', fields: { 'if-none-match': 'a' }, expected: 'proceed' },
  { title: '13.1.2 no tag of ours', fields: { 'if-none-match': '"a"' }, etag: undefined, expected: 'proceed' },
  { title: '13.1.2 HEAD', fields: { 'if-none-match': '"a"' }, method: 'HEAD', expected: 'not-modified' },
  { title: '13.1.2 PUT', fields: { 'if-none-match': '*' }, method: 'PUT', expected: 'precondition-failed' },
  { title: '13.1.1 If-Match matches', fields: { 'if-match': '"a"' }, expected: 'proceed' },
  { title: '13.1.1 strongly only', fields: { 'if-match': 'W/"a"' }, expected: 'precondition-failed' },
  { title: '13.1.1 ours is weak', fields: { 'if-match': '"a"' }, etag: 'W/"a"', expected: 'precondition-failed' },
  { title: '13.1.1 any', fields: { 'if-match': '*' }, expected: 'proceed' },
  { title: '13.1.1 other', fields: { 'if-match': '"b"' }, expected: 'precondition-failed' },
  { title: '13.1.3 unchanged', fields: { 'if-modified-since': NEW }, expected: 'not-modified' },
  { title: '13.1.3 equal', fields: { 'if-modified-since': OLD }, expected: 'not-modified' },
  { title: '13.1.3 changed', fields: { 'if-modified-since': OLD }, lastModified: NEW, expected: 'proceed' },
  {
    title: '13.1.3 no date of ours',
    fields: { 'if-modified-since': NEW },
    lastModified: undefined,
    expected: 'proceed',
  },
  { title: '13.1.3 bad date', fields: { 'if-modified-since': 'yesterday' }, expected: 'proceed' },
  { title: '13.1.3 POST', fields: { 'if-modified-since': NEW }, method: 'POST', expected: 'proceed' },
  {
    title: '13.1.3 P-13 If-None-Match decides before If-Modified-Since',
    fields: { 'if-none-match': '"b"', 'if-modified-since': NEW },
    expected: 'proceed',
  },
  { title: '13.1.4 unchanged', fields: { 'if-unmodified-since': NEW }, expected: 'proceed' },
  {
    title: '13.1.4 changed',
    fields: { 'if-unmodified-since': OLD },
    lastModified: NEW,
    expected: 'precondition-failed',
  },
  { title: '13.1.4 bad date', fields: { 'if-unmodified-since': 'x' }, lastModified: NEW, expected: 'proceed' },
  {
    title: '13.2.2 If-Match decides before If-Unmodified-Since',
    fields: { 'if-match': '"a"', 'if-unmodified-since': OLD },
    lastModified: NEW,
    expected: 'proceed',
  },
  {
    title: '13.2.2 If-Match comes before If-None-Match',
    fields: { 'if-match': '"b"', 'if-none-match': '"a"' },
    expected: 'precondition-failed',
  },
  {
    title: '13.2.2 then If-None-Match',
    fields: { 'if-match': '"a"', 'if-none-match': '"a"' },
    expected: 'not-modified',
  },
  { title: '13.2.1 not for a 404', fields: { 'if-none-match': '*' }, status: 404, expected: 'proceed' },
  { title: '13.2.1 not for a 302', fields: { 'if-match': '"b"' }, status: 302, expected: 'proceed' },
  { title: '13.2.1 not for OPTIONS', fields: { 'if-match': '"b"' }, method: 'OPTIONS', expected: 'proceed' },
];

for (const each of cases)
  test(`P-12, RFC 9110 ${each.title}: ${each.expected}`, (t) => {
    const { title: _, expected, fields, ...rest } = each;
    const exchange = { method: 'GET', status: 200, etag: '"a"', lastModified: OLD, ...rest };
    t.is(evaluateConditions({ ...exchange, fields: Fields.from(fields) }), expected);
  });

const ranges: [ifRange: string | undefined, etag: string | undefined, expected: boolean][] = [
  [undefined, undefined, true],
  ['"a"', '"a"', true],
  ['"b"', '"a"', false],
  ['W/"a"', '"a"', false],
  ['"a"', 'W/"a"', false],
  [OLD, '"a"', false],
  ['"a"', undefined, false],
];
for (const [ifRange, etag, expected] of ranges)
  test(`P-9: If-Range ${ifRange} with our ETag ${etag} is ${expected}`, (t) => {
    t.is(mayUseRange(Fields.from({ 'if-range': ifRange }), etag), expected);
  });

test('RFC 9110 8.8.3: entity tags are read, written and compared', (t) => {
  t.deepEqual(readEntityTag(' W/"x" '), { opaque: 'x', weak: true });
  for (const bad of [undefined, '', 'x', '"x', 'w/"x"', '"a b"', '"a" "b"', '"a"x'])
    t.is(readEntityTag(bad), undefined);
  t.is(formatEntityTag({ opaque: 'x', weak: true }), 'W/"x"');
  const [strong, weak] = [readEntityTag('"x"')!, readEntityTag('W/"x"')!];
  t.deepEqual(
    [isStrongMatch(strong, strong), isStrongMatch(strong, weak), isStrongMatch(weak, weak)],
    [true, false, false],
  );
  t.true(isWeakMatch(strong, weak));
  t.is((parseEntityTags(Array(10_000).fill('"x"').join(', ')) as unknown[]).length, 200);
  t.deepEqual(parseEntityTags('bad, "y"'), [{ opaque: 'y', weak: false }]);
});

const dates: [text: string, expected: number | undefined][] = [
  [OLD, 784111777000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 784111777000],
  ['Sun Nov  6 08:49:37 1994', 784111777000],
  ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
  ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
  ['Sun, 06 Nov 1994 25:49:37 GMT', undefined],
  ['1994-11-06T08:49:37Z', undefined],
  ['0', undefined],
  ['', undefined],
];
for (const [text, expected] of dates)
  test(`RFC 9110 5.6.7: the date \`${text}\` is ${expected}`, (t) => {
    t.is(readHttpDate(text), expected);
  });

test('RFC 9110 5.6.7: dates are written as IMF-fixdate', (t) => {
  t.is(formatHttpDate(784111777000), OLD);
});

test('C-1: directives are read in any case, quoted or not, of repeated ones the first', (t) => {
  const directives = parseCacheControl('Max-Age="60", NO-CACHE="set-cookie, x", private, max-age=1, bad name, =x');
  t.deepEqual(
    [...directives],
    [
      ['max-age', '60'],
      ['no-cache', 'set-cookie, x'],
      ['private', true],
    ],
  );
  t.is(directiveSeconds(directives, 'max-age'), 60);
  t.true(isPrivateOrNoStore(directives));
  t.is(
    formatCacheControl([
      ['private', true],
      ['max-age', 60],
      ['no-cache', 'a, "b'],
    ]),
    'private, max-age=60, no-cache="a, \\"b"',
  );
});

const seconds: [value: string, expected: number | undefined][] = [
  ['max-age=5', 5],
  ['max-age=0005', 5],
  ['max-age=99999999999999999999', 2 ** 31],
  ['max-age=-5', 0],
  ['max-age=1.5', 0],
  ['max-age', 0],
  ['max-age=5s', 0],
  ['public', undefined],
];
for (const [value, expected] of seconds)
  test(`RFC 9111 4.2.1: \`${value}\` is ${expected} seconds`, (t) => {
    t.is(directiveSeconds(parseCacheControl(value), 'max-age'), expected);
  });

const noTransform: [fields: Record<string, string>, expected: boolean][] = [
  [{ 'cache-control': 'max-age=1, No-Transform' }, true],
  [{ 'cache-control': 'x="no-transform"' }, false],
  [{ 'x-no-transform': '1' }, true],
  [{ 'x-no-transform': '0' }, false],
  [{}, false],
];
for (const [fields, expected] of noTransform)
  test(`P-4, H-9: ${JSON.stringify(fields)} is ${expected ? '' : 'not '}no-transform`, (t) => {
    t.is(isNoTransform(Fields.from(fields)), expected);
  });

const targeted: [fields: Record<string, string>, target: string | undefined, directives: [string, string | true][]][] =
  [
    [{ 'cache-control': 'max-age=1' }, undefined, [['max-age', '1']]],
    [{ 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' }, 'cdn-cache-control', [['max-age', '60']]],
    [{ 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60, &' }, undefined, [['no-store', true]]],
    [{ 'cache-control': 'no-store', 'cdn-cache-control': '' }, undefined, [['no-store', true]]],
    [{ 'cdn-cache-control': 'max-age=1.5, no-store' }, 'cdn-cache-control', [['no-store', true]]],
    [{ 'cdn-cache-control': 'max-age=-1, private=?0' }, 'cdn-cache-control', []],
    [{ 'cdn-cache-control': 'max-age="60", s-maxage=x, y=z' }, 'cdn-cache-control', [['y', 'z']]],
    [
      { 'format-cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' },
      'format-cache-control',
      [['no-store', true]],
    ],
    [{ 'surrogate-control': 'MAX-age=60+30, content="ESI/1.0"' }, 'surrogate-control', [['max-age', '60']]],
    [{ 'surrogate-control': 'max-age=60', 'cdn-cache-control': 'max-age=9' }, 'cdn-cache-control', [['max-age', '9']]],
    [{ 'surrogate-control': 'max-age=60;other', 'cache-control': 'max-age=9' }, undefined, [['max-age', '9']]],
    [{ 'surrogate-control': 'content="ESI/1.0"', 'cache-control': 'max-age=9' }, undefined, [['max-age', '9']]],
  ];
for (const [fields, target, directives] of targeted)
  test(`C-7, RFC 9213: ${JSON.stringify(fields)} is decided by ${target ?? 'cache-control'}`, (t) => {
    const effective = effectiveCacheControl(Fields.from(fields));
    t.is(effective.target, target);
    t.deepEqual([...effective.directives], directives);
  });

const selecting: [name: string, value: string | string[] | undefined, expected: string | undefined][] = [
  ['x-kind', 'a , b,,c', 'a,b,c'],
  ['x-kind', ['a', 'b, c'], 'a,b,c'],
  ['x-kind', '"a , b"', '"a , b"'],
  ['x-kind', 'A', 'A'],
  ['x-kind', '', ''],
  ['x-kind', undefined, undefined],
  ['accept-language', 'eN , de ; q=0.5', 'en,de;q=0.5'],
  ['accept-encoding', ' GZIP,br', 'gzip,br'],
  ['user-agent', 'a (b, c)', 'a (b, c)'],
  ['cookie', 'a=1, b', 'a=1, b'],
];
for (const [name, value, expected] of selecting)
  test(`RFC 9111 4.1: \`${name}: ${value}\` is compared as \`${expected}\``, (t) => {
    t.is(selectingValue(name, value), expected);
  });

const dictionaries: [value: string, expected: [string, string | number | boolean][] | undefined][] = [
  [
    'a=1, b, c="x\\"y", d=tok/en, e=?0, f=1.5;p=1;q="x"',
    [
      ['a', 1],
      ['b', true],
      ['c', 'x"y'],
      ['d', 'tok/en'],
      ['e', false],
      ['f', 1.5],
    ],
  ],
  ['a=1,a=2', [['a', 2]]],
  ['', []],
  ['A=1', undefined],
  ['a=1,', undefined],
  ['a=1 b', undefined],
  ['a=(1 2)', undefined],
  ['a="x', undefined],
  ['a=', undefined],
  ['a=1.2.3', undefined],
];
for (const [value, expected] of dictionaries)
  test(`RFC 9651: the dictionary \`${value}\` ${expected === undefined ? 'is refused' : 'is read'}`, (t) => {
    const members = readStructuredDictionary(value);
    t.deepEqual(members === undefined ? undefined : [...members], expected);
  });

const RECEIVED = readHttpDate(NEW)!;
const lifetimes: [fields: Record<string, string>, expected: number | undefined][] = [
  [{ 'cache-control': 's-maxage=5, max-age=9' }, 5],
  [{ 'cache-control': 'max-age=9', expires: NEW }, 9],
  [{ expires: formatHttpDate(RECEIVED + 60_000), date: NEW }, 60],
  [{ expires: formatHttpDate(RECEIVED + 60_000) }, 60],
  [{ expires: OLD, date: NEW }, 0],
  [{ expires: '0' }, 0],
  [{ 'cdn-cache-control': 'max-age=7', 'cache-control': 'max-age=9' }, 7],
  [{ 'cdn-cache-control': 'must-revalidate', expires: formatHttpDate(RECEIVED + 60_000) }, undefined],
  [{}, undefined],
];
for (const [fields, expected] of lifetimes)
  test(`C-1, RFC 9111 4.2.1: ${JSON.stringify(fields)} is fresh for ${expected}`, (t) => {
    t.is(freshnessLifetimeSeconds(Fields.from(fields), RECEIVED), expected);
  });

test('C-2, RFC 9111 4.2.3: the current age counts Age, delay, Date and time spent here', (t) => {
  const times = { requestedAt: RECEIVED - 2000, receivedAt: RECEIVED, now: RECEIVED + 10_000 };
  t.is(currentAgeSeconds(Fields.from({ date: NEW }), times), 12);
  t.is(readAgeSeconds('7;x=1'), 7);
  t.is(currentAgeSeconds(Fields.from({ date: NEW, age: '30' }), times), 42);
  t.is(currentAgeSeconds(Fields.from({ date: formatHttpDate(RECEIVED - 60_000), age: '3' }), times), 70);
  t.is(currentAgeSeconds(Fields.from({ date: formatHttpDate(RECEIVED + 60_000) }), times), 12);
  t.is(readAgeSeconds('7, 9'), 7);
  for (const bad of ['-1', '1.5', 'x', '', undefined]) t.is(readAgeSeconds(bad), undefined);
});
