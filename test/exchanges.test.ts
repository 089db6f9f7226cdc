/** Whole conversations: client, gateway, origin, on loopback. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { strFromU8, unzipSync } from 'fflate';
import sharp from 'sharp';
import { CLIENTS } from './support/client.ts';
import { inWorld } from './support/gateway.ts';
import { photo } from './support/pictures.ts';

const PAGE = `<!DOCTYPE html><html lang="en"><head><title>A page</title><script>alert(1)</script><style>p{color:red}</style></head>
<body><nav><a href="/">Home</a> <a href="other?x=1&amp;y=2">Other</a></nav><main><h1>Heading</h1>${'<p>Some words that make a paragraph, long enough to be one.</p>'.repeat(12)}
<p><img src="pic.jpg" alt="A picture" onclick="evil()"></p><form action="/send" method="post"><label for="q">Query</label><input id="q" name="q"><button>Go</button></form></main></body></html>`;

test(
  'a desktop browser gets the whole page with its links inside the gateway and no scripts',
  inWorld(async (t, { origin, through }) => {
    origin.on('/dir/page', PAGE);
    const { status, fields, text } = await through('/dir/page', { fields: CLIENTS.desktop });
    t.is(status, 200);
    t.is(fields['content-type'], 'text/html; charset=utf-8');
    t.true(text.includes(`href="/${origin.url}/dir/other?x=1&amp;y=2"`), text);
    t.true(text.includes(`src="/${origin.url}/dir/pic.jpg"`));
    t.true(text.includes(`action="/${origin.url}/send"`));
    t.false(/<script|onclick/i.test(text));
    t.regex(String(fields['format-chain']), /^html-full;v="[\d.]+", links;v="[\d.]+"$/);
  }),
);

test(
  'design 3: prefix replies carry the Content-Security-Policy to the letter, nosniff, same-origin Referer and noindex (threats 24, 26)',
  inWorld(async (t, { origin, through }) => {
    origin.on('/p', PAGE);
    origin.on('/f.pdf', (_, response) => {
      response.writeHead(200, {
        'content-type': 'application/pdf',
        'content-security-policy': "default-src 'self'",
        'strict-transport-security': 'max-age=1',
      });
      response.end('%PDF-1.4');
    });
    const page = await through('/p', { fields: CLIENTS.desktop });
    t.is(
      page.fields['content-security-policy'],
      "sandbox allow-same-origin allow-forms allow-popups allow-downloads allow-top-navigation-by-user-activation; script-src 'none'; object-src 'none'; frame-ancestors 'none'",
    );
    t.is(page.fields['x-content-type-options'], 'nosniff');
    t.is(page.fields['referrer-policy'], 'same-origin');
    t.is(page.fields['x-robots-tag'], 'noindex');
    const pdf = await through('/f.pdf', { fields: CLIENTS.desktop });
    t.false(String(pdf.fields['content-security-policy']).includes('sandbox'));
    t.false(String(pdf.fields['content-security-policy']).includes('self'));
    t.is(pdf.fields['strict-transport-security'], undefined);
    t.is(pdf.text, '%PDF-1.4');
  }),
);

test(
  'CT-12, P-4: a response that says no-transform reaches the client byte for byte, in the coding it accepts',
  inWorld(async (t, { origin, through }) => {
    origin.on('/raw', (request, response) => {
      const isGzip = /gzip/.test(String(request.headers['accept-encoding']));
      response.writeHead(200, {
        'content-type': 'text/html',
        'cache-control': 'no-transform',
        etag: '"strong"',
        ...(isGzip ? { 'content-encoding': 'gzip' } : {}),
      });
      response.end(isGzip ? gzipSync(PAGE) : PAGE);
    });
    const plain = await through('/raw', { fields: CLIENTS.desktop });
    t.is(plain.text, PAGE);
    t.is(plain.fields['format-chain'], 'none;reason=no-transform');
    t.is(plain.fields.etag, '"strong"');
    const coded = await through('/raw', { fields: { ...CLIENTS.desktop, 'accept-encoding': 'gzip' } });
    t.is(coded.fields['content-encoding'], 'gzip');
    t.deepEqual(coded.body, gzipSync(PAGE));
  }),
);

test(
  'CT-2: a request that says no-transform goes upstream with its own Accept and Accept-Encoding, and comes back as it is',
  inWorld(async (t, { origin, through }) => {
    origin.on('/raw', PAGE);
    const { text, fields } = await through('/raw', {
      fields: { ...CLIENTS.desktop, 'accept-encoding': 'br;q=0.3', 'cache-control': 'no-transform' },
    });
    t.is(text, PAGE);
    t.is(fields['format-chain'], 'none;reason=no-transform');
    t.is(origin.requests[0]?.fields['accept-encoding'], 'br;q=0.3');
    t.is(origin.requests[0]?.fields.accept, CLIENTS.desktop.accept);
  }),
);

test(
  'P-10, C-12: our ETag is answered 304 without asking a fresh origin again; each coding has a tag of its own (P-7)',
  inWorld(async (t, { origin, through }) => {
    origin.on('/p', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=60', etag: '"origin"' });
      response.end(PAGE);
    });
    const first = await through('/p', { fields: CLIENTS.desktop });
    const coded = await through('/p', { fields: { ...CLIENTS.desktop, 'accept-encoding': 'br' } });
    t.is(coded.fields['content-encoding'], 'br');
    t.not(first.fields.etag, '"origin"');
    t.not(first.fields.etag, coded.fields.etag);
    const again = await through('/p', { fields: { ...CLIENTS.desktop, 'if-none-match': String(first.fields.etag) } });
    t.is(again.status, 304);
    t.is(again.body.length, 0);
    t.is(again.fields.etag, first.fields.etag);
    t.truthy(again.fields.vary);
    t.is(origin.requests.length, 1);
    t.regex(String(again.fields['cache-status']), /^gw-origin; hit; ttl=\d+, gw-variant; hit$/);
  }),
);

test(
  'a reply given again is the same but for its age, and yields to a changed profile, a switch and an unsafe method',
  inWorld(async (t, { origin, through, admin }) => {
    let edition = 0;
    origin.on('/p', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=600' });
      response.end(PAGE.replace('Heading', `Heading ${edition}`));
    });
    const again = async () => {
      const answers = [];
      for (let i = 0; i < 4; i++) answers.push(await through('/p', { fields: CLIENTS.kaios }));
      for (const { fields, text, status } of answers.slice(1)) {
        t.is(status, 200);
        t.is(text, answers[0]!.text);
        t.is(fields.etag, answers[0]!.fields.etag);
        t.is(fields.vary, answers[0]!.fields.vary);
        t.is(fields['format-chain'], answers[0]!.fields['format-chain']);
      }
      t.is(new Set(answers.map((answer) => answer.fields['x-request-id'])).size, 4);
      return answers[0]!;
    };
    const first = await again();
    t.true((await through('/p', { fields: CLIENTS.desktop })).text !== first.text, 'other fields, another reply');
    t.is(
      (await through('/p', { fields: { ...CLIENTS.kaios, 'if-none-match': String(first.fields.etag) } })).status,
      304,
    );
    t.is(
      (await through('/p', { method: 'HEAD', fields: CLIENTS.kaios })).fields['content-length'],
      first.fields['content-length'],
    );
    t.is(
      (await admin('/api/profiles/kaios', { method: 'PUT', json: { prefers: { presentation: 'article' } } })).status,
      200,
    );
    t.true(String((await again()).fields['format-chain']).startsWith('html-article'));
    t.is((await admin('/api/formatters/html-article', { method: 'PATCH', json: { enabled: false } })).status, 200);
    t.false(String((await again()).fields['format-chain']).startsWith('html-article'));
    edition = 1;
    await through('/p', { method: 'POST', body: 'x=1', fields: CLIENTS.kaios });
    t.true((await again()).text.includes('Heading 1'));
  }),
);

test(
  'G11, C-6: many concurrent misses of one page cause one upstream request',
  inWorld(async (t, { origin, through }) => {
    origin.on('/p', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=60' });
      response.write(PAGE.slice(0, 100));
      // The rest comes once every client has had the time to ask.
      setImmediate(() => setImmediate(() => response.end(PAGE.slice(100))));
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => through('/p', { fields: CLIENTS.kaios })));
    t.true(answers.every((answer) => answer.status === 200 && answer.text === answers[0]!.text));
    t.true(origin.requests.length <= 2, `${origin.requests.length} upstream requests`);
  }),
);

test(
  'design 3: bot, tool and unknown clients get the original, byte for byte, with the Referer law for its links',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/p', PAGE);
    const { text, fields } = await through('/p', { fields: CLIENTS.curl });
    t.is(createHash('sha256').update(text).digest('hex'), createHash('sha256').update(PAGE).digest('hex'));
    t.is(fields['format-chain'], 'none;reason=not-asked');
    const law = await get('/send?a=b', { fields: { referer: 'http://127.0.0.1:1/' } });
    t.is(law.status, 404);
  }),
);

test(
  'design 3: an unknown path with the Referer of a prefix page is redirected below that origin, before names are read as hosts',
  inWorld(async (t, { origin, get, server }) => {
    const referer = `${server.origin}/${origin.url}/dir/page`;
    const first = await get('/style.css?v=1', { fields: { referer } });
    t.is(first.status, 307);
    t.is(first.fields.location, `/${origin.url}/style.css?v=1`);
    const name = await get('/readme.md', { fields: { referer } });
    t.is(name.fields.location, `/${origin.url}/readme.md`);
    const post = await get('/send', {
      method: 'POST',
      body: 'a=b',
      fields: { referer: `${server.origin}/-/as/original/${origin.url}/x` },
    });
    t.is(post.status, 307);
    t.is(post.fields.location, `/${origin.url}/send`);
    for (const lead of ['', '-/as/original/', '-/explain/', '-/explain/-/as/lite;part=2/']) {
      const below = await get('/-/graphql?x=1', { fields: { referer: `${server.origin}/${lead}${origin.url}/x` } });
      t.is(below.status, 307, `an unknown name below /-/ is an unknown path too: ${lead}`);
      t.is(below.fields.location, `/${origin.url}/-/graphql?x=1`);
    }
    t.is((await get('/-/graphql?x=1')).status, 404);
  }),
);

test(
  'design 3: the other spellings of a target are redirected to the proper one',
  inWorld(async (t, { get }) => {
    for (const [path, location] of [
      ['/https:/example.org/a?b=c', '/https://example.org/a?b=c'],
      ['/example.org/a?b', '/https://example.org/a?b'],
      ['/-/as/lite/example.org/', '/-/as/lite/https://example.org/'],
      ['/-/explain/https:/example.org/', '/-/explain/https://example.org/'],
    ] as const) {
      const { status, fields } = await get(path);
      t.is(status, 307, path);
      t.is(fields.location, location);
    }
    const go = await get('/-/go?url=example.org%2Fx%3Fy');
    t.is(go.status, 303);
    t.is(go.fields.location, '/https://example.org/x?y');
  }),
);

test(
  'design 3: what is wrong with a request has its own status, in the format the client reads',
  inWorld(async (t, { get }) => {
    for (const [path, status] of [
      ['/-/as/nonsense/https://example.org/', 404],
      ['/ftp://example.org/', 400],
      ['/javascript:alert(1)', 400],
      ['/http://user:secret@example.org/', 400],
      ['/http://127.0.0.2:9/', 403],
      ['/http://[::ffff:7f00:2]:9/', 403],
      ['/nothing', 404],
      ['/-/nothing', 404],
    ] as const)
      t.is((await get(path)).status, status, path);
    t.is((await get('/x', { fields: { host: 'elsewhere.test' } })).status, 421);
    t.is((await get('/', { method: 'TRACE' })).status, 405);
    const wml = await get('/nothing', { fields: CLIENTS.wap });
    t.regex(String(wml.fields['content-type']), /^text\/vnd\.wap\.wml/);
    const markdown = await get('/nothing', { fields: CLIENTS.agent });
    t.regex(String(markdown.fields['content-type']), /^text\/markdown/);
    const json = await get('/nothing', { fields: { accept: 'application/json' } });
    t.is(json.fields['content-type'], 'application/problem+json');
    t.is(JSON.parse(json.text).status, 404);
    for (const each of [wml, markdown, json]) {
      t.is(each.fields['cache-control'], 'no-store');
      t.truthy(each.fields['x-request-id']);
      t.true(each.text.includes(String(each.fields['x-request-id'])));
    }
  }),
);

test(
  'threat 23, S-3: cookies of origins live in the jar, never reach the client, and come back to their site alone',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/login', (_, response) => {
      response.writeHead(303, {
        location: '/home',
        'set-cookie': ['sid=secret; Path=/; HttpOnly', 'format-jar=evil; Path=/'],
      });
      response.end();
    });
    origin.on('/home', PAGE);
    const login = await through('/login', {
      method: 'POST',
      body: 'user=me',
      fields: { ...CLIENTS.desktop, 'content-type': 'application/x-www-form-urlencoded' },
    });
    t.is(login.status, 303);
    t.is(login.fields.location, `/${origin.url}/home`);
    const cookies = login.fields['set-cookie'] ?? [];
    t.is(cookies.length, 1);
    t.regex(cookies[0]!, /^format-jar=[\w-]{32}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    const jar = cookies[0]!.split(';')[0]!;
    await through('/home', {
      fields: { ...CLIENTS.desktop, cookie: `${jar}; other=1; format-admin=${'x'.repeat(32)}` },
    });
    t.is(origin.requests.at(-1)?.fields.cookie, 'sid=secret; format-jar=evil');
    await through('/home', { fields: CLIENTS.desktop });
    t.is(origin.requests.at(-1)?.fields.cookie, undefined, 'another client has no jar');
    t.is((await get('/-/healthz')).fields['set-cookie'], undefined);
  }),
);

test(
  'P-1, threat 20: hop-by-hop fields and our own never reach the origin; Via and the CT comment do (CT-9)',
  inWorld(async (t, { origin, through }) => {
    origin.on('/p', PAGE);
    await through('/p', {
      fields: {
        ...CLIENTS.desktop,
        connection: 'close, X-Private',
        'x-private': '1',
        te: 'trailers',
        'format-profile': 'kaios',
        'explain-accept': 'a/b',
        'proxy-authorization': 'Basic eDp5',
        'x-forwarded-host': 'evil',
      },
    });
    const { fields } = origin.requests[0]!;
    for (const name of [
      'x-private',
      'te',
      'format-profile',
      'explain-accept',
      'proxy-authorization',
      'x-forwarded-host',
    ])
      t.is(fields[name], undefined, name);
    t.regex(String(fields.via), /^1\.1 gw-[0-9a-f]{10} \(http:\/\/www\.w3\.org\/ns\/ct\)$/);
    t.is(fields['user-agent'], CLIENTS.desktop['user-agent']);
  }),
);

test(
  'P-3, threat 4: a request that has come through this gateway before is a loop',
  inWorld(async (t, { origin, through }) => {
    origin.on('/p', PAGE);
    const { fields } = await through('/p');
    const pseudonym = /gw-[0-9a-f]+/.exec(String(fields.via))![0];
    const loop = await through('/p', { fields: { via: `1.1 ${pseudonym}` } });
    t.is(loop.status, 508);
    t.is(origin.requests.length, 1);
  }),
);

test(
  'seen 4: a stored profile decides the next request and loses to a presentation in the URL',
  inWorld(async (t, { origin, admin, get }) => {
    origin.on('/p', PAGE);
    const put = await admin('/api/profiles/my-desk', {
      method: 'PUT',
      json: { name: 'my-desk', match: { userAgent: ['Chrome/140'] }, prefers: { presentation: 'article' } },
    });
    t.is(put.status, 201, put.text);
    const stored = await get(`/${origin.url}/p`, { fields: CLIENTS.desktop });
    t.true(String(stored.fields['format-chain']).startsWith('html-article'));
    const url = await get(`/-/as/lite/${origin.url}/p`, { fields: CLIENTS.desktop });
    t.true(String(url.fields['format-chain']).startsWith('html-lite'));
    const removed = await admin('/api/profiles/my-desk', { method: 'DELETE' });
    t.is(removed.status, 204);
    const after = await get(`/${origin.url}/p`, { fields: CLIENTS.desktop });
    t.true(String(after.fields['format-chain']).startsWith('html-full'));
  }),
);

test(
  'design 3: Format-Profile names a selectable profile; another is 400 naming those there are',
  inWorld(async (t, { origin, through }) => {
    origin.on('/p', PAGE);
    const kaios = await through('/p', { fields: { ...CLIENTS.curl, 'format-profile': 'kaios' } });
    t.true(String(kaios.fields['format-chain']).startsWith('html-lite'));
    t.true(String(kaios.fields.vary).includes('Format-Profile'));
    const unknown = await through('/p', { fields: { 'format-profile': 'nobody' } });
    t.is(unknown.status, 400);
    t.true(unknown.text.includes('kaios'));
  }),
);

test(
  'explain tells client, preferences with their layers, plan, steps and reply; Explain fields stand in for the real ones',
  inWorld(async (t, { origin, get }) => {
    origin.on('/p', PAGE);
    const { status, text, fields } = await get(`/-/explain/${origin.url}/p`, {
      fields: {
        accept: 'application/json',
        'explain-accept': CLIENTS.kaios.accept,
        'explain-user-agent': CLIENTS.kaios['user-agent'],
      },
    });
    t.is(status, 200);
    t.is(fields['content-type'], 'application/json');
    const explanation = JSON.parse(text);
    t.is(explanation.target, `${origin.url}/p`);
    t.is(explanation.client.class, 'feature-phone');
    t.deepEqual(explanation.preferences['images.maxWidth'], { value: 240, layer: 'preset:kaios' });
    t.deepEqual(
      explanation.plan.map((step: { formatter: string }) => step.formatter),
      ['html-lite', 'links', 'page-parts'],
    );
    t.is(explanation.steps.length, 3);
    t.is(explanation.original.bytes, Buffer.byteLength(PAGE));
    t.regex(explanation.reply.type, /^text\/html/);
    const page = await get(`/-/explain/${origin.url}/p`, { fields: CLIENTS.desktop });
    t.true(page.text.includes('html-full'));
  }),
);

test('reverse mode: a site is served under its own name, its links rewritten to it, its cookies kept as its own', async (t) => {
  const { mkdtemp, writeFile, rm } = await import('node:fs/promises');
  const { startOrigin } = await import('./support/origin.ts');
  const folder = await mkdtemp('/tmp/sites-');
  const upstream = await startOrigin();
  try {
    upstream.on('/a', (_, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'set-cookie': 'sid=1; Path=/; Domain=127.0.0.1; HttpOnly',
      });
      response.end(`<title>x</title><script>app()</script><a href="${upstream.url}/b">b</a><a href="/c">c</a>`);
    });
    upstream.on('/old', (_, response) => {
      response.writeHead(302, { location: `${upstream.url}/new` });
      response.end();
    });
    await writeFile(`${folder}/sites.json`, JSON.stringify([{ host: 'docs.example', upstream: upstream.url }]));
    await inWorld(
      async (_t, { get }) => {
        const page = await get('/a', { fields: { ...CLIENTS.desktop, host: 'docs.example' } });
        t.is(page.status, 200);
        t.true(page.text.includes('<script>app()</script>'), 'full keeps the scripts of a site of our own');
        t.true(page.text.includes('href="http://docs.example/b"') || page.text.includes('href="/b"'), page.text);
        t.deepEqual(page.fields['set-cookie'], ['sid=1; Path=/; HttpOnly']);
        t.is(page.fields['content-security-policy'], undefined);
        const moved = await get('/old', { fields: { host: 'docs.example:8080' } });
        t.is(moved.fields.location, 'http://docs.example:8080/new');
        const lite = await get('/-/as/lite/a', {
          fields: { ...CLIENTS.desktop, host: 'docs.example', cookie: `sid=1; format-jar=${'a'.repeat(32)}` },
        });
        t.false(lite.text.includes('<script'));
        t.is(upstream.requests.at(-1)?.fields.cookie, 'sid=1');
        t.is(upstream.requests.at(-1)?.fields['x-forwarded-host'], 'docs.example');
      },
      { environment: { SITES: `${folder}/sites.json`, UPSTREAM_ALLOW: 'none' } },
    )(t);
  } finally {
    await upstream.close();
    await rm(folder, { recursive: true });
  }
});

test('seen 5: a plugin of ten lines works by a profile that names it; plugins that misbehave cost only their own request', async (t) => {
  t.timeout(150_000);
  const { mkdtemp, writeFile, rm } = await import('node:fs/promises');
  const folder = await mkdtemp('/tmp/plugins-');
  const misdeeds = {
    throws: "throw new Error('x')",
    exits: 'process.exit(0)',
    kills: "process.kill(process.pid, 'SIGKILL')",
    hangs: 'for (;;);',
  };
  try {
    const plugin = (name: string, body: string) =>
      writeFile(
        `${folder}/${name}.mjs`,
        `export default { contract: 1, kind: 'formatter', name: '${name}', version: '1.0.0', reads: 'text',
          edges: [{ from: 'text/plain', to: 'text/plain', keeps: 1, cost: 1, meets: ['${name}'] }],
          async format(input) { ${body}; return { mediaType: 'text/plain', body: input.body.toUpperCase() } } };`,
      );
    await plugin('shout', '');
    for (const [name, body] of Object.entries(misdeeds)) await plugin(name, body);
    await writeFile(`${folder}/broken.mjs`, 'this is no module(');
    await inWorld(
      async (_t, { origin, through, admin }) => {
        origin.on('/t', (_, response) => {
          response.writeHead(200, { 'content-type': 'text/plain' });
          response.end('hello world');
        });
        for (const name of ['shout', ...Object.keys(misdeeds)])
          t.is(
            (
              await admin(`/api/profiles/${name}`, {
                method: 'PUT',
                json: { selectable: true, prefers: { formatters: { [name]: true } } },
              })
            ).status,
            201,
          );
        const asked = (name: string) => through('/t', { fields: { ...CLIENTS.curl, 'format-profile': name } });
        const bad = Object.keys(misdeeds).map(asked);
        const good = await asked('shout');
        t.is(good.text, 'HELLO WORLD');
        t.is(good.fields['format-chain'], 'shout;v="1.0.0"');
        for (const answer of await Promise.all(bad)) {
          t.is(answer.status, 200);
          t.is(answer.text, 'hello world');
          t.is(answer.fields['format-chain'], 'none;reason=failed');
        }
        t.is((await asked('shout')).text, 'HELLO WORLD');
        const { formatters } = JSON.parse((await admin('/api/formatters')).text);
        t.like(
          formatters.find((each: { name: string }) => each.name === 'exits'),
          { faults: 1, suspended: false, enabled: true },
        );
        const off = await admin('/api/formatters/shout', { method: 'PATCH', json: { enabled: false } });
        t.is(off.status, 200, off.text);
        t.is((await asked('shout')).text, 'hello world', 'switched off');
      },
      { environment: { PLUGINS_DIR: folder, FORMAT_TIMEOUT_MS: '4000' } },
    )(t);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test(
  'seen 2: eight clients ask for one page and get eight right answers, each explained',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/p', PAGE);
    const wanted: readonly (readonly [keyof typeof CLIENTS | 'saveData', string, string])[] = [
      ['desktop', 'text/html', 'html-full'],
      ['kaios', 'text/html', 'html-lite'],
      ['wap', 'text/vnd.wap.wml', 'html-to-wml'],
      ['lynx', 'text/html', 'html-lite'],
      ['kindle', 'text/html', 'html-article'],
      ['agent', 'text/markdown', 'html-to-markdown'],
      ['saveData', 'text/html', 'html-lite'],
      ['curl', 'text/html', 'none;reason=not-asked'],
    ];
    for (const [name, type, formatter] of wanted) {
      const client = name === 'saveData' ? { ...CLIENTS.desktop, 'save-data': 'on' } : CLIENTS[name];
      const { status, fields, text } = await through('/p', { fields: client });
      t.is(status, 200, name);
      t.is(String(fields['content-type']).split(';')[0], type, name);
      t.true(String(fields['format-chain']).includes(formatter), `${name}: ${fields['format-chain']}`);
      t.true(text.includes('Some words that make a paragraph'), name);
      if (type === 'text/vnd.wap.wml') t.true(Buffer.byteLength(text) <= 1_400, `${Buffer.byteLength(text)} bytes`);
      if (type === 'text/markdown') t.regex(String(fields['x-markdown-tokens']), /^\d+$/);
      const explained = await get(`/-/explain/${origin.url}/p`, {
        fields: {
          accept: 'application/json',
          'explain-accept': client.accept,
          'explain-user-agent': client['user-agent'],
          ...('save-data' in client ? { 'save-data': client['save-data'] } : {}),
        },
      });
      t.is(JSON.parse(explained.text).reply.chain, fields['format-chain'], name);
    }
  }),
);

test(
  'gemtext is there for who names it, in the URL or by Accept, with links inside the gateway',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/dir/page', PAGE);
    for (const answer of [
      await get(`/-/as/gemtext/${origin.url}/dir/page`, { fields: CLIENTS.desktop }),
      await through('/dir/page', { fields: { accept: 'text/gemini' } }),
    ]) {
      t.is(answer.fields['content-type'], 'text/gemini; charset=utf-8');
      t.regex(answer.text, /^# Heading$/m);
      t.regex(String(answer.fields['format-chain']), /html-to-gemtext/);
      t.true(answer.text.includes(`=> /${origin.url}/dir/pic.jpg A picture`), answer.text);
    }
  }),
);

test(
  'Markdown that is wanted most stays Markdown, though HTML would be taken too',
  inWorld(async (t, { origin, through }) => {
    origin.on('/notes.md', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/markdown' }).end('# Notes\n');
    });
    const shown = async (accept: string) => {
      const { fields, text } = await through('/notes.md', { fields: { accept } });
      return [fields['content-type'], text];
    };
    t.deepEqual(await shown('text/markdown, text/html;q=0.5'), ['text/markdown', '# Notes\n']);
    t.deepEqual(await shown('text/html;q=0.5, text/markdown;q=0.6, */*;q=0.1'), ['text/markdown', '# Notes\n']);
    t.regex(String((await shown('text/html, text/markdown;q=0.6'))[0]), /^text\/html/);
  }),
);

