import type { Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import test from 'ava';
import { GatewayError } from '../core/errors.ts';
import { isSafeBrotli } from '../egress/brotli.ts';
import { isDecodable, UnknownCodingError } from '../egress/decode.ts';
import { decodeBody, readBody } from '../egress/read-body.ts';
import { codeOf, send, textOf } from './support/open-egress.ts';

import { closeOf, withOrigin } from './support/with-origin.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const OK = `${HEAD}Content-Length: 2\r\n\r\nok`;
const LIMITS = { maxBytes: 1_000_000, maxDecodedBytes: 2_000_000 };

const improper: [title: string, bytes: string][] = [
  [
    'Content-Length and Transfer-Encoding',
    `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding and Content-Length',
    `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ],
  ['two lengths that differ', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`],
  ['two lengths that agree', `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
  ['a list of lengths', `${HEAD}Content-Length: 2, 2\r\n\r\nok`],
  ['a signed length', `${HEAD}Content-Length: +2\r\n\r\nok`],
  ['a negative length', `${HEAD}Content-Length: -2\r\n\r\nok`],
  ['a coding before chunked', `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
  ['chunked twice', `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
  ['an unknown transfer coding', `${HEAD}Transfer-Encoding: identity\r\n\r\nok`],
  ['bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['bare LF among the fields', `${HEAD}A: b\nContent-Length: 2\r\n\r\nok`],
  ['a folded field', `${HEAD}A: b\r\n c\r\nContent-Length: 2\r\n\r\nok`],
  ['NUL in a field', `${HEAD}A: b\0c\r\nContent-Length: 2\r\n\r\nok`],
  ['a space before the colon', `${HEAD}Content-Length : 2\r\n\r\nok`],
  ['HTTP/0.9', 'hello there\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9\r\n'],
  ['a status of two digits', 'HTTP/1.1 99 Odd\r\nContent-Length: 2\r\n\r\nok'],
  ['an unasked upgrade', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ['30 interim answers', `${'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n'.repeat(30)}${OK}`],
  ['a field beyond 64 kB', `${HEAD}A: ${'x'.repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`],
  ['fields beyond 64 kB', `${HEAD}${`A: ${'x'.repeat(100)}\r\n`.repeat(700)}Content-Length: 2\r\n\r\nok`],
  ['20,000 empty fields', `${HEAD}${'A: \r\n'.repeat(20_000)}Content-Length: 2\r\n\r\nok`],
  ['a chunk size that is no number', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n`],
  ['a chunk size with 0x', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n`],
  ['bare LF among chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n`],
];
for (const [title, bytes] of improper)
  test(`threat 21: ${title} is 502 and the connection is destroyed`, async (t) => {
    await withOrigin(
      (socket) => socket.write(bytes, 'latin1'),
      async (origin, egress) => {
        const error = await t.throwsAsync(send(egress, origin.url).then(textOf), { instanceOf: GatewayError });
        t.is(error?.code, 'UPSTREAM_PROTOCOL');
        t.is(error?.status, 502);
        for (const socket of origin.sockets) await closeOf(socket);
        t.is(origin.connections, 1);
        t.is(egress.pending, 0);
      },
    );
  });

const proper: [title: string, bytes: string, expected: string][] = [
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ['an offer to upgrade', `${HEAD}Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok`, 'ok'],
  ['20 interim answers', `${'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n'.repeat(20)}${OK}`, 'ok'],
  ['chunk extensions and trailers', `${HEAD}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n`, 'ok'],
];
for (const [title, bytes, expected] of proper)
  test(`P-15: ${title} is taken, nothing of it stays behind`, async (t) => {
    await withOrigin(
      (socket) => socket.write(bytes, 'latin1'),
      async (origin, egress) => {
        const response = await send(egress, origin.url);
        t.is(await textOf(response), expected);
        t.false(['upgrade', 'connection', 'link', 'x', 'transfer-encoding'].some((name) => response.fields.has(name)));
      },
    );
  });

const surplus: [title: string, method: string, bytes: string][] = [
  ['200', 'GET', `${OK}${HEAD}Content-Length: 4\r\n\r\nevil`],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil'],
  ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil'],
  ['HEAD', 'HEAD', `${HEAD}Content-Length: 4\r\n\r\nevil`],
];
for (const [title, method, bytes] of surplus)
  test(`threat 22: bytes after a ${title} are never the next answer`, async (t) => {
    await withOrigin(
      (socket, _, count) => socket.write(count === 1 ? bytes : OK, 'latin1'),
      async (origin, egress) => {
        const response = await send(egress, origin.url, { method });
        t.not(await textOf(response), 'evil');
        for (const socket of origin.sockets) await closeOf(socket);
        t.is(await textOf(await send(egress, origin.url)), 'ok');
        t.is(origin.connections, 2);
      },
    );
  });

const cut: [title: string, bytes: string][] = [
  ['short of its Content-Length', `${HEAD}Content-Length: 20\r\nCache-Control: max-age=99\r\n\r\nok`],
  ['without its last chunk', `${HEAD}Transfer-Encoding: chunked\r\nCache-Control: max-age=99\r\n\r\n2\r\nok\r\n`],
  ['within its fields', `${HEAD}Cache-Control: max-age=99\r\nA:`],
  ['before it began', ''],
];
for (const [title, bytes] of cut)
  test(`threat 49: a body cut ${title} is never a clean end, and never cached`, async (t) => {
    await withOrigin(
      (socket, _, count) => socket.end(count < 3 ? bytes : OK),
      async (origin, egress) => {
        t.is(await codeOf(send(egress, origin.url).then(textOf)), 'UPSTREAM_INCOMPLETE');
        const asked = origin.requests.length;
        await codeOf(send(egress, origin.url).then(textOf));
        t.true(origin.requests.length > asked);
      },
    );
  });

test('threat 49: an error while nobody reads yet does not end the process, and the reader hears of it', async (t) => {
  await withOrigin(
    (socket) => socket.end(`${HEAD}Content-Length: 20\r\n\r\nok`),
    async (origin, egress) => {
      const response = await send(egress, origin.url);
      await new Promise((resolve) => response.body.once('close', resolve));
      t.is(await codeOf(textOf(response)), 'UPSTREAM_INCOMPLETE');
    },
  );
});

test('RFC 9110 9.2.2: a kept connection that is closed as it is used again costs one retry, for GET alone', async (t) => {
  let fresh = 0;
  await withOrigin(
    (socket, head) => {
      const used = (socket as Socket & { used?: boolean }).used === true;
      (socket as Socket & { used?: boolean }).used = true;
      if (used) socket.destroy();
      else socket.write(OK);
      if (!used) fresh++;
      void head;
    },
    async (origin, egress) => {
      await send(egress, origin.url).then(textOf);
      await new Promise(setImmediate);
      t.is(await textOf(await send(egress, origin.url)), 'ok');
      t.is(fresh, 2);
      await new Promise(setImmediate);
      t.is(await codeOf(send(egress, origin.url, { method: 'POST', body: Buffer.from('x') })), 'UPSTREAM_INCOMPLETE');
    },
    { ORIGIN_CONNECTIONS: '1', ORIGIN_CACHE_BYTES: '0' },
  );
});

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(500);
const bytes = Buffer.from(TEXT);
const half = (data: Buffer) => data.subarray(0, data.length >> 1);
const ZEROS = Buffer.alloc(40_000_000);
const encoded: [title: string, coding: string | undefined, body: Buffer, expected: string][] = [
  ['identity', undefined, bytes, 'ok'],
  ['identity by name', 'identity', bytes, 'ok'],
  ['gzip', 'gzip', gzipSync(bytes), 'ok'],
  ['x-gzip in capitals', 'X-GZIP', gzipSync(bytes), 'ok'],
  ['deflate', 'deflate', deflateSync(bytes), 'ok'],
  ['bare deflate', 'deflate', deflateRawSync(bytes), 'ok'],
  ['br', 'br', brotliCompressSync(bytes), 'ok'],
  ['zstd', 'zstd', zstdCompressSync(bytes), 'ok'],
  [
    'gzip in two members',
    'gzip',
    Buffer.concat([gzipSync(half(bytes)), gzipSync(bytes.subarray(bytes.length >> 1))]),
    'ok',
  ],
  ['br over gzip', 'gzip, br', brotliCompressSync(gzipSync(bytes)), 'ok'],
  ['gzip over identity over br', 'br, identity, gzip', gzipSync(brotliCompressSync(bytes)), 'ok'],
  ['three layers', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(bytes))), 'UPSTREAM_ENCODING'],
  ['fifty layers', Array(50).fill('gzip').join(','), gzipSync(bytes), 'UPSTREAM_ENCODING'],
  ['gzip cut short', 'gzip', half(gzipSync(bytes)), 'UPSTREAM_INCOMPLETE'],
  ['gzip without its end', 'gzip', gzipSync(bytes).subarray(0, -1), 'UPSTREAM_INCOMPLETE'],
  ['deflate cut short', 'deflate', half(deflateSync(bytes)), 'UPSTREAM_INCOMPLETE'],
  ['br cut short', 'br', half(brotliCompressSync(bytes)), 'UPSTREAM_INCOMPLETE'],
  ['br without its end', 'br', brotliCompressSync(bytes).subarray(0, -1), 'UPSTREAM_INCOMPLETE'],
  ['zstd cut short', 'zstd', half(zstdCompressSync(bytes)), 'UPSTREAM_INCOMPLETE'],
  ['zstd without its end', 'zstd', zstdCompressSync(bytes).subarray(0, -1), 'UPSTREAM_INCOMPLETE'],
  ['text labelled gzip', 'gzip', bytes, 'UPSTREAM_ENCODING'],
  ['text labelled br', 'br', bytes, 'UPSTREAM_ENCODING'],
  ['text labelled zstd', 'zstd', bytes, 'UPSTREAM_ENCODING'],
  ['gzip labelled br', 'br', gzipSync(bytes), 'UPSTREAM_ENCODING'],
  ['a gzip bomb', 'gzip', gzipSync(ZEROS), 'UPSTREAM_ENCODING'],
  ['a br bomb', 'br', brotliCompressSync(ZEROS), 'UPSTREAM_ENCODING'],
  ['a zstd bomb', 'zstd', zstdCompressSync(ZEROS), 'UPSTREAM_ENCODING'],
  ['a bomb in a bomb', 'gzip, gzip', gzipSync(gzipSync(ZEROS)), 'UPSTREAM_ENCODING'],
  ['more than is taken', undefined, Buffer.alloc(1_000_001), 'UPSTREAM_TOO_LARGE'],
  ['more than is taken when decoded', 'gzip', gzipSync(pseudoText(2_100_000)), 'UPSTREAM_TOO_LARGE'],
  ['a coding nobody knows', 'snappy', bytes, 'UPSTREAM_ENCODING'],
];

// Text of few letters: compresses some four times, so that the size is what is too much, not the ratio.
function pseudoText(length: number): Buffer {
  const data = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647;
    data[i] = 97 + (state & 3);
  }
  return data;
}

for (const [title, coding, body, expected] of encoded)
  test(`threat 41: ${title} gives ${expected}, read whole and as a stream, in pieces of any size`, async (t) => {
    for (const piece of [body.length, 1 + (body.length >> 4)])
      await withOrigin(
        (socket) => {
          socket.write(
            `${HEAD}Cache-Control: max-age=99\r\n${coding === undefined ? '' : `Content-Encoding: ${coding}\r\n`}Content-Length: ${body.length}\r\n\r\n`,
          );
          for (let at = 0; at < body.length; at += piece) socket.write(body.subarray(at, at + piece));
        },
        async (origin, egress) => {
          const limits =
            title === 'more than is taken when decoded' ? LIMITS : { ...LIMITS, maxDecodedBytes: 30_000_000 };
          const rss = process.memoryUsage().rss;
          const read = send(egress, origin.url).then((response) => readBody(response, limits));
          if (expected === 'ok') t.true(bytes.equals(await read));
          else t.is(await codeOf(read), expected);
          if (expected !== 'UPSTREAM_TOO_LARGE') {
            const chunks = send(egress, origin.url).then((response) => decodeBody(response).toArray());
            if (expected === 'ok') t.true(bytes.equals(Buffer.concat(await chunks)));
            else t.is(await codeOf(chunks), expected);
          }
          t.true(process.memoryUsage().rss - rss < 200_000_000);
          t.is(egress.pending, 0);
        },
      );
  });

test('threat 49: a stored response whose data proves broken is forgotten', async (t) => {
  const body = half(gzipSync(bytes));
  await withOrigin(
    (socket) =>
      socket.write(
        Buffer.concat([
          Buffer.from(
            `${HEAD}Cache-Control: max-age=99\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
          ),
          body,
        ]),
      ),
    async (origin, egress) => {
      for (let i = 1; i <= 3; i++) {
        t.is(await codeOf(send(egress, origin.url).then(textOf)), 'UPSTREAM_INCOMPLETE');
        await new Promise(setImmediate);
        t.is(origin.requests.length, i);
      }
    },
  );
});

test('threat 41: an unknown coding can be told from a broken one, so that it is passed through', async (t) => {
  await withOrigin(
    (socket) => socket.write(`${HEAD}Content-Encoding: snappy\r\nContent-Length: 2\r\n\r\nok`),
    async (origin, egress) => {
      const response = await send(egress, origin.url);
      t.false(isDecodable(response.contentCoding));
      t.is(String(Buffer.concat(await response.body.toArray())), 'ok');
      await t.throwsAsync(send(egress, origin.url).then(textOf), { instanceOf: UnknownCodingError });
    },
  );
});

test('an empty body is empty in any coding, and HEAD, 204 and 304 have none', async (t) => {
  const answers = [
    `${HEAD}Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n`,
    'HTTP/1.1 304 Not Modified\r\nContent-Encoding: br\r\nContent-Length: 500\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nContent-Encoding: zstd\r\n\r\n',
  ];
  for (const answer of answers)
    await withOrigin(
      (socket) => socket.write(answer),
      async (origin, egress) => {
        t.is(await textOf(await send(egress, origin.url)), '');
      },
    );
  await withOrigin(
    (socket) => socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: 9999999999\r\n\r\n`),
    async (origin, egress) => {
      const response = await send(egress, origin.url, { method: 'HEAD' });
      t.is(await textOf(response), '');
      t.is(response.fields.get('content-length'), '9999999999');
    },
  );
});

test('CVE-2026-111497: brotli inside Node is used only from its fixed releases on', (t) => {
  for (const version of ['1.0.10', '1.1.1', '1.2.1', '1.2.9', '1.3.0', '2.0.0']) t.true(isSafeBrotli(version), version);
  for (const version of ['1.0.9', '1.1.0', '1.2.0', '0.6.0', '', undefined, 'x'])
    t.false(isSafeBrotli(version), String(version));
});
