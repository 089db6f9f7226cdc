/** Security of prefix mode and of addresses (S-1 to S-8). */
import { gzipSync } from 'node:zlib';
import type { Case, CaseMode, Holds } from '../case.ts';

const PREFIX: readonly CaseMode[] = ['prefix'];
const BLOCKED: Holds = { status: 403, asked: 0 };

/** Spellings of this machine and of private networks (threat 1). */
const PRIVATE = [
  'http://10.0.0.1/',
  'http://192.168.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[::ffff:10.0.0.1]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[64:ff9b::a00:1]/',
  'http://0.0.0.0/',
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://[fe80::1]/',
];

const ATTACKING = `<!DOCTYPE html><html><head><title>Links</title><base href="http://127.0.0.1:1/else/">
<meta http-equiv="refresh" content="9; url=http://far.example/refresh">
<style>p { background: url(http://far.example/css.png) }</style></head><body onload="alert(1)"><main>
<h1>Links</h1><p>${'Words of a page that is long enough to be one. '.repeat(12)}</p>
<p><a href="http://far.example/a">a</a> <a href="javascript:alert(1)">b</a> <a href="//far.example/c">c</a></p>
<p><img alt="i" src="http://far.example/i.png" srcset="http://far.example/s.png 2x"></p>
<form action="http://far.example/form" method="post"><input name="q"><button formaction="http://far.example/other">Go</button></form>
<p style="background: url('http://far.example/style.png')">styled</p>
<svg width="9" height="9"><a href="http://far.example/svg"><text y="9">s</text></a></svg>
<script src="http://far.example/x.js"></script></main></body></html>`;