test(
  'design 3 (1): what Accept rules out is made into what it takes; what is to be saved stays as it is but for who names another form',
  inWorld(async (t, { origin, through, get }) => {
    const saved = { 'content-disposition': 'attachment; filename=a' };
    const sends = (path: string, type: string, body: string | Buffer, more: Readonly<Record<string, string>> = {}) =>
      origin.on(path, (_, response) => void response.writeHead(200, { 'content-type': type, ...more }).end(body));
    const png = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#246' } })
      .png()
      .toBuffer();
    sends('/page', 'text/html', PAGE);
    sends('/saved.html', 'text/html', PAGE, saved);
    sends('/saved.png', 'image/png', png, saved);
    sends('/film', 'video/mp4', 'not really', saved);
    sends('/deck.wml', 'text/vnd.wap.wml', '<?xml version="1.0"?><wml><card><p>Hello</p></card></wml>');
    const got = async (path: string, fields: Readonly<Record<string, string>>) => {
      const { fields: sent } = await (path.startsWith('/-/') ? get : through)(path, { fields });
      return `${String(sent['content-type']).split(';')[0]} ${String(sent['format-chain']).replace(/;v="[^"]*"/g, '')}`;
    };
    const accepting = (accept: string) => ({ ...CLIENTS.curl, accept });
    t.regex(await got('/page', accepting('text/html;q=0, */*')), /^text\/markdown .*html-to-markdown/);
    t.is(await got('/page', accepting('text/*;q=0.5, */*')), 'text/html none;reason=not-asked');
    for (const client of [CLIENTS.desktop, CLIENTS.kaios, CLIENTS.curl, accepting('*/*')])
      t.is(await got('/saved.html', client), 'text/html none;reason=attachment');
    t.regex(await got('/saved.html', CLIENTS.agent), /^text\/markdown /);
    t.regex(await got('/saved.html', accepting('text/plain')), /^text\/plain /);
    t.regex(await got('/saved.png', CLIENTS.desktopImage), /^image\/(?:avif|webp|png) (?!none;reason=attachment)/);
    t.is(await got('/saved.png', CLIENTS.desktop), 'image/png none;reason=attachment');
    t.is(await got('/film', CLIENTS.desktopImage), 'video/mp4 none;reason=attachment');
    t.regex(await got(`/-/as/wml/${origin.url}/deck.wml`, CLIENTS.desktop), /^text\/vnd\.wap\.wml none/);
  }),
);

