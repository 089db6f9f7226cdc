/** Servers of a fleet talk: one port for HTTP/1.1 and HTTP/2, signed requests over one warm session (threat 67). */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { digestOfBody, formatAuth, type Greeted, helloText, requestText } from '../fleet/peers/handshake.ts';
import { type NodeKey, readOrMakeNodeKey, verifyBy } from '../fleet/peers/node-key.ts';
import { PeerLost, PeerRefused, PeerUnreachable } from '../fleet/peers/peer-errors.ts';
import type { PeerHandler } from '../fleet/peers/peer-server.ts';
import { issueCertificate } from './support/certificate.ts';
import { ask } from './support/client.ts';
import { openDetour, sendPieces } from './support/detour.ts';
import { type Members, type PeerNode, type PeerNodeOptions, startPeerNode } from './support/peer-node.ts';

const never = new AbortController().signal;
const LONG_MS = 60_000;

/** Two servers of one fleet; `b` has the routes. */
async function withTwo(
  routes: Readonly<Record<string, PeerHandler>>,
  work: (nodes: { a: PeerNode; b: PeerNode; members: Members }) => Promise<void>,
  options: PeerNodeOptions = {},
): Promise<void> {
  const members: Members = new Map();
  const a = await startPeerNode('a', members, options);
  const b = await startPeerNode('b', members, { ...options, routes });
  try {
    await work({ a, b, members });
  } finally {
    await a.close();
    await b.close();
  }
}

const send = (from: PeerNode, path: string, body?: Buffer, signal = never) =>
  from.peers.send('b', { path, signal, timeoutMs: LONG_MS, ...(body === undefined ? {} : { body }) });

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('a request of another server arrives whole, with its sender, and the reply comes back whole', async (t) => {
  const seen: unknown[] = [];
  const echo: PeerHandler = ({ from, method, path, query, fields, body }) => {
    seen.push({ from, method, path, query: [...query], field: fields['x-a'] });
    return { status: 203, fields: { 'x-b': 'caf\u00e9' }, body };
  };
  await withTwo({ echo }, async ({ a }) => {
    const body = Buffer.from('words');
    const fields = { 'X-A': 'gr\u00fcn' };
    const reply = await a.peers.send('b', { path: 'echo/x%20y?q=1', fields, body, signal: never, timeoutMs: LONG_MS });
    t.is(reply.status, 203);
    t.is(reply.fields['x-b'], 'caf\u00e9');
    t.deepEqual(await reply.readAll(100), body);
    t.deepEqual(seen, [{ from: 'a', method: 'POST', path: '/x%20y', query: [['q', '1']], field: 'gr\u00fcn' }]);
    t.true((await a.peers.ping('b')) >= 0);
    t.true(a.peers.isUp('b'));
  });
});

test('HTTP/1.1 and HTTP/2 by prior knowledge are served on one port (RFC 9113 3.4)', async (t) => {
  await withTwo({}, async ({ b }) => {
    t.is((await ask(b.address.url, '/')).text, 'for clients');
    await withSession(b.address.url, async (session) => {
      t.deepEqual(await askBy(session, { ':path': '/' }), { status: 200, text: 'for clients' });
      t.is((await askBy(session, { ':method': 'CONNECT', ':authority': 'x:443' })).status, 405);
    });
    // The first bytes of both are the same for a while.
    const head = 'OST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 2\r\nConnection: close\r\n';
    t.regex(await sendPieces(b.port, ['P', head, '\r\nab']), /^HTTP\/1\.1 200 .*for clients$/s);
    t.regex(await sendPieces(b.port, ['PRIX / HTTP/1.1\r\n\r\n']), /^HTTP\/1\.1 400 /);
    t.regex(await sendPieces(b.port, ['CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n']), /^HTTP\/1\.1 200 Connection/);
  });
});

test('a client that goes away over HTTP/2 ends what is done for it', async (t) => {
  const begun = Promise.withResolvers<AbortSignal>();
  const serve: PeerNodeOptions['serve'] = ({ connection: { signal } }) => {
    begun.resolve(signal);
    return new Promise(() => undefined);
  };
  await withTwo(
    {},
    async ({ b }) => {
      await withSession(b.address.url, async (session) => {
        const stream = session.request({ ':path': '/' });
        const signal = await begun.promise;
        t.false(signal.aborted);
        stream.close(8);
        await once(signal, 'abort');
      });
    },
    { serve },
  );
});

