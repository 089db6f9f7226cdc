/** Real browsers through prefix mode: Chromium and w3m (threats 24, 25; seen 3). */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { type Browser, chromium } from 'playwright-core';
import { type OpenWorld, openWorld } from './support/gateway.ts';
import type { Origin } from './support/origin.ts';

// Chromium must reach nobody but the gateway; the sandbox of its own cannot be had as root.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];
let browser: Browser;
let shared: OpenWorld;

test.before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  shared = await openWorld();
});

test.after.always(async () => {
  await browser?.close();
  await shared?.close();
});

/** An application with a login and a form, as small as can be. */
function serveNotes(origin: Origin): { notes: string[] } {
  const notes: string[] = [];
  const page = (body: string) =>
    `<!DOCTYPE html><html><head><meta charset="iso-8859-1"><title>Notes</title></head><body>${body}</body></html>`;
  const isSignedIn = (cookie: string | undefined) => cookie?.includes('sid=right') === true;
  origin.on('/app/', (request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    const text = isSignedIn(request.headers.cookie)
      ? page(
          `<ul>${notes.map((note) => `<li>${note}</li>`).join('')}</ul><form action="add" method="post"><input name="note"><button>Add</button></form>`,
        )
      : page(
          '<form action="/app/login" method="post"><input name="password" type="password"><input type="hidden" name="token" value="a+b&amp;c"><button>Sign in</button></form>',
        );
    response.end(Buffer.from(text, 'latin1'));
  });
  origin.on('/app/login', (_, response, body) => {
    const isRight = body === 'password=secret&token=a%2Bb%26c';
    response.writeHead(302, {
      location: '/app/',
      ...(isRight ? { 'set-cookie': 'sid=right; Path=/app; HttpOnly; SameSite=Strict' } : {}),
    });
    response.end();
  });
  origin.on('/app/add', (request, response, body) => {
    if (isSignedIn(request.headers.cookie) && request.headers.origin === origin.url)
      notes.push(decodeLatin1(body.slice('note='.length)));
    response.writeHead(303, { location: './' });
    response.end();
  });
  return { notes };
}

function decodeLatin1(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

test.serial(
  'a login, a cookie of the strict kind, a form in another charset and its redirect work in prefix mode',
  async (t) => {
    t.timeout(60_000);
    const { origin, server } = shared.world;
    const { notes } = serveNotes(origin);
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(`${server.origin}/${origin.url}/app/`);
      await page.fill('input[name=password]', 'secret');
      await page.click('button');
      await page.fill('input[name=note]', 'Müsli & Brot');
      await page.click('button');
      t.is(await page.textContent('li'), 'Müsli & Brot');
      t.deepEqual(notes, ['Müsli & Brot'], 'sent in the charset of the page');
      t.is(page.url(), `${server.origin}/${origin.url}/app/`);
      t.deepEqual(
        (await context.cookies()).map((cookie) => cookie.name),
        ['format-jar'],
      );
    } finally {
      await context.close();
    }
  },
);

test.serial(
  'threat 24: no script of a proxied page runs, whole or original, and none reads what another site or the gateway holds',
  async (t) => {
    t.timeout(60_000);
    const { origin, server } = shared.world;
    origin.on(
      '/evil',
      `<!DOCTYPE html><title>calm</title><script>document.title='ran'; fetch('/-/settings')</script><img src=x onerror="document.title='ran'">
     <svg onload="document.title='ran'"></svg><a id=a href="javascript:document.title='ran'">go</a><iframe srcdoc="<script>parent.document.title='ran'</script>"></iframe>
     <object data="data:text/html,<script>parent.document.title='ran'</script>"></object><form action="javascript:document.title='ran'"><button id=b>x</button></form>`,
    );
    const context = await browser.newContext();
    try {
      for (const presentation of ['', '-/as/original/', '-/as/lite/', '-/as/article/']) {
        const page = await context.newPage();
        const asked: string[] = [];
        page.on('request', (request) => asked.push(new URL(request.url()).pathname));
        await page.goto(`${server.origin}/${presentation}${origin.url}/evil`);
        for (const selector of ['#a', 'a:text-is("go")', '#b'])
          if ((await page.locator(selector).count()) > 0)
            await page
              .locator(selector)
              .first()
              .click({ timeout: 2_000, noWaitAfter: true })
              .catch(() => undefined);
        await page.waitForLoadState();
        t.not(await page.title(), 'ran', presentation);
        t.false(asked.includes('/-/settings'), presentation);
        await page.close();
      }
    } finally {
      await context.close();
    }
  },
);

test.serial('a refresh of the page works in the sandbox, sent as a field', async (t) => {
  t.timeout(60_000);
  const { origin, server } = shared.world;
  origin.on('/old', '<!DOCTYPE html><title>old</title><meta http-equiv="refresh" content="0; url=/new">');
  origin.on('/new', '<!DOCTYPE html><title>new</title><p>here</p>');
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${server.origin}/${origin.url}/old`);
    await page.waitForURL(`${server.origin}/${origin.url}/new`);
    t.is(await page.title(), 'new');
  } finally {
    await context.close();
  }
});

test.serial('w3m reads a page and its form through the gateway', async (t) => {
  t.timeout(60_000);
  const { origin, server } = shared.world;
  origin.on(
    '/p',
    '<!DOCTYPE html><title>x</title><script>bad()</script><nav><a href="/a">First</a></nav><h1>Heading</h1><table><tr><th>A<td>1</table><img src=x.png alt="A cat"><form><label>Name <input name=n></label></form>',
  );
  const home = await mkdtemp(join(tmpdir(), 'w3m-'));
  try {
    const { stdout } = await promisify(execFile)('w3m', ['-dump', `${server.origin}/${origin.url}/p`], {
      env: { HOME: home, PATH: process.env['PATH'] ?? '', TERM: 'dumb' },
    });
    for (const text of ['First', 'Heading', 'A cat', 'Name']) t.true(stdout.includes(text), stdout);
    t.false(stdout.includes('bad()'));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