test(
  'a book in Arabic is written from the right and turned from the left',
  inWorld(async (t, { get, origin }) => {
    origin.on('/rtl', '<!DOCTYPE html><html lang="ar" dir="rtl"><title>قوارب</title><h1>قوارب</h1><p>ثلاثة قوارب.</p>');
    const files = unzipSync(new Uint8Array((await get(`/-/as/epub/${origin.url}/rtl`, {})).body));
    for (const name of ['book/page.xhtml', 'book/nav.xhtml'])
      t.regex(strFromU8(files[name]!), /<html [^>]*lang="ar"[^>]* dir="rtl"/, name);
    t.regex(strFromU8(files['book/package.opf']!), /<spine page-progression-direction="rtl">/);
  }),
);

test(
  'a link in a book to a place that is not in it leads to the page',
  inWorld(async (t, { get, origin }) => {
    const text = '<p>A sentence of the article that is long enough to be one, with a comma or two.</p>'.repeat(6);
    const page = `<!DOCTYPE html><title>T</title><main><h1 id="top">T</h1><p><a href="#top">up</a> <a href="#gone">gone</a> <a href="#">none</a></p>${text}</main>`;
    origin.on('/places', page);
    const files = unzipSync(new Uint8Array((await get(`/-/as/epub/${origin.url}/places`, {})).body));
    const links = [...strFromU8(files['book/page.xhtml']!).matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href);
    t.deepEqual(links, ['#top', `${origin.url}/places#gone`]);
  }),
);

