/** RFC 9111, 5861, 9211, 9213: what may be answered again (C-1 to C-12). */
import type { Answer, Answering, Case, Holds } from '../case.ts';
import { PAGE, PHOTOGRAPH } from '../samples.ts';

const TOOL = { 'user-agent': 'curl/8.0', accept: '*/*' };
const FRESH = 'max-age=600';
/** Stale from the start, with a tag to ask by. */
const STALE = { etag: '"v"', 'cache-control': 'max-age=0' };

/** An answer whose body is its number, so that a stored one is told from a new one. */
const numbered =
  (fields: Answer['fields'], more: Answer = {}): Answering =>
  (_request, count) => ({ fields: { 'content-type': 'text/plain', ...fields }, body: `answer ${count}`, ...more });

/** The same, but 304 to a condition that holds. */
const renewed =
  (fields: Answer['fields'], on304: Answer['fields'] = {}): Answering =>
  ({ headers }, count) =>
    headers['if-none-match'] === '"v"'
      ? { status: 304, fields: { 'content-type': undefined, etag: '"v"', ...on304 } }
      : { fields: { 'content-type': 'text/plain', ...fields }, body: `answer ${count}` };

const failing: Answer = { status: 503, fields: { 'content-type': 'text/plain' }, body: 'down' };
const stored: Holds = { status: 200, body: /^answer 1$/, asked: 1 };
const asked: Holds = { status: 200, body: /^answer 2$/, asked: 2 };

/** Asks twice with the same fields; the second is answered as said. */
function twice(fields: Answer['fields'], second: Holds, ask: Readonly<Record<string, string>> = {}): Case['turns'] {
  return [
    { ask: { fields: { ...TOOL, ...ask } }, answer: numbered(fields), holds: { body: /^answer 1$/ } },
    { ask: { fields: { ...TOOL, ...ask } }, holds: second },
  ];
}

/** Stores, then asks with a directive of the client's own. */
function directed(directive: string, fields: Answer['fields'], second: Holds): Case['turns'] {
  return [
    { ask: { fields: TOOL }, answer: numbered(fields), holds: { body: /^answer 1$/ } },
    { ask: { fields: { ...TOOL, 'cache-control': directive } }, holds: second },
  ];
}

const reused = (rules: string[], clause: string, title: string, turns: Case['turns']): Case => ({
  rules,
  clause,
  title,
  turns,
});

