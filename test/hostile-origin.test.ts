import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import test from 'ava';
import { GatewayError } from '../core/errors.ts';
import { isSafeBrotli } from '../egress/brotli.ts';
import { isDecodable, UnknownCodingError } from '../egress/decode.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { decodeBody, readBody } from '../egress/read-body.ts';
import { FakeClock } from './support/fake-clock.ts';
import { openTestEgress, send, textOf } from './support/open-egress.ts';
import { openRawOrigin, type RawOrigin } from './support/raw-origin.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const OK = `${HEAD}Content-Length: 2\r\n\r\nok`;
const LIMITS = { maxBytes: 1_000_000, maxDecodedBytes: 2_000_000 };
const LOCAL = { UPSTREAM_ALLOW: '127.0.0.1' };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
  return 'no error';
}

/** Serves each connection by `answer`, with an egress to reach it; both are gone in the end. */
async function withOrigin(
  answer: (socket: Socket, head: string, count: number) => void,
  run: (origin: RawOrigin, egress: Egress, clock: FakeClock) => Promise<void>,
  environment: Record<string, string> = {},
): Promise<void> {
  const origin = await openRawOrigin(answer);
  const clock = new FakeClock();
  const egress = openTestEgress({ ...LOCAL, ...environment }, { clock });
  try {
    await run(origin, egress, clock);
  } finally {
    await egress.close();
    await origin.close();
  }
}

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

test('threat 47: an origin that says nothing is 504 at 10 s, and its connection is gone', async (t) => {
  const asked = Promise.withResolvers<Socket>();
  await withOrigin(
    (socket) => asked.resolve(socket),
    async (origin, egress, clock) => {
      const answer = codeOf(send(egress, origin.url));
      const socket = await asked.promise;
      clock.advance(9999);
      t.is(egress.pending, 1);
      clock.advance(1);
      t.is(await answer, 'UPSTREAM_TIMEOUT');
      await closeOf(socket);
      t.is(egress.pending, 0);
      t.is(clock.pending, 0);
    },
  );
});

/** Resolves when a stream is closed, failed or not. */
function closeOf(stream: Readable | Socket): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}

/** An origin that sends its head, then one byte whenever it is told to. */
function dripping(): { answer: (socket: Socket) => void; drip: () => void; closed: Promise<unknown> } {
  const closed = Promise.withResolvers<void>();
  let socket: Socket | undefined;
  return {
    answer(accepted) {
      socket = accepted;
      accepted.once('close', () => closed.resolve());
      accepted.write(`${HEAD}Content-Length: 1000\r\n\r\n`);
    },
    drip: () => socket?.write('x'),
    closed: closed.promise,
  };
}

test('threat 48: a byte a second is cut at 30 s where the body is formatted, and each pause at 5 s', async (t) => {
  for (const [stepMs, expectedMs] of [
    [1000, 30_000],
    [6000, 5000],
  ] as const) {
    const origin = dripping();
    await withOrigin(origin.answer, async ({ url }, egress, clock) => {
      const start = clock.monotonic();
      const { body } = await send(egress, url);
      const failed = closeOf(body);
      let error: unknown;
      body.on('error', (reason) => (error = reason));
      body.resume();
      while (error === undefined && !body.destroyed && clock.monotonic() - start < 60_000) {
        clock.advance(Math.min(stepMs, 5000));
        if (stepMs > 5000 || body.destroyed) continue;
        origin.drip();
        await Promise.race([once(body, 'data').catch(() => {}), failed]);
      }
      await failed;
      t.is(clock.monotonic() - start, expectedMs);
      t.is((error as GatewayError).code, 'UPSTREAM_TIMEOUT');
      await origin.closed;
    });
  }
});

test('design part 3: what is passed through has no total deadline, only an idle limit of 60 s', async (t) => {
  const origin = dripping();
  await withOrigin(origin.answer, async ({ url }, egress, clock) => {
    const response = await send(egress, url);
    response.passThrough();
    let error: unknown;
    response.body.on('error', (reason) => (error = reason));
    response.body.resume();
    for (let i = 0; i < 10; i++) {
      clock.advance(59_000);
      origin.drip();
      await once(response.body, 'data');
    }
    t.is(error, undefined);
    clock.advance(60_000);
    await closeOf(response.body);
    t.is((error as GatewayError).code, 'UPSTREAM_TIMEOUT');
  });
});

