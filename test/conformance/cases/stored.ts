/** RFC 9111 and 9213 in depth: who decides what is kept, by what it is found again, and what a stored response is worth. */
import type { Answer, Answering, Case, Holds } from '../case.ts';
import { GZIPPED, PAGE, PHOTOGRAPH } from '../samples.ts';

const TOOL = { 'user-agent': 'curl/8.0', accept: '*/*' };
const FRESH = 'max-age=600';
const TEXT = { 'content-type': 'text/plain' };

/** An answer whose body is its number, so that a stored one is told from a new one. */
const numbered =
  (fields: Answer['fields'], more: Answer = {}): Answering =>
  (_request, count) => ({ fields: { ...TEXT, ...fields }, body: `answer ${count}`, ...more });

const stored: Holds = { body: /^answer 1$/, asked: 1 };
const asked: Holds = { body: /^answer 2$/, asked: 2 };

/** Asks twice with the same fields; the second is answered as said. */
function twice(answer: Answering, second: Holds): Case['turns'] {
  return [
    { ask: { fields: TOOL }, answer, holds: { asked: 1 } },
    { ask: { fields: TOOL }, holds: second },
  ];
}

/** Asks with one value of a field, then with another. */
function selected(name: string, [first, second]: readonly [string, string | string[]], holds: Holds): Case['turns'] {
  return [
    { ask: { fields: { ...TOOL, [name]: first } }, answer: numbered({ 'cache-control': FRESH, vary: name }) },
    { ask: { fields: { ...TOOL, [name]: second } }, holds },
  ];
}

const one = (rules: string[], clause: string, title: string, turns: Case['turns']): Case => ({
  rules,
  clause,
  title,
  turns,
});

const TARGETED: readonly Case[] = [
  {
    rules: ['C-7'],
    clause: 'RFC 9213 2.2',
    title: 'The field for this gateway alone counts over all others, and is not sent on',
    own: true,
    turns: twice(
      numbered({ 'cache-control': 'no-store', 'cdn-cache-control': 'no-store', 'format-cache-control': FRESH }),
      { ...stored, fields: { 'format-cache-control': null, 'cache-control': /no-store/ } },
    ),
  },
  one(
    ['C-7'],
    'Edge Architecture 2.2',
    'Surrogate-Control counts in place of Cache-Control: stored',
    twice(numbered({ 'cache-control': 'no-store', 'surrogate-control': `${FRESH}+60, content="ESI/1.0"` }), stored),
  ),
  one(
    ['C-7'],
    'Edge Architecture 2.2',
    'Surrogate-Control counts in place of Cache-Control: not stored',
    twice(numbered({ 'cache-control': FRESH, 'surrogate-control': 'no-store' }), asked),
  ),
  one(
    ['C-7'],
    'Edge Architecture 2.2',
    'What Surrogate-Control says to another by name is not said to us',
    twice(numbered({ 'cache-control': 'no-store', 'surrogate-control': 'max-age=600;abc' }), asked),
  ),
  one(
    ['C-1'],
    'RFC 9111 5.2.2.3',
    'must-understand: a status nobody knows is not stored',
    twice(numbered({ 'cache-control': `${FRESH}, must-understand` }, { status: 599 }), { ...asked, status: 599 }),
  ),
  one(
    ['C-1'],
    'RFC 9111 5.2.2.3',
    'must-understand: of a status that is known, no-store beside it is void',
    twice(numbered({ 'cache-control': `${FRESH}, must-understand, no-store` }), stored),
  ),
];

