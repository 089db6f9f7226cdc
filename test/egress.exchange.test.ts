import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { removeHopByHop } from '../core/hop-by-hop.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { issueCertificate } from './support/certificate.ts';
import { codeOf, openTestEgress, send, textOf } from './support/open-egress.ts';
import { openRawOrigin } from './support/raw-origin.ts';

import { openTrap } from './support/trap.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('threats 3, 23: redirects are checked hop by hop, and secrets stay with their origin', async (t) => {
  const trap = await openTrap();
  const other = await openRawOrigin((socket) => socket.write(OK));
  const origin = await openRawOrigin((socket, head) => {
    const [, status, location] = /^\S+ \/(\d+)\/(\S*)/.exec(head)!;
    if (status === '200') socket.write(OK);
    else
      socket.write(`HTTP/1.1 ${status} Go\r\nLocation: ${decodeURIComponent(location!)}\r\nContent-Length: 0\r\n\r\n`);
  });
  const egress = openTestEgress({ UPSTREAM_ALLOW: `127.0.0.1:${origin.port},127.0.0.1:${other.port}` });
  const to = (status: number, location: string) => new URL(`/${status}/${encodeURIComponent(location)}`, origin.url);
  const secrets = { cookie: 'a=1', authorization: 'Basic x', 'x-other': 'y' };
  try {
    for (const status of [301, 302, 303, 307, 308]) {
      const url = to(status, `http://127.0.0.1:${trap.port}/`);
      t.is(await codeOf(send(egress, url, { followRedirects: 'any' })), 'BLOCKED_TARGET', String(status));
      t.is(await codeOf(send(egress, to(status, 'file:///etc/passwd'), { followRedirects: 'any' })), 'BAD_TARGET');
      t.is((await send(egress, url)).status, status);
      t.is((await send(egress, to(status, '/200/'), { followRedirects: 'same' })).status, 200);
      t.is((await send(egress, to(status, other.url.href), { followRedirects: 'same' })).status, status);
      const far = await send(egress, to(status, other.url.href), { followRedirects: 'any', fields: secrets });
      t.is(far.url.href, other.url.href);
      t.regex(other.requests.at(-1)!, /x-other: y/);
      t.notRegex(other.requests.at(-1)!, /cookie|authorization/i);
      await send(egress, to(status, '/200/'), { followRedirects: 'any', fields: secrets });
      t.regex(origin.requests.at(-1)!, /cookie: a=1/);
    }
    t.is(trap.hits(), 0);
    const post = {
      method: 'POST',
      body: Buffer.from('x=1'),
      followRedirects: 'any',
      fields: { 'content-type': 'a/b' },
    } as const;
    await send(egress, to(302, '/200/'), post);
    t.regex(origin.requests.at(-1)!, /^GET /);
    t.notRegex(origin.requests.at(-1)!, /content-type/);
    await send(egress, to(307, '/200/'), post);
    t.regex(origin.requests.at(-1)!, /^POST [\s\S]*content-length: 3/);
    const before = origin.requests.length;
    t.is(await codeOf(send(egress, to(302, '/302/%2f302%2f'), { followRedirects: 'any' })), 'UPSTREAM_REDIRECTS');
    t.is(origin.requests.length - before, 6);
  } finally {
    await egress.close();
    await Promise.all([origin.close(), other.close()]);
    trap.server.close();
  }
});

test('threat 12: certificates are verified, always', async (t) => {
  const authority = issueCertificate({ name: 'Test Authority', isAuthority: true });
  const stranger = issueCertificate({ name: 'Strange Authority', isAuthority: true });
  const cases: [title: string, issued: { key: string; cert: string }, host: string, expected: RegExp | undefined][] = [
    ['good', issueCertificate({ name: 'good.example', by: authority }), 'good.example', undefined],
    ['address', issueCertificate({ name: '127.0.0.1', by: authority }), '127.0.0.1', undefined],
    [
      'expired',
      issueCertificate({ name: 'good.example', by: authority, endsIn: -86_400_000 }),
      'good.example',
      /expired/,
    ],
    ['wrong host', issueCertificate({ name: 'good.example', by: authority }), 'bad.example', /another name/],
    ['wrong address', issueCertificate({ name: 'good.example', by: authority }), '127.0.0.1', /another name/],
    ['self-signed', issueCertificate({ name: 'good.example' }), 'good.example', /signed by itself/],
    [
      'unknown authority',
      issueCertificate({ name: 'good.example', by: stranger }),
      'good.example',
      /authority is not known/,
    ],
  ];
  for (const [title, issued, host, expected] of cases) {
    const servernames: (string | false | null)[] = [];
    const server = createTlsServer(issued, (_, response) => response.end('ok'));
    server.on('secureConnection', (socket) => servernames.push(socket.servername));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const egress = openTestEgress(
      { UPSTREAM_ALLOW: '127.0.0.1' },
      { authorities: authority.cert, resolve: async () => ['127.0.0.1'] },
    );
    const url = `https://${host}:${(server.address() as AddressInfo).port}/`;
    try {
      if (expected === undefined) {
        t.is(await textOf(await send(egress, url)), 'ok', title);
        t.deepEqual(servernames, [host === '127.0.0.1' ? false : host]);
      } else {
        const error = await t.throwsAsync(send(egress, url), { instanceOf: GatewayError });
        t.is(error?.code, 'UPSTREAM_TLS', title);
        t.regex(error?.message ?? '', expected);
      }
    } finally {
      await egress.close();
      server.closeAllConnections();
      server.close();
    }
  }
});