test(
  'a book holds the page and its pictures, made as wide as it may be, those of a private site too',
  inWorld(async (t, { get, server, origin }) => {
    const reply = await get(`/-/as/epub/${server.demoOrigin}/story.html`, { fields: CLIENTS.desktop });
    t.is(reply.status, 200);
    t.is(reply.fields['content-type'], 'application/epub+zip');
    t.regex(
      String(reply.fields['content-disposition']),
      /^attachment; filename="The-lamp-that-would-not-stay-out\.epub"$/,
    );
    t.regex(String(reply.fields['etag']), /^W\//, 'its pictures may change');
    const files = unzipSync(new Uint8Array(reply.body));
    t.is(Object.keys(files)[0], 'mimetype');
    const page = strFromU8(files['book/page.xhtml']!);
    t.true(page.includes('The lamp was lit at 19:52.'));
    t.true(page.includes('<img src="pictures/p1.jpeg" alt="A red and white lighthouse'), page.slice(0, 2_000));
    const { width } = await sharp(files['book/pictures/p1.jpeg']!).metadata();
    t.true(width <= 1_920);
    t.true(strFromU8(files['book/nav.xhtml']!).includes('Who keeps it now'));
    origin.on(
      '/alone',
      '<!DOCTYPE html><title>Alone</title><h1>Alone</h1><p>Here. <img src="/gone.jpg" alt="a cat"></p>',
    );
    const alone = await get(`/-/as/epub/${origin.url}/alone`, { fields: CLIENTS.kindle });
    t.true(strFromU8(unzipSync(new Uint8Array(alone.body))['book/page.xhtml']!).includes('[a cat]'));
  }),
);

test(
  'H-10, design 4: a profile of an agent has a budget of tokens, chosen elements and listed links; the origin’s Content-Signal passes',
  inWorld(async (t, { origin, through, get, admin }) => {
    const words = 'Some words that make a paragraph, long enough to be one, with <a href="/a">a link</a>. ';
    const page = `<!DOCTYPE html><html lang="en"><head><title>Log</title></head><body><nav><a href="/">Home</a></nav><div class="story"><h1>Log</h1>${Array.from({ length: 20 }, (_, day) => `<p>Day ${day}. ${words.repeat(3)}</p>`).join('')}</div><div class="comments"><p>${words}First!</p></div></body></html>`;
    origin.on('/log', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-signal': 'search=yes, ai-train=no' }).end(page);
    });
    const formatters = {
      'html-to-markdown': { tokens: 500, links: 'reference' },
      elements: { keep: '.story, .comments', drop: '.comments' },
    };
    const prefers = { presentation: 'markdown', formatters };
    const made = await admin('/api/profiles', { method: 'POST', json: { name: 'small', selectable: true, prefers } });
    t.is(made.status, 201);
    const fields = { 'format-profile': 'small', accept: '*/*' };
    const first = await through('/log', { fields });
    t.regex(String(first.fields['content-type']), /^text\/markdown/);
    t.regex(String(first.fields['format-chain']), /^elements;v="[\d.]+", html-article;/);
    t.is(first.fields['content-signal'], 'search=yes, ai-train=no');
    t.true(Number(first.fields['x-markdown-tokens']) <= 500);
    t.is(Number(first.fields['x-original-tokens']), Math.ceil(page.length / 4));
    t.true(first.text.includes('[a link][1]'));
    const of = Number(/\npart: "1 of (\d+)"\n/.exec(first.text)?.[1]);
    t.true(of > 1);
    const next = /\[Next part\]\(([^)]+)\)/.exec(first.text)![1]!;
    t.is(next, `/-/as/markdown;part=2/${origin.url}/log`);
    const second = await get(next, { fields });
    t.regex(second.text, /\npart: "2 of /);
    t.not(second.fields['etag'], first.fields['etag']);
    for (const { text } of [first, second]) t.notRegex(text, /First!|Home/);
  }),
);

