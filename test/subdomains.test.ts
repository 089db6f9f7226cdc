/** SUBDOMAINS: in prefix mode each origin has a client-visible origin of its own (design parts 2 and 3; S-2, threat 24). */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { subdomainOf, toClient } from '../core/links/address-map.ts';
import { formatLabel, parseLabel } from '../core/links/subdomain-label.ts';
import { hashPassword } from '../gateway/users.ts';
import { type Ask, ask, CLIENTS } from './support/client.ts';
import { inWorld, type World, withWorld } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';

const NAME = 'sites.test';
const environment = { SUBDOMAINS: NAME, PUBLIC_URL: 'http://gateway.test:8080' };

const labelOf = (origin: string) => subdomainOf(`http://${NAME}:8080`, origin)!;
const hostOf = (origin: string) => new URL(labelOf(origin)).host;

/** Asks an origin's subdomain for a path. */
function below({ server }: World, origin: string, path: string, { fields, ...asked }: Ask = {}) {
  return ask(server.origin, path, { ...asked, fields: { host: hostOf(origin), ...fields } });
}

for (const [origin, label] of [
  ['https://www.example.org', 'www-example-org'],
  ['http://example.org', 'example-org---h'],
  ['https://example.org:8443', 'example-org---8443'],
  ['http://127.0.0.1:8000', '127-0-0-1---h8000'],
  ['https://my-site.org', 'my--site-org'],
  ['https://xn--bcher-kva.example', 'pbxc2llcmnugk4rnnn3gcltfpbqw24dmmu---x'],
  ['http://[2001:db8::1]', 'lmzdambrhjsgeob2hiyv2---xh'],
  ['https://a_b.example', 'mfpweltfpbqw24dmmu---x'],
] as const)
  test(`the label of ${origin} is ${label}, and back (S-2)`, (t) => {
    t.is(formatLabel(origin), label);
    t.is(parseLabel(label), origin);
    t.true(label.length <= 63);
    t.is(new URL(`https://${label}.${NAME}`).hostname, `${label}.${NAME}`);
  });

test('every label stands for one origin, and every origin has at most one (S-2)', (t) => {
  const part = fc.stringMatching(/^[a-z0-9_-]{1,12}$/);
  const host = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
  const address = fc.tuple(fc.constantFrom('http', 'https'), host, fc.constantFrom('', ':80', ':443', ':8080', ':1'));
  fc.assert(
    fc.property(address, ([scheme, name, port]) => {
      const origin = URL.parse(`${scheme}://${name}${port}`)?.origin;
      const label = origin === undefined ? undefined : formatLabel(origin);
      if (label === undefined) return;
      t.is(parseLabel(label), origin);
      t.regex(label, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
      t.false(label.startsWith('xn--'));
    }),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z2-7x-]{1,20}(?:---[xh]{0,2}[0-9]{0,4})?$/), (label) => {
      const origin = parseLabel(label);
      if (origin !== undefined) t.is(formatLabel(origin), label);
    }),
    { numRuns: 3_000 },
  );
});

for (const label of [
  'example-org---443',
  'example-org---h80',
  'a---',
  'a-----b',
  '-a',
  'a-',
  'a---x',
  '999',
  'A',
  'a---h99999',
])
  test(`\`${label}\` is no label`, (t) => t.is(parseLabel(label), undefined));

test('addresses lead to subdomains, once, and long names by way of the gateway (S-6, S-8)', (t) => {
  const map = {
    mode: 'subdomain',
    siteOrigin: labelOf('https://e.org'),
    upstreamOrigin: 'https://e.org',
    publicOrigin: 'http://gateway.test:8080',
    below: `http://${NAME}:8080`,
  } as const;
  const long = `https://${'a'.repeat(60)}.example.org/x`;
  for (const [href, expected] of [
    ['../b?c#d', '/b?c#d'],
    ['https://e.org/b', 'http://e-org.sites.test:8080/b'],
    ['//cdn.e.org/b', 'http://cdn-e-org.sites.test:8080/b'],
    ['http://e.org/', 'http://e-org---h.sites.test:8080/'],
    ['http://user:secret@f.org/', 'http://f-org---h.sites.test:8080/'],
    ['http://cdn-e-org.sites.test:8080/b', 'http://cdn-e-org.sites.test:8080/b'],
    ['http://gateway.test:8080/-/settings', 'http://gateway.test:8080/-/settings'],
    [long, `http://gateway.test:8080/${long}`],
    ['#top', '#top'],
    ['javascript:alert(1)', undefined],
  ] as const)
    t.is(toClient(map, href, 'https://e.org/x/a'), expected, href);
});

