/** WebSocket, event streams and uploads: what is passed on as it comes (RFC 6455, issue of back-pressure; threats 1, 13, 14, 17, 20, 23). */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { request as requestTls } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { subdomainOf } from '../core/links/address-map.ts';
import { issueCertificate } from './support/certificate.ts';
import { CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { type WorldOptions, withWorld } from './support/gateway.ts';

const SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

interface EchoOrigin {
  readonly url: string;
  readonly asked: IncomingMessage[];
  readonly open: Set<Duplex>;
  close(): Promise<void>;
}

/** An origin that switches and sends back every byte; `/wrong` switches to nonsense, `/no` refuses, `/mute` stays silent. */
async function openEcho(): Promise<EchoOrigin> {
  const asked: IncomingMessage[] = [];
  const open = new Set<Duplex>();
  const server: Server = createServer((message, response) => {
    asked.push(message);
    response.writeHead(200, { 'content-type': 'text/plain' }).end('no socket');
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    asked.push(message);
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    if (message.url === '/mute') return;
    if (message.url === '/no') {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nno',
      );
      return;
    }
    const key = message.url === '/wrong' ? 'other' : message.headers['sec-websocket-key'];
    const accept = createHash('sha1').update(`${key}${SALT}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nSet-Cookie: sid=1; Path=/; SameSite=Lax\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello`,
    );
    if (head.length > 0) socket.write(head);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    open,
    async close() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Handshake {
  readonly status: number;
  readonly fields: IncomingHttpHeaders;
  readonly socket: Socket | undefined;
  readonly head: string;
}

/** Asks for WebSocket; the socket must be destroyed. */
function shakeHands(
  gateway: string,
  path: string,
  fields: Readonly<Record<string, string | undefined>> = {},
): Promise<Handshake> {
  const { protocol, hostname, port } = new URL(gateway);
  const wanted = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...fields,
  };
  const headers = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return new Promise((resolve, reject) => {
    const ask = protocol === 'https:' ? requestTls : request;
    const sent = ask({ host: hostname, port, path, headers, agent: false, rejectUnauthorized: false });
    sent.on('error', reject);
    sent.on('upgrade', (message, socket, head) => {
      resolve({ status: 101, fields: message.headers, socket, head: head.toString() });
    });
    sent.on('response', (message) => {
      message.on('error', () => undefined).resume();
      resolve({ status: message.statusCode!, fields: message.headers, socket: undefined, head: '' });
    });
    sent.end();
  });
}

/** Writes and waits until as much has come back. */
async function echo({ socket, head }: Handshake, text: string): Promise<string> {
  let seen = head;
  socket!.write(text);
  while (!seen.endsWith(text)) seen += String((await once(socket!, 'data'))[0]);
  return seen;
}

type Bed = { readonly world: Parameters<Parameters<typeof withWorld>[1]>[0]; readonly echoing: EchoOrigin };

const withEcho = async (
  options: WorldOptions | ((echoUrl: string) => Promise<WorldOptions>),
  work: (bed: Bed) => Promise<void>,
) => {
  const echoing = await openEcho();
  try {
    const made = typeof options === 'function' ? await options(echoing.url) : options;
    await withWorld(made, (world) => work({ world, echoing }));
  } finally {
    await echoing.close();
  }
};

async function siteOf(upstream: string): Promise<WorldOptions> {
  const folder = await mkdtemp(join(tmpdir(), 'upgrade-'));
  await writeFile(join(folder, 'sites.json'), JSON.stringify([{ host: 'site.test', upstream }]));
  return { environment: { SITES: join(folder, 'sites.json') } };
}

test('reverse mode passes a WebSocket on: whose page asks, no field of a connection, none of our cookies (P-1, threats 20, 23)', (t) =>
  withEcho(siteOf, async ({ world, echoing }) => {
    const shaken = await shakeHands(world.server.origin, '/chat?room=1', {
      host: 'site.test',
      origin: 'http://site.test',
      cookie: 'own=1; format-session=abcdefghijklmnopqrst',
      connection: 'Upgrade, X-Mine',
      'x-mine': '1',
      'proxy-authorization': 'Basic eDp5',
      'sec-websocket-protocol': 'chat',
    });
    t.is(shaken.status, 101);
    t.is(await echo(shaken, 'over and over'), 'helloover and over');
    const [{ headers, url } = {} as IncomingMessage] = echoing.asked;
    t.is(url, '/chat?room=1');
    t.is(headers.origin, 'http://site.test');
    t.is(headers.cookie, 'own=1');
    t.is(headers['sec-websocket-protocol'], 'chat');
    t.is(headers['x-mine'], undefined);
    t.is(headers['proxy-authorization'], undefined);
    t.regex(String(headers.via), /^1\.1 gw-/);
    t.is(shaken.fields['x-hop'], undefined);
    t.regex(String(shaken.fields.via), /gw-/);
    t.regex(String(shaken.fields['set-cookie']), /^sid=1/);
    const closed = [...echoing.open].map((each) => once(each, 'close'));
    shaken.socket!.destroy();
    await Promise.all(closed);
  }));

test('forward mode passes a WebSocket on by absolute-form, of http and of ws (P-18)', (t) =>
  withEcho({}, async ({ world, echoing }) => {
    for (const target of [echoing.url, echoing.url.replace('http', 'ws')]) {
      const shaken = await shakeHands(world.server.origin, `${target}/a`, { host: new URL(echoing.url).host });
      t.is(await echo(shaken, 'x'), 'hellox');
      shaken.socket!.destroy();
    }
  }));

test('prefix mode passes a WebSocket on by its address; a page nobody knows has no origin and no cookies (threat 23)', (t) =>
  withEcho({}, async ({ world, echoing }) => {
    const shaken = await shakeHands(world.server.origin, `/${echoing.url.replace('http', 'ws')}/a`, {
      origin: 'http://evil.test',
    });
    t.is(await echo(shaken, 'x'), 'hellox');
    t.is(echoing.asked[0]?.headers.origin, 'null');
    t.regex(String(shaken.fields['set-cookie']), /^format-jar=/);
    shaken.socket!.destroy();
  }));

test('on a subdomain a WebSocket has the origin and the jar of its page; another page has none of it (threats 23, 24)', (t) =>
  withEcho(
    { environment: { SUBDOMAINS: 'sites.test', PUBLIC_URL: 'http://gateway.test' } },
    async ({ world, echoing }) => {
      const own = subdomainOf('http://sites.test', echoing.url)!;
      const host = new URL(own).host;
      const first = await shakeHands(world.server.origin, '/a', { host, origin: own });
      const cookie = String(first.fields['set-cookie']).split(';')[0]!;
      first.socket!.destroy();
      const evil = subdomainOf('http://sites.test', 'http://evil.test')!;
      for (const [origin, expected] of [
        [own, 'sid=1'],
        [evil, undefined],
      ] as const) {
        const shaken = await shakeHands(world.server.origin, '/a', { host, origin, cookie });
        t.is(echoing.asked.at(-1)?.headers.cookie, expected);
        shaken.socket!.destroy();
      }
      t.is(echoing.asked.at(-1)?.headers.origin, 'http://evil.test');
    },
  ));

test('over TLS too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'upgrade-tls-'));
  try {
    const issued = issueCertificate({ name: '127.0.0.1' });
    const files = { TLS_CERT: join(folder, 'cert.pem'), TLS_KEY: join(folder, 'key.pem'), TLS_PORT: '0' };
    await writeFile(files.TLS_CERT, issued.cert);
    await writeFile(files.TLS_KEY, issued.key);
    await withEcho({ environment: files }, async ({ world, echoing }) => {
      const shaken = await shakeHands(world.server.secureOrigin!, `/${echoing.url}/a`);
      t.is(await echo(shaken, 'x'), 'hellox');
      shaken.socket!.destroy();
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

for (const [path, fields, status, proxyStatus] of [
  ['/{echo}/no', {}, 403, undefined],
  ['/{echo}/wrong', {}, 502, /error=http_protocol_error/],
  ['/http://127.0.0.1:1/', {}, 502, /error=connection_refused/],
  ['/http://10.1.2.3/', {}, 403, /error=destination_ip_prohibited/],
  ['/http://8.8.8.8:25/', {}, 403, undefined],
  ['/{echo}/a', { 'sec-websocket-version': '8' }, 400, undefined],
  ['/{echo}/a', { 'sec-websocket-key': 'short' }, 400, undefined],
  ['/-/settings', {}, 400, undefined],
  ['/-/as/lite/{echo}/a', {}, 400, undefined],
  ['/{echo}/a', { host: 'other.test' }, 421, undefined],
  ['/{echo}/a', { via: '1.1 {own}' }, 508, /error=proxy_loop_detected/],
] as const)
  test(`a handshake for ${path} with ${JSON.stringify(fields)} is ${status}, and the connection ends (threats 1, 4, 6, 16, 17)`, (t) =>
    withEcho({}, async ({ world, echoing }) => {
      const { fields: seen } = await world.get(`/${echoing.url}/plain`);
      const own = /gw-[0-9a-f]+/.exec(String(seen.via))![0];
      const before = echoing.asked.length;
      const sent = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, value.replace('{own}', own)]),
      );
      const shaken = await shakeHands(world.server.origin, path.replace('{echo}', echoing.url), sent);
      t.is(shaken.status, status);
      t.is(shaken.fields.connection, 'close');
      t.is(shaken.fields['x-hop'], undefined);
      if (proxyStatus !== undefined) t.regex(String(shaken.fields['proxy-status']), proxyStatus);
      t.is(echoing.asked.length - before, path.endsWith('no') || path.endsWith('wrong') ? 1 : 0);
    }));

test('who asks for another protocol, or by POST, gets an ordinary answer, and the origin is not asked for it (P-1, threat 18)', (t) =>
  withEcho({}, async ({ world, echoing }) => {
    for (const upgrade of ['h2c', 'websocket, h2c', 'foo']) {
      const { status } = await shakeHands(world.server.origin, `/${echoing.url}/a`, { upgrade });
      t.is(status, 200);
      t.is(echoing.asked.at(-1)?.headers.upgrade, undefined);
    }
  }));

test('a client has a bounded number of WebSockets; one that ends makes room (threat 14)', (t) =>
  withEcho({ environment: { SOCKETS_PER_CLIENT: '2' } }, async ({ world, echoing }) => {
    const ask = () => shakeHands(world.server.origin, `/${echoing.url}/a`);
    const [one, two] = [await ask(), await ask()];
    const refused = await ask();
    t.is(refused.status, 429);
    t.truthy(refused.fields['retry-after']);
    const closed = [...echoing.open].map((each) => once(each, 'close'));
    one.socket!.destroy();
    await Promise.race(closed);
    const third = await ask();
    t.is(third.status, 101);
    for (const each of [two, third]) each.socket!.destroy();
  }));

test('WebSockets and tunnels are in the traffic figures once they have ended, with what came through them', (t) =>
  withEcho(
    (url) => Promise.resolve({ environment: { CONNECT_PORTS: new URL(url).port } }),
    async ({ world, echoing }) => {
      const { host, hostname, port } = new URL(echoing.url);
      const shaken = await shakeHands(world.server.origin, `/${echoing.url}/a`, CLIENTS.kaios);
      t.is(await echo(shaken, 'x'.repeat(1_000)), `hello${'x'.repeat(1_000)}`);
      shaken.socket!.destroy();
      const proxy = new URL(world.server.origin);
      const tunnel = request({
        host: proxy.hostname,
        port: proxy.port,
        method: 'CONNECT',
        path: `${hostname}:${port}`,
      });
      tunnel.end();
      const [, socket] = (await once(tunnel, 'connect')) as [IncomingMessage, Socket];
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      let said = '';
      for await (const chunk of socket) said += String(chunk);
      t.regex(said, /no socket/);
      let exchanges: { status: number; bytesSent: number; mode: string; host: string; class: string }[] = [];
      while (exchanges.length < 2)
        exchanges = JSON.parse(
          (await world.admin('/api/traffic', { fields: { accept: 'application/json' } })).text,
        ).exchanges;
      const found = exchanges.map(({ status, bytesSent, mode, host: of, class: kind }) => [
        status,
        bytesSent,
        mode,
        of,
        kind,
      ]);
      t.deepEqual(
        found.sort(([a], [b]) => Number(a) - Number(b)),
        [
          [101, 1_005, 'prefix', host, 'feature-phone'],
          [200, said.length, 'forward', host, 'unknown'],
        ],
      );
    },
  ));

test('who is not let in has no WebSocket either (threat 13)', (t) =>
  withEcho({ environment: { CLIENTS_ALLOW: '10.9.9.9' } }, async ({ world, echoing }) => {
    t.is((await shakeHands(world.server.origin, `/${echoing.url}/a`)).status, 403);
    t.is((await shakeHands(world.server.origin, `${echoing.url}/a`)).status, 407);
    t.is(echoing.asked.length, 0);
  }));

test('a silent origin is a 504, and a WebSocket without traffic ends (threat 47)', async (t) => {
  const clock = new FakeClock();
  await withEcho({ clock }, async ({ world, echoing }) => {
    const waiting = shakeHands(world.server.origin, `/${echoing.url}/mute`);
    while (echoing.open.size === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(11_000);
    const late = await waiting;
    t.is(late.status, 504);
    t.regex(String(late.fields['proxy-status']), /error=http_response_timeout/);
    const shaken = await shakeHands(world.server.origin, `/${echoing.url}/a`);
    await echo(shaken, 'x');
    clock.advance(30_000);
    await echo(shaken, 'y');
    clock.advance(40_000);
    await echo(shaken, 'z');
    const closed = once(shaken.socket!, 'close');
    clock.advance(61_000);
    await closed;
    t.pass();
  });
});

test('events of a stream arrive as they come, compressed by the origin or not (issue 8)', (t) =>
  withWorld({}, async ({ origin, server }) => {
    for (const coded of [false, true]) {
      let send = (_: string) => {};
      origin.on('/events', (_, response) => {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          ...(coded ? { 'content-encoding': 'gzip' } : {}),
        });
        send = (text) => response.write(coded ? gzipSync(text) : text);
        send('data: 1\n\n');
      });
      for (const path of [`/${origin.url}/events`, `${origin.url}/events`]) {
        const { hostname, port } = new URL(server.origin);
        const sent = request({
          host: hostname,
          port,
          path,
          headers: { ...CLIENTS.desktop, accept: 'text/event-stream' },
          agent: false,
        });
        sent.end();
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        t.is(response.headers['content-encoding'], undefined);
        t.is(String((await once(response, 'data'))[0]), 'data: 1\n\n');
        send('data: 2\n\n');
        t.is(String((await once(response, 'data'))[0]), 'data: 2\n\n');
        sent.destroy();
      }
    }
  }));

test('an upload waits for its origin: what the gateway holds is bounded (back-pressure)', async (t) => {
  const total = 60_000_000;
  const slow = createServer();
  const asked = once(slow, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  slow.listen(0, '127.0.0.1');
  await once(slow, 'listening');
  try {
    await withWorld({}, async (world) => {
      const { hostname, port } = new URL(world.server.origin);
      const target = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/up`;
      const sent = request({
        host: hostname,
        port,
        path: target,
        method: 'POST',
        headers: { 'content-length': total },
        agent: false,
      });
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      const chunk = Buffer.alloc(500_000);
      let written = 0;
      const fill = () => {
        while (written < total) {
          written += chunk.byteLength;
          if (!sent.write(chunk)) return;
        }
        sent.end();
      };
      sent.on('drain', fill);
      fill();
      const [message, response] = await asked;
      // The origin reads nothing: once what lies between is full, the client is not asked for more.
      for (let before = -1; before !== written; ) {
        before = written;
        for (let i = 0; i < 30; i++) await world.get('/-/healthz');
      }
      t.true(written < 40_000_000, `${written} bytes were taken while the origin read nothing`);
      let received = 0;
      for await (const part of message as AsyncIterable<Buffer>) received += part.byteLength;
      response.end(String(received));
      const [reply] = await answered;
      t.is(String((await once(reply, 'data'))[0]), String(total));
    });
  } finally {
    slow.closeAllConnections();
    slow.close();
  }
});
