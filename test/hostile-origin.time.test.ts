import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import test from 'ava';
import { GatewayError } from '../core/errors.ts';
import { decodeBody, readBody } from '../egress/read-body.ts';
import { FakeClock } from './support/fake-clock.ts';
import { codeOf, openTestEgress, send, textOf } from './support/open-egress.ts';
import { openRawOrigin } from './support/raw-origin.ts';

import { closeOf, withOrigin } from './support/with-origin.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const OK = `${HEAD}Content-Length: 2\r\n\r\nok`;
const LIMITS = { maxBytes: 1_000_000, maxDecodedBytes: 2_000_000 };

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
      t.true(performance.now() - start < 2_000, title);
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