/** Addresses in a page that lead out of the gateway. */
function leadingOut(html: string): string | undefined {
  const addresses = [...html.matchAll(/(?:href|src|action|formaction)\s*=\s*"([^"]*)"|url\(['"]?([^'")]*)/gi)].map(
    ([, attribute, css]) => attribute ?? css ?? '',
  );
  return addresses.find((each) => /^(?:https?:)?\/\//i.test(each) || /^javascript:/i.test(each));
}

export const SECURITY: readonly Case[] = [
  ...PRIVATE.map(
    (address): Case => ({
      rules: ['S-1'],
      clause: 'threat 1',
      title: `${address} is refused`,
      modes: ['prefix', 'forward'],
      own: true,
      turns: [
        { ask: { raw: `GET {lead}${address} HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n` }, holds: BLOCKED },
      ],
    }),
  ),
  {
    rules: ['S-1'],
    clause: 'threat 3',
    title: 'A redirect to a private address is not followed here',
    own: true,
    turns: [
      {
        answer: { status: 302, fields: { location: 'http://169.254.169.254/' } },
        holds: { status: 302 },
      },
    ],
  },
  {
    rules: ['S-1'],
    clause: 'threat 5',
    title: 'Only http and https are fetched',
    modes: PREFIX,
    own: true,
    turns: [
      'ftp://far.example/',
      'file:///etc/passwd',
      'gopher://far.example/',
      'javascript:alert(1)',
      'data:text/html,x',
    ].map((address) => ({ ask: { path: `/${address}` }, holds: { status: [400, 404], asked: 0 } })),
  },
  {
    rules: ['S-2'],
    clause: 'design part 3',
    title: 'A page of another site is in a sandbox without scripts, and may not be framed',
    modes: PREFIX,
    own: true,
    turns: [
      {
        ask: { fields: { 'cache-control': 'no-transform' } },
        holds: {
          status: 200,
          fields: {
            'content-security-policy':
              "sandbox allow-same-origin allow-forms allow-popups allow-downloads allow-top-navigation-by-user-activation; script-src 'none'; object-src 'none'; frame-ancestors 'none'",
            'referrer-policy': 'same-origin',
            'x-content-type-options': 'nosniff',
          },
        },
      },
    ],
  },
  {
    rules: ['S-3'],
    clause: 'threat 23',
    title: 'Cookies of a site stay in a jar here; the client bears one of ours, without Domain',
    modes: PREFIX,
    own: true,
    turns: [
      {
        answer: { fields: { 'set-cookie': ['canary=1; Path=/; Domain=127.0.0.1', 'second=2'] } },
        holds: { fields: { 'set-cookie': /^format-jar=[^;]+(?=.*HttpOnly)(?!.*domain)(?!.*canary)/i } },
      },
      {
        ask: { fields: { cookie: '{was:set-cookie}' } },
        holds: { upstream: { cookie: /canary=1/ } },
      },
      { ask: { suffix: '/b' }, holds: { upstream: { cookie: null } } },
    ],
  },
  {
    rules: ['S-3'],
    clause: 'threat 23',
    title: "A site behind the gateway keeps its cookies, without the upstream's own Domain",
    modes: ['reverse'],
    own: true,
    turns: [
      {
        answer: { fields: { 'set-cookie': 'a=1; Path=/; Domain=127.0.0.1; HttpOnly' } },
        holds: { fields: { 'set-cookie': /^a=1;(?!.*domain).*HttpOnly/i } },
      },
      { ask: { fields: { cookie: 'a=1; format-client=x; format-session=y' } }, holds: { upstream: { cookie: 'a=1' } } },
    ],
  },
  {
    rules: ['S-4'],
    clause: 'threat 25',
    title: 'Fields that would act on the shared origin do not cross',
    modes: PREFIX,
    own: true,
    turns: [
      {
        ask: { fields: { 'cache-control': 'no-transform' } },
        answer: {
          fields: {
            'content-security-policy': 'default-src *',
            'strict-transport-security': 'max-age=9',
            'clear-site-data': '"*"',
            'service-worker-allowed': '/',
            'public-key-pins': 'x',
            nel: '{}',
            'alt-svc': 'h3=":443"',
            'set-login': 'logged-in',
            'access-control-allow-origin': '*',
          },
        },
        holds: {
          status: 200,
          fields: {
            'content-security-policy': /^sandbox/,
            'strict-transport-security': null,
            'clear-site-data': null,
            'service-worker-allowed': null,
            'public-key-pins': null,
            nel: null,
            'alt-svc': null,
            'set-login': null,
            'access-control-allow-origin': null,
          },
        },
      },
      { ask: { fields: { 'service-worker': 'script' } }, holds: { status: 403 } },
    ],
  },
  {
    rules: ['S-4'],
    clause: 'threat 25',
    title: "A site's own policies stay on its own host",
    modes: ['reverse'],
    own: true,
    turns: [
      {
        ask: { fields: { 'user-agent': 'curl/8.0', accept: '*/*' } },
        answer: {
          fields: { 'content-security-policy': "default-src 'self'", 'strict-transport-security': 'max-age=9' },
        },
        holds: {
          fields: { 'content-security-policy': "default-src 'self'", 'strict-transport-security': 'max-age=9' },
        },
      },
    ],
  },
  {
    rules: ['S-5'],
    clause: 'threat 15',
    title: 'A picture of a host that is not named, by a link that is not signed, is refused',
    modes: PREFIX,
    own: true,
    turns: [
      { ask: { path: '/-/image?url=http%3A%2F%2Ffar.example%2Fi.png&w=10' }, holds: BLOCKED },
      {
        ask: { path: '/-/image?url=http%3A%2F%2Ffar.example%2Fi.png&w=10&kid=a&sig=AAAA&exp=9999999999' },
        holds: BLOCKED,
      },
    ],
  },
  {
    rules: ['S-5'],
    clause: 'threat 16',
    title: 'A host that nobody configured is not answered for',
    modes: ['reverse'],
    own: true,
    turns: [
      {
        ask: { raw: 'GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n' },
        holds: { status: 421, asked: 0 },
      },
    ],
  },
  {
    rules: ['S-6'],
    clause: 'threat 7',
    title: 'A target is decoded never, and encoded never again',
    modes: PREFIX,
    own: true,
    turns: [
      {
        ask: { suffix: '/%2525/%25/a%20b?u=http%253A%252F%252Fx' },
        holds: {
          check: ({ upstream, target }) =>
            target.endsWith(upstream[0]?.path ?? '-') ? undefined : `asked for ${upstream[0]?.path}`,
        },
      },
    ],
  },
  {
    rules: ['S-6'],
    clause: 'design part 3',
    title: 'A target whose slashes were collapsed is led to its proper address, once',
    modes: PREFIX,
    own: true,
    turns: [
      {
        ask: { path: '/http:/far.example/a%2520b' },
        holds: { status: 307, asked: 0, fields: { location: '/http://far.example/a%2520b' } },
      },
    ],
  },
  {
    rules: ['S-7'],
    clause: 'threat 41',
    title: 'A page that unpacks to a thousand times its size is refused',
    own: true,
    turns: [
      {
        answer: { fields: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(80_000_000, ' ')) },
        holds: { status: [413, 502] },
      },
    ],
  },
  {
    rules: ['S-8'],
    clause: 'design part 3',
    title: 'No address of a page leads out of the gateway',
    modes: PREFIX,
    own: true,
    turns: [
      {
        answer: { body: ATTACKING },
        holds: {
          body: /far\.example/,
          check: ({ body }) => {
            const out = leadingOut(body.toString('utf8'));
            return out === undefined ? undefined : `it leads to ${out}`;
          },
        },
      },
      {
        ask: {
          fields: {
            'user-agent':
              'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
          },
        },
        holds: {
          body: /far\.example/,
          check: ({ body }) => {
            const out = leadingOut(body.toString('utf8'));
            return out === undefined ? undefined : `it leads to ${out}`;
          },
        },
      },
    ],
  },
  {
    rules: ['S-8'],
    clause: 'design part 3',
    title: 'Location, Link and Refresh stay inside too',
    modes: PREFIX,
    own: true,
    turns: [
      {
        answer: { status: 302, fields: { location: '//far.example/x?y', 'content-type': 'text/plain' }, body: '' },
        holds: { status: 302, fields: { location: /^\/http:\/\/far\.example\/x\?y$/ } },
      },
      {
        ask: { suffix: '/b' },
        answer: { fields: { refresh: '5; url=http://far.example/r', link: '<http://far.example/l>; rel=next' } },
        holds: { fields: { refresh: /url=\/http:\/\/far\.example\/r/, link: /<\/http:\/\/far\.example\/l>/ } },
      },
    ],
  },
  {
    rules: ['S-8'],
    clause: 'design part 3',
    title: "Addresses of a site's upstream are those of the site",
    modes: ['reverse'],
    own: true,
    turns: [
      {
        answer: { status: 302, fields: { location: '{origin}/next', 'content-type': 'text/plain' }, body: '' },
        holds: { status: 302, fields: { location: /^(?:http:\/\/plain\.test)?\/next$/ } },
      },
    ],
  },
];