const SELECTION: readonly Case[] = [
  one(
    ['C-10', 'N-8'],
    'RFC 9111 4.1',
    'Space between members makes no other request',
    selected('x-kind', ['a, b', ' a ,b'], stored),
  ),
  one(
    ['C-10', 'N-8'],
    'RFC 9111 4.1',
    'Lines of one name are one list',
    selected('x-kind', ['a, b', ['a', 'b']], stored),
  ),
  one(
    ['C-10', 'N-6'],
    'RFC 9110 12.5.4',
    'Languages are the same in any case',
    selected('accept-language', ['en-GB, de;q=0.5', 'EN-gb,de; q=0.5'], stored),
  ),
  one(
    ['C-10', 'N-6'],
    'RFC 9110 12.5.4',
    'Languages in another order are another request',
    selected('accept-language', ['en, de', 'de, en'], asked),
  ),
  one(
    ['C-10'],
    'RFC 9111 4.1',
    'A comma in a User-Agent parts nothing: another text is another client',
    selected('user-agent', ['curl/8.0 (a, b)', 'curl/8.0 (a,b)'], asked),
  ),
  one(['N-8', 'C-11'], 'RFC 9111 4.1', 'A changed page is found again by the same values, written otherwise', [
    {
      ask: { fields: { 'accept-language': 'en, de' } },
      answer: { fields: { 'cache-control': FRESH, vary: 'Accept-Language' } },
      holds: { body: 'changed' },
    },
    { ask: { fields: { 'accept-language': 'EN ,de' } }, holds: { body: 'changed', asked: 1 } },
    { ask: { fields: { 'accept-language': 'de' } }, holds: { body: 'changed', asked: 2 } },
  ]),
  {
    rules: ['N-8', 'CT-12'],
    clause: 'RFC 9110 12.5.5',
    title: 'What nobody gets in another form names no fields of ours in Vary, and is not private',
    modes: ['reverse', 'forward'],
    turns: [
      {
        ask: { site: 'personal' },
        answer: { fields: { 'cache-control': `${FRESH}, no-transform`, vary: 'X-Kind' } },
        holds: { body: 'same', fields: { vary: 'X-Kind', 'cache-control': `${FRESH}, no-transform` } },
      },
    ],
  },
];

const REQUESTS: readonly Case[] = [
  one(['C-9'], 'RFC 9111 5.2.1.7', 'only-if-cached: what is stale is no answer, and the origin is not asked', [
    { ask: { fields: TOOL }, answer: numbered({ 'cache-control': 'max-age=0', etag: '"v"' }) },
    {
      ask: { fields: { ...TOOL, 'cache-control': 'only-if-cached' } },
      holds: { status: 504, asked: 1 },
    },
    {
      ask: { fields: { ...TOOL, 'cache-control': 'only-if-cached, max-stale' } },
      holds: { status: 200, ...stored },
    },
  ]),
  one(['C-9'], 'RFC 9111 5.2.1.7', 'only-if-cached: a page whose original is stale is a 504', [
    { answer: { fields: { 'cache-control': 'max-age=0', etag: '"v"' } }, holds: { body: 'changed', asked: 1 } },
    { ask: { fields: { 'cache-control': 'only-if-cached' } }, holds: { status: 504, asked: 1 } },
  ]),
  one(
    ['C-9', 'C-10'],
    'RFC 9111 5.2.1.7',
    'only-if-cached of another form of a stored page is made of what is stored',
    [
      { ask: { fields: TOOL }, answer: { fields: { 'cache-control': FRESH } }, holds: { body: 'same', asked: 1 } },
      { ask: { fields: { 'cache-control': 'only-if-cached' } }, holds: { status: 200, asked: 1, body: 'changed' } },
    ],
  ),
  one(['C-9'], 'RFC 9111 5.2.1.1', 'max-age=0 of the client renews what is stored by its validator', [
    {
      ask: { fields: TOOL },
      answer: ({ headers }, count) =>
        headers['if-none-match'] === '"v"'
          ? { status: 304, fields: { 'content-type': undefined, etag: '"v"' } }
          : { fields: { ...TEXT, 'cache-control': FRESH, etag: '"v"' }, body: `answer ${count}` },
    },
    {
      ask: { fields: { ...TOOL, 'cache-control': 'max-age=0' } },
      holds: { status: 200, body: /^answer 1$/, asked: 2, upstream: { 'if-none-match': '"v"' } },
    },
  ]),
  one(['C-5'], 'RFC 5861 4', 'stale-if-error of the client: what is stale stands in for a failure', [
    { ask: { fields: TOOL }, answer: numbered({ etag: '"v"', 'cache-control': 'max-age=0' }) },
    {
      ask: { fields: { ...TOOL, 'cache-control': 'stale-if-error=600' } },
      answer: { status: 503, fields: TEXT, body: 'down' },
      holds: { status: 200, body: /^answer 1$/ },
    },
  ]),
  one(['C-5', 'C-11'], 'RFC 5861 3', 'stale-while-revalidate: a changed page is given at once, and renewed meanwhile', [
    {
      answer: { fields: { etag: '"v"', 'cache-control': 'max-age=0, stale-while-revalidate=600' } },
      holds: { body: 'changed', asked: 1 },
    },
    {
      answer: {
        fields: { etag: '"w"', 'cache-control': 'max-age=0, stale-while-revalidate=600' },
        body: PAGE.replaceAll('Harbour', 'Lighthouse'),
        afterMs: 50,
      },
      holds: { status: 200, body: /Harbour/ },
    },
    { eventually: true, holds: { status: 200, body: /Lighthouse/ } },
  ]),
  one(['C-9'], 'RFC 9111 5.2.1.5', 'no-store of the client: a page that was changed for it is not kept', [
    {
      ask: { fields: { 'cache-control': 'no-store' } },
      answer: { fields: { 'cache-control': FRESH } },
      holds: { body: 'changed', asked: 1 },
    },
    { holds: { body: 'changed', asked: 2 } },
  ]),
];