export const CACHING: readonly Case[] = [
  reused(
    ['C-1'],
    'RFC 9111 4.2',
    'What is fresh is answered without the origin',
    twice({ 'cache-control': FRESH }, stored),
  ),
  reused(
    ['C-1'],
    'RFC 9111 5.2.2.10',
    's-maxage counts over max-age',
    twice({ 'cache-control': 'max-age=0, s-maxage=600' }, stored),
  ),
  reused(
    ['C-1'],
    'RFC 9111 5.3',
    'Expires counts where Cache-Control says nothing',
    twice({ expires: 'Thu, 01 Jan 2037 00:00:00 GMT' }, stored),
  ),
  reused(['C-1'], 'RFC 9111 5.3', 'Expires that is no date is past', twice({ expires: '0' }, asked)),
  reused(
    ['C-1'],
    'RFC 9111 5.2.2.5',
    'no-store is not stored',
    twice({ 'cache-control': `${FRESH}, no-store` }, asked),
  ),
  reused(
    ['C-1', 'S-3'],
    'RFC 9111 5.2.2.7',
    'private is not stored',
    twice({ 'cache-control': `${FRESH}, private` }, asked),
  ),
  reused(
    ['C-1'],
    'RFC 9111 5.2.2.4',
    'no-cache is not answered without the origin',
    twice({ 'cache-control': `${FRESH}, no-cache` }, asked),
  ),
  reused(['C-1'], 'RFC 9111 3.5', 'What was asked with Authorization is not for others', [
    { ask: { fields: { ...TOOL, authorization: 'Basic YTpi' } }, answer: numbered({ 'cache-control': FRESH }) },
    { ask: { fields: TOOL }, holds: asked },
  ]),
  reused(
    ['C-1'],
    'RFC 9111 4.1',
    'Vary: * is not answered without the origin',
    twice({ 'cache-control': FRESH, vary: '*' }, asked),
  ),
  reused(['C-1', 'N-8'], 'RFC 9111 4.1', 'A request that Vary tells apart goes to the origin, its like does not', [
    { ask: { fields: { ...TOOL, 'x-kind': 'a' } }, answer: numbered({ 'cache-control': FRESH, vary: 'X-Kind' }) },
    { ask: { fields: { ...TOOL, 'x-kind': 'b' } }, holds: asked },
    { ask: { fields: { ...TOOL, 'x-kind': 'b' } }, holds: asked },
  ]),
  reused(['C-1'], 'RFC 9111 3', 'A failure without a word on caching is not stored', [
    { ask: { fields: TOOL }, answer: failing, holds: { status: 503 } },
    { ask: { fields: TOOL }, answer: numbered({}), holds: { status: 200, asked: 2 } },
  ]),
  reused(
    ['C-1', 'S-3'],
    'threat 29',
    'What sets a cookie is not for others',
    twice({ 'cache-control': FRESH, 'set-cookie': 'a=b' }, asked),
  ),
  reused(['C-2'], 'RFC 9111 5.1', 'Age counts on from what the origin said', [
    {
      ask: { fields: TOOL },
      answer: numbered({ 'cache-control': FRESH, age: '100' }),
      holds: { fields: { age: /^1\d\d$/ } },
    },
    { ask: { fields: TOOL }, holds: { ...stored, fields: { age: /^1\d\d$/ } } },
  ]),
  reused(['C-2', 'C-11'], 'RFC 9111 4.2.3', 'A changed page is as old as its original', [
    {
      answer: { fields: { 'cache-control': FRESH, age: '100' } },
      holds: { body: 'changed', fields: { age: /^1\d\d$/ } },
    },
    { holds: { body: 'changed', asked: 1, fields: { age: /^1\d\d$/ } } },
  ]),
  reused(
    ['C-2'],
    'RFC 9111 4.2.3',
    'What is older than it may be is not answered again',
    twice({ 'cache-control': FRESH, age: '601' }, asked),
  ),
  reused(['C-3'], 'RFC 9111 4.3.4', 'A 304 makes what is stored fresh again, with its new fields', [
    {
      ask: { fields: TOOL },
      answer: renewed({ ...STALE, 'x-said': 'old', 'x-kept': '1' }, { 'cache-control': FRESH, 'x-said': 'new' }),
      holds: { body: /^answer 1$/ },
    },
    {
      ask: { fields: TOOL },
      holds: { status: 200, body: /^answer 1$/, asked: 2, fields: { 'x-said': 'new', 'x-kept': '1' } },
    },
    {
      ask: { fields: TOOL },
      holds: { status: 200, body: /^answer 1$/, asked: 2, fields: { 'x-said': 'new', 'x-kept': '1' } },
    },
  ]),
  reused(['C-3'], 'RFC 9111 4.3.1', 'What is stale is asked for by its validators', [
    { ask: { fields: TOOL }, answer: renewed({ ...STALE, 'last-modified': 'Wed, 31 Dec 2025 00:00:00 GMT' }) },
    { ask: { fields: TOOL }, holds: { status: 200, upstream: { 'if-none-match': '"v"' }, asked: 2 } },
  ]),
  reused(['C-4'], 'RFC 9111 4.4', 'An unsafe method that works makes what is stored invalid', [
    { ask: { fields: TOOL }, answer: numbered({ 'cache-control': FRESH }) },
    {
      ask: { method: 'POST', body: 'x', fields: TOOL },
      answer: { status: 204, fields: { 'content-type': undefined } },
    },
    { ask: { fields: TOOL }, answer: numbered({ 'cache-control': FRESH }), holds: { asked: 3, body: /^answer 3$/ } },
  ]),
  reused(['C-4'], 'RFC 9111 4.4', 'So does one that names another address in Location', [
    { ask: { suffix: '/b', fields: TOOL }, answer: numbered({ 'cache-control': FRESH }) },
    {
      ask: { method: 'PUT', body: 'x', suffix: '/a', fields: TOOL },
      answer: { status: 201, fields: { location: 'b' } },
    },
    {
      ask: { suffix: '/b', fields: TOOL },
      answer: numbered({ 'cache-control': FRESH }),
      holds: { asked: 3, body: /^answer 3$/ },
    },
  ]),
  reused(['C-4'], 'RFC 9111 4.4', 'A changed page goes with its original', [
    { answer: { fields: { 'cache-control': FRESH } }, holds: { body: 'changed' } },
    { ask: { method: 'DELETE' }, answer: { status: 204, fields: { 'content-type': undefined } } },
    {
      answer: { fields: { 'cache-control': FRESH }, body: PAGE.replaceAll('Harbour', 'Lighthouse') },
      holds: { asked: 3, body: /Lighthouse/ },
    },
  ]),
  reused(['C-4'], 'RFC 9111 4.4', 'An unsafe method that fails leaves it', [
    { ask: { fields: TOOL }, answer: numbered({ 'cache-control': FRESH }) },
    { ask: { method: 'POST', body: 'x', fields: TOOL }, answer: failing },
    { ask: { fields: TOOL }, answer: numbered({ 'cache-control': FRESH }), holds: { asked: 2, body: /^answer 1$/ } },
  ]),
  reused(['C-5', 'CT-4'], 'RFC 5861 4', 'stale-if-error: what is stale stands in for a failure', [
    { ask: { fields: TOOL }, answer: numbered({ etag: '"v"', 'cache-control': 'max-age=0, stale-if-error=600' }) },
    {
      ask: { fields: TOOL },
      answer: failing,
      holds: { status: 200, body: /^answer 1$/, fields: { warning: null, age: /\d/ } },
    },
  ]),
  reused(['C-5'], 'RFC 5861 4', 'stale-if-error: for an origin that is not there too', [
    { ask: { fields: TOOL }, answer: numbered({ etag: '"v"', 'cache-control': 'max-age=0, stale-if-error=600' }) },
    { ask: { fields: TOOL }, answer: { raw: '' }, holds: { status: 200, body: /^answer 1$/ } },
  ]),
  reused(['C-5', 'C-11'], 'RFC 5861 4', 'stale-if-error: a changed page stands in too', [
    {
      answer: { fields: { etag: '"v"', 'cache-control': 'max-age=0, stale-if-error=600' } },
      holds: { body: 'changed' },
    },
    { answer: failing, holds: { status: 200, body: /Harbour/ } },
  ]),
  reused(['C-5'], 'RFC 9111 4.2.4', 'Without leave, what is stale stands in for nothing', [
    { ask: { fields: TOOL }, answer: numbered(STALE) },
    { ask: { fields: TOOL }, answer: failing, holds: { status: [502, 503, 504] } },
  ]),
  reused(['C-5'], 'RFC 9111 5.2.2.2', 'must-revalidate forbids what stale-if-error allows', [
    {
      ask: { fields: TOOL },
      answer: numbered({ etag: '"v"', 'cache-control': 'max-age=0, must-revalidate, stale-if-error=600' }),
    },
    { ask: { fields: TOOL }, answer: failing, holds: { status: [502, 503, 504] } },
  ]),
  reused(['C-5'], 'RFC 5861 3', 'stale-while-revalidate: what is stale is answered at once, and asked for meanwhile', [
    {
      ask: { fields: TOOL },
      answer: numbered({ etag: '"v"', 'cache-control': 'max-age=0, stale-while-revalidate=600' }),
    },
    {
      ask: { fields: TOOL },
      answer: numbered({ etag: '"v"', 'cache-control': 'max-age=0, stale-while-revalidate=600' }, { afterMs: 50 }),
      holds: { status: 200, body: /^answer 1$/, fields: { warning: null } },
    },
    { ask: { fields: TOOL }, eventually: true, holds: { body: /^answer [2-9]$/ } },
  ]),
  {
    rules: ['C-6'],
    clause: 'RFC 9111 4',
    title: 'Those who ask for the same at the same time cause one request',
    turns: [
      {
        ask: { times: 8 },
        answer: { fields: { 'cache-control': FRESH }, afterMs: 150 },
        holds: { status: 200, body: /Harbour/, asked: 1 },
      },
    ],
  },
  reused(['C-6'], 'RFC 9111 4', 'What is private to one asker is not shared with another who asks at the same time', [
    {
      ask: { times: 4, fields: { cookie: 'who=me' } },
      answer: numbered({ 'cache-control': 'private' }, { afterMs: 50 }),
      holds: { asked: 4 },
    },
  ]),
  reused(
    ['C-7'],
    'RFC 9213 2.2',
    'CDN-Cache-Control counts in place of Cache-Control: stored',
    twice({ 'cache-control': 'no-store', 'cdn-cache-control': FRESH }, stored),
  ),
  reused(
    ['C-7'],
    'RFC 9213 2.2',
    'CDN-Cache-Control counts in place of Cache-Control: not stored',
    twice({ 'cache-control': FRESH, 'cdn-cache-control': 'no-store' }, asked),
  ),
  reused(
    ['C-7'],
    'RFC 9213 2.1',
    'A malformed CDN-Cache-Control is as if absent',
    twice({ 'cache-control': FRESH, 'cdn-cache-control': 'no-store, &' }, stored),
  ),
  reused(['C-7'], 'RFC 9213 2.2', 'A changed page is stored as CDN-Cache-Control says', [
    { answer: { fields: { 'cache-control': 'no-store', 'cdn-cache-control': FRESH } }, holds: { body: 'changed' } },
    { holds: { body: 'changed', asked: 1 } },
  ]),
  reused(['C-8', 'CT-17'], 'RFC 9111 5.5', 'Warning is never sent, nor passed on', [
    {
      ask: { fields: TOOL },
      answer: numbered({ ...STALE, warning: '299 - "old"' }),
      holds: { fields: { warning: null } },
    },
    { answer: { fields: { 'cache-control': FRESH } }, ask: { suffix: '/page' }, holds: { fields: { warning: null } } },
  ]),
  reused(['C-9'], 'RFC 9111 5.2.1.7', 'only-if-cached without a stored answer is a 504', [
    {
      ask: { fields: { ...TOOL, 'cache-control': 'only-if-cached' } },
      answer: numbered({ 'cache-control': FRESH }),
      holds: { status: 504, asked: 0 },
    },
    { ask: { suffix: '/page', fields: { 'cache-control': 'only-if-cached' } }, holds: { status: 504, asked: 0 } },
  ]),
  reused(['C-9'], 'RFC 9111 5.2.1.7', 'only-if-cached with a stored answer is that', [
    ...directed('only-if-cached', { 'cache-control': FRESH }, stored),
    { ask: { suffix: '/page' }, answer: { fields: { 'cache-control': FRESH } }, holds: { asked: 2 } },
    {
      ask: { suffix: '/page', fields: { 'cache-control': 'only-if-cached' } },
      holds: { status: 200, asked: 2, body: /Harbour/ },
    },
  ]),
  reused(
    ['C-9', 'CT-4'],
    'RFC 9111 5.2.1.4',
    'no-cache asks the origin',
    directed('no-cache', { 'cache-control': FRESH }, asked),
  ),
  reused(['C-9'], 'RFC 9111 5.4', 'Pragma: no-cache asks the origin where Cache-Control is absent', [
    { ask: { fields: TOOL }, answer: numbered({ 'cache-control': FRESH }) },
    { ask: { fields: { ...TOOL, pragma: 'no-cache' } }, holds: asked },
  ]),
  reused(['C-9', 'CT-4'], 'RFC 9111 5.2.1.4', 'Reload of a changed page asks the origin', [
    { answer: { fields: { 'cache-control': FRESH } }, holds: { body: 'changed', asked: 1 } },
    { ask: { fields: { 'cache-control': 'no-cache' } }, holds: { body: 'changed', asked: 2 } },
  ]),
  reused(
    ['C-9'],
    'RFC 9111 5.2.1.1',
    'max-age of the client: what is older is asked for',
    directed('max-age=50', { 'cache-control': FRESH, age: '100' }, asked),
  ),
  reused(
    ['C-9'],
    'RFC 9111 5.2.1.1',
    'max-age of the client: what is younger is answered',
    directed('max-age=200', { 'cache-control': FRESH, age: '100' }, stored),
  ),
  reused(
    ['C-9'],
    'RFC 9111 5.2.1.3',
    'min-fresh of the client: what is not fresh for so long is asked for',
    directed('min-fresh=550', { 'cache-control': FRESH, age: '100' }, asked),
  ),
  reused(['C-9'], 'RFC 9111 5.2.1.3', 'min-fresh of the client holds for changed pages', [
    { answer: { fields: { 'cache-control': FRESH, age: '100' } }, holds: { body: 'changed', asked: 1 } },
    { ask: { fields: { 'cache-control': 'min-fresh=550' } }, holds: { body: 'changed', asked: 2 } },
    { ask: { fields: { 'cache-control': 'min-fresh=50' } }, holds: { body: 'changed', asked: 2 } },
  ]),
  reused(
    ['C-9'],
    'RFC 9111 5.2.1.2',
    'max-stale of the client: what is stale is answered',
    directed('max-stale=600', STALE, { ...stored, fields: { warning: null } }),
  ),
  reused(
    ['C-9'],
    'RFC 9111 5.2.1.2',
    'max-stale without a number: however stale',
    directed('max-stale', STALE, stored),
  ),
  reused(
    ['C-9'],
    'RFC 9111 5.2.2.2',
    'max-stale does not reach over must-revalidate',
    directed('max-stale=600', { etag: '"v"', 'cache-control': 'max-age=0, must-revalidate' }, asked),
  ),
  reused(['C-9'], 'RFC 9111 5.2.1.5', 'no-store of the client: what it gets is not kept', [
    { ask: { fields: { ...TOOL, 'cache-control': 'no-store' } }, answer: numbered({ 'cache-control': FRESH }) },
    { ask: { fields: TOOL }, holds: asked },
  ]),
  {
    rules: ['C-10'],
    clause: 'design part 7',
    title: 'Two clients that are shown different forms share one original',
    turns: [
      { answer: { fields: { 'cache-control': FRESH } }, holds: { body: 'changed', asked: 1 } },
      {
        ask: { fields: { 'user-agent': 'Lynx/2.9.0dev.10 libwww-FM/2.14', accept: 'text/html, text/plain' } },
        holds: {
          asked: 1,
          check: ({ body }, [phone]) => (phone?.body.equals(body) ? 'both are shown the same' : undefined),
        },
      },
      { ask: { fields: TOOL }, holds: { asked: 1, body: 'same' } },
    ],
  },
  {
    rules: ['C-10', 'H-4'],
    clause: 'design part 7',
    title: 'Fields that make no difference do not make another variant',
    own: true,
    turns: [
      { answer: { fields: { 'cache-control': FRESH } }, holds: { body: 'changed' } },
      {
        ask: { fields: { accept: 'text/html , application/xhtml+xml;q=1.0, */*;q=0.8' } },
        holds: { fields: { 'cache-status': /gw-variant; hit/ } },
      },
    ],
  },
  {
    rules: ['C-11'],
    clause: 'RFC 9111 4.3.4',
    title: 'A renewed original renews what was made of it, without work',
    own: true,
    turns: [
      {
        answer: ({ headers }) =>
          headers['if-none-match'] === '"v"' ? { status: 304, fields: { etag: '"v"' } } : { fields: STALE },
        holds: { body: 'changed', fields: { 'cache-status': /gw-variant; fwd=miss/ } },
      },
      {
        holds: { body: 'changed', asked: 2, fields: { 'cache-status': /fwd=stale; fwd-status=304.*gw-variant; hit/ } },
      },
    ],
  },
  {
    rules: ['C-12'],
    clause: 'RFC 9110 8.8.3',
    title: 'The same form of the same original has the same tag, stored or not',
    turns: [
      { answer: { fields: { 'cache-control': 'no-store' } }, holds: { body: 'changed', fields: { etag: /"/ } } },
      {
        holds: {
          asked: 2,
          check: ({ fields }, [first]) =>
            fields.get('etag') === first?.fields.get('etag') ? undefined : 'the tags differ',
        },
      },
    ],
  },
  {
    rules: ['C-12', 'P-6'],
    clause: 'RFC 9110 8.8.1',
    title: 'Another original has another tag',
    turns: [
      {
        answer: { fields: { 'cache-control': 'no-store', etag: '"1"' } },
        holds: { body: 'changed', fields: { etag: /"/ } },
      },
      {
        answer: { fields: { 'cache-control': 'no-store', etag: '"1"' }, body: PAGE.replace('Harbour', 'Lighthouse') },
        holds: {
          check: ({ fields }, [first]) =>
            fields.get('etag') !== first?.fields.get('etag') ? undefined : 'the tags are equal',
        },
      },
    ],
  },
  {
    rules: ['C-10', 'N-8'],
    clause: 'RFC 9211',
    title: 'Cache-Status has a member for each cache',
    own: true,
    turns: [
      {
        answer: { fields: { 'content-type': 'image/jpeg', 'cache-control': FRESH }, body: PHOTOGRAPH },
        holds: {
          fields: { 'cache-status': /^gw-origin; fwd=uri-miss; fwd-status=200; stored, gw-variant; fwd=miss; stored$/ },
        },
      },
      { holds: { fields: { 'cache-status': /^gw-origin; hit; ttl=\d+, gw-variant; hit$/ } } },
    ],
  },
  reused(['P-8', 'C-1'], 'RFC 9111 3.3', 'A stored whole answers a range, a part never answers for the whole', [
    {
      ask: { fields: { ...TOOL, range: 'bytes=0-1' } },
      answer: ({ headers }) =>
        headers.range === undefined
          ? { fields: { 'content-type': 'text/plain', etag: '"v"', 'cache-control': FRESH }, body: 'answer' }
          : {
              status: 206,
              fields: {
                'content-type': 'text/plain',
                etag: '"v"',
                'cache-control': FRESH,
                'content-range': 'bytes 0-1/6',
              },
              body: 'an',
            },
      holds: { status: 206, body: /^an$/ },
    },
    { ask: { fields: TOOL }, holds: { status: 200, body: /^answer$/ } },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3' } },
      holds: { status: 206, body: /^sw$/, asked: 2, fields: { 'content-range': 'bytes 2-3/6' } },
    },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3', 'if-range': '"v"' } },
      holds: { status: 206, body: /^sw$/, asked: 2 },
    },
    {
      ask: { fields: { ...TOOL, range: 'bytes=2-3', 'if-range': '"other"' } },
      holds: { status: 200, body: /^answer$/, asked: 2 },
    },
    { ask: { fields: { ...TOOL, range: 'bytes=-2' } }, holds: { status: 206, body: /^er$/, asked: 2 } },
    { ask: { fields: { ...TOOL, range: 'bytes=9-' } }, holds: { status: 416, asked: 2 } },
  ]),
];
