/** SUBDOMAINS in Chromium, over TLS with a wildcard certificate: scripts run, each on its own origin (threats 23, 24). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import test from 'ava';
import { chromium } from 'playwright-core';
import { subdomainOf } from '../core/links/address-map.ts';
import { issueCertificate } from './support/certificate.ts';
import { withWorld } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';

const NAME = 'sites.test';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  `--host-resolver-rules=MAP *.${NAME} 127.0.0.1`,
];

/** What the script of a hostile page finds out about another site and the gateway. */
const ATTACK = (
  victim: string,
  gateway: string,
) => `<!DOCTYPE html><title>waiting</title><iframe id=f src="${victim}/"></iframe><script>
const tries = {
  async storage() { return JSON.stringify(localStorage) },
  async cookies() { return document.cookie },
  async read() { return (await fetch('${victim}/secret', { credentials: 'include' })).text() },
  async blind() { await fetch('${victim}/secret?blind', { credentials: 'include', mode: 'no-cors' }); return '' },
  async settings() { return (await fetch('${gateway}/-/settings', { credentials: 'include' })).text() },
  async frame() { await new Promise((done) => setTimeout(done, 300)); return document.getElementById('f').contentDocument.title },
  async toss() { document.cookie = 'format-jar=' + 'x'.repeat(32) + '; Domain=${NAME}; Path=/'; document.cookie = '__Host-format-jar=' + 'x'.repeat(32) + '; Secure; Path=/; Domain=${NAME}'; return '' },
  async outside() { return (await fetch('https://outside.example/')).text() },
};
(async () => {
  const found = {};
  for (const [name, attempt] of Object.entries(tries)) found[name] = await attempt().catch((error) => 'no: ' + error.name);
  window.found = found;
  document.title = 'done';
})();
</script>`;

test('a page’s own script runs and keeps its things; it reaches nothing of another site or the gateway', async (t) => {
  t.timeout(90_000);
  const folder = await mkdtemp(join(tmpdir(), 'subdomain-tls-'));
  const issued = issueCertificate({ name: `*.${NAME}` });
  const files = { TLS_CERT: join(folder, 'cert.pem'), TLS_KEY: join(folder, 'key.pem'), TLS_PORT: '0' };
  await writeFile(files.TLS_CERT, issued.cert);
  await writeFile(files.TLS_KEY, issued.key);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  const evil = await startOrigin();
  try {
    await withWorld(
      { environment: { ...files, SUBDOMAINS: NAME }, resolve: async () => ['127.0.0.1'] },
      async ({ server, origin }) => {
        const gateway = server.secureOrigin!;
        const below = gateway.replace('127.0.0.1', NAME);
        const [calmUrl, evilUrl] = [
          origin.url.replace('127.0.0.1', 'calm.test'),
          evil.url.replace('127.0.0.1', 'evil.test'),
        ];
        const victim = subdomainOf(below, calmUrl)!;
        t.is(await whyNotTrusted(victim), undefined);
        origin.on('/', (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'sid=right; Path=/; HttpOnly' });
          response.end(
            '<!DOCTYPE html><title>calm</title><p id=p></p><script src="/app.js"></script><script>localStorage.own = "kept"</script>',
          );
        });
        origin.on('/app.js', (_, response) => {
          response.writeHead(200, { 'content-type': 'text/javascript' });
          response.end(
            "fetch('/data').then((r) => r.text()).then((text) => { document.getElementById('p').textContent = text; document.title = 'ran' })",
          );
        });
        origin.on('/data', (request, response) => response.end(`data for ${request.headers.cookie}`));
        origin.on('/secret', (request, response) => response.end(`secret ${request.headers.cookie}`));
        evil.on('/', ATTACK(victim, gateway));
        const context = await browser.newContext({ ignoreHTTPSErrors: true });
        try {
          const page = await context.newPage();
          await page.goto(`${gateway}/${calmUrl}/`);
          await page.waitForFunction("document.title === 'ran'");
          t.is(page.url(), `${victim}/`);
          t.is(await page.textContent('#p'), 'data for sid=right');
          t.is(await page.evaluate('localStorage.own'), 'kept');
          t.is(await page.evaluate('document.cookie'), '');

          await page.goto(`${gateway}/${evilUrl}/`);
          await page.waitForFunction("document.title === 'done'");
          const found = (await page.evaluate('window.found')) as Record<string, string>;
          t.is(found['storage'], '{}');
          t.is(found['cookies'], '');
          for (const name of ['read', 'settings', 'outside']) t.regex(found[name]!, /^no: /, name);
          t.regex(found['frame']!, /^no: /);
          const reached = origin.requests.filter(({ path }) => path.startsWith('/secret'));
          t.true(reached.length > 0);
          for (const { fields } of reached) t.is(fields.cookie, undefined, 'no cookie of the site went with it');
          t.deepEqual(
            evil.requests.map(({ fields }) => fields.cookie).filter((cookie) => cookie?.includes('sid')),
            [],
          );

          // What the hostile script set for all names changes nothing.
          await page.goto(`${victim}/`);
          await page.waitForFunction("document.title === 'ran'");
          await page.reload();
          await page.waitForFunction("document.title === 'ran'");
          t.is(await page.textContent('#p'), 'data for sid=right');
          const names = (await context.cookies(victim)).filter(({ httpOnly }) => httpOnly).map(({ name }) => name);
          t.deepEqual(names, ['__Host-format-jar']);
        } finally {
          await context.close();
        }
      },
    );
  } finally {
    await evil.close();
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
});

/** What a client that trusts the certificate has against it at this name. */
async function whyNotTrusted(origin: string): Promise<string | undefined> {
  const { hostname, port } = new URL(origin);
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: hostname,
    rejectUnauthorized: false,
  });
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return checkServerIdentity(hostname, socket.getPeerCertificate() as PeerCertificate)?.message;
  } finally {
    socket.destroy();
  }
}
