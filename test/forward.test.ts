/** Forward mode: absolute-form requests, https for those who cannot, and Chromium with the gateway as its proxy. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { chromium } from 'playwright-core';
import { issueCertificate } from './support/certificate.ts';
import { type Answer, type Ask, ask, CLIENTS } from './support/client.ts';
import { inWorld, type World, withWorld } from './support/gateway.ts';

const authority = issueCertificate({ name: 'test authority', isAuthority: true });
const WORDS = 'words '.repeat(200);

interface Secure {
  readonly world: World;
  /** `http://old.example:PORT`, whose origin sends everything to the same path by https. */
  readonly plain: string;
  readonly secure: string;
  /** Paths that were asked for by https. */
  readonly asked: string[];
  forward(path: string, options?: Ask): Promise<Answer>;
}

const page =
  (secure: string): RequestListener =>
  (request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=600' });
    response.end(`<!DOCTYPE html><title>Old friends</title><script>1</script><body><main><h1>Old friends</h1><p>${WORDS}</p>
<p><a id=same href="${secure}/next?a=b">next</a> <a id=near href="near">near</a> <a id=else href="https://other.example/">other</a> ${request.url}</p></main></body>`);
  };

/** An origin that insists on https, and a gateway that knows its authority. */
function insisting(run: (t: ExecutionContext, secure: Secure) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    const { key, cert } = issueCertificate({ name: 'old.example', by: authority });
    const server = createServer({ key, cert });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const secure = `https://old.example:${(server.address() as AddressInfo).port}`;
    const asked: string[] = [];
    server.on('request', (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      page(secure)(request, response);
    });
    try {
      const options = {
        environment: { UPSTREAM_ALLOW: 'old.example' },
        resolve: async () => ['127.0.0.1'],
        authorities: authority.cert,
      };
      await withWorld(options, async (world) => {
        const plain = world.origin.url.replace('127.0.0.1', 'old.example');
        const redirect =
          (location: (path: string) => string): RequestListener =>
          (request, response) =>
            response.writeHead(301, { location: location(request.url ?? '') }).end();
        for (const path of ['/p', '/near', '/form'])
          world.origin.on(
            path,
            redirect((url) => secure + url),
          );
        world.origin.on(
          '/moved',
          redirect(() => `${secure}/elsewhere`),
        );
        world.origin.on(
          '/other',
          redirect((url) => `https://www.old.example${url}`),
        );
        const forward: Secure['forward'] = (path, rest = {}) =>
          ask(world.server.origin, '', { ...rest, target: `${plain}${path}` });
        await run(t, { world, plain, secure, asked, forward });
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };
}

test(
  'an old client gets by http what its origin gives by https alone: marked, links of that host within reach, others untouched',
  insisting(async (t, { plain, secure, asked, forward, world }) => {
    const answer = await forward('/p', { fields: CLIENTS.kaios });
    t.is(answer.status, 200);
    t.deepEqual(asked, ['GET /p']);
    t.regex(String(answer.fields['format-chain']), /^html-lite/);
    t.is(answer.fields['content-location'], `${secure}/p`);
    t.regex(String(answer.fields.vary), /user-agent/i);
    t.regex(answer.text, /came to the gateway over a secure connection[^<]*<\/p><\/body>/);
    t.true(answer.text.includes(`href="${plain}/next?a=b"`), answer.text.slice(-800));
    t.true(answer.text.includes('href="https://other.example/"'));
    t.false(answer.text.includes(secure));
    const again = await forward('/p', { fields: CLIENTS.kaios });
    t.regex(String(again.fields['cache-status']), /gw-origin; hit.*gw-variant; hit/);
    t.is(again.text, answer.text);
    t.is((await forward('/p', { method: 'HEAD', fields: CLIENTS.kaios })).fields.etag, answer.fields.etag);
    t.is(asked.length, 1);
    t.is((await forward('/p', { fields: CLIENTS.kindle })).status, 200, 'an e-reader is one too');
    const named = await forward('/p', { fields: { ...CLIENTS.desktop, 'format-profile': 'retro' } });
    t.is(named.status, 200, 'or who has a profile that says httpsUpgrade');
    t.is(world.origin.requests.length > 0, true);
  }),
);

test(
  'a modern client, a request with credentials, another redirect and prefix mode are told where to go',
  insisting(async (t, { secure, asked, forward, world, plain }) => {
    await forward('/p', { fields: CLIENTS.kaios });
    const before = asked.length;
    for (const fields of [
      CLIENTS.desktop,
      CLIENTS.curl,
      { ...CLIENTS.kaios, cookie: 'a=b' },
      { ...CLIENTS.kaios, authorization: 'Basic YTpi' },
    ]) {
      const answer = await forward('/p', { fields });
      t.is(answer.status, 301);
      t.is(answer.fields.location, `${secure}/p`);
    }
    for (const [path, location] of [
      ['/moved', `${secure}/elsewhere`],
      ['/other', 'https://www.old.example/other'],
    ] as const) {
      const answer = await forward(path, { fields: CLIENTS.kaios });
      t.is(answer.status, 301);
      t.is(answer.fields.location, location);
    }
    const prefixed = await ask(world.server.origin, `/${plain}/p`, { fields: CLIENTS.kaios });
    t.is(prefixed.status, 301);
    t.is(asked.length, before);
  }),
);

test(
  'a form of a host that insists on https is not sent in the clear',
  insisting(async (t, { forward, world }) => {
    await forward('/p', { fields: CLIENTS.kaios });
    const sent = world.origin.requests.length;
    const posted = await forward('/form', { method: 'POST', body: 'password=secret', fields: CLIENTS.kaios });
    t.is(posted.status, 403);
    t.regex(posted.text, /not send them in the clear/);
    t.is(world.origin.requests.length, sent);
    t.is((await forward('/form', { method: 'POST', body: 'a=b', fields: CLIENTS.desktop })).status, 301);
  }),
);

test(
  'P-18, threats 1, 4: absolute-form asks an origin, our own pages, and never what is private; no upgrade but WebSocket passes (P-1)',
  inWorld(async (t, { origin, server }) => {
    origin.on('/p', `<!DOCTYPE html><title>x</title><p><a href="/q">q</a> ${WORDS}</p>`);
    const forward = (target: string, fields: Record<string, string> = {}) => ask(server.origin, '', { target, fields });
    const first = await forward(`${origin.url}/p`, CLIENTS.kaios);
    t.is(first.status, 200);
    t.true(first.text.includes('href="/q"'), 'links stay as they are');
    t.regex(String(first.fields.vary), /user-agent/i);
    t.is((await forward(`${server.origin}/-/healthz`)).status, 200);
    t.is((await forward('http://10.0.0.1/')).status, 403);
    t.is((await forward('ftp://127.0.0.1/')).status, 400);
    const other = await forward(`${origin.url}/p`, { connection: 'Upgrade', upgrade: 'other' });
    t.is(other.status, 200, 'answered as the plain request it then is');
    t.is(origin.requests.at(-1)?.fields.upgrade, undefined);
  }),
);

test(
  'Chromium with the gateway as its proxy shows a page adapted',
  inWorld(async (t, { origin, server }) => {
    t.timeout(60_000);
    origin.on(
      '/page',
      `<!DOCTYPE html><title>Proxied</title><script>document.title = 'ran'; /* ${WORDS} */</script><main><h1>Hello</h1><p>${WORDS}</p><a href="/two">two</a></main>`,
    );
    origin.on('/two', `<!DOCTYPE html><title>Second</title><p>${WORDS}</p>`);
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--disable-quic',
        `--proxy-server=${server.origin}`,
        '--proxy-bypass-list=<-loopback>',
      ],
    });
    try {
      const context = await browser.newContext({ userAgent: CLIENTS.kaios['user-agent'] });
      const tab = await context.newPage();
      const response = await tab.goto(`${origin.url}/page`);
      t.regex(response!.headers()['format-chain'] ?? '', /^html-lite/);
      t.is(await tab.title(), 'Proxied', 'its script was left out');
      await tab.click('text=two');
      await tab.waitForURL(`${origin.url}/two`);
      t.is(await tab.title(), 'Second');
      t.true(origin.requests.every((each) => String(each.fields.via).includes('gw-')));
    } finally {
      await browser.close();
    }
  }),
);
