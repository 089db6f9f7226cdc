/** HTTPS and HTTP/2 to clients: the same answers, by either protocol, on a port of their own. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, createSecureServer } from 'node:http2';
import { request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import test from 'ava';
import { issueCertificate } from './support/certificate.ts';
import { CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { inWorld } from './support/gateway.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'tls-'));
const FILES = { TLS_CERT: join(FOLDER, 'cert.pem'), TLS_KEY: join(FOLDER, 'key.pem'), TLS_PORT: '0' };
const first = issueCertificate({ name: '127.0.0.1' });
write(first);
test.after.always(() => rmSync(FOLDER, { recursive: true, force: true }));

function write({ cert, key }: { cert: string; key: string }): void {
  writeFileSync(FILES.TLS_CERT, cert);
  writeFileSync(FILES.TLS_KEY, key);
}

interface Reply {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function askHttp2(
  session: ClientHttp2Session,
  fields: Readonly<Record<string, string | string[]>>,
  body?: string,
): Promise<Reply> {
  const stream = session.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [answered] = (await once(stream, 'response')) as [Record<string, unknown>];
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return { fields: answered, text: Buffer.concat(parts).toString('utf8') };
}

async function withSession(origin: string, work: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const session = connectHttp2(origin, { ca: first.cert });
  try {
    await work(session);
  } finally {
    session.destroy();
  }
}

const PAGE = `<!DOCTYPE html><title>t</title><h1>Hello</h1>${'<p>Some words of a paragraph.</p>'.repeat(20)}<form method="post" action="/send"><input name="a"></form>`;

test.serial(
  'HTTP/2 gets what HTTP/1.1 gets: pages, cookies by the line, forms, 304, HEAD, errors',
  inWorld(
    async (t, { origin, server }) => {
      origin.on('/p', PAGE);
      origin.on('/send', (_, response, body) => {
        response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] });
        response.end(`got ${body}`);
      });
      const authority = new URL(server.secureOrigin!).host;
      await withSession(server.secureOrigin!, async (session) => {
        const page = { ':path': `/${origin.url}/p`, ':authority': authority, ...CLIENTS.kaios };
        const got = await askHttp2(session, page);
        t.is(got.fields[':status'], 200);
        t.regex(String(got.fields['format-chain']), /^html-lite/);
        t.true(got.text.includes(`action="/${origin.url}/send"`));
        t.is(got.fields['connection'], undefined);
        const again = await askHttp2(session, { ...page, 'if-none-match': String(got.fields['etag']) });
        t.is(again.fields[':status'], 304);
        const head = await askHttp2(session, { ...page, ':method': 'HEAD' });
        t.is(head.text, '');
        t.is(head.fields['content-length'], String(Buffer.byteLength(got.text)));
        const form = {
          ':method': 'POST',
          ':path': `/${origin.url}/send`,
          ':authority': authority,
          'content-type': 'application/x-www-form-urlencoded',
          cookie: ['x=1', 'y=2'],
        };
        const sent = await askHttp2(session, form, 'a=%C3%A4');
        t.is(sent.text, 'got a=%C3%A4');
        t.regex(String(sent.fields['set-cookie']), /^format-jar=[^;]+; .*Secure/);
        t.is(origin.requests.at(-1)!.body, 'a=%C3%A4');
        const wrong = await askHttp2(session, { ':path': '/http:///', ':authority': authority, accept: 'text/plain' });
        t.is(wrong.fields[':status'], 400);
        t.true(wrong.text.includes('Request id'));
      });
    },
    { environment: FILES },
  ),
);

test.serial(
  'threats 16 to 18 over HTTP/2: another Host is 400, an unknown one 421, TRACE 405, CONNECT 405, two slashes 400',
  inWorld(
    async (t, { server }) => {
      const authority = new URL(server.secureOrigin!).host;
      await withSession(server.secureOrigin!, async (session) => {
        const status = async (fields: Record<string, string>) =>
          (await askHttp2(session, { ':path': '/', ':authority': authority, ...fields })).fields[':status'];
        t.is(await status({ host: 'other.example' }), 400);
        t.is(await status({ ':authority': 'other.example' }), 421);
        t.is(await status({ ':method': 'TRACE' }), 405);
        t.is(await status({ ':path': '//x' }), 400);
        const tunnel = await askHttp2(session, { ':method': 'CONNECT', ':authority': 'example.org:443' });
        t.is(tunnel.fields[':status'], 405);
        t.is(await status({}), 200);
      });
    },
    { environment: FILES },
  ),
);

test.serial(
  'HTTP/1.1 over TLS and plain HTTP go on beside it; the public address is the https one; hints are asked for over TLS alone (H-1, H-3)',
  inWorld(
    async (t, { origin, server, through }) => {
      origin.on('/p', PAGE);
      const { hostname, port } = new URL(server.secureOrigin!);
      const secure = await new Promise<IncomingMessage>((resolve, reject) => {
        request(
          { hostname, port, path: `/${origin.url}/p`, ca: first.cert, headers: CLIENTS.kaios, agent: false },
          (response) => {
            response.resume();
            response.on('end', () => resolve(response));
          },
        )
          .on('error', reject)
          .end();
      });
      t.is(secure.statusCode, 200);
      // H-1, H-3: hints are asked for where they may be sent, and no request is spent on them.
      t.regex(String(secure.headers['accept-ch']), /Sec-CH-Viewport-Width.*Sec-CH-DPR/);
      t.is(secure.headers['critical-ch'], undefined);
      t.is((await through('/p', { fields: CLIENTS.kaios })).fields['accept-ch'], undefined);
      t.is((await through('/p', { fields: CLIENTS.kaios })).status, 200);
      // A client without TLS that comes by proxy is led to what it can open.
      const plain = await through('/p', { fields: CLIENTS.kaios });
      t.true(plain.text.includes(`href="/-/as/article/${origin.url}/p"`));
    },
    { environment: FILES },
  ),
);

test.serial(
  'an origin that speaks HTTP/2 is asked by it: pages, forms, HEAD, many at once, its faults (RFC 9113)',
  async (t) => {
    const issued = issueCertificate({ name: 'origin.example' });
    const asked: string[] = [];
    const sessions = new Set<unknown>();
    const upstream = createSecureServer({ ...issued, allowHTTP1: true }, async (request, response) => {
      sessions.add(request.stream?.session);
      asked.push(
        `${request.httpVersion} ${request.method} ${request.headers[':authority'] ?? ''} ${request.headers.via ?? ''}`,
      );
      if (request.url === '/reset') return void request.stream.close(2);
      if (request.url === '/short') {
        response.writeHead(200, { 'content-type': 'text/html', 'content-length': '9000' });
        return void response.end('short');
      }
      let body = '';
      for await (const part of request) body += part;
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['a=1', 'b=2'] });
      response.end(request.method === 'POST' ? `got ${body}` : `${PAGE}<p>${request.url}`);
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const site = `https://origin.example:${(upstream.address() as AddressInfo).port}`;
    const gone = new Set<Socket>();
    upstream.on('connection', (socket: Socket) => gone.add(socket));
    try {
      await inWorld(
        async (_, { get }) => {
          const page = await get(`/${site}/p`, { fields: CLIENTS.kaios });
          t.is(page.status, 200);
          t.regex(String(page.fields['format-chain']), /^html-lite/);
          t.regex(asked[0]!, /^2\.0 GET origin\.example:\d+ 1\.1 gw-/);
          t.is((await get(`/${site}/f`, { method: 'POST', body: 'x=1', fields: { accept: '*/*' } })).text, 'got x=1');
          t.is((await get(`/${site}/h`, { method: 'HEAD', fields: CLIENTS.curl })).status, 200);
          const many = await Promise.all(Array.from({ length: 12 }, (_, at) => get(`/${site}/many-${at}`)));
          for (const [at, { text }] of many.entries()) t.true(text.endsWith(`<p>/many-${at}`));
          t.true(sessions.size < 12, 'they share connections');
          t.is((await get(`/${site}/reset`)).status, 502);
          t.is((await get(`/${site}/short`, { fields: CLIENTS.kaios })).status, 502);
          t.true(
            asked.every((each) => each.startsWith('2.0 ')),
            'threat 49: short is short here too',
          );
        },
        { resolve: async () => ['127.0.0.1'], authorities: issued.cert },
      )(t);
    } finally {
      for (const socket of gone) socket.destroy();
      upstream.close();
    }
  },
);

test.serial('a renewed certificate counts without a restart, half-written files do not', async (t) => {
  const clock = new FakeClock(Date.now());
  await inWorld(
    async (_, { server }) => {
      const { hostname, port } = new URL(server.secureOrigin!);
      const serial = () =>
        new Promise<string>((resolve, reject) => {
          const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
            resolve(socket.getPeerCertificate().serialNumber);
            socket.destroy();
          });
          socket.on('error', reject);
        });
      const before = await serial();
      writeFileSync(FILES.TLS_CERT, '-----BEGIN CERT');
      clock.advance(6_000);
      t.is(await serial(), before);
      write(issueCertificate({ name: '127.0.0.1' }));
      clock.advance(6_000);
      t.not(await serial(), before);
    },
    { environment: FILES, clock },
  )(t);
  write(first);
});