test(
  'design 4: what a profile says of pictures, styles, fonts and media holds in `full` too, and in its style sheets',
  inWorld(async (t, { origin, through, admin }) => {
    const page = `<!DOCTYPE html><html lang="en"><head><title>Harbour</title><link rel="stylesheet" href="/s.css"><style>@font-face{font-family:x;src:url(/f.woff2)}h1{color:navy}</style></head>
<body><h1 style="font-family:x">Harbour</h1><p><img src="/boat.jpg" alt="A boat"></p><video src="/quay.mp4" title="The quay"></video></body></html>`;
    origin.on('/page', page);
    const css = '@font-face{font-family:x;src:url("}.woff2")}/*}@font-face{*/h1{font-family:x}';
    origin.on('/s.css', (_, response) => void response.writeHead(200, { 'content-type': 'text/css' }).end(css));
    const shown = async (prefers: object) => {
      const body = { selectable: true, prefers: { presentation: 'full', ...prefers } };
      t.true((await admin('/api/profiles/own', { method: 'PUT', json: body })).status < 300);
      const fields = { ...CLIENTS.desktop, 'format-profile': 'own' };
      const reply = await through('/page', { fields });
      t.regex(String(reply.fields['format-chain']), /^html-full;/);
      const styles = await through('/s.css', { fields: { ...fields, accept: 'text/css,*/*;q=0.1' } });
      return { page: reply.text, styles: styles.text };
    };
    const whole = await shown({});
    for (const part of ['<img', '<video', '@font-face', 'color:navy', 's.css', 'style="font-family:x"'])
      t.true(whole.page.includes(part), part);
    t.true(whole.styles.startsWith('@font-face'));
    const wordy = await shown({ images: { load: false } });
    t.false(wordy.page.includes('<img'));
    t.true(wordy.page.includes('<p> A boat </p>'));
    const silent = await shown({ page: { media: false } });
    t.false(silent.page.includes('<video'));
    t.regex(silent.page, /<a href="[^"]*\/quay\.mp4">The quay<\/a>/);
    const fontless = await shown({ page: { fonts: false } });
    t.regex(fontless.page, /<style>h1\{color:navy\}<\/style>/);
    t.is(fontless.styles, '/*}@font-face{*/h1{font-family:x}');
    const bare = await shown({ page: { styles: 'none' } });
    t.notRegex(bare.page, /style/);
    const basic = await shown({ page: { styles: 'basic' } });
    t.regex(basic.page, /<style>body\{max-width/);
    t.notRegex(basic.page, /navy|s\.css|style="/);
  }),
);

test(
  'design 3 (3), design 4: a profile’s types choose by quality, then order; those it does not name come after; a wildcard takes what it names',
  inWorld(async (t, { origin, through, admin }) => {
    origin.on('/page', PAGE);
    const shown = async (types: Record<string, number>, accept: string, presentation?: string) => {
      const prefers = { types, ...(presentation === undefined ? {} : { presentation }) };
      await admin('/api/profiles/own', { method: 'PUT', json: { selectable: true, prefers } });
      const reply = await through('/page', { fields: { ...CLIENTS.desktop, 'format-profile': 'own', accept } });
      t.is(reply.status, 200);
      return String(reply.fields['content-type']).replace(/;.*/, '');
    };
    const both = 'text/html, text/markdown';
    t.is(await shown({ 'text/markdown': 1, 'text/html': 0.5 }, both), 'text/markdown');
    t.is(await shown({ 'text/markdown': 1, 'text/html': 1 }, both), 'text/markdown', 'order in the profile');
    t.is(await shown({ 'text/html': 1, 'text/markdown': 1 }, both), 'text/html');
    t.is(await shown({ 'text/markdown': 1 }, both), 'text/markdown', 'what it does not name comes after');
    t.is(await shown({ 'text/markdown': 1, 'text/html': 0.5 }, '*/*'), 'text/markdown', 'a wildcard takes it');
    t.is(await shown({ 'text/html': 1, 'text/plain': 0.5 }, '*/*'), 'text/html');
    t.is(
      await shown({ 'text/plain': 1, 'text/html': 0.5 }, '*/*', 'lite'),
      'text/html',
      'a presentation decides first',
    );
    t.is(
      await shown({ 'text/markdown': 1 }, 'text/html, text/markdown;q=0.5'),
      'text/html',
      'the client’s q before it',
    );
    t.is(await shown({ 'text/markdown': 1 }, 'text/html, text/markdown;q=0'), 'text/html');
  }),
);

test(
  'design 3 (3), design 4: of pictures that Accept names alike, the first that the profile shows is sent',
  inWorld(async (t, { origin, through, admin }) => {
    const noise = Buffer.from(Array.from({ length: 200 * 150 * 3 }, (_, i) => (i * 7_919) % 251));
    const photo = await sharp(noise, { raw: { width: 200, height: 150, channels: 3 } })
      .blur(2)
      .png()
      .toBuffer();
    origin.on('/p.png', (_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(photo));
    const shown = async (types: string[], accept: string) => {
      const body = { selectable: true, prefers: { images: { types } } };
      await admin('/api/profiles/own', { method: 'PUT', json: body });
      const { fields } = await through('/p.png', { fields: { ...CLIENTS.desktop, 'format-profile': 'own', accept } });
      return fields['content-type'];
    };
    t.is(await shown(['image/webp', 'image/jpeg'], 'image/jpeg, image/webp'), 'image/webp');
    t.is(await shown(['image/jpeg', 'image/webp'], 'image/webp, image/jpeg'), 'image/jpeg');
    t.is(
      await shown(['image/jpeg', 'image/webp'], 'image/webp, image/jpeg;q=0.9'),
      'image/webp',
      'the client’s q first',
    );
    t.is(await shown(['image/jpeg', 'image/webp'], 'image/webp, */*'), 'image/webp', 'a wildcard counts little');
    const jpeg = await sharp(photo).jpeg().toBuffer();
    origin.on('/p.jpg', (_, response) => void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(jpeg));
    const old = {
      'user-agent': 'Mozilla/4.0 (compatible; MSIE 4.01; Windows 95)',
      accept: 'image/gif, image/jpeg, */*',
    };
    const typeOf = async (path: string) => (await through(path, { fields: old })).fields['content-type'];
    t.is(await typeOf('/p.jpg'), 'image/jpeg', 'a photograph stays one, though GIF is shown first');
    const mono = { selectable: true, prefers: { images: { color: 'mono' } } };
    await admin('/api/profiles/own', { method: 'PUT', json: mono });
    for (const accept of ['image/avif,image/webp,*/*;q=0.8', 'image/jpeg, image/png', '*/*']) {
      const { body } = await through('/p.jpg', { fields: { ...CLIENTS.desktop, 'format-profile': 'own', accept } });
      t.is(new Set(await sharp(body).greyscale().raw().toBuffer()).size, 2, `black and white alone, by ${accept}`);
    }
    // Safari names WebP first, and AVIF beside it.
    const safari = 'image/webp,image/avif,image/jxl,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';
    const { fields } = await through('/p.png', { fields: { ...CLIENTS.desktop, accept: safari } });
    t.is(fields['content-type'], 'image/avif');
  }),
);

test(
  'an icon comes as WebP where AVIF is taken too, unless Accept or a profile prefers AVIF: its wrapping weighs more',
  inWorld(async (t, { origin, through, admin }) => {
    const icon = await photo(24, 24).png().toBuffer();
    const fields = { 'content-type': 'image/png', 'content-length': icon.length, 'cache-control': 'max-age=600' };
    origin.on('/icon.png', (_, response) => response.writeHead(200, fields).end(icon));
    const large = await photo(400, 300).png().toBuffer();
    origin.on('/large.png', (_, response) =>
      response.writeHead(200, { ...fields, 'content-length': large.length }).end(large),
    );
    const shown = async (path: string, own: Readonly<Record<string, string>> = {}) =>
      (await through(path, { fields: { ...CLIENTS.desktopImage, ...own } })).fields['content-type'];
    for (const time of ['made', 'held']) t.is(await shown('/icon.png'), 'image/webp', time);
    t.is(await shown('/large.png'), 'image/avif');
    t.is(await shown('/icon.png', { accept: 'image/avif,image/webp;q=0.9' }), 'image/avif');
    t.is(await shown('/icon.png', { accept: 'image/avif' }), 'image/avif');
    const body = { selectable: true, prefers: { images: { types: ['image/avif', 'image/webp'] } } };
    await admin('/api/profiles/own', { method: 'PUT', json: body });
    t.is(await shown('/icon.png', { 'format-profile': 'own' }), 'image/avif');
  }),
);

test(
  'design 4: `default` is the editable base: what it is made to say, clients get that have nothing else',
  inWorld(async (t, { origin, through, admin }) => {
    origin.on('/page', PAGE);
    const typeFor = async (fields: Record<string, string>) =>
      String((await through('/page', { fields })).fields['content-type']).replace(/;.*/, '');
    const tool = { 'user-agent': 'curl/8.5.0', accept: '*/*' };
    t.is(await typeFor(tool), 'text/html');
    const edited = { prefers: { presentation: 'markdown' } };
    t.is((await admin('/api/profiles/default', { method: 'PUT', json: edited })).status, 200);
    t.is(await typeFor(tool), 'text/markdown');
    t.is(await typeFor({ ...tool, accept: 'text/html' }), 'text/html', 'Accept goes on deciding');
    t.is(await typeFor(CLIENTS.desktop), 'text/html', 'a preset says otherwise');
    t.is((await admin('/api/profiles/default', { method: 'DELETE' })).status, 204);
    t.is(await typeFor(tool), 'text/html');
  }),
);

test('design 5: what a plugin makes a document of reaches browsers, phones, terminals and `/-/as/` as documents do, and no scripts with it', async (t) => {
  const { mkdtemp, writeFile, rm } = await import('node:fs/promises');
  const folder = await mkdtemp('/tmp/plugins-');
  try {
    await writeFile(
      `${folder}/note.mjs`,
      `export default { contract: 1, kind: 'formatter', name: 'note', version: '1.0.0', reads: 'text',
        edges: [{ from: 'text/x-note', to: 'text/html', keeps: 1, cost: 1 }],
        format: (input) => ({ mediaType: 'text/html', body: '<!doctype html><title>N</title><h1>' + input.body + '</h1><script>alert(1)</script>' }) };`,
    );
    await inWorld(
      async (_t, { origin, through, get }) => {
        origin.on(
          '/note',
          (_, response) => void response.writeHead(200, { 'content-type': 'text/x-note' }).end('Tides'),
        );
        const shown = async (fields: Record<string, string>) => {
          const reply = await through('/note', { fields });
          t.is(reply.status, 200);
          t.true(reply.text.includes('Tides'));
          t.false(/<script/.test(reply.text));
          return [reply.fields['content-type'], String(reply.fields['format-chain']).replace(/;v="[\d.]+"/g, '')];
        };
        const page = 'text/html; charset=utf-8';
        t.deepEqual(await shown(CLIENTS.desktop), [page, 'note, html-full, links']);
        t.deepEqual(await shown(CLIENTS.kaios), [page, 'note, html-lite, links, page-parts']);
        t.deepEqual(await shown({ 'format-profile': 'terminal', accept: '*/*' }), [
          'text/plain; charset=utf-8',
          'note, html-to-text',
        ]);
        t.deepEqual(await shown({ ...CLIENTS.curl, accept: 'text/html' }), [page, 'note, html-full, links']);
        t.deepEqual(await shown({ ...CLIENTS.curl, accept: '*/*' }), ['text/x-note', 'none;reason=not-asked']);
        t.deepEqual(await shown({ ...CLIENTS.desktop, accept: '*/*', 'sec-fetch-dest': 'video' }), [
          'text/x-note',
          'none;reason=not-asked',
        ]);
        const { text } = await get(`/-/as/markdown/${origin.url}/note`, { fields: CLIENTS.curl });
        t.regex(text, /^# Tides/m);
      },
      { environment: { PLUGINS_DIR: folder } },
    )(t);
  } finally {
    await rm(folder, { recursive: true });
  }
});