test('a preface that comes byte by byte is HTTP/2 all the same', async (t) => {
  await withTwo({ ok: () => ({ status: 204 }) }, async ({ a, b, members }) => {
    const detour = await openDetour(b.port, { byteByByte: true });
    try {
      members.set('b', { ...b.address, url: detour.url });
      t.is((await send(a, 'ok')).status, 204);
      await a.peers.close();
    } finally {
      await detour.close();
    }
  });
});

for (const [said, why] of [
  [[], 'says nothing'],
  [['PRI'], 'says three bytes of the preface'],
  [['PRI * HTTP/2.0\r\n\r\nSM\r\n\r'], 'says all but one'],
] as const)
  test(`threat 50: a connection that ${why} is closed after the time for fields`, async (t) => {
    await withTwo({}, async ({ b }) => {
      const connected = once(b.shell.server, 'connection');
      const answered = sendPieces(b.port, said);
      await connected;
      b.clock.advance(7_999);
      t.is(b.sockets.size, 1);
      b.clock.advance(1);
      t.regex(await answered, /^HTTP\/1\.1 408 /);
    });
  });

test('a drain lets requests of peers end, closes silent connections, and the next is told to go elsewhere', async (t) => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const slow: PeerHandler = async () => {
    arrive();
    await released;
    return { status: 200, body: Buffer.from('done') };
  };
  await withTwo({ slow }, async ({ a, b }) => {
    const connected = once(b.shell.server, 'connection');
    const silent = sendPieces(b.port, []);
    await connected;
    const asked = send(a, 'slow');
    await arrived;
    const drained = b.shell.drain(LONG_MS);
    t.is(await silent, '');
    release();
    t.is(String(await (await asked).readAll(100)), 'done');
    await drained;
    await t.throwsAsync(send(a, 'slow'), { instanceOf: PeerUnreachable });
    t.false(a.peers.isUp('b'));
  });
});

test('a reply is streamed no faster than it is read', async (t) => {
  const CHUNK = Buffer.alloc(65_536, 'x');
  const CHUNKS = 640;
  let made = 0;
  const stream: PeerHandler = () => ({
    status: 200,
    body: Readable.from(
      (function* () {
        for (; made < CHUNKS; made += 1) yield CHUNK;
      })(),
      { objectMode: false },
    ),
  });
  const openUnread = async (a: Parameters<typeof send>[0]) => {
    made = 0;
    const reply = await send(a, 'stream');
    for (let i = 0; i < 50; i++) await a.peers.ping('b');
    return { reply, unread: made };
  };
  await withTwo({ stream }, async ({ a }) => {
    const { reply, unread } = await openUnread(a);
    t.true(unread > 8 && unread < 64, `${unread} chunks made while nobody read`);
    t.is((await reply.readAll(CHUNK.length * CHUNKS)).length, CHUNK.length * CHUNKS);
    a.peers.pace('b', 16_384);
    const paced = await openUnread(a);
    t.true(paced.unread > 0 && paced.unread < 8, `${paced.unread} chunks where others are to get their turn`);
    a.peers.pace('b', 1_048_576);
    t.is((await paced.reply.readAll(CHUNK.length * CHUNKS)).length, CHUNK.length * CHUNKS);
  });
});

test('who no longer waits ends the work of the other side: before the head, and in the body', async (t) => {
  const gone: string[] = [];
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const wait: PeerHandler = async ({ signal }) => {
    begun.resolve();
    await once(signal, 'abort');
    gone.push('head');
    ended.resolve();
    throw signal.reason;
  };
  const endless: PeerHandler = () => {
    const body = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    body.once('close', () => closed.resolve());
    return { status: 200, body };
  };
  await withTwo({ wait, endless }, async ({ a, b }) => {
    const left = new AbortController();
    const asked = send(a, 'wait', undefined, left.signal);
    await begun.promise;
    left.abort(new Error('no longer wanted'));
    await t.throwsAsync(asked, { message: 'no longer wanted' });
    await ended.promise;
    t.deepEqual(gone, ['head']);
    const reply = await send(a, 'endless');
    await once(reply.body, 'readable');
    reply.body.destroy();
    await closed.promise;
    const late = new AbortController();
    const second = await send(a, 'endless', undefined, late.signal);
    late.abort(new Error('no longer wanted'));
    await t.throwsAsync(second.readAll(1e9), { message: 'no longer wanted' });
    t.is(b.sockets.size, 1);
  });
});

