/** RFC 9110 12: which representation (N-1 to N-14). */
import type { Case, Holds, Question } from '../case.ts';
import { PHOTOGRAPH } from '../samples.ts';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const PICTURE = { fields: { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }, body: PHOTOGRAPH };
const PAGE_ANSWER = { fields: { 'cache-control': 'max-age=600' } };

const by = (accept: string | undefined, more: Question['fields'] = {}): Question => ({
  fields: { 'user-agent': BROWSER, accept, 'sec-fetch-dest': undefined, ...more },
});
const type = (rule: RegExp): Holds => ({ status: 200, fields: { 'content-type': rule } });

/** A picture asked for with an Accept, and what it may come as. */
const picture = (rules: string[], clause: string, title: string, [accept, rule]: [string, RegExp]): Case => ({
  rules,
  clause,
  title,
  turns: [{ ask: by(accept, { 'sec-fetch-dest': 'image' }), answer: PICTURE, holds: type(rule) }],
});

export const NEGOTIATION: readonly Case[] = [
  picture(['N-1'], 'RFC 9110 12.4.2', 'q=0 excludes', [
    'image/avif;q=0, image/webp;q=0, image/*',
    /^image\/(?:jpeg|png)/,
  ]),
  picture(['N-1'], 'RFC 9110 12.4.2', 'q=0 of what the original is excludes it', [
    'image/jpeg;q=0, image/webp',
    /^image\/webp/,
  ]),
  picture(['N-1'], 'RFC 9110 12.4.2', 'q=0.001 is a wish, and the smallest', [
    'image/webp;q=0.001, image/jpeg;q=0.002',
    /^image\/jpeg/,
  ]),
  picture(['N-2'], 'RFC 9110 12.5.1', 'The most specific range decides, wherever it stands', [
    'image/*;q=0.9, image/webp;q=0.1, image/jpeg;q=0.5',
    /^image\/(?!webp)/,
  ]),
  picture(['N-2'], 'RFC 9110 12.5.1', 'A type with a parameter is not the type without it', [
    'image/webp;level=9;q=1, image/webp;q=0, image/jpeg;q=0.5',
    /^image\/jpeg/,
  ]),
  {
    rules: ['N-3'],
    clause: 'RFC 9110 12.5.1',
    title: 'Without Accept anything goes',
    turns: [
      {
        ask: { fields: { accept: undefined, 'user-agent': 'curl/8.0' } },
        answer: PAGE_ANSWER,
        holds: { ...type(/^text\/html/), body: 'same' },
      },
    ],
  },
  {
    rules: ['N-4'],
    clause: 'RFC 9110 12.4.1',
    title: 'What cannot be had as asked comes as it is, labelled as what it is',
    turns: [
      {
        ask: { fields: { accept: 'text/markdown', 'user-agent': 'curl/8.0' } },
        answer: PICTURE,
        holds: { status: [200, 406], fields: { 'content-type': { not: /markdown/ } } },
      },
    ],
  },
  {
    rules: ['N-4', 'N-12', 'N-14'],
    clause: 'RFC 9110 15.5.7',
    title: 'A form that the URL names and that cannot be had is a 406 that says what can',
    own: true,
    modes: ['prefix', 'reverse'],
    turns: [
      {
        ask: { path: '/-/as/epub/{target}', fields: { accept: 'application/json' } },
        answer: PICTURE,
        holds: {
          status: 406,
          fields: {
            'content-type': /problem\+json/,
            vary: /accept/i,
            link: /<\/-\/as\/original\/[^>]*>; rel="?alternate"?; type="image\/jpeg"/,
          },
          body: /original/,
        },
      },
    ],
  },
  {
    rules: ['N-5'],
    clause: 'RFC 9110 12.5.3',
    title: 'Only codings that are accepted are used, and without Accept-Encoding none',
    turns: [
      {
        ask: { fields: { 'accept-encoding': undefined } },
        answer: PAGE_ANSWER,
        holds: { status: 200, fields: { 'content-encoding': null } },
      },
      { ask: { fields: { 'accept-encoding': '' } }, holds: { status: 200, fields: { 'content-encoding': null } } },
      {
        ask: { fields: { 'accept-encoding': 'gzip;q=0, br;q=0, *;q=0.5' } },
        holds: { status: 200, fields: { 'content-encoding': { not: /gzip|br/ } } },
      },
      {
        ask: { fields: { 'accept-encoding': 'x-unknown' } },
        holds: { status: 200, fields: { 'content-encoding': null } },
      },
    ],
  },
  {
    rules: ['N-5', 'P-7'],
    clause: 'RFC 9110 12.5.3',
    title: 'identity;q=0 leaves the codings that are named',
    turns: [
      {
        ask: { fields: { 'accept-encoding': 'identity;q=0, gzip' } },
        answer: PAGE_ANSWER,
        holds: { body: 'changed', fields: { 'content-encoding': 'gzip', vary: /accept-encoding/i } },
      },
    ],
  },
  {
    rules: ['N-5'],
    clause: 'RFC 9110 12.5.3',
    title: 'The coding a client prefers is used',
    own: true,
    turns: [
      {
        ask: { fields: { 'accept-encoding': 'gzip;q=0.5, br;q=0.1, zstd;q=0.9' } },
        answer: PAGE_ANSWER,
        holds: { body: 'changed', fields: { 'content-encoding': 'zstd' } },
      },
    ],
  },
  {
    rules: ['N-6', 'CT-5'],
    clause: 'RFC 9110 12.5.4',
    title: 'Accept-Language is for the origin, whose choice and Content-Language are kept',
    turns: [
      {
        ask: { fields: { 'accept-language': 'de-CH, en;q=0.5, *;q=0.1' } },
        answer: { fields: { 'content-language': 'de', vary: 'Accept-Language', 'cache-control': 'max-age=600' } },
        holds: {
          status: 200,
          upstream: { 'accept-language': 'de-CH, en;q=0.5, *;q=0.1' },
          fields: { 'content-language': 'de', vary: /accept-language/i },
        },
      },
      { ask: { fields: { 'accept-language': 'en' } }, holds: { asked: 2 } },
    ],
  },
  {
    rules: ['N-7'],
    clause: 'RFC 9110 12.5.2',
    title: 'Accept-Charset is heeded for old clients alone',
    own: true,
    turns: [
      { ask: { fields: { 'accept-charset': 'iso-8859-1' } }, answer: PAGE_ANSWER, holds: type(/charset=utf-8/i) },
      {
        ask: {
          fields: {
            'user-agent': 'Nokia7110/1.0 (05.01)',
            accept: 'text/vnd.wap.wml, */*',
            'accept-charset': 'iso-8859-1',
          },
        },
        holds: type(/^text\/vnd\.wap\.wml; ?charset=iso-8859-1/i),
      },
    ],
  },
  {
    rules: ['N-8'],
    clause: 'RFC 9110 12.5.5',
    title: "Vary names what the choice read, behind the origin's own names, on changed pages and on 304",
    turns: [
      {
        answer: { fields: { 'cache-control': 'max-age=600', vary: 'X-Of-Origin' } },
        holds: { body: 'changed', fields: { vary: /x-of-origin.*/i, etag: /"/ } },
      },
      {
        ask: { fields: { 'if-none-match': '{was:etag}' } },
        holds: {
          status: 304,
          check: ({ fields }) =>
            /x-of-origin/i.test(fields.get('vary') ?? '') ? undefined : 'Vary of the origin is lost',
        },
      },
    ],
  },
  {
    rules: ['N-8'],
    clause: 'RFC 9110 12.5.5',
    title: 'A page that is changed for this client says so in Vary',
    turns: [{ answer: PAGE_ANSWER, holds: { body: 'changed', fields: { vary: /user-agent/i } } }],
  },
  {
    rules: ['N-8'],
    clause: 'RFC 9110 12.5.5',
    title: 'A page that is left as it is for this client says in Vary that others may get another',
    own: true,
    turns: [
      {
        ask: { fields: { 'user-agent': 'curl/8.0', accept: '*/*' } },
        answer: PAGE_ANSWER,
        holds: { body: 'same', fields: { vary: /(?=.*user-agent)(?=.*accept)/i } },
      },
    ],
  },
  {
    rules: ['N-8'],
    clause: 'RFC 9110 12.5.5',
    title: 'An error that is shown in the client’s own form says so in Vary',
    own: true,
    turns: [{ answer: { raw: '' }, holds: { status: 502, fields: { vary: /accept/i } } }],
  },
  {
    rules: ['N-8'],
    clause: 'RFC 9110 12.5.5',
    title: 'Vary: * stays',
    turns: [{ answer: { fields: { vary: '*' } }, holds: { status: 200, fields: { vary: '*' } } }],
  },
  {
    rules: ['N-9'],
    clause: 'RFC 9111 5.2.2.7',
    title: 'What personal settings may change is private',
    own: true,
    turns: [
      {
        ask: { site: 'personal' },
        answer: { fields: { 'cache-control': 'public, max-age=600, s-maxage=900' } },
        holds: { status: 200, check: ({ fields, target }) => judgePrivacy(fields.get('cache-control') ?? '', target) },
      },
    ],
  },
  {
    rules: ['N-9'],
    clause: 'RFC 9111 5.2.2.9',
    title: 'What no personal setting can change stays public',
    own: true,
    modes: ['reverse'],
    turns: [
      {
        answer: { fields: { 'cache-control': 'public, max-age=600' } },
        holds: { body: 'changed', fields: { 'cache-control': /public, max-age=600/ } },
      },
    ],
  },
  picture(['N-10'], 'design part 3', 'The image request of a browser is AVIF or WebP', [
    'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    /^image\/(?:avif|webp)$/,
  ]),
  {
    rules: ['N-10'],
    clause: 'design part 3',
    title: 'The navigation of a browser is HTML, three equal wishes are the first, */* alone is the original',
    own: true,
    turns: [
      {
        ask: by('text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'),
        answer: PAGE_ANSWER,
        holds: type(/^text\/html/),
      },
      {
        ask: { fields: { 'user-agent': 'Claude-User (claude-code/2.1)', accept: 'text/markdown, text/html, */*' } },
        holds: type(/^text\/markdown/),
      },
      { ask: { fields: { 'user-agent': 'curl/8.0', accept: '*/*' } }, holds: { ...type(/^text\/html/), body: 'same' } },
    ],
  },
  picture(['N-10', 'N-11'], 'design part 3', 'Among equals the order in the field decides', [
    'image/webp, image/jpeg',
    /^image\/webp/,
  ]),
  {
    rules: ['N-11', 'CT-22'],
    clause: 'design part 3',
    title: 'Why it is this variant can be asked',
    own: true,
    modes: ['prefix', 'reverse'],
    turns: [
      {
        ask: { path: '/-/explain/{target}', fields: { accept: 'application/json', 'explain-accept': 'text/html' } },
        answer: PAGE_ANSWER,
        holds: { status: 200, fields: { 'content-type': /json/ }, body: /"plan".*"alternatives".*"vary"/s },
      },
    ],
  },
  {
    rules: ['N-12', 'H-11'],
    clause: 'RFC 8288 3',
    title: 'Other forms are offered by Link with their types',
    own: true,
    modes: ['prefix', 'reverse'],
    turns: [
      {
        answer: PAGE_ANSWER,
        holds: { body: 'changed', fields: { link: /rel="?alternate"?; type="?text\/markdown/ } },
      },
    ],
  },
  {
    rules: ['N-13', 'H-10'],
    clause: 'RFC 7763',
    title: 'Markdown is labelled with its charset',
    own: true,
    turns: [
      {
        ask: { fields: { 'user-agent': 'curl/8.0', accept: 'text/markdown' } },
        answer: PAGE_ANSWER,
        holds: { ...type(/^text\/markdown; ?charset=utf-8/i), body: /^# Harbour/m },
      },
    ],
  },
  {
    rules: ['N-14'],
    clause: 'design part 3',
    title: 'A form in the URL beats Accept and class',
    own: true,
    modes: ['prefix', 'reverse'],
    turns: [
      {
        ask: { path: '/-/as/text/{target}', fields: { accept: 'text/html' } },
        answer: PAGE_ANSWER,
        holds: { ...type(/^text\/plain/), body: { not: /<p>/ } },
      },
      { ask: { path: '/-/as/original/{target}' }, holds: { ...type(/^text\/html/), body: 'same' } },
    ],
  },
];

// In forward mode there are no sites, and a person's settings are kept.
function judgePrivacy(cacheControl: string, target: string): string | undefined {
  const isPrivate = /\bprivate\b/.test(cacheControl) && !/public|s-maxage/.test(cacheControl);
  return isPrivate ? undefined : `Cache-Control of ${target} is ${cacheControl}`;
}
