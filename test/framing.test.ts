/** Threats 17 to 20: raw requests that a proxy must not misunderstand. An origin counts what comes through. */
import test from 'ava';
import { sendRaw } from './support/client.ts';
import { inWorld, type OpenWorld, openWorld } from './support/gateway.ts';

const CRLF = '\r\n';

interface Case {
  readonly why: string;
  /** Lines of the head without the last empty one; `HOST` and `TARGET` are filled in. */
  readonly head: readonly string[];
  readonly body?: string;
  readonly status: number | readonly number[];
}

const REFUSED: readonly Case[] = [
  {
    why: 'Content-Length and Transfer-Encoding',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 5', 'Transfer-Encoding: chunked'],
    body: '0\r\n\r\n',
    status: 400,
  },
  {
    why: 'Transfer-Encoding list',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Transfer-Encoding: chunked, identity'],
    body: '0\r\n\r\n',
    status: [400, 501],
  },
  {
    why: 'unknown Transfer-Encoding',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Transfer-Encoding: xchunked'],
    body: '0\r\n\r\n',
    status: [400, 501],
  },
  {
    why: 'space before the colon',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Transfer-Encoding : chunked'],
    body: '0\r\n\r\n',
    status: 400,
  },
  {
    why: 'vertical tab in Transfer-Encoding',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Transfer-Encoding: \u000bchunked'],
    body: '0\r\n\r\n',
    status: [400, 501],
  },
  {
    why: 'two Transfer-Encodings',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    body: '0\r\n\r\n',
    status: [400, 501],
  },
  {
    why: 'two different Content-Lengths',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 5', 'Content-Length: 6'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'two equal Content-Lengths',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 5', 'Content-Length: 5'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'Content-Length list',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 5, 5'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'Content-Length +5',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: +5'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'Content-Length 0x5',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 0x5'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'Content-Length -1',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: -1'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'Content-Length overflow',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 99999999999999999999999'],
    body: 'hello',
    status: [400, 413],
  },
  { why: 'obs-fold', head: ['GET TARGET HTTP/1.1', 'Host: HOST', 'X-A: b', ' folded: c'], status: 400 },
  { why: 'no Host', head: ['GET TARGET HTTP/1.1', 'X-A: b'], status: 400 },
  { why: 'empty Host', head: ['GET TARGET HTTP/1.1', 'Host:'], status: 400 },
  { why: 'two Hosts', head: ['GET TARGET HTTP/1.1', 'Host: HOST', 'Host: HOST'], status: 400 },
  { why: 'a Host that is none', head: ['GET TARGET HTTP/1.1', 'Host: a b@c/'], status: 400 },
  { why: 'NUL in a field', head: ['GET TARGET HTTP/1.1', 'Host: HOST', 'X-A: b\u0000c'], status: 400 },
  { why: 'a bare CR in a field', head: ['GET TARGET HTTP/1.1', 'Host: HOST', 'X-A: b\rc'], status: 400 },
  { why: 'a space in the target', head: ['GET TARGET x HTTP/1.1', 'Host: HOST'], status: 400 },
  { why: 'a byte beyond ASCII in the target', head: ['GET TARGET\u00e9 HTTP/1.1', 'Host: HOST'], status: 400 },
  { why: 'a fragment in the target', head: ['GET TARGET#x HTTP/1.1', 'Host: HOST'], status: 400 },
  { why: 'a target that starts with two slashes', head: ['GET //evil.test/p HTTP/1.1', 'Host: HOST'], status: 400 },
  { why: 'a target that starts with @', head: ['GET @evil HTTP/1.1', 'Host: HOST'], status: 400 },
  { why: 'credentials in absolute-form', head: ['GET http://a:b@127.0.0.1/x HTTP/1.1', 'Host: HOST'], status: 400 },
  { why: 'HTTP/1.2', head: ['GET TARGET HTTP/1.2', 'Host: HOST'], status: [400, 505] },
  { why: 'the HTTP/2 preface', head: ['PRI * HTTP/2.0'], body: 'SM\r\n\r\n', status: [400, 505] },
  {
    why: 'chunked in HTTP/1.0',
    head: ['POST TARGET HTTP/1.0', 'Host: HOST', 'Transfer-Encoding: chunked'],
    body: '5\r\nhello\r\n0\r\n\r\n',
    status: 400,
  },
  {
    why: 'a GET with a body',
    head: ['GET TARGET HTTP/1.1', 'Host: HOST', 'Content-Length: 5'],
    body: 'hello',
    status: 400,
  },
  {
    why: 'an odd expectation',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Expect: something', 'Content-Length: 5'],
    body: 'hello',
    status: 417,
  },
  {
    why: 'fields of more than 16 kB',
    head: ['GET TARGET HTTP/1.1', 'Host: HOST', `X-A: ${'a'.repeat(20_000)}`],
    status: 431,
  },
  {
    why: 'a chunk extension of 20 kB',
    head: ['POST TARGET HTTP/1.1', 'Host: HOST', 'Transfer-Encoding: chunked'],
    body: `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    status: 413,
  },
  { why: 'an unknown method', head: ['BREW TARGET HTTP/1.1', 'Host: HOST'], status: [400, 501] },
  { why: 'TRACE', head: ['TRACE TARGET HTTP/1.1', 'Host: HOST'], status: 405 },
];

let shared: OpenWorld;

test.before(async () => {
  shared = await openWorld();
});

test.after.always(async () => {
  await shared?.close();
});

for (const { why, head, body = '', status } of REFUSED)
  test(`threat 17: ${why} is refused and the connection closed, nothing forwarded`, async (t) => {
    const { origin, server } = shared.world;
    const host = new URL(server.origin).host;
    const lines = head.map((line) => line.replace('TARGET', `/${origin.url}/p`).replace('HOST', host));
    // A second request behind it shows whether the connection lives on.
    const raw = `${lines.join(CRLF)}${CRLF}${CRLF}${body}GET /-/healthz HTTP/1.1${CRLF}Host: ${host}${CRLF}${CRLF}`;
    const answer = await sendRaw(server.origin, Buffer.from(raw, 'latin1'));
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
    t.true([status].flat().includes(statuses[0] ?? 0), `got ${answer.slice(0, 200)}`);
    t.is(statuses.length, 1, answer);
    t.deepEqual(
      origin.requests.map((request) => request.path),
      [],
    );
    t.regex(answer, /^cache-control: no-store\r$/im);
    t.notRegex(answer, /node_modules|\.ts:\d+/);
  });

test(
  'threat 18: an h2c upgrade is stripped, absolute-form overrides Host, an HTTP/1.0 request without Host is ours',
  inWorld(async (t, { origin, server }) => {
    const host = new URL(server.origin).host;
    origin.on('/p', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end('ok');
    });
    const ask = (lines: readonly string[]) =>
      sendRaw(server.origin, `${lines.join(CRLF)}${CRLF}Connection: close${CRLF}${CRLF}`);
    t.regex(
      await ask([
        `GET /${origin.url}/p HTTP/1.1`,
        `Host: ${host}`,
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      ]),
      /^HTTP\/1\.1 200/,
    );
    t.is(origin.requests[0]?.fields.upgrade, undefined);
    t.is(origin.requests[0]?.fields['http2-settings'], undefined);
    t.regex(await ask([`GET ${origin.url}/p HTTP/1.1`, 'Host: elsewhere.test']), /^HTTP\/1\.1 200/);
    t.is(origin.requests[1]?.fields.host, new URL(origin.url).host);
    t.regex(
      await ask([`GET http://${host}/-/healthz HTTP/1.1`, 'Host: elsewhere.test']),
      /^HTTP\/1\.1 200[\s\S]*\r\n\r\nok\n$/,
    );
    t.regex(await ask(['GET /-/healthz HTTP/1.0']), /^HTTP\/1\.1 200/);
  }),
);

test(
  'threat 19: nothing from an origin, a URL or a profile puts a line of its own into a reply',
  inWorld(async (t, { origin, server }) => {
    const host = new URL(server.origin).host;
    origin.on('/p', (_, response) => {
      response.writeHead(302, { location: '/x%0d%0aX-Injected:%201' });
      response.end();
    });
    for (const path of [
      `/${origin.url}/p`,
      `/${origin.url}/q%0d%0aX-Injected:%201`,
      '/-/go?url=http://example.org/%250d%250aX-Injected:1',
      '/-/go?url=http://example.org/%0d%0aX-Injected:1',
    ]) {
      const answer = await sendRaw(
        server.origin,
        `GET ${path} HTTP/1.1${CRLF}Host: ${host}${CRLF}Format-Profile: a${CRLF}Connection: close${CRLF}${CRLF}`,
        3_000,
      );
      t.notRegex(answer, /^x-injected/im, path);
    }
  }),
);