/** Answers a condition that holds with 304, so that what is stored lives on. */
const renewing =
  (first: Answer, on304: Answer['fields']): Answering =>
  ({ headers }) =>
    headers['if-none-match'] === '"v"' || headers['if-modified-since'] !== undefined
      ? { status: 304, fields: { 'content-type': undefined, ...on304 } }
      : first;

const RENEWAL: readonly Case[] = [
  one(['C-3'], 'RFC 9111 3.2', 'A 304 renews the type too, but neither length nor coding of the bytes', [
    {
      ask: { fields: TOOL },
      answer: renewing(
        { fields: { ...TEXT, etag: '"v"', 'cache-control': 'max-age=0' }, body: 'answer 1' },
        {
          'content-type': 'text/plain; charset=utf-8',
          'content-encoding': 'gzip',
          etag: '"v"',
          'cache-control': FRESH,
        },
      ),
    },
    {
      ask: { fields: TOOL },
      holds: {
        ...stored,
        asked: 2,
        fields: { 'content-type': 'text/plain; charset=utf-8', 'content-encoding': null, 'content-length': '8' },
      },
    },
    { ask: { fields: TOOL }, holds: { ...stored, asked: 2, fields: { 'content-type': 'text/plain; charset=utf-8' } } },
  ]),
  one(['C-3'], 'RFC 9111 4.3.4', 'A 304 with another strong tag renews nothing: the whole is asked for', [
    {
      ask: { fields: TOOL },
      answer: ({ headers }, count) =>
        headers['if-none-match'] !== undefined
          ? { status: 304, fields: { 'content-type': undefined, etag: '"w"', 'cache-control': FRESH } }
          : { fields: { ...TEXT, etag: '"v"', 'cache-control': 'max-age=0' }, body: `answer ${count}` },
    },
    { ask: { fields: TOOL }, holds: { status: 200, body: /^answer 3$/, asked: 3 } },
  ]),
  one(['C-3', 'C-11'], 'RFC 9111 4.3.4', 'A 304 renews the fields of a changed page, and how long it is fresh', [
    {
      answer: renewing(
        { fields: { etag: '"v"', 'cache-control': 'max-age=0', 'x-said': 'old' } },
        { etag: '"v"', 'cache-control': FRESH, 'x-said': 'new' },
      ),
      holds: { body: 'changed', fields: { 'x-said': 'old' } },
    },
    { holds: { body: 'changed', asked: 2, fields: { 'x-said': 'new', 'cache-control': /^max-age=600/ } } },
    { holds: { body: 'changed', asked: 2, fields: { 'x-said': 'new', 'cache-control': /^max-age=600/ } } },
  ]),
  one(
    ['C-4'],
    'RFC 9111 4.4',
    'An unsafe method makes what Content-Location names invalid, a method nobody knows too',
    [
      { ask: { suffix: '/b', fields: TOOL }, answer: numbered({ 'cache-control': FRESH }) },
      {
        ask: { method: 'PROPPATCH', body: 'x', suffix: '/a', fields: TOOL },
        answer: { fields: { ...TEXT, 'content-location': 'b' }, body: 'done' },
      },
      {
        ask: { suffix: '/b', fields: TOOL },
        answer: numbered({ 'cache-control': FRESH }),
        holds: { asked: 3, body: /^answer 3$/ },
      },
    ],
  ),
  one(['C-4', 'S-3'], 'RFC 9111 4.4', 'An address of another host is not made invalid', [
    { ask: { suffix: '/b', fields: TOOL }, answer: numbered({ 'cache-control': FRESH }) },
    {
      ask: { method: 'POST', body: 'x', suffix: '/a', fields: TOOL },
      answer: { status: 201, fields: { ...TEXT, location: 'http://other.test/b' } },
    },
    { ask: { suffix: '/b', fields: TOOL }, holds: { asked: 2, body: /^answer 1$/ } },
  ]),
  one(['C-11', 'C-4'], 'RFC 9111 4.4', 'Two forms of one page go with their original', [
    { answer: { fields: { 'cache-control': FRESH } }, holds: { body: 'changed', asked: 1 } },
    { ask: { fields: { accept: 'text/markdown' } }, holds: { body: /^# Harbour/m, asked: 1 } },
    { ask: { method: 'POST', body: 'x' }, answer: { status: 204, fields: { 'content-type': undefined } } },
    {
      ask: { fields: { accept: 'text/markdown' } },
      answer: { fields: { 'cache-control': FRESH }, body: PAGE.replaceAll('Harbour', 'Lighthouse') },
      holds: { body: /^# Lighthouse/m, asked: 3 },
    },
    { holds: { body: /Lighthouse/, asked: 3 } },
  ]),
  one(['C-2', 'N-8'], 'RFC 9110 15.4.5', 'A 304 says the age of what is stored, and how it was chosen', [
    { answer: { fields: { 'cache-control': FRESH, age: '100' } }, holds: { body: 'changed' } },
    {
      ask: { fields: { 'if-none-match': '{was:etag}' } },
      holds: {
        status: 304,
        body: 'empty',
        asked: 1,
        fields: {
          age: /^1\d\d$/,
          vary: /user-agent/i,
          'cache-control': /^max-age=600/,
          etag: /"/,
          'content-type': null,
          'content-length': null,
        },
      },
    },
  ]),
  one(
    ['P-10', 'C-1'],
    'RFC 9111 4.3.2',
    'If-Modified-Since is held against the date of what is stored without another',
    [
      { ask: { fields: TOOL }, answer: numbered({ 'cache-control': FRESH, date: 'Wed, 31 Dec 2036 00:00:00 GMT' }) },
      {
        ask: { fields: { ...TOOL, 'if-modified-since': 'Wed, 31 Dec 2036 00:00:00 GMT' } },
        holds: { status: 304, asked: 1 },
      },
      {
        ask: { fields: { ...TOOL, 'if-modified-since': 'Tue, 30 Dec 2036 00:00:00 GMT' } },
        holds: { status: 200, ...stored },
      },
    ],
  ),
];

const PARTS: readonly Case[] = [
  one(['P-8', 'C-1'], 'RFC 9111 4', 'A stored whole without a validator answers a range', [
    { ask: { fields: TOOL }, answer: { fields: { ...TEXT, 'cache-control': FRESH }, body: '0123456789' } },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3' } },
      holds: { status: 206, body: /^23$/, asked: 1, fields: { 'content-range': 'bytes 2-3/10' } },
    },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3', 'if-range': '"v"' } },
      holds: { status: 200, body: /^0123456789$/, asked: 1 },
    },
  ]),
];

const DIGESTS = {
  'content-digest': 'sha-256=:AAAA:',
  'repr-digest': 'sha-256=:BBBB:',
  'content-md5': 'CCCC',
  digest: 'sha-256=DDDD',
};
const none = { 'content-digest': null, 'repr-digest': null, 'content-md5': null, digest: null };

const BYTES: readonly Case[] = [
  one(['P-14', 'P-8'], 'RFC 9530 2, 3', 'A part and a 304 have no digest of the content; that of the whole stays', [
    {
      ask: { fields: TOOL },
      answer: { fields: { ...TEXT, 'cache-control': FRESH, etag: '"v"', ...DIGESTS }, body: '0123456789' },
      holds: { body: 'same', fields: DIGESTS },
    },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3' } },
      holds: {
        status: 206,
        body: /^23$/,
        asked: 1,
        fields: { ...none, 'repr-digest': DIGESTS['repr-digest'], digest: DIGESTS.digest },
      },
    },
    {
      ask: { fields: { ...TOOL, 'if-none-match': '"v"' } },
      holds: { status: 304, asked: 1, fields: { 'content-digest': null, 'content-md5': null, etag: '"v"' } },
    },
  ]),
  one(
    ['P-14', 'P-6', 'N-5'],
    'RFC 9530 3',
    'What leaves in another coding than it came in leaves without its digests and its strong tag',
    [
      {
        ask: { fields: { ...TOOL, 'accept-encoding': undefined } },
        answer: {
          fields: { ...TEXT, 'content-encoding': 'gzip', 'cache-control': FRESH, etag: '"v"', ...DIGESTS },
          body: GZIPPED,
        },
        holds: {
          body: /Harbour/,
          fields: { ...none, 'content-encoding': null, etag: 'W/"v"', vary: /accept-encoding/i },
        },
      },
      {
        ask: { fields: { ...TOOL, 'accept-encoding': 'gzip' } },
        holds: { asked: 1, fields: { 'content-encoding': 'gzip', etag: '"v"', ...DIGESTS, vary: /accept-encoding/i } },
      },
    ],
  ),
  one(['N-5', 'P-7'], 'RFC 9110 12.5.3', 'A picture is in no content coding, as it is compressed', [
    {
      ask: { fields: { accept: 'image/webp,*/*;q=0.8', 'accept-encoding': 'br, zstd, gzip' } },
      answer: { fields: { 'content-type': 'image/jpeg', 'cache-control': FRESH }, body: PHOTOGRAPH },
      holds: { fields: { 'content-encoding': null } },
    },
  ]),
  one(['P-10', 'N-8'], 'RFC 9110 15.4.5', 'A 304 for bytes that were not changed names what the 200 names in Vary', [
    {
      ask: { fields: TOOL },
      answer: { fields: { ...TEXT, 'cache-control': FRESH, etag: '"v"', vary: 'X-Kind' }, body: 'answer' },
    },
    {
      ask: { fields: { ...TOOL, 'if-none-match': '"v"' } },
      holds: {
        status: 304,
        body: 'empty',
        asked: 1,
        fields: { etag: '"v"', 'content-length': null },
        check: ({ fields }, [first]) =>
          fields.get('vary') === first?.fields.get('vary') ? undefined : `vary is ${fields.get('vary')}`,
      },
    },
  ]),
  one(['P-9'], 'RFC 9110 13.1.5', 'If-Range with a weak tag, or a date, gives the whole', [
    {
      ask: { fields: TOOL },
      answer: { fields: { ...TEXT, 'cache-control': FRESH, etag: 'W/"v"' }, body: '0123456789' },
    },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3', 'if-range': 'W/"v"' } },
      holds: { status: 200, body: /^0123456789$/, asked: 1 },
    },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3', 'if-range': 'Wed, 31 Dec 2025 00:00:00 GMT' } },
      holds: { status: 200, body: /^0123456789$/, asked: 1 },
    },
  ]),
];

export const STORED: readonly Case[] = [...TARGETED, ...SELECTION, ...REQUESTS, ...RENEWAL, ...PARTS, ...BYTES];
