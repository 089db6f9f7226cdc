/** RFC 9110: what a proxy does to messages (P-1 to P-21). */
import type { Case, Holds } from '../case.ts';
import { PAGE, PHOTOGRAPH } from '../samples.ts';

const STRONG = { etag: '"made-by-the-origin"', 'cache-control': 'max-age=600' };
const JPEG = { 'content-type': 'image/jpeg', 'cache-control': 'max-age=600' };
const TOOL = { 'user-agent': 'curl/8.0', accept: '*/*' };
const PART = /^bytes 0-99\/\d+$/;

const refused: Holds = { status: [400, 501], asked: 0 };
const bare = 'GET {target} HTTP/1.1\r\nHost: {host}\r\n';

export const PROXYING: readonly Case[] = [
  {
    rules: ['P-1'],
    clause: 'RFC 9110 7.6.1',
    title: 'Fields of one connection, and those that Connection names, do not reach the origin',
    turns: [
      {
        ask: {
          fields: {
            connection: 'x-hop',
            'x-hop': '1',
            'keep-alive': 'timeout=5',
            'proxy-connection': 'keep-alive',
            te: 'deflate',
            'x-kept': '1',
          },
        },
        holds: {
          status: 200,
          upstream: {
            'x-hop': null,
            'keep-alive': null,
            'proxy-connection': null,
            te: { not: /deflate/ },
            connection: { not: /x-hop/i },
            'x-kept': '1',
          },
        },
      },
    ],
  },
  {
    rules: ['P-1'],
    clause: 'RFC 9110 7.6.1',
    title: 'Fields of one connection, and those that Connection names, do not reach the client',
    turns: [
      {
        ask: { fields: TOOL },
        answer: {
          fields: { connection: 'x-hop, keep-alive', 'x-hop': '1', 'keep-alive': 'timeout=321', 'x-kept': '1' },
        },
        holds: {
          status: 200,
          fields: { 'x-hop': null, 'keep-alive': { not: /321/ }, connection: { not: /x-hop/i }, 'x-kept': '1' },
        },
      },
    ],
  },
  {
    rules: ['P-2'],
    clause: 'RFC 9110 7.6.2',
    title: 'OPTIONS with Max-Forwards 0 is answered here',
    modes: ['forward'],
    turns: [
      {
        ask: { method: 'OPTIONS', fields: { 'max-forwards': '0' } },
        holds: { status: [200, 204], asked: 0, fields: { allow: /GET/ } },
      },
    ],
  },
  {
    rules: ['P-2'],
    clause: 'RFC 9110 7.6.2',
    title: 'OPTIONS goes on with one forward less',
    modes: ['forward', 'reverse'],
    turns: [
      {
        ask: { method: 'OPTIONS', fields: { 'max-forwards': '5' } },
        answer: { status: 204, fields: { 'content-type': undefined, allow: 'GET, OPTIONS' } },
        holds: { status: 204, asked: 1, upstream: { 'max-forwards': '4' }, fields: { allow: 'GET, OPTIONS' } },
      },
    ],
  },
  {
    rules: ['P-2'],
    clause: 'RFC 9110 9.3.8',
    title: 'TRACE does not mirror fields that hold secrets',
    turns: [
      {
        ask: { method: 'TRACE', fields: { cookie: 'secret=1' } },
        holds: { body: { not: /secret=1/ }, status: [403, 405, 501] },
      },
    ],
  },
  {
    rules: ['P-3', 'CT-9'],
    clause: 'RFC 9110 7.6.3',
    title: 'Via names every proxy in both directions',
    turns: [
      {
        ask: { fields: { via: '1.0 before.example' } },
        answer: { fields: { via: '1.1 near-origin.example' } },
        holds: {
          upstream: { via: /^1\.0 before\.example, ?1\.1 \S/ },
          fields: { via: /^1\.1 near-origin\.example, ?1\.1 \S/ },
        },
      },
    ],
  },
  {
    rules: ['P-3'],
    clause: 'RFC 9110 7.6.3',
    title: 'A request that has come through this proxy before is a loop, and is cut',
    turns: [
      { holds: { fields: { via: /\S/ } } },
      { ask: { suffix: '/loop', fields: { via: '{was:via}' } }, holds: { status: [400, 403, 508], asked: 1 } },
    ],
  },
  {
    rules: ['P-4', 'CT-12'],
    clause: 'RFC 9110 7.7',
    title: 'What says no-transform keeps its bytes, type, validators, Server and Date',
    turns: [
      {
        answer: {
          fields: {
            ...STRONG,
            'cache-control': 'max-age=600, no-transform',
            server: 'own/1',
            date: 'Thu, 01 Jan 2026 00:00:00 GMT',
            'last-modified': 'Wed, 31 Dec 2025 00:00:00 GMT',
          },
        },
        holds: {
          status: 200,
          body: 'same',
          fields: {
            etag: '"made-by-the-origin"',
            server: 'own/1',
            date: 'Thu, 01 Jan 2026 00:00:00 GMT',
            'last-modified': 'Wed, 31 Dec 2025 00:00:00 GMT',
            'content-type': 'text/html; charset=utf-8',
            'content-encoding': null,
          },
        },
      },
    ],
  },
  {
    rules: ['P-4', 'CT-12'],
    clause: 'RFC 9110 7.7',
    title: 'A picture that says no-transform keeps its bytes',
    turns: [
      {
        answer: { fields: { ...JPEG, 'cache-control': 'no-transform' }, body: PHOTOGRAPH },
        holds: { status: 200, body: 'same', fields: { 'content-type': 'image/jpeg' } },
      },
    ],
  },
  {
    rules: ['P-4', 'S-6'],
    clause: 'RFC 9110 7.7',
    title: 'Path and query reach the origin as they were sent',
    turns: [
      {
        ask: { suffix: '/a%2Fb;p=1/%7Euser//x%252F?q=a+b%20c&&=%E2%82%AC&r=http%3A%2F%2Fx%2F' },
        holds: {
          check: ({ upstream, target }) =>
            upstream[0]?.path === new URL(target).pathname + new URL(target).search
              ? undefined
              : `the origin was asked for ${upstream[0]?.path}`,
        },
      },
    ],
  },
  {
    rules: ['P-5'],
    clause: 'RFC 9110 15.3.4',
    title: 'What was changed stays a 200, or becomes a 203',
    turns: [{ holds: { status: [200, 203], body: 'changed' } }],
  },
  {
    rules: ['P-6', 'CT-17'],
    clause: 'RFC 9110 8.8.1',
    title: "A changed page does not keep the origin's strong entity tag",
    turns: [
      {
        answer: { fields: STRONG },
        holds: { status: 200, body: 'changed', fields: { etag: { not: /^"made-by-the-origin"$/ } } },
      },
    ],
  },
  {
    rules: ['P-6'],
    clause: 'RFC 9110 8.8.1',
    title: "A changed picture does not keep the origin's strong entity tag",
    turns: [
      {
        answer: { fields: { ...JPEG, etag: '"made-by-the-origin"' }, body: PHOTOGRAPH },
        holds: { status: 200, body: 'changed', fields: { etag: { not: /^"made-by-the-origin"$/ } } },
      },
    ],
  },
  {
    rules: ['P-7', 'N-8'],
    clause: 'RFC 9110 8.8.3.3',
    title: 'Two content codings do not share a strong entity tag',
    turns: [
      { answer: { fields: STRONG }, ask: { fields: { 'accept-encoding': 'gzip' } } },
      {
        ask: { fields: { 'accept-encoding': 'identity' } },
        holds: {
          check: ({ fields }, [coded]) => {
            if (coded?.fields.get('content-encoding') === fields.get('content-encoding')) return undefined;
            const tag = fields.get('etag');
            return tag?.startsWith('"') && tag === coded?.fields.get('etag') ? `both have ${tag}` : undefined;
          },
        },
      },
    ],
  },
  {
    rules: ['P-8'],
    clause: 'RFC 9110 14.2',
    title: 'A part of an unchanged resource is a part of it',
    turns: [
      {
        ask: { fields: { ...TOOL, range: 'bytes=0-99', 'accept-encoding': undefined } },
        answer: ({ headers }) =>
          headers.range === undefined
            ? { fields: { etag: '"a"' } }
            : {
                status: 206,
                fields: { etag: '"a"', 'content-range': `bytes 0-99/${Buffer.byteLength(PAGE)}` },
                body: PAGE.slice(0, 100),
              },
        holds: {
          status: 206,
          fields: { 'content-range': `bytes 0-99/${Buffer.byteLength(PAGE)}` },
          check: ({ body }) => (body.toString() === PAGE.slice(0, 100) ? undefined : 'these are other bytes'),
        },
      },
    ],
  },
  {
    rules: ['P-8'],
    clause: 'RFC 9110 14.2',
    title: 'A part of a changed resource is a part of what was made, or the whole of it',
    turns: [
      { answer: { fields: STRONG }, ask: { fields: { 'accept-encoding': undefined } }, holds: { body: 'changed' } },
      {
        ask: { fields: { range: 'bytes=0-99', 'accept-encoding': undefined } },
        holds: {
          status: [200, 206],
          check: ({ status, fields, body }, [whole]) => {
            if (status === 200) return whole?.body.equals(body) ? undefined : 'the whole is another one';
            const total = Number(/\/(\d+)$/.exec(fields.get('content-range') ?? '')?.[1]);
            if (total !== whole?.body.byteLength) return `a part of ${total} bytes, of ${whole?.body.byteLength}`;
            return whole?.body.subarray(0, 100).equals(body) ? undefined : 'these are other bytes';
          },
        },
      },
    ],
  },
  {
    rules: ['P-8'],
    clause: 'RFC 9110 14.2',
    title: 'A part of a picture that was made here is given, and only what is satisfiable',
    turns: [
      {
        answer: { fields: { ...JPEG, etag: '"p"' }, body: PHOTOGRAPH },
        holds: { body: 'changed', fields: { 'accept-ranges': 'bytes' } },
      },
      {
        ask: { fields: { range: 'bytes=0-99' } },
        holds: { status: 206, fields: { 'content-range': PART, 'content-length': '100' } },
      },
      {
        ask: { fields: { range: 'bytes=-10' } },
        holds: {
          status: 206,
          check: ({ body }, [whole]) => (whole?.body.subarray(-10).equals(body) ? undefined : 'these are other bytes'),
        },
      },
      {
        ask: { fields: { range: 'bytes=99999999-' } },
        holds: { status: 416, fields: { 'content-range': /^bytes \*\/\d+$/ } },
      },
      { ask: { fields: { range: 'rows=1-2' } }, holds: { status: 200 } },
      { ask: { method: 'POST', fields: { range: 'bytes=0-1' }, body: 'x' }, holds: { status: 200 } },
    ],
  },
  {
    rules: ['P-9'],
    clause: 'RFC 9110 13.1.5',
    title: 'If-Range with the tag of what was made here gives the part, with any other the whole',
    turns: [
      {
        answer: { fields: { ...JPEG, etag: '"made-by-the-origin"' }, body: PHOTOGRAPH },
        holds: { body: 'changed', fields: { etag: /^"/ } },
      },
      {
        ask: { fields: { range: 'bytes=0-99', 'if-range': '{was:etag}' } },
        holds: { status: 206, fields: { 'content-range': PART } },
      },
      { ask: { fields: { range: 'bytes=0-99', 'if-range': '"made-by-the-origin"' } }, holds: { status: 200 } },
      { ask: { fields: { range: 'bytes=0-99', 'if-range': 'Thu, 01 Jan 2026 00:00:00 GMT' } }, holds: { status: 200 } },
    ],
  },
  {
    rules: ['P-10', 'N-8', 'C-12'],
    clause: 'RFC 9110 13.1.2',
    title: 'If-None-Match with the tag of what was made here is answered 304, weakly compared, with Vary',
    turns: [
      { answer: { fields: STRONG }, holds: { body: 'changed', fields: { etag: /"/ } } },
      {
        ask: { fields: { 'if-none-match': '"other", {was:etag}' } },
        holds: {
          status: 304,
          body: 'empty',
          check: ({ fields }, [first]) =>
            ['etag', 'vary', 'content-location'].find((name) => fields.get(name) !== first?.fields.get(name)),
        },
      },
    ],
  },
  {
    rules: ['P-10'],
    clause: 'RFC 9110 13.1.2',
    title: "If-None-Match with the origin's tag does not pass for the tag of what was made of it",
    turns: [
      { answer: { fields: STRONG }, holds: { body: 'changed' } },
      { ask: { fields: { 'if-none-match': '"made-by-the-origin"' } }, holds: { status: 200, body: 'changed' } },
    ],
  },
  {
    rules: ['P-10', 'C-3'],
    clause: 'RFC 9111 4.3.3',
    title: 'A stale original that the origin calls unchanged makes our own tag hold',
    turns: [
      {
        answer: ({ headers }) =>
          headers['if-none-match'] === '"v"'
            ? { status: 304, fields: { etag: '"v"', 'cache-control': 'max-age=0' } }
            : { fields: { etag: '"v"', 'cache-control': 'max-age=0' } },
        holds: { body: 'changed', fields: { etag: /"/ } },
      },
      { ask: { fields: { 'if-none-match': '{was:etag}' } }, holds: { status: 304, body: 'empty' } },
    ],
  },
  {
    rules: ['P-10'],
    clause: 'RFC 9111 4.3.2',
    title: 'A condition of a client whose bytes are not changed is answered from what is stored',
    turns: [
      {
        ask: { fields: TOOL },
        answer: { fields: { ...STRONG, 'last-modified': 'Wed, 31 Dec 2025 00:00:00 GMT' } },
        holds: { asked: 1 },
      },
      { ask: { fields: { ...TOOL, 'if-none-match': 'W/"made-by-the-origin"' } }, holds: { status: 304, asked: 1 } },
      { ask: { fields: { ...TOOL, 'if-none-match': '"other"' } }, holds: { status: 200, asked: 1, body: 'same' } },
      {
        ask: { fields: { ...TOOL, 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' } },
        holds: { status: 304, asked: 1 },
      },
    ],
  },
  {
    rules: ['P-11'],
    clause: 'RFC 9110 13.1.1',
    title: 'Conditions of a change go to the origin as they were sent',
    turns: [
      {
        ask: {
          method: 'PUT',
          body: 'new',
          fields: { 'if-match': '"x", "y"', 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' },
        },
        answer: { status: 412, fields: { 'content-type': 'text/plain' }, body: 'no' },
        holds: {
          status: 412,
          body: 'same',
          upstream: { 'if-match': '"x", "y"', 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' },
        },
      },
    ],
  },
  {
    rules: ['P-12', 'P-13'],
    clause: 'RFC 9110 13.2.2',
    title: 'If-None-Match decides, and If-Modified-Since beside it has no say',
    turns: [
      { answer: { fields: { ...STRONG, 'last-modified': 'Wed, 31 Dec 2025 00:00:00 GMT' } } },
      {
        ask: { fields: { 'if-none-match': '"other"', 'if-modified-since': 'Thu, 01 Jan 2037 00:00:00 GMT' } },
        holds: { status: 200 },
      },
    ],
  },
  {
    rules: ['P-13'],
    clause: 'RFC 9110 13.1.3',
    title: 'A date of the original does not vouch for what was made of it: formatters change without it',
    turns: [
      {
        answer: { fields: { ...STRONG, 'last-modified': 'Wed, 31 Dec 2025 00:00:00 GMT' } },
        holds: { body: 'changed' },
      },
      {
        ask: { fields: { 'if-modified-since': 'Wed, 31 Dec 2025 00:00:00 GMT' } },
        holds: { status: 200, body: 'changed' },
      },
    ],
  },
  {
    rules: ['P-14'],
    clause: 'RFC 9530 3',
    title: 'Digests and signatures of other bytes do not stand beside changed ones; the length is theirs',
    turns: [
      {
        answer: {
          fields: {
            ...STRONG,
            'content-md5': 'Q2hlY2sgSW50ZWdyaXR5IQ==',
            digest: 'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
            'content-digest': 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
            'repr-digest': 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
            signature: 'sig=:dGVzdA==:',
            'signature-input': 'sig=("content-digest");created=1',
          },
        },
        holds: {
          status: 200,
          body: 'changed',
          fields: {
            'content-md5': null,
            digest: null,
            'content-digest': { not: /X48E9q/ },
            'repr-digest': { not: /X48E9q/ },
            signature: null,
            'signature-input': null,
          },
          check: ({ fields, bytes }) =>
            fields.has('content-length') && Number(fields.get('content-length')) !== bytes.byteLength
              ? `Content-Length ${fields.get('content-length')}, ${bytes.byteLength} bytes`
              : undefined,
        },
      },
    ],
  },
  {
    rules: ['P-15'],
    clause: 'RFC 9110 10.1.1',
    title: 'A body that waits for 100 Continue is let in, and reaches the origin',
    turns: [
      {
        ask: { method: 'POST', body: 'expected', fields: { expect: '100-continue' } },
        holds: {
          status: 200,
          check: ({ upstream }) => (upstream[0]?.body === 'expected' ? undefined : 'the origin has not got the body'),
        },
      },
    ],
  },
  {
    rules: ['P-15'],
    clause: 'RFC 9110 15.2',
    title: 'Interim answers are passed on or dropped, never stored, and the final one is the reply',
    turns: [
      {
        ask: { fields: TOOL },
        answer: {
          interim: ['103 Early Hints\r\nLink: </style.css>; rel=preload'],
          fields: { 'cache-control': 'max-age=600' },
        },
        holds: {
          status: 200,
          body: 'same',
          check: ({ interim }) =>
            interim
              .map(({ status }) => status)
              .find((status) => status !== 103)
              ?.toString(),
        },
      },
      { ask: { fields: TOOL }, holds: { status: 200, body: 'same' } },
    ],
  },
  {
    rules: ['P-15'],
    clause: 'RFC 8297 2',
    title: 'Early hints reach a client whose bytes are not changed',
    modes: ['reverse', 'forward'],
    turns: [
      {
        ask: { fields: TOOL },
        answer: { interim: ['103 Early Hints\r\nLink: </style.css>; rel=preload; as=style'] },
        holds: {
          status: 200,
          check: ({ interim }) =>
            interim.some(({ status, fields }) => status === 103 && /style\.css/.test(fields.get('link') ?? ''))
              ? undefined
              : 'no 103 with its Link came',
        },
      },
    ],
  },
  {
    rules: ['P-16', 'S-5'],
    clause: 'RFC 9110 9.3.6',
    title: 'CONNECT to a port that is not allowed is refused',
    modes: ['forward'],
    turns: [
      {
        ask: { raw: 'CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: 127.0.0.1:25\r\n\r\n' },
        holds: { status: [403, 405, 407], asked: 0 },
      },
    ],
  },
  {
    rules: ['P-17'],
    clause: 'RFC 9110 11.7.2',
    title: 'Proxy-Authorization is for the proxy alone',
    turns: [
      {
        ask: { fields: { 'proxy-authorization': 'Basic Y2FuYXJ5OmNhbmFyeQ==' } },
        holds: { upstream: { 'proxy-authorization': null } },
      },
    ],
  },
  {
    rules: ['P-18'],
    clause: 'RFC 9112 3.2.2',
    title: 'An absolute-form target overrides Host',
    modes: ['forward'],
    turns: [
      {
        ask: { raw: 'GET {target} HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n' },
        holds: { status: 200, asked: 1, upstream: { host: { not: /other\.example/ } } },
      },
    ],
  },
  {
    rules: ['P-18'],
    clause: 'RFC 9112 3.2',
    title: 'Two Host fields are refused',
    turns: [{ ask: { raw: `${bare}Host: other.example\r\n\r\n` }, holds: refused }],
  },
  {
    rules: ['P-19'],
    clause: 'RFC 9112 6.1',
    title: 'Content-Length beside Transfer-Encoding is refused',
    turns: [
      {
        ask: {
          raw: 'POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        },
        holds: refused,
      },
    ],
  },
  {
    rules: ['P-19'],
    clause: 'RFC 9112 6.3',
    title: 'Two Content-Length fields are refused',
    turns: [
      {
        ask: { raw: 'POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde' },
        holds: refused,
      },
    ],
  },
  {
    rules: ['P-19'],
    clause: 'RFC 9112 5.2',
    title: 'A folded field line is refused',
    turns: [{ ask: { raw: `${bare}X-Folded: a\r\n b\r\n\r\n` }, holds: refused }],
  },
  {
    rules: ['P-19'],
    clause: 'RFC 9112 2.2',
    title: 'Lines that end in a bare LF are refused',
    turns: [{ ask: { raw: 'GET {target} HTTP/1.1\nHost: {host}\n\n' }, holds: refused }],
  },
  {
    rules: ['P-19'],
    clause: 'RFC 9112 5.1',
    title: 'A space before the colon is refused',
    turns: [{ ask: { raw: `${bare}Content-Length : 4\r\n\r\nabcd` }, holds: refused }],
  },
  {
    rules: ['P-20'],
    clause: 'RFC 9110 9.3.2',
    title: 'HEAD says of a changed page what GET says',
    turns: [
      { answer: { fields: STRONG }, holds: { body: 'changed' } },
      {
        ask: { method: 'HEAD' },
        holds: {
          status: 200,
          body: 'empty',
          check: ({ fields }, [got]) =>
            ['content-type', 'etag', 'vary', 'content-encoding', 'content-length'].find(
              (name) => fields.get(name) !== got?.fields.get(name),
            ),
        },
      },
    ],
  },
  {
    rules: ['P-20'],
    clause: 'RFC 9110 9.3.2',
    title: 'HEAD asked first says what GET then says',
    turns: [
      { ask: { method: 'HEAD' }, answer: { fields: STRONG }, holds: { status: 200, body: 'empty' } },
      {
        holds: {
          body: 'changed',
          check: ({ fields }, [head]) =>
            ['content-type', 'etag', 'vary'].find((name) => fields.get(name) !== head?.fields.get(name)),
        },
      },
    ],
  },
];