test(
  'a target on the own host is redirected to the subdomain of its origin, whatever the method (S-2)',
  inWorld(
    async (t, world) => {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const { status, fields } = await world.through('/a?b=%2F', { method });
        t.is(status, 307);
        t.is(fields.location, `${labelOf(world.origin.url)}/a?b=%2F`);
      }
      const again = await world.get(`/${labelOf(world.origin.url)}/x`);
      t.is(again.fields.location, `${labelOf(world.origin.url)}/x`);
      t.deepEqual(world.origin.requests, []);
    },
    { environment },
  ),
);

test(
  'a page keeps its scripts and frames, its addresses lead to subdomains, its policy is ours (threat 24)',
  inWorld(
    async (t, world) => {
      const { origin } = world;
      origin.on(
        '/',
        `<!DOCTYPE html><title>A</title><script>let a = 1</script><a href="/b">b</a><a href="http://other.test/c">c</a>
<form action="https://pay.test/x" method="post"></form><img src="//cdn.test/i.png" srcset="/s.png 2x"><iframe src="/f"></iframe>`,
      );
      const { status, fields, text } = await below(world, origin.url, '/', { fields: CLIENTS.desktop });
      t.is(status, 200);
      t.regex(text, /<script>let a = 1<\/script>/);
      t.regex(text, /<iframe src="\/f">/);
      t.regex(text, /href="\/b"/);
      t.regex(text, /href="http:\/\/other-test---h\.sites\.test:8080\/c"/);
      t.regex(text, /action="http:\/\/pay-test\.sites\.test:8080\/x"/);
      t.regex(text, /src="http:\/\/cdn-test---h\.sites\.test:8080\/i\.png" srcset="\/s\.png 2x"/);
      const policy = String(fields['content-security-policy']);
      t.notRegex(policy, /script-src 'none'|(?:^|; )sandbox/);
      t.regex(policy, /default-src 'self' http:\/\/\*\.sites\.test:8080/);
      t.is(fields['x-robots-tag'], 'noindex');
      t.is(fields['x-content-type-options'], 'nosniff');
      t.regex(String(fields.link), /<http:\/\/127\.0\.0\.1:\d+\/>; rel="?canonical/);
      t.regex(String(fields.link), /<\/-\/as\/markdown\/>; rel="?alternate/);
    },
    { environment },
  ),
);

const LONG = `http://${'a'.repeat(60)}.example`;

test(
  'an origin whose name no label holds has a subdomain too, known once it was asked for by way of the own host',
  inWorld(
    async (t, world) => {
      const { port } = new URL(world.origin.url);
      world.origin.on('/x', 'long');
      const { status, fields } = await world.get(`/${LONG}:${port}/x`);
      t.is(status, 307);
      const place = new URL(fields.location!);
      t.regex(place.host, /^[0-9a-f]{40}---z\.sites\.test:8080$/);
      const shown = await ask(world.server.origin, place.pathname, { fields: { host: place.host } });
      t.is(shown.status, 200);
      t.is(shown.text, 'long');
      const unknown = await ask(world.server.origin, '/', { fields: { host: `${'0'.repeat(40)}---z.${NAME}:8080` } });
      t.is(unknown.status, 421);
    },
    { environment, resolve: async () => ['127.0.0.1'] },
  ),
);

test(
  'names below SUBDOMAINS that stand for nothing are 421, two Host fields 400, a site of SITES keeps its name (threat 16)',
  inWorld(
    async (t, world) => {
      for (const host of [`a---.${NAME}`, `a.b.${NAME}`, `-a.${NAME}`, `xn--a.${NAME}`, `other.test`])
        t.is((await world.get('/', { fields: { host } })).status, 421, host);
      t.is((await world.get('/', { fields: { host: 'gateway.test:8080' } })).status, 200);
      t.is(
        (await world.get('/', { fields: { host: `${NAME}:8080` } })).status,
        200,
        'the name itself is the gateway’s',
      );
    },
    { environment },
  ),
);

test(
  'pages of the gateway are on its own hosts alone: below, their paths are the site’s',
  inWorld(
    async (t, world) => {
      const { origin } = world;
      origin.on('/-/settings', 'of the site');
      origin.on('/proxy.pac', 'of the site');
      for (const path of ['/-/settings', '/proxy.pac'])
        t.is((await below(world, origin.url, path)).text, 'of the site');
      t.is((await below(world, origin.url, '/-/healthz')).status, 404);
      t.regex((await below(world, origin.url, '/robots.txt')).text, /Disallow: \//);
      t.is((await world.get('/-/settings', { fields: CLIENTS.desktop })).status, 200);
      const { text } = await below(world, origin.url.replace(/\d+$/, '1'), '/', { fields: CLIENTS.desktop });
      t.regex(text, /http:\/\/gateway\.test:8080\/-\/docs\/errors#/);
      t.notRegex(text, /href="\/-\/docs\/errors/);
    },
    { environment },
  ),
);

test(
  'presentations and explanations work on the own host by address, and below by path',
  inWorld(
    async (t, world) => {
      const { origin } = world;
      origin.on('/p', '<!DOCTYPE html><title>T</title><main><h1>Heading</h1><p>Words</p><script>1</script></main>');
      origin.on('/old', (_, response) => {
        response.writeHead(301, { location: `${origin.url}/p` });
        response.end();
      });
      const shared = await world.get(`/-/as/markdown/${origin.url}/p`);
      t.is(shared.status, 200);
      t.regex(shared.text, /# Heading/);
      t.regex(String(shared.fields['content-security-policy']), /script-src 'none'/);
      const own = await below(world, origin.url, '/-/as/markdown/p');
      t.regex(own.text, /# Heading/);
      t.regex(own.text, new RegExp(origin.url));
      const strict = { 'format-profile': 'strict', accept: 'image/png' };
      await world.admin('/api/profiles', {
        method: 'POST',
        json: { name: 'strict', selectable: true, prefers: { presentation: 'text', strict: true } },
      });
      for (const [answer, lead] of [
        [await below(world, origin.url, '/p', { fields: strict }), '/-/as/markdown/p'],
        [await world.get(`/-/as/chart/${origin.url}/p`), `/-/as/markdown/${origin.url}/p`],
      ] as const) {
        t.is(answer.status, 406);
        t.true(String(answer.fields.link).includes(`<${lead}>; rel="alternate"; type="text/markdown"`));
      }
      const moved = await below(world, origin.url, '/-/as/markdown/old');
      t.is(moved.fields.location, '/-/as/markdown/p');
      const json = { fields: { accept: 'application/json', 'explain-accept': 'text/html' } };
      for (const answer of [
        await world.get(`/-/explain/${origin.url}/p`, json),
        await below(world, origin.url, '/-/explain/p', json),
      ])
        t.is(JSON.parse(answer.text).target, `${origin.url}/p`);
    },
    { environment },
  ),
);

test(
  'Location, Link and Refresh lead to subdomains; what acts beyond one is dropped (S-4, S-8, threat 25)',
  inWorld(
    async (t, world) => {
      const { origin } = world;
      origin.on('/r', (_, response) => {
        response.writeHead(302, {
          location: 'https://login.test/in?next=/r',
          link: '<https://cdn.test/a.css>; rel=preload; as=style',
          refresh: '3; url=http://b.test/',
          'clear-site-data': '"cookies"',
          'service-worker-allowed': '/',
          'strict-transport-security': 'max-age=9; includeSubDomains',
          'alt-svc': 'h3=":443"',
          nel: '{}',
          'set-cookie': 'a=b; Domain=test',
        });
        response.end();
      });
      const { fields } = await below(world, origin.url, '/r');
      t.is(fields.location, 'http://login-test.sites.test:8080/in?next=/r');
      t.regex(String(fields.link), /^<http:\/\/cdn-test\.sites\.test:8080\/a\.css>; rel="?preload/);
      t.is(fields['refresh'], '3; url=http://b-test---h.sites.test:8080/');
      for (const name of ['clear-site-data', 'service-worker-allowed', 'strict-transport-security', 'alt-svc', 'nel'])
        t.is(fields[name], undefined, name);
      t.notRegex(String(fields['set-cookie']), /a=b|domain/i);
      const worker = await below(world, origin.url, '/sw.js', { fields: { 'service-worker': 'script' } });
      t.is(worker.status, 403);
    },
    { environment },
  ),
);

for (const [given, expected] of [
  [{}, "frame-ancestors 'self' http://*.sites.test:8080"],
  [{ 'x-frame-options': 'DENY' }, "frame-ancestors 'none'"],
  [{ 'x-frame-options': 'SAMEORIGIN' }, "frame-ancestors 'self'"],
  [
    { 'content-security-policy': "frame-ancestors 'self' https://a.test" },
    "frame-ancestors 'self' http://a-test.sites.test:8080",
  ],
  [{ 'content-security-policy': 'frame-ancestors https://*.a.test' }, "frame-ancestors 'none'"],
  [{ 'content-security-policy': "default-src 'none'" }, "script-src 'none'"],
  [{ 'content-security-policy': 'sandbox allow-forms; img-src *' }, 'sandbox allow-forms'],
  [{ 'content-security-policy': 'sandbox' }, 'sandbox'],
] as const)
  test(
    `who sends ${JSON.stringify(given)} is shown with ${expected} (threat 26)`,
    inWorld(
      async (t, world) => {
        world.origin.on('/', (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html', ...given });
          response.end('<title>A</title>');
        });
        const { fields } = await below(world, world.origin.url, '/', { fields: CLIENTS.desktop });
        t.true(
          String(fields['content-security-policy']).split('; ').includes(expected),
          String(fields['content-security-policy']),
        );
      },
      { environment },
    ),
  );

test(
  'scripts of one origin read another where that allows it, by the names that origins have (threat 24)',
  inWorld(
    async (t, world) => {
      const { origin } = world;
      origin.on('/api', (request, response) => {
        response.writeHead(200, {
          'content-type': 'application/json',
          'access-control-allow-origin': request.headers.origin ?? 'https://nobody.test',
          'access-control-allow-credentials': 'true',
          'cross-origin-resource-policy': 'same-site',
        });
        response.end('{}');
      });
      const asked = {
        fields: { origin: labelOf('https://app.test'), 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'empty' },
      };
      const { fields } = await below(world, origin.url, '/api', asked);
      t.is(origin.requests[0]?.fields.origin, 'https://app.test');
      t.is(origin.requests[0]?.fields['sec-fetch-site'], 'cross-site');
      t.is(fields['access-control-allow-origin'], labelOf('https://app.test'));
      t.is(fields['access-control-allow-credentials'], 'true');
      t.is(fields['cross-origin-resource-policy'], 'same-origin');
      await below(world, origin.url, '/api', { fields: { origin: 'http://evil.test' } });
      t.is(origin.requests[1]?.fields.origin, 'null');
    },
    { environment },
  ),
);

/** Cookies as a Cookie field, from the Set-Cookie lines of a reply. */
function cookiesOf(lines: readonly string[] | undefined): string {
  return (lines ?? []).map((line) => line.split(';')[0]).join('; ');
}

test(
  'cookies live in the jar, never in the browser; who bears it elsewhere, or from elsewhere, has none of them (threat 23)',
  inWorld(
    async (t, world) => {
      const { origin } = world;
      origin.on('/in', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'sid=1; Path=/; SameSite=Lax' });
        response.end('in');
      });
      origin.on('/seen', 'seen');
      const entered = await below(world, origin.url, '/in');
      const [line = ''] = entered.fields['set-cookie'] ?? [];
      t.regex(line, /^format-jar=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
      const cookie = `${cookiesOf([line])}; other=1`;
      const see = async (fields: Record<string, string>) => {
        await below(world, origin.url, '/seen', { fields: { cookie, ...fields } });
        return origin.requests.at(-1)?.fields;
      };
      const navigate = { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'same-origin' };
      t.is((await see(navigate))?.cookie, 'sid=1');
      t.is((await see({ referer: `${labelOf(origin.url)}/in`, 'sec-fetch-dest': 'image' }))?.cookie, 'sid=1');
      t.is(origin.requests.at(-1)?.fields.referer, `${origin.url}/in`);
      // Another site's picture or script on its way here; to a browser they are one site.
      const foreign = {
        referer: `${labelOf('https://evil.test')}/`,
        'sec-fetch-site': 'same-site',
        'sec-fetch-dest': 'script',
      };
      const seen = await see(foreign);
      t.is(seen?.cookie, undefined);
      t.is(seen?.referer, undefined);
      t.is(seen?.['sec-fetch-site'], 'cross-site');
      // A script below set one of that name for all names: nobody is believed.
      t.is((await see({ cookie: `${cookie}; format-jar=${'x'.repeat(32)}`, ...navigate }))?.cookie, undefined);
      // The bearer of one subdomain at another one.
      const other = await startOrigin();
      try {
        other.on('/', 'other');
        await ask(world.server.origin, '/', {
          fields: { host: hostOf(other.url), cookie },
        });
        t.is(other.requests[0]?.fields.cookie, undefined);
      } finally {
        await other.close();
      }
    },
    { environment },
  ),
);

test('over TLS our cookies carry __Host-, and no others are believed (threats 23, 24)', async (t) => {
  const { giveHostCookies, takeHostCookies } = await import('../gateway/host-cookies.ts');
  const { Fields } = await import('../core/fields.ts');
  const at = (secure: boolean, cookie: string) => {
    const peer = { address: '', secure, trusted: false, localAddress: '', localPort: 0 };
    const received = { fields: Fields.from({ cookie }), peer } as unknown as Parameters<typeof takeHostCookies>[0];
    return takeHostCookies(received).fields.get('cookie');
  };
  t.is(at(true, 'a=1; format-jar=tossed; __Host-format-jar=ours'), 'a=1; format-jar=ours');
  t.is(at(true, 'format-session=tossed'), undefined);
  t.is(at(false, 'format-jar=once; __Host-format-jar=never'), 'format-jar=once');
  t.is(at(false, 'format-jar=one; format-jar=other; a=1'), 'a=1');
  const reply = { status: 200, fields: Fields.from({ 'set-cookie': 'format-jar=x; Path=/; Secure' }), body: undefined };
  const peer = { address: '', secure: true, trusted: false, localAddress: '', localPort: 0 };
  t.is(giveHostCookies(reply, { peer }).fields.get('set-cookie'), '__Host-format-jar=x; Path=/; Secure');
});

test('who signed in on the own host is known on subdomains entered from there, and on no others (threat 13)', async (t) => {
  const usersFile = `${await mkdtemp(join(tmpdir(), 'subdomain-users-'))}/users`;
  await writeFile(usersFile, `ann:${await hashPassword('right-password')}\n`);
  await withWorld({ environment: { ...environment, USERS: usersFile, CLIENTS_ALLOW: '10.9.9.9' } }, async (world) => {
    const { origin } = world;
    origin.on('/', '<title>home</title>');
    t.is((await below(world, origin.url, '/')).status, 403);
    const own = { host: 'gateway.test:8080' };
    const form = await world.get('/-/sign-in', { fields: own });
    const token = /name="token" value="([^"]+)"/.exec(form.text)![1]!;
    const signedIn = await world.get('/-/sign-in', {
      method: 'POST',
      fields: { ...own, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token, name: 'ann', password: 'right-password' }).toString(),
    });
    const session = cookiesOf(signedIn.fields['set-cookie']);
    const { fields } = await world.through('/', { fields: { ...own, cookie: session } });
    const place = new URL(fields.location!);
    t.is(place.host, hostOf(origin.url));
    t.is(place.pathname, '/-/enter');
    const entered = await below(world, origin.url, place.pathname + place.search);
    t.is(entered.status, 307);
    t.is(entered.fields.location, '/');
    const pass = cookiesOf(entered.fields['set-cookie']);
    t.regex(pass, /^format-pass=[\w-]+$/);
    t.false(pass.includes(session.split('=')[1]!));
    t.is((await below(world, origin.url, '/', { fields: { cookie: pass } })).status, 200);
    t.is(origin.requests.at(-1)?.fields.cookie, undefined);
    // At another subdomain, on the own host, and as a ticket it opens nothing; nor does somebody else's ticket.
    t.is((await below(world, 'http://other.test', '/', { fields: { cookie: pass } })).status, 403);
    t.is((await world.through('/', { fields: { ...own, cookie: pass } })).fields.location, `${labelOf(origin.url)}/`);
    for (const [path, more] of [
      [`/-/enter?pass=${pass.split('=')[1]}&to=/`, {}],
      [place.pathname + place.search, { 'user-agent': 'somebody else' }],
      ['/-/enter?pass=AAAA&to=//evil.test/', {}],
    ] as const) {
      const refused = await below(world, origin.url, path, { fields: more });
      t.is(refused.fields.location, '/');
      t.is(refused.fields['set-cookie'], undefined);
    }
  });
});

test(
  'egress rules are the same: private names, closed ports, prefix mode switched off (threats 1, 6)',
  inWorld(
    async (t, world) => {
      for (const origin of ['http://10.1.2.3', 'http://[::1]', 'http://8.8.8.8:25', 'http://169.254.169.254'])
        t.is((await below(world, origin, '/')).status, 403, origin);
    },
    { environment },
  ),
);

test(
  'without prefix mode no subdomain answers',
  inWorld(async (t, world) => void t.is((await below(world, world.origin.url, '/')).status, 403), {
    environment: { ...environment, MODES: 'reverse,forward' },
  }),
);