test('200 requests run at the same time over one session', async (t) => {
  let waiting = 0;
  const all = Promise.withResolvers<void>();
  const meet: PeerHandler = async ({ body }) => {
    waiting += 1;
    if (waiting === 200) all.resolve();
    await all.promise;
    return { status: 200, body };
  };
  await withTwo({ meet }, async ({ a, b }) => {
    const bodies = Array.from({ length: 200 }, (_, i) => Buffer.alloc(2_000, `${i} `));
    const replies = await Promise.all(bodies.map(async (body) => (await send(a, 'meet', body)).readAll(10_000)));
    t.deepEqual(replies, bodies);
    t.is(b.sockets.size, 1);
  });
});

test('a server that is killed: requests under way are lost, later ones unreachable, and it is found again', async (t) => {
  const begun = Promise.withResolvers<void>();
  const hang: PeerHandler = async () => {
    begun.resolve();
    return await new Promise(() => undefined);
  };
  const half: PeerHandler = () => ({
    status: 200,
    body: Readable.from(
      (async function* () {
        yield Buffer.from('half');
        await new Promise(() => undefined);
      })(),
    ),
  });
  await withTwo({ hang, half }, async ({ a, b, members }) => {
    const changes: string[] = [];
    const down = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    a.peers.onChange((name, isUp) => {
      changes.push(`${name} ${isUp}`);
      (isUp ? back : down).resolve();
    });
    const reply = await send(a, 'half');
    await once(reply.body, 'readable');
    const asked = send(a, 'hang');
    await begun.promise;
    await b.kill();
    await t.throwsAsync(asked, { instanceOf: PeerLost });
    await t.throwsAsync(reply.readAll(100), { instanceOf: PeerLost });
    await down.promise;
    await t.throwsAsync(send(a, 'hang'), { instanceOf: PeerUnreachable });
    const again = await startPeerNode('b', members, {
      port: b.port,
      folder: b.folder,
      routes: { ok: () => ({ status: 204 }) },
    });
    try {
      a.clock.advance(100);
      await back.promise;
      t.deepEqual(changes, ['b false', 'b true']);
      t.is((await send(a, 'ok')).status, 204);
      await a.peers.close();
    } finally {
      await again.close();
    }
  });
});

test('a server that falls silent is lost after a second of unanswered pings', async (t) => {
  const begun = Promise.withResolvers<void>();
  const hang: PeerHandler = async () => {
    begun.resolve();
    return await new Promise(() => undefined);
  };
  await withTwo({ hang }, async ({ a, b, members }) => {
    const detour = await openDetour(b.port);
    try {
      members.set('b', { ...b.address, url: detour.url });
      const asked = send(a, 'hang');
      await begun.promise;
      detour.stop();
      a.clock.advance(1_000);
      t.true(a.peers.isUp('b'));
      a.clock.advance(250);
      await t.throwsAsync(asked, { instanceOf: PeerLost });
      t.false(a.peers.isUp('b'));
      await a.peers.close();
    } finally {
      await detour.close();
    }
  });
});

test('no answer in time: lost when it was sent, unreachable when there was no session to send it on', async (t) => {
  const begun = Promise.withResolvers<void>();
  const hang: PeerHandler = async () => {
    begun.resolve();
    return await new Promise(() => undefined);
  };
  await withTwo({ hang, ok: () => ({ status: 204 }) }, async ({ a, b, members }) => {
    await send(a, 'ok');
    const asked = a.peers.send('b', { path: 'hang', signal: never, timeoutMs: 100 });
    await begun.promise;
    a.clock.advance(100);
    await t.throwsAsync(asked, { instanceOf: PeerLost, message: /in time/ });
    const detour = await openDetour(b.port);
    try {
      detour.stop();
      members.set('b', { ...b.address, url: detour.url });
      const waiting = a.peers.send('b', { path: 'ok', signal: never, timeoutMs: 100 });
      a.clock.advance(100);
      await t.throwsAsync(waiting, { instanceOf: PeerUnreachable, message: /in time/ });
      await a.peers.close();
    } finally {
      await detour.close();
    }
  });
});