test('threat 12: a server without TLS there is 502 too', async (t) => {
  const origin = await openRawOrigin(() => {});
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const egress = openTestEgress({ UPSTREAM_ALLOW: '127.0.0.1' });
  try {
    t.is(await codeOf(send(egress, `https://127.0.0.1:${(server.address() as AddressInfo).port}/`)), 'UPSTREAM_TLS');
  } finally {
    await egress.close();
    await origin.close();
    server.close();
  }
});

test('threat 11, P-16: tunnels go to CONNECT_PORTS and public or allowed addresses alone', async (t) => {
  const trap = await openTrap();
  const closed = openTestEgress(
    { UPSTREAM_PORTS: String(trap.port), CONNECT_PORTS: '443' },
    { resolve: async () => ['127.0.0.1'] },
  );
  const open = openTestEgress(
    { UPSTREAM_ALLOW: `tunnel.example:${trap.port}` },
    { resolve: async () => ['127.0.0.1'] },
  );
  try {
    for (const [host, port] of [
      ['public.example', trap.port],
      ['127.0.0.1', 443],
      ['public.example', 443],
      ['[::1]', 443],
    ] as const)
      t.is(await codeOf(closed.openTunnel({ host, port })), 'BLOCKED_TARGET');
    t.is(trap.hits(), 0);
    const socket = await open.openTunnel({ host: 'tunnel.example', port: trap.port });
    const [bytes] = await once(socket, 'data');
    t.regex(String(bytes), /^HTTP\/1\.1 200/);
    socket.destroy();
  } finally {
    await Promise.all([closed.close(), open.close()]);
    trap.server.close();
  }
});

test('a dead address does not keep the next one from being tried', async (t) => {
  const origin = await openRawOrigin((socket) => socket.write(OK));
  const egress = openTestEgress(
    { UPSTREAM_ALLOW: '127.0.0.0/8' },
    { resolve: async () => ['127.0.0.77', '127.0.0.1'] },
  );
  try {
    const response = await send(egress, `http://two.example:${origin.port}/`);
    t.is(response.remote, '127.0.0.1');
    t.is(await textOf(response), 'ok');
  } finally {
    await egress.close();
    await origin.close();
  }
});

test('P-1, threat 20: hop-by-hop fields and those Connection names go, but never what guards the message', (t) => {
  const fields = Fields.from(
    [
      ['Connection', 'close, X-Hop, Authorization, Cookie, Host, Cache-Control, Set-Cookie, Content-Type'],
      ['Connection', 'X-Second'],
      ...[
        'X-Hop',
        'X-Second',
        'Keep-Alive',
        'Proxy-Connection',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Upgrade',
        'HTTP2-Settings',
      ],
      ...['Proxy-Authorization', 'Proxy-Authenticate', 'Proxy-Authentication-Info'],
      ...['Authorization', 'Cookie', 'Host', 'Cache-Control', 'Set-Cookie', 'Content-Type', 'X-Kept'],
    ].map((each) => (typeof each === 'string' ? [each, 'v'] : each)) as [string, string][],
  );
  t.deepEqual(removeHopByHop(fields).names(), [
    'authorization',
    'cookie',
    'host',
    'cache-control',
    'set-cookie',
    'content-type',
    'x-kept',
  ]);
});

test('P-1: nothing hop-by-hop crosses towards the origin or back', async (t) => {
  const answer =
    'HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=9\r\nUpgrade: h2c\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nok';
  const origin = await openRawOrigin((socket) => socket.write(answer));
  const egress = openTestEgress({ UPSTREAM_ALLOW: '127.0.0.1' });
  const fields = {
    connection: 'x-mine',
    'x-mine': '1',
    te: 'trailers',
    upgrade: 'h2c',
    'proxy-authorization': 's',
    expect: '100-continue',
    'transfer-encoding': 'chunked',
    'x-kept': '2',
  };
  try {
    const response = await send(egress, origin.url, { fields });
    t.deepEqual(response.fields.names(), ['x-kept', 'content-length']);
    t.deepEqual(
      origin.requests[0]!.split('\r\n').map((line) => line.split(':')[0]!.toLowerCase()),
      ['get / http/1.1', 'host', 'connection', 'x-kept', ''],
    );
    t.regex(origin.requests[0]!, /connection: keep-alive/);
  } finally {
    await egress.close();
    await origin.close();
  }
});

test('a Host of its own reaches the origin, and bodies of both kinds do', async (t) => {
  const seen: string[] = [];
  const server = createHttpServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      seen.push(
        `${request.method} ${request.headers.host?.replace(/:.*/, '')} ${request.headers['content-length']} ${text}`,
      );
      response.end('ok');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { Readable } = await import('node:stream');
  const egress: Egress = openTestEgress({ UPSTREAM_ALLOW: '127.0.0.1' });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    await send(egress, url, {
      method: 'POST',
      body: Buffer.from('abc'),
      fields: { host: 'site.example', 'content-length': '9' },
    }).then(textOf);
    await send(egress, url, {
      method: 'PUT',
      body: Readable.from([Buffer.from('de')]),
      fields: { 'content-length': '2' },
    }).then(textOf);
    await send(egress, url, { method: 'PUT', body: Readable.from([Buffer.from('fg')]) }).then(textOf);
    t.deepEqual(seen, ['POST site.example 3 abc', 'PUT 127.0.0.1 2 de', 'PUT 127.0.0.1 undefined fg']);
  } finally {
    await egress.close();
    server.closeAllConnections();
    server.close();
  }
});
