/** Client signals (H-1 to H-11). */
import type { Case } from '../case.ts';
import { PHOTOGRAPH } from '../samples.ts';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const PICTURE = { fields: { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' }, body: PHOTOGRAPH };
const IMAGE = { 'user-agent': BROWSER, accept: 'image/webp,image/*', 'sec-fetch-dest': 'image' };

export const SIGNALS: readonly Case[] = [
  {
    rules: ['H-1', 'H-3'],
    clause: 'RFC 8942 3.1',
    title: 'Over plain HTTP no hints are asked for',
    turns: [
      {
        ask: { fields: { 'user-agent': BROWSER } },
        holds: { status: 200, fields: { 'accept-ch': null, 'critical-ch': null } },
      },
    ],
  },
  {
    rules: ['H-1', 'H-2', 'N-8'],
    clause: 'RFC 8942 3.2',
    title: 'Hints that a picture is sized by are in Vary, old names and new',
    own: true,
    turns: [
      {
        ask: { fields: IMAGE },
        answer: PICTURE,
        holds: {
          body: 'changed',
          fields: { vary: /(?=.*sec-ch-viewport-width)(?=.*(?<!-)viewport-width)(?=.*sec-ch-dpr)(?=.*(?<!-)dpr)/i },
        },
      },
    ],
  },
  {
    rules: ['H-2'],
    clause: 'RFC 8942',
    title: 'A width is heeded under its old name and its new one',
    own: true,
    turns: [
      { ask: { fields: { ...IMAGE, 'sec-ch-viewport-width': '160' } }, answer: PICTURE, holds: { body: 'changed' } },
      {
        ask: { fields: { ...IMAGE, 'viewport-width': '160' } },
        holds: { check: ({ body }, [first]) => (first?.body.equals(body) ? undefined : 'the pictures differ') },
      },
      {
        ask: { fields: IMAGE },
        holds: {
          check: ({ body }, [first]) =>
            body.byteLength > (first?.body.byteLength ?? 0) ? undefined : 'it is no larger without a width',
        },
      },
    ],
  },
  {
    rules: ['H-4', 'C-10'],
    clause: 'design part 3',
    title: 'Widths that are near each other are one variant',
    own: true,
    turns: [
      { ask: { fields: { ...IMAGE, 'sec-ch-viewport-width': '201' } }, answer: PICTURE, holds: { body: 'changed' } },
      {
        ask: { fields: { ...IMAGE, 'sec-ch-viewport-width': '233' } },
        holds: {
          check: ({ fields }, [first]) =>
            fields.get('etag') === first?.fields.get('etag') ? undefined : 'the tags differ',
        },
      },
    ],
  },
  {
    rules: ['H-5'],
    clause: 'Save-Data',
    title: 'Save-Data makes a picture cost less',
    own: true,
    turns: [
      { ask: { fields: IMAGE }, answer: PICTURE, holds: { body: 'changed', fields: { vary: /save-data/i } } },
      {
        ask: { fields: { ...IMAGE, 'save-data': 'on' } },
        holds: {
          body: 'changed',
          check: ({ body }, [first]) =>
            body.byteLength < (first?.body.byteLength ?? 0) ? undefined : 'it costs no less',
        },
      },
    ],
  },
  {
    rules: ['H-6'],
    clause: 'RFC 8942 4',
    title: 'What a browser told the gateway of itself is not told to third parties',
    modes: ['prefix'],
    own: true,
    turns: [
      {
        ask: {
          fields: {
            ...IMAGE,
            'sec-ch-viewport-width': '201',
            'sec-ch-dpr': '2',
            'sec-ch-ua-model': '"Secret"',
            'sec-ch-ua-full-version-list': '"X";v="1.2.3"',
            'device-memory': '4',
            rtt: '100',
            downlink: '1.5',
            'sec-ch-ua-mobile': '?0',
          },
        },
        answer: PICTURE,
        holds: {
          upstream: {
            'sec-ch-viewport-width': null,
            'sec-ch-dpr': null,
            'sec-ch-ua-model': null,
            'sec-ch-ua-full-version-list': null,
            'device-memory': null,
            rtt: null,
            downlink: null,
            'sec-ch-ua-mobile': '?0',
          },
        },
      },
    ],
  },
  {
    rules: ['H-6', 'CT-8'],
    clause: 'CT 4.1.5.5',
    title: 'Whoever is not trusted does not speak of a device behind it',
    own: true,
    turns: [
      {
        ask: { fields: { 'x-device-user-agent': 'Nokia7110/1.0', 'x-device-accept': 'text/vnd.wap.wml' } },
        holds: {
          status: 200,
          fields: { 'content-type': /html/ },
          upstream: { 'x-device-user-agent': null, 'x-device-accept': null },
        },
      },
    ],
  },
  {
    rules: ['H-7', 'S-1'],
    clause: 'UAProf',
    title: 'The address of a device profile is never fetched',
    turns: [
      {
        ask: {
          fields: {
            'x-wap-profile': '"{target}/uaprof.xml"',
            profile: '{target}/uaprof.xml',
            'x-wap-profile-diff': '1; <x/>',
          },
        },
        holds: {
          asked: 1,
          check: ({ upstream }) => upstream.map(({ path }) => path).find((path) => path.includes('uaprof')),
        },
      },
    ],
  },
  {
    rules: ['H-8'],
    clause: 'RFC 9842 2.1',
    title: 'A changed page is no dictionary',
    turns: [
      {
        answer: { fields: { 'use-as-dictionary': 'match="/*"', 'cache-control': 'max-age=600' } },
        holds: { body: 'changed', fields: { 'use-as-dictionary': null } },
      },
    ],
  },
  {
    rules: ['H-9', 'CT-12'],
    clause: 'RFC 9110 7.7',
    title: 'X-No-Transform counts as no-transform, of either side, and none of both is made up',
    own: true,
    turns: [
      { answer: { fields: { 'x-no-transform': '1' } }, holds: { body: 'same' } },
      { ask: { suffix: '/b', fields: { 'x-no-transform': '1' } }, answer: {}, holds: { body: 'same' } },
      {
        ask: { suffix: '/c' },
        holds: { body: 'changed', fields: { 'cache-control': { not: /no-transform/ }, 'x-no-transform': null } },
      },
    ],
  },
  {
    rules: ['H-10'],
    clause: 'Markdown for agents',
    title: 'Markdown says what it costs in tokens; a Content-Signal passes and none is made up',
    own: true,
    turns: [
      {
        ask: { fields: { 'user-agent': 'curl/8.0', accept: 'text/markdown' } },
        answer: { fields: { 'content-signal': 'ai-train=no, search=yes' } },
        holds: {
          fields: {
            'content-type': /^text\/markdown/,
            vary: /accept/i,
            'x-markdown-tokens': /^\d+$/,
            'content-signal': 'ai-train=no, search=yes',
          },
        },
      },
      {
        ask: { suffix: '/b', fields: { accept: 'text/markdown' } },
        answer: {},
        holds: { fields: { 'content-signal': null } },
      },
    ],
  },
  {
    rules: ['H-10'],
    clause: 'Markdown for agents',
    title: 'Copies under other addresses are not for search engines',
    own: true,
    modes: ['prefix'],
    turns: [{ holds: { body: 'changed', fields: { 'x-robots-tag': /noindex/ } } }],
  },
  {
    rules: ['H-11', 'CT-19'],
    clause: 'RFC 6596',
    title: 'A changed page names its original as canonical',
    own: true,
    turns: [
      {
        holds: {
          body: 'changed',
          check: ({ fields, target }) => {
            const canonical = /<([^>]*)>; rel="?canonical"?/.exec(fields.get('link') ?? '')?.[1] ?? '';
            return canonical.endsWith(new URL(target).pathname) ? undefined : `canonical is \`${canonical}\``;
          },
        },
      },
    ],
  },
];