test('errors of the other side are thrown again here; what is no error of the catalogue is INTERNAL', async (t) => {
  const routes: Record<string, PeerHandler> = {
    busy: () => {
      throw new GatewayError('SHED', { seconds: 3 }, { fields: Fields.from({ 'retry-after': '3' }) });
    },
    bug: () => {
      throw new TypeError('a secret of the other side');
    },
    forged: () => ({ status: 403, fields: { 'Fleet-Error': 'SHED', 'fleet-refused': '1' }, body: Buffer.from('mine') }),
    broken: () => ({
      status: 200,
      body: Readable.from(
        (function* () {
          yield Buffer.from('half');
          throw new Error('no more');
        })(),
      ),
    }),
    big: () => ({ status: 200, body: Buffer.alloc(1_000) }),
  };
  await withTwo(routes, async ({ a, b }) => {
    const busy = await t.throwsAsync(send(a, 'busy'), { instanceOf: GatewayError });
    t.is((busy as GatewayError).code, 'SHED');
    t.is(busy.message, new GatewayError('SHED', { seconds: 3 }).message);
    t.is((busy as GatewayError).fields?.get('retry-after'), '3');
    const bug = await t.throwsAsync(send(a, 'bug'), { instanceOf: GatewayError });
    t.is((bug as GatewayError).code, 'INTERNAL');
    t.false(JSON.stringify([bug.message, String(bug.cause)]).includes('secret'));
    const none = await t.throwsAsync(send(a, 'nothing/here'), { instanceOf: GatewayError });
    t.is((none as GatewayError).code, 'NOT_FOUND');
    const large = await t.throwsAsync(send(a, 'big', Buffer.alloc(1_000_001)), { instanceOf: GatewayError });
    t.is((large as GatewayError).code, 'BODY_TOO_LARGE');
    // A set's own 403 is no refusal, whatever it says.
    const forged = await send(a, 'forged');
    t.deepEqual([forged.status, String(await forged.readAll(10))], [403, 'mine']);
    await t.throwsAsync(async () => (await send(a, 'broken')).readAll(10), { instanceOf: PeerLost });
    await t.throwsAsync(async () => (await send(a, 'big')).readAll(999), { instanceOf: RangeError });
    t.is((await (await send(a, 'big')).readAll(1_000)).length, 1_000);
    t.is(b.sockets.size, 1);
  });
});

test('a member that moved or changed its key is met anew; who is no member, and this server itself, are not asked', async (t) => {
  const routes = { ok: () => ({ status: 204 }) };
  await withTwo(routes, async ({ a, b, members }) => {
    await send(a, 'ok');
    members.delete('b');
    await t.throwsAsync(send(a, 'ok'), { instanceOf: PeerUnreachable });
    await t.throwsAsync(a.peers.send('a', { path: 'ok', signal: never, timeoutMs: LONG_MS }), {
      instanceOf: PeerUnreachable,
    });
    // Another server that took over the name and the address of the first.
    members.set('b', { ...b.address, key: a.key.publicKey });
    await t.throwsAsync(send(a, 'ok'), { instanceOf: PeerRefused, message: /it is not b who answers/ });
    const moved = await startPeerNode('b', members, { routes });
    try {
      t.is((await send(a, 'ok')).status, 204);
      t.is(moved.sockets.size, 1);
      await a.peers.close();
    } finally {
      await moved.close();
    }
  });
});

test('threat 4: a member list cannot make a server talk to its own listeners', async (t) => {
  await withTwo({}, async ({ a, b, members }) => {
    members.set('b', { ...b.address, url: a.address.url });
    const error = await t.throwsAsync(send(a, 'ok'), { instanceOf: PeerUnreachable });
    t.is((error.cause as GatewayError).code, 'BLOCKED_TARGET');
    t.is(a.sockets.size, 0);
  });
});

