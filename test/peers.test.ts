/** Servers of a fleet talk: one port for HTTP/1.1 and HTTP/2, signed requests over one warm session (threat 67). */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import test from 'ava';
import { ask } from './support/client.ts';
import { type Members, type PeerNode, startPeerNode } from './support/peer-node.ts';

const never = new AbortController().signal;

/** Two servers of one fleet; `b` has the routes. */
async function withTwo(
  routes: Parameters<typeof startPeerNode>[2],
  work: (nodes: { a: PeerNode; b: PeerNode; members: Members }) => Promise<void>,
): Promise<void> {
  const members: Members = new Map();
  const a = await startPeerNode('a', members);
  const b = await startPeerNode('b', members, routes);
  try {
    await work({ a, b, members });
  } finally {
    await a.close();
    await b.close();
  }
}

test('a request of another server arrives whole, with its sender, and the reply comes back whole', async (t) => {
  const seen: unknown[] = [];
  await withTwo(
    {
      echo: ({ from, method, path, query, fields, body }) => {
        seen.push({ from, method, path, query: [...query], field: fields['x-a'] });
        return { status: 203, fields: { 'x-b': 'caf\u00e9' }, body };
      },
    },
    async ({ a }) => {
      const body = Buffer.from('words');
      const reply = await a.peers.send('b', {
        path: 'echo/x%20y?q=1',
        fields: { 'X-A': 'gr\u00fcn' },
        body,
        signal: never,
        timeoutMs: 1_000,
      });
      t.is(reply.status, 203);
      t.is(reply.fields['x-b'], 'caf\u00e9');
      t.deepEqual(await reply.readAll(100), body);
      t.deepEqual(seen, [{ from: 'a', method: 'POST', path: '/x%20y', query: [['q', '1']], field: 'gr\u00fcn' }]);
      t.true((await a.peers.ping('b')) >= 0);
    },
  );
});

test('HTTP/1.1 and HTTP/2 by prior knowledge are served on one port (RFC 9113 3.4)', async (t) => {
  await withTwo({}, async ({ b }) => {
    t.is((await ask(b.address.url, '/')).text, 'for clients');
    const session = connectHttp2(b.address.url);
    try {
      const stream = session.request({ ':path': '/' });
      t.is((await once(stream, 'response'))[0][':status'], 200);
      t.is(await text(stream), 'for clients');
    } finally {
      session.destroy();
    }
    // The first bytes of both are the same for a while.
    const slow = await say(b, [
      'P',
      'OST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 2\r\nConnection: close\r\n',
      '\r\nab',
    ]);
    t.regex(slow, /^HTTP\/1\.1 200 .*for clients$/s);
    t.regex(await say(b, ['PRIX / HTTP/1.1\r\n\r\n']), /^HTTP\/1\.1 400 /);
    t.regex(await say(b, ['CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n']), /^HTTP\/1\.1 200 Connection/);
  });
});

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Says these pieces one by one, each once the last has left; resolves to all that came back. */
async function say({ port }: PeerNode, pieces: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const answered = text(socket);
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => setImmediate(resolve)));
  }
  return await answered;
}