test('design part 3: a slow reader is no slow origin: while it is full nothing is counted', async (t) => {
  await withOrigin(
    (socket) => {
      socket.write(`${HEAD}Content-Length: 10000000\r\n\r\n`);
      socket.write(Buffer.alloc(10_000_000));
    },
    async ({ url }, egress, clock) => {
      const response = await send(egress, url, { timing: 'pass-through' });
      while (response.body.readableLength < 65_536) await new Promise(setImmediate);
      clock.advance(3_600_000);
      let length = 0;
      for await (const chunk of response.body) length += (chunk as Buffer).length;
      t.is(length, 10_000_000);
      t.is(clock.pending, 0);
    },
  );
});

test.serial('threat 51: a client that leaves ends the exchange within 100 ms at every stage', async (t) => {
  const stages: [title: string, head: string, when: 'asked' | 'head' | 'body'][] = [
    ['before the head', '', 'asked'],
    ['after the head', `${HEAD}Content-Length: 1000\r\n\r\n`, 'head'],
    ['within the body', `${HEAD}Content-Length: 1000\r\n\r\nabc`, 'body'],
    ['within a coded body', `${HEAD}Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n`, 'body'],
  ];
  for (const [title, head, when] of stages) {
    const asked = Promise.withResolvers<Socket>();
    const answer = (socket: Socket) => {
      if (head !== '') socket.write(head);
      asked.resolve(socket);
    };
    await withOrigin(answer, async ({ url }, egress) => {
      const controller = new AbortController();
      const reason = new Error('the client has gone');
      const sent = send(egress, url, { signal: controller.signal });
      sent.catch(() => {});
      const socket = await asked.promise;
      const reading =
        when === 'asked' ? sent : sent.then((response) => (when === 'head' ? undefined : readBody(response, LIMITS)));
      if (when === 'head') await reading;
      const closed = closeOf(socket);
      const start = performance.now();
      controller.abort(reason);
      await closed;
      t.true(performance.now() - start < 100, title);
      if (when !== 'head') t.is(await t.throwsAsync(reading), reason, title);
      t.is(egress.pending, 0);
    });
  }
});

test('threat 51: destroying the body, raw or decoded, ends the exchange', async (t) => {
  for (const decode of [false, true]) {
    const origin = dripping();
    await withOrigin(origin.answer, async ({ url }, egress, clock) => {
      const response = await send(egress, url);
      const stream = decode ? decodeBody({ ...response, contentCoding: ['gzip'] }) : response.body;
      stream.on('error', () => {});
      stream.resume();
      await new Promise(setImmediate);
      stream.destroy();
      await origin.closed;
      t.is(clock.pending, 0);
      t.is(egress.pending, 0);
    });
  }
});

test('16 requests to one origin at a time, 64 wait, the next is shed; a client that leaves the queue leaves it', async (t) => {
  const sockets: Socket[] = [];
  const all = Promise.withResolvers<void>();
  await withOrigin(
    (socket) => {
      sockets.push(socket);
      if (sockets.length === 16) all.resolve();
      else if (sockets.length > 16) socket.write(OK);
    },
    async ({ url, connections }, egress) => {
      const controller = new AbortController();
      const waiting = Array.from({ length: 80 }, (_, i) =>
        codeOf(send(egress, url, i === 79 ? { signal: controller.signal } : {}).then(textOf)),
      );
      await all.promise;
      t.is(egress.pending, 80);
      const error = await t.throwsAsync(send(egress, url), { instanceOf: GatewayError });
      t.is(error?.code, 'SHED');
      t.is(error?.fields?.get('retry-after'), '1');
      controller.abort(new Error('gone'));
      t.is(await waiting[79], 'Error: gone');
      t.is(egress.pending, 79);
      for (const socket of sockets.slice()) socket.write(OK);
      t.true((await Promise.all(waiting.slice(0, 79))).every((code) => code === 'no error'));
      t.is(egress.pending, 0);
      t.is(connections, 0);
    },
    { ORIGIN_CACHE_BYTES: '0' },
  );
});