test('peers talk over TLS where their address is https', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const { cert, key } = issueCertificate({ name: '127.0.0.1' });
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(tls.cert, cert);
  writeFileSync(tls.key, key);
  try {
    const ok: PeerHandler = ({ from }) => ({ status: 200, body: Buffer.from(from) });
    await withTwo(
      { ok },
      async ({ a, b }) => {
        t.regex(b.address.url, /^https:/);
        t.is(String(await (await send(a, 'ok')).readAll(10)), 'a');
        await a.peers.close();
      },
      { tls, authorities: cert },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('sessions are kept warm where that is wished, and opened again when they are lost', async (t) => {
  await withTwo({}, async ({ a, b }) => {
    const connected = once(b.shell.server, 'connection');
    a.peers.keepWarm(['b']);
    await connected;
    t.true((await a.peers.ping('b')) >= 0);
    const down = new Promise<void>((resolve) => a.peers.onChange((_, isUp) => isUp || resolve()));
    for (const socket of b.sockets) socket.resetAndDestroy();
    await down;
    const reconnected = once(b.shell.server, 'connection');
    const up = new Promise<void>((resolve) => a.peers.onChange((_, isUp) => isUp && resolve()));
    a.clock.advance(100);
    await reconnected;
    await up;
    t.true(a.peers.isUp('b'));
  });
});

test('a node key is made once, for its owner alone, and nothing else is taken for one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'key-'));
  try {
    const first = readOrMakeNodeKey(folder);
    const second = readOrMakeNodeKey(folder);
    t.is(first.publicKey, second.publicKey);
    t.regex(first.publicKey, /^ed25519:[\w-]{43}$/);
    t.is(statSync(join(folder, 'node.key')).mode & 0o777, 0o600);
    t.true(verifyBy(first.publicKey, 'text', second.sign('text')));
    t.false(verifyBy(first.publicKey, 'other', first.sign('text')));
    t.false(verifyBy('ed25519:short', 'text', first.sign('text')));
    t.false(verifyBy(first.publicKey, 'text', 'short'));
    t.false(readFileSync(join(folder, 'node.key'), 'utf8').includes(first.publicKey.slice(8)));
    writeFileSync(join(folder, 'node.key'), 'short\n');
    t.throws(() => readOrMakeNodeKey(folder), { message: /must hold 32 bytes/ });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A hand-made client: says what a proper one never would. */
async function withSession(url: string, work: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const session = connectHttp2(url);
  try {
    await work(session);
  } finally {
    session.destroy();
  }
}

async function askBy(
  session: ClientHttp2Session,
  fields: Readonly<Record<string, string>>,
  body?: string | Buffer,
): Promise<{ status: number; text: string }> {
  const stream = session.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
  return { status: Number(head[':status']), text: await text(stream) };
}

const NONCE = 'n'.repeat(43);

async function greet(
  session: ClientHttp2Session,
  hello: Record<string, unknown>,
): Promise<Greeted & { proof: string }> {
  const { status, text: said } = await askBy(
    session,
    { ':method': 'POST', ':path': '/-/fleet/hello' },
    JSON.stringify({ nonce: NONCE, ...hello }),
  );
  if (status !== 200) throw new Error(`${status} ${said}`);
  const { node, nonce, proof } = JSON.parse(said);
  return { client: String(hello['node']), server: node, clientNonce: NONCE, serverNonce: nonce, proof };
}

interface Wish {
  readonly counter: number;
  readonly key: NodeKey;
  readonly body?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

function signed(greeted: Greeted, { counter, key, body = '', fields = {} }: Wish): Record<string, string> {
  const [method, path] = ['POST', '/-/fleet/count'];
  const bodyDigest = digestOfBody(Buffer.from(body));
  const signature = key.sign(requestText(greeted, { counter, method, path, fields, bodyDigest }));
  const auth = formatAuth({ node: greeted.client, counter, bodyDigest, signature });
  return { ':method': method, ':path': path, ...fields, 'fleet-auth': auth };
}

test('threat 67: what is not signed by a member for this server and this connection is refused, nothing done', async (t) => {
  let done = 0;
  const count: PeerHandler = () => {
    done += 1;
    return { status: 204 };
  };
  await withTwo({ count }, async ({ a, b, members }) => {
    const { url } = b.address;
    const plain = await ask(url, '/-/fleet/count', { method: 'POST', body: 'x' });
    t.deepEqual([plain.status, plain.fields['www-authenticate']], [401, 'Fleet']);
    t.is((await ask(url, '/-/fleet/hello', { method: 'POST', body: '{}' })).status, 401);
    await withSession(url, async (session) => {
      const refused = async (status: number, why: RegExp, fields: Record<string, string>, body = '') => {
        const reply = await askBy(session, fields, body);
        t.is(reply.status, status, String(why));
        t.regex(reply.text, why);
      };
      const path = { ':method': 'POST', ':path': '/-/fleet/count' };
      await refused(401, /begins with hello/, path);
      await refused(401, /begins with hello/, path, 'x'.repeat(100_000));
      await refused(401, /no hello/, { ...path, ':path': '/-/fleet/hello' }, '[]');
      await t.throwsAsync(greet(session, { node: 'a', to: 'c' }), { message: /403 .*another server/ });
      await t.throwsAsync(greet(session, { node: 'x', to: 'b' }), { message: /403 .*no member/ });
      await t.throwsAsync(greet(session, { node: 'a', to: 'b', nonce: 'short' }), { message: /401 .*no hello/ });
      const greeted = await greet(session, { node: 'a', to: 'b' });
      t.true(verifyBy(b.key.publicKey, helloText(greeted), greeted.proof));
      await t.throwsAsync(greet(session, { node: 'a', to: 'b' }), { message: /403 .*one hello/ });
      await refused(401, /missing or malformed/, path);
      await refused(401, /missing or malformed/, { ...path, 'fleet-auth': 'node=a; n=1' });
      await refused(403, /signature/, signed(greeted, { counter: 1, key: b.key }));
      const other = { ...greeted, client: 'b' };
      await refused(403, /another server said hello/, signed(other, { counter: 1, key: b.key }));
      await refused(403, /signature/, signed({ ...greeted, server: 'c' }, { counter: 1, key: a.key }));
      t.is(done, 0);
      const good = signed(greeted, { counter: 5, key: a.key, body: 'words', fields: { 'x-a': '1' } });
      await refused(403, /signature/, { ...good, 'x-a': '2' }, 'words');
      await refused(403, /signature/, { ...good, ':path': '/-/fleet/other' }, 'words');
      await refused(403, /signature/, { ...good, ':method': 'PUT' }, 'words');
      await refused(403, /the body is not/, signed(greeted, { counter: 4, key: a.key, body: 'words' }), 'other');
      t.is(done, 0);
      t.is((await askBy(session, good, 'words')).status, 204);
      t.is(done, 1);
      await refused(403, /asked before/, good, 'words');
      await refused(403, /asked before/, signed(greeted, { counter: 3, key: a.key }));
      await withSession(url, async (second) => {
        t.is((await askBy(second, good, 'words')).status, 401);
        await greet(second, { node: 'a', to: 'b' });
        const replayed = await askBy(second, good, 'words');
        t.is(replayed.status, 403);
        t.regex(replayed.text, /signature/);
      });
      members.delete('a');
      await refused(403, /no member/, signed(greeted, { counter: 9, key: a.key }));
      t.is(done, 1);
    });
  });
});

test('threat 67: a refusal reaches the asker as such, and says no more than why', async (t) => {
  await withTwo({ ok: () => ({ status: 204 }) }, async ({ a, b, members }) => {
    await send(a, 'ok');
    const mine = members.get('a')!;
    members.set('a', { ...mine, key: b.key.publicKey });
    await t.throwsAsync(send(a, 'ok'), { instanceOf: PeerRefused, message: 'Refused: the signature is wrong.' });
    members.set('a', mine);
    t.is((await send(a, 'ok')).status, 204);
  });
});

test('what lies below /-/fleet/ on a host that is not our own is for clients', async (t) => {
  await withTwo({}, async ({ b }) => {
    const elsewhere = { fields: { host: 'shop.example' } };
    t.is((await ask(b.address.url, '/-/fleet/hello', elsewhere)).text, 'for clients');
    t.is((await ask(b.address.url, '/-/fleets')).text, 'for clients');
    t.is((await ask(b.address.url, '/-/fleet/x')).status, 401);
  });
});
