/** W3C Guidelines for Web Content Transformation Proxies 1.0 (CT-1 to CT-22). */
import { wmlFaults } from '../../support/wml-faults.ts';
import type { Case } from '../case.ts';
import { GZIPPED, PAGE, PHOTOGRAPH } from '../samples.ts';

const TOOL = { 'user-agent': 'curl/8.0', accept: '*/*' };
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const WAP = { 'user-agent': 'Nokia7110/1.0 (05.01)', accept: 'text/vnd.wap.wml, image/vnd.wap.wbmp, */*' };
const DECK = `<?xml version="1.0"?>
<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">
<wml><card id="a" title="Deck"><p>The site's own deck</p></card></wml>`;

export const TRANSFORMATION: readonly Case[] = [
  ...['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map(
    (method): Case => ({
      rules: ['CT-1'],
      clause: 'CT 4.1.1',
      title: `The answer to ${method} is not changed`,
      turns: [
        {
          ask: { method, ...(method === 'PUT' || method === 'PATCH' ? { body: 'new' } : {}) },
          holds: {
            status: 200,
            body: 'same',
            check: ({ upstream }) =>
              upstream[0]?.method === method ? undefined : `the origin had ${upstream[0]?.method}`,
          },
        },
      ],
    }),
  ),
  {
    rules: ['CT-1'],
    clause: 'CT 4.1.1',
    title: 'A form is sent on as it is',
    turns: [
      {
        ask: { method: 'POST', body: 'a=1&b=%C3%A4', fields: { 'content-type': 'application/x-www-form-urlencoded' } },
        holds: {
          status: 200,
          upstream: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '12' },
          check: ({ upstream }) => (upstream[0]?.body === 'a=1&b=%C3%A4' ? undefined : 'the body has changed'),
        },
      },
    ],
  },
  {
    rules: ['CT-2', 'P-4'],
    clause: 'CT 4.1.2',
    title: 'A request with no-transform is sent as it is, and so is the answer',
    turns: [
      {
        ask: {
          fields: {
            'cache-control': 'no-transform',
            'user-agent': BROWSER,
            accept: 'text/markdown',
            'accept-encoding': 'deflate',
            'accept-language': 'de',
          },
        },
        holds: {
          status: 200,
          body: 'same',
          upstream: {
            'user-agent': BROWSER,
            accept: 'text/markdown',
            'accept-encoding': 'deflate',
            'accept-language': 'de',
            'cache-control': /no-transform/,
          },
        },
      },
    ],
  },
  {
    rules: ['CT-3'],
    clause: 'CT 4.1.3',
    title: 'Who is not known to be a browser gets what the origin sent',
    turns: [
      { ask: { fields: TOOL }, holds: { status: 200, body: 'same' } },
      {
        ask: { suffix: '/b', fields: { 'user-agent': undefined, accept: undefined } },
        holds: { status: 200, body: 'same' },
      },
      {
        ask: { suffix: '/c', fields: { 'user-agent': 'apt/2.6.1', accept: 'text/*' } },
        holds: { status: 200, body: 'same' },
      },
    ],
  },
  {
    rules: ['CT-3'],
    clause: 'CT 4.1.3',
    title: 'What a script of a page asks for is data, and left alone',
    turns: [
      { ask: { fields: { 'sec-fetch-dest': 'empty' } }, holds: { status: 200, body: 'same' } },
      { ask: { suffix: '/b', fields: { 'x-requested-with': 'XMLHttpRequest' } }, holds: { status: 200, body: 'same' } },
      {
        ask: { suffix: '/c', fields: { accept: 'application/json, text/plain, */*' } },
        holds: { status: 200, body: 'same' },
      },
    ],
  },
  {
    rules: ['CT-3'],
    clause: 'design part 3',
    title: 'A download is left alone',
    turns: [
      {
        answer: { fields: { 'content-disposition': 'attachment; filename="a.html"' } },
        holds: { status: 200, body: 'same', fields: { 'content-disposition': /attachment/ } },
      },
    ],
  },
  {
    rules: ['CT-5'],
    clause: 'CT 4.1.5',
    title: 'Request fields are neither deleted nor altered, but for Accept and Accept-Encoding',
    turns: [
      {
        ask: {
          fields: {
            'x-own': 'kept',
            'accept-language': 'de, en;q=0.5',
            dnt: '1',
            'cache-control': 'max-age=7',
            authorization: 'Basic YTpi',
          },
        },
        holds: {
          upstream: {
            'x-own': 'kept',
            'accept-language': 'de, en;q=0.5',
            dnt: '1',
            'cache-control': /max-age=7/,
            authorization: 'Basic YTpi',
            'user-agent': /KAIOS/,
            accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
          },
        },
      },
    ],
  },
  {
    rules: ['CT-6'],
    clause: 'CT 4.1.5.1',
    title: 'One question causes one request',
    turns: [
      { ask: { suffix: '?a=1' }, holds: { asked: 1 } },
      { ask: { suffix: '?a=2', fields: { accept: 'text/markdown' } }, holds: { asked: 2 } },
      { ask: { suffix: '?a=3', method: 'POST', body: 'x' }, holds: { asked: 3 } },
      { ask: { suffix: '?a=4', method: 'HEAD' }, holds: { asked: 4 } },
    ],
  },
  {
    rules: ['CT-7'],
    clause: 'CT 4.1.5.4',
    title: 'A page and its pictures are asked for as the same client',
    turns: [
      {
        ask: { fields: { 'accept-language': 'de' } },
        holds: { upstream: { 'user-agent': /KAIOS/, 'accept-language': 'de' } },
      },
      {
        ask: { suffix: '/picture', fields: { accept: 'image/*', 'accept-language': 'de' } },
        answer: { fields: { 'content-type': 'image/jpeg' }, body: PHOTOGRAPH },
        holds: {
          upstream: { 'user-agent': /KAIOS/, 'accept-language': 'de' },
          check: ({ upstream: [page, picture] }) =>
            page?.fields.get('accept-encoding') === picture?.fields.get('accept-encoding')
              ? undefined
              : 'another Accept-Encoding was sent',
        },
      },
    ],
  },
  {
    rules: ['CT-9'],
    clause: 'CT 4.1.6',
    title: 'Via carries the comment of the guidelines in both directions',
    own: true,
    turns: [
      {
        holds: {
          fields: { via: /\(http:\/\/www\.w3\.org\/ns\/ct\)/ },
          upstream: { via: /\(http:\/\/www\.w3\.org\/ns\/ct\)/ },
        },
      },
    ],
  },
  {
    rules: ['CT-10'],
    clause: 'CT 4.1.6.2',
    title: 'X-Forwarded-For names the client, and what a client says of itself is not believed',
    own: true,
    turns: [
      {
        ask: { fields: { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' } },
        holds: { upstream: { 'x-forwarded-for': '127.0.0.1', forwarded: null } },
      },
    ],
  },
  {
    rules: ['CT-11'],
    clause: 'CT 4.2.1',
    title: 'Who wants the original gets it, by one address, whatever else is asked',
    own: true,
    modes: ['prefix', 'reverse'],
    turns: [
      { holds: { body: 'changed' } },
      { ask: { path: '/-/as/original/{target}' }, holds: { status: 200, body: 'same' } },
    ],
  },
  {
    rules: ['CT-12'],
    clause: 'CT 4.2.2',
    title: 'A coding stays on what says no-transform, and one the client did not offer is asked for again without',
    turns: [
      {
        ask: { fields: { 'accept-encoding': 'identity' } },
        answer: ({ headers }) =>
          /gzip/.test(String(headers['accept-encoding']))
            ? { fields: { 'cache-control': 'no-transform', 'content-encoding': 'gzip' }, body: GZIPPED }
            : { fields: { 'cache-control': 'no-transform' }, body: PAGE },
        holds: { status: 200, fields: { 'content-encoding': null }, body: /^<!DOCTYPE html>/ },
      },
      {
        ask: { suffix: '/b', fields: { 'accept-encoding': 'gzip' } },
        holds: {
          status: 200,
          fields: { 'content-encoding': 'gzip' },
          check: ({ bytes }) => (bytes.equals(GZIPPED) ? undefined : 'the bytes are others'),
        },
      },
    ],
  },
  {
    rules: ['CT-13'],
    clause: 'CT 4.2.4',
    title: 'A 406 to altered fields is asked again once with the fields as they were, and the site is remembered',
    turns: [
      {
        ask: { fields: { ...TOOL, accept: 'text/markdown' } },
        answer: ({ headers }) =>
          headers.accept === 'text/markdown'
            ? { fields: { 'content-type': 'text/markdown' }, body: '# Own' }
            : { status: 406, fields: { 'content-type': 'text/plain' }, body: 'not so' },
        holds: { status: 200, body: /^# Own/ },
      },
      {
        ask: { suffix: '/b', fields: { ...TOOL, accept: 'text/markdown' } },
        holds: {
          status: 200,
          body: /^# Own/,
          upstream: { accept: 'text/markdown' },
          check: ({ upstream }, [first]) =>
            upstream.length === (first?.upstream.length ?? 0) + 1 ? undefined : 'the site was not remembered',
        },
      },
    ],
  },
  {
    rules: ['CT-13'],
    clause: 'CT 4.2.4',
    title: 'A 406 to fields as they were is the answer',
    turns: [
      {
        ask: { fields: { ...TOOL, 'cache-control': 'no-transform' } },
        answer: { status: 406, fields: { 'content-type': 'text/plain' }, body: 'not so' },
        holds: { status: 406, body: 'same', asked: 1 },
      },
    ],
  },
  {
    rules: ['CT-14'],
    clause: 'CT 4.2.5',
    title: "A site's own variant is preferred to one made here",
    turns: [
      {
        ask: { fields: { ...TOOL, accept: 'text/markdown, text/html;q=0.5' } },
        answer: ({ headers }) =>
          /text\/markdown/.test(String(headers.accept))
            ? { fields: { 'content-type': 'text/markdown; charset=utf-8', vary: 'Accept' }, body: '# Own\n\nwords\n' }
            : { fields: { vary: 'Accept' } },
        holds: { status: 200, body: 'same', asked: 1, fields: { 'content-type': /^text\/markdown/, vary: /accept/i } },
      },
    ],
  },
  {
    rules: ['CT-15'],
    clause: 'CT 4.2.6',
    title: "A site's own Markdown, which its page names, is preferred to one made here",
    own: true,
    turns: [
      {
        ask: { suffix: '/page', fields: { ...TOOL, accept: 'text/markdown' } },
        answer: ({ url }) =>
          url?.endsWith('/page.md')
            ? { fields: { 'content-type': 'text/markdown; charset=utf-8' }, body: '# The own one\n\nwords\n' }
            : { body: PAGE.replace('<title>', '<link rel="alternate" type="text/markdown" href="page.md"><title>') },
        holds: {
          status: 200,
          body: /^# The own one/,
          asked: 2,
          fields: { 'content-type': /^text\/markdown/, 'content-location': /page\.md$/ },
        },
      },
    ],
  },
  {
    rules: ['CT-15'],
    clause: 'CT 4.2.6',
    title: 'One that a Link field names too, but only on the same host, and none that fails',
    own: true,
    turns: [
      {
        ask: { suffix: '/page', fields: { ...TOOL, accept: 'text/markdown' } },
        answer: ({ url }) =>
          url?.endsWith('/page.md')
            ? { fields: { 'content-type': 'text/markdown; charset=utf-8' }, body: '# The own one\n' }
            : { fields: { link: '<page.md>; rel="alternate"; type="text/markdown"' } },
        holds: { status: 200, body: /^# The own one/ },
      },
      { ask: { suffix: '/page', fields: { ...TOOL, accept: 'text/markdown' } }, holds: { body: /^# The own one/ } },
      {
        ask: { suffix: '/far', fields: { ...TOOL, accept: 'text/markdown' } },
        answer: { fields: { link: '<http://other.example/page.md>; rel="alternate"; type="text/markdown"' } },
        holds: { status: 200, body: /^# Harbour/m },
      },
      {
        ask: { suffix: '/gone', fields: { ...TOOL, accept: 'text/markdown' } },
        answer: ({ url }) =>
          url?.endsWith('/none.md')
            ? { status: 404, fields: { 'content-type': 'text/plain' }, body: 'no' }
            : { fields: { link: '<none.md>; rel="alternate"; type="text/markdown"' } },
        holds: { status: 200, body: /^# Harbour/m },
      },
    ],
  },
  {
    rules: ['CT-16'],
    clause: 'CT 4.2.7',
    title: 'A deck reaches a WAP phone as it is',
    turns: [
      {
        ask: { fields: WAP },
        answer: { fields: { 'content-type': 'text/vnd.wap.wml' }, body: DECK },
        holds: { status: 200, body: 'same', fields: { 'content-type': /^text\/vnd\.wap\.wml/ } },
      },
    ],
  },
  {
    rules: ['CT-17'],
    clause: 'CT 4.2.8',
    title: 'A changed page says what changed it',
    own: true,
    turns: [
      {
        holds: {
          body: 'changed',
          fields: { 'format-chain': /^html-lite;v="/, 'cache-status': /gw-variant/, warning: null },
        },
      },
    ],
  },
  {
    rules: ['CT-18'],
    clause: 'CT 4.2.8.1',
    title: 'A deck that is made here is well-formed and has only what its document type has',
    own: true,
    turns: [
      {
        ask: { fields: WAP },
        holds: {
          status: 200,
          fields: { 'content-type': /^text\/vnd\.wap\.wml/ },
          check: ({ body }) => wmlFaults(body.toString('utf8'))[0],
        },
      },
    ],
  },
  {
    rules: ['CT-19'],
    clause: 'CT 4.2.8.2',
    title: 'A changed page bears a mark, with a way to the original',
    own: true,
    turns: [{ holds: { body: /<a[^>]* href="[^"]*\/-\/as\/original\// } }],
  },
  {
    rules: ['CT-20', 'P-4'],
    clause: 'CT 4.2.9',
    title: 'Links of what must not be changed are not changed',
    turns: [
      {
        answer: { fields: { 'cache-control': 'no-transform' }, body: '<a href="http://other.example/x">x</a>' },
        holds: { status: 200, body: 'same' },
      },
    ],
  },
  {
    rules: ['CT-20', 'S-3'],
    clause: 'CT 4.2.9.1',
    title: 'A cookie of one site is not told to another',
    own: true,
    modes: ['prefix'],
    turns: [
      {
        answer: { fields: { 'set-cookie': 'canary=1; Domain=127.0.0.1' } },
        holds: { fields: { 'set-cookie': { not: /canary|domain/i } } },
      },
      { ask: { suffix: '/b', fields: { cookie: 'canary=1' } }, holds: { upstream: { cookie: { not: /canary/ } } } },
    ],
  },
  {
    rules: ['CT-22'],
    clause: 'CT 5',
    title: 'Owners of sites can see what becomes of a page, as a page too',
    own: true,
    modes: ['prefix', 'reverse'],
    turns: [
      {
        ask: { path: '/-/explain/{target}', fields: { accept: 'text/html' } },
        holds: { status: 200, body: /html-lite/, fields: { 'content-type': /^text\/html/ } },
      },
    ],
  },
];