test('threat 52: after 5 failures in a row an origin is left alone, then tried once', async (t) => {
  const closedPort = await openRawOrigin(() => {});
  await closedPort.close();
  const clock = new FakeClock();
  let lookups = 0;
  const resolve = async () => {
    lookups++;
    return ['127.0.0.1'];
  };
  const egress = openTestEgress({ UPSTREAM_ALLOW: 'down.example' }, { clock, resolve });
  const url = `http://down.example:${closedPort.port}/`;
  try {
    for (let i = 0; i < 5; i++) t.is(await codeOf(send(egress, url)), 'UPSTREAM_REFUSED');
    const error = await t.throwsAsync(send(egress, url), { instanceOf: GatewayError });
    t.like(error, { code: 'UPSTREAM_DOWN', status: 503 });
    t.is(error?.fields?.get('retry-after'), '10');
    t.is(lookups, 5);
    clock.advance(10_000);
    const probes = [codeOf(send(egress, url)), codeOf(send(egress, url))];
    t.deepEqual(await Promise.all(probes), ['UPSTREAM_REFUSED', 'UPSTREAM_DOWN']);
    t.is(lookups, 6);
    t.is(await codeOf(send(egress, url)), 'UPSTREAM_DOWN');
  } finally {
    await egress.close();
  }
});

test('threat 52: an origin that answers the probe is trusted again, and a probe the client leaves is not held against it', async (t) => {
  let silent = true;
  const sockets: Socket[] = [];
  await withOrigin(
    (socket) => {
      sockets.push(socket);
      if (!silent) socket.write(OK);
    },
    async ({ url }, egress, clock) => {
      const ask = async () => {
        const count = sockets.length;
        const answer = codeOf(send(egress, url).then(textOf));
        while (sockets.length === count) await new Promise(setImmediate);
        clock.advance(10_000);
        return answer;
      };
      for (let i = 0; i < 2; i++) t.is(await ask(), 'UPSTREAM_TIMEOUT');
      t.is(await codeOf(send(egress, url)), 'UPSTREAM_DOWN');
      clock.advance(10_000);
      const controller = new AbortController();
      const probe = codeOf(send(egress, url, { signal: controller.signal }));
      controller.abort(new Error('gone'));
      t.is(await probe, 'Error: gone');
      silent = false;
      t.is(await codeOf(send(egress, url)), 'no error');
      t.is(await codeOf(send(egress, url)), 'no error');
    },
    { BREAKER_FAILURES: '2', ORIGIN_CACHE_BYTES: '0' },
  );
});

test('a connection that does not come about is 504 at 3 s, a look-up too', async (t) => {
  const clock = new FakeClock();
  const asked = Promise.withResolvers<void>();
  const never = new Promise<string[]>(() => asked.resolve());
  const egress = openTestEgress({}, { clock, resolve: () => never });
  try {
    const answer = codeOf(send(egress, 'http://slow.example/'));
    await asked.promise;
    await new Promise(setImmediate);
    clock.advance(3000);
    t.is(await answer, 'UPSTREAM_DNS_TIMEOUT');
  } finally {
    await egress.close();
  }
});

test('an upload may take its time: deadlines start when it has been sent', async (t) => {
  const asked = Promise.withResolvers<void>();
  await withOrigin(
    () => asked.resolve(),
    async ({ url }, egress, clock) => {
      const upload = new Readable({ read() {} });
      const answer = codeOf(send(egress, url, { method: 'POST', body: upload }));
      upload.push('x');
      await asked.promise;
      clock.advance(600_000);
      upload.push(null);
      while (clock.pending === 0) await new Promise(setImmediate);
      clock.advance(10_000);
      t.is(await answer, 'UPSTREAM_TIMEOUT');
    },
  );
});
