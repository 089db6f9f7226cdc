/** What people on small and old devices are shown by the gateway itself: the bar, home, set-up, settings, errors. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { CLIENTS } from './support/client.ts';
import { inWorld } from './support/gateway.ts';
import { wmlFaults } from './support/wml-faults.ts';

const SITES_FILE = join(mkdtempSync(join(tmpdir(), 'sites-')), 'sites.json');
writeFileSync(
  SITES_FILE,
  JSON.stringify([
    { host: 'docs.example', upstream: 'http://127.0.0.1:9' },
    { host: 'moved.example', upstream: 'http://127.0.0.1:9', gatewayPath: '/gw/' },
    { host: 'anonymous.example', upstream: 'http://127.0.0.1:9', personal: false },
  ]),
);

const STORY = `<!DOCTYPE html><html lang="en"><head><title>A story</title><script>track()</script><script>more()</script><style>p{color:red}</style></head>
<body><nav><a href="/">Home</a></nav><main><article><h1>A story</h1>${'<p>Some words that make a paragraph, long enough to be one and to count.</p>'.repeat(14)}
<img src="/big.jpg" width="1600" height="900" alt="A bay"><img src="icon.png" width="16" height="16" alt="icon"><a href="/x"><img src="/in-link.jpg" width="900" height="90" alt="linked"></a></article></main></body></html>`;

test(
  'a lite page leads to its other forms, tells what was left out, and shows each picture in full',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/story?a=1', STORY);
    const { text } = await through('/story?a=1', { fields: CLIENTS.kaios });
    const own = (presentation: string) => `/-/as/${presentation}/${origin.url}/story?a=1`;
    for (const presentation of ['article', 'text', 'full', 'original'])
      t.true(text.includes(`<a href="${own(presentation)}">${presentation}</a>`), presentation);
    t.true(text.includes('<b>lite</b>'));
    t.regex(text, /Left out: 2 scripts, 1 style sheet\./);
    t.true(text.includes(`<a href="/-/as/original/${origin.url}/big.jpg"><img`), 'a picture that was made smaller');
    t.false(text.includes(`/-/as/original/${origin.url}/icon.png`), 'an icon is in full already');
    t.false(text.includes(`/-/as/original/${origin.url}/in-link.jpg`), 'no link within a link');
    const article = await get(own('article'), { fields: CLIENTS.kaios });
    t.is(article.status, 200);
    t.true(article.text.includes('<b>article</b>'));
    t.true(article.text.includes(`<a href="${own('lite')}">`));
  }),
);

test(
  'the bar is on pages that are read as pages only, and a profile can switch it off',
  inWorld(async (t, { origin, through, admin }) => {
    origin.on('/story', STORY);
    for (const accept of ['text/markdown', 'text/plain', 'text/vnd.wap.wml']) {
      const { text } = await through('/story', { fields: { accept } });
      t.false(text.includes('/-/as/'), accept);
    }
    const full = await through('/story', { fields: CLIENTS.desktop });
    t.false(full.text.includes('/-/as/'));
    await admin('/api/profiles/plain', {
      method: 'PUT',
      json: { extends: 'kaios', selectable: true, prefers: { formatters: { 'html-lite': { bar: false } } } },
    });
    const { text, fields } = await through('/story', { fields: { ...CLIENTS.kaios, 'format-profile': 'plain' } });
    t.regex(String(fields['format-chain']), /^html-lite/);
    t.false(text.includes('/-/as/'));
  }),
);

test(
  'a WAP phone gets the address box as a deck, and what is typed there opens',
  inWorld(async (t, { get, origin }) => {
    origin.on('/story', STORY);
    const home = await get('/', { fields: CLIENTS.wap });
    t.is(home.fields['content-type'], 'text/vnd.wap.wml; charset=utf-8');
    t.deepEqual(wmlFaults(home.text), []);
    t.true(home.body.byteLength < 1_400);
    t.true(home.text.includes('<postfield name="url" value="$(url)"/>'));
    const opened = await get(`/-/go?url=${encodeURIComponent(`${origin.url}/story`)}`, { fields: CLIENTS.wap });
    const deck = await get(String(opened.fields.location), { fields: CLIENTS.wap });
    t.deepEqual(wmlFaults(deck.text), []);
    const missing = await get('/-/nothing$(here)', { fields: CLIENTS.wap });
    t.is(missing.status, 404);
    t.true(missing.text.includes('$$(here)'), 'no variable');
  }),
);

test(
  'design 3: pages of our own come as Markdown, text or a deck to who names one of these before HTML, else as HTML (N-8)',
  inWorld(async (t, { get }) => {
    const typeOf = async (path: string, accept: string) => {
      const reply = await get(path, { fields: { accept } });
      t.is(reply.status, 200, path);
      t.regex(String(reply.fields.vary), /\bAccept\b/i, path);
      return { ...reply, type: String(reply.fields['content-type']) };
    };
    for (const path of ['/', '/-/settings', '/-/setup', '/-/sign-in']) {
      for (const accept of ['text/markdown', 'text/markdown, text/html, */*']) {
        const page = await typeOf(path, accept);
        t.is(page.type, 'text/markdown; charset=utf-8', `${path} ${accept}`);
        t.regex(page.text, /^# /m);
        t.false(page.text.includes('<form'));
        t.true(Number(page.fields['x-markdown-tokens']) > 0, path);
      }
      t.is((await typeOf(path, 'text/plain')).type, 'text/plain; charset=utf-8', path);
      const deck = await typeOf(path, 'text/vnd.wap.wml, */*;q=0.1');
      t.is(deck.type, 'text/vnd.wap.wml; charset=utf-8', path);
      t.deepEqual(wmlFaults(deck.text), []);
      for (const accept of ['*/*', 'text/html, text/markdown', 'application/json', String(CLIENTS.desktop.accept)])
        t.is((await typeOf(path, accept)).type, 'text/html; charset=utf-8', `${path} ${accept}`);
    }
    const settings = await typeOf('/-/settings', 'text/vnd.wap.wml');
    t.regex(settings.text, /<postfield name="token"/, 'a phone of that age changes its settings too');
    const head = await get('/', { method: 'HEAD', fields: { accept: 'text/markdown' } });
    t.is(head.fields['content-type'], 'text/markdown; charset=utf-8');
    t.is(head.body.byteLength, 0);
  }),
);

test(
  'design 3: in front of a site pages of our own and errors lead to names below its gatewayPath, and never to what it has not',
  inWorld(
    async (t, { get }) => {
      const linksOf = async (host: string, path: string) => {
        const { text } = await get(path, { fields: { host, accept: 'text/html' } });
        return [...text.matchAll(/(?:href|action)="([^"#]*)/g)].map(([, link]) => link!);
      };
      for (const path of ['/gw/settings', '/gw/sign-in', '/gw/as/nope/page', '/gw/as/lite/page']) {
        const links = await linksOf('moved.example', path);
        t.true(links.length > 1, path);
        for (const link of new Set(links)) {
          t.true(link.startsWith('/gw/'), `${path}: ${link}`);
          t.is((await get(link, { fields: { host: 'moved.example' } })).status, 200, `${path}: ${link}`);
        }
      }
      t.deepEqual(await linksOf('anonymous.example', '/-/as/nope/page'), ['/-/docs', '/-/docs/errors']);
      const problem = await get('/gw/as/nope/x', { fields: { host: 'moved.example', accept: 'application/json' } });
      t.is(JSON.parse(problem.text).type, '/gw/docs/errors#unknown_presentation');
      const strange = await get('/', { fields: { host: 'nobody.example', accept: 'text/html' } });
      t.is(strange.status, 421);
      t.regex(strange.text, /href="http:\/\/[^"]*\/-\/docs\/errors#misdirected"/, 'by our own name, which answers');
    },
    { environment: { SITES: SITES_FILE } },
  ),
);

test(
  'design 3: in front of a site the address box leads to paths of that site, and never elsewhere (threat 54)',
  inWorld(
    async (t, { get }) => {
      const go = async (query: string) => await get(`/gw/go?${query}`, { fields: { host: 'moved.example' } });
      for (const [query, location] of [
        ['url=/page%3Fa=b', '/page?a=b'],
        ['url=page', '/page'],
        ['url=http://moved.example/page&as=lite', '/gw/as/lite/page'],
      ] as const) {
        const reply = await go(query);
        t.is(reply.status, 303, query);
        t.is(reply.fields.location, location);
      }
      for (const url of ['https://example.org/', '//example.org/', '/..//example.org/', 'javascript:alert(1)', ''])
        t.is((await go(`url=${encodeURIComponent(url)}`)).status, 400, url);
    },
    { environment: { SITES: SITES_FILE } },
  ),
);

test(
  'the home page shows one page of the demo as every preset gets it, with the sizes a request gets',
  inWorld(async (t, { get, server }) => {
    let { text } = await get('/', { fields: CLIENTS.lynx });
    while (text.includes('The rest is being made')) text = (await get('/', { fields: CLIENTS.lynx })).text;
    t.true(text.includes('<strong>text-browser</strong>'));
    const rows = [
      ...text.matchAll(
        /<tr><th scope="row">([^<]*)<\/th><td><a href="([^"]*)">([^<]*)<\/a><\/td><td class="number">([^<]*)</g,
      ),
    ];
    t.true(rows.length >= 10, `${rows.length} presets`);
    const [, , href, type, size] = rows.find(([, title]) => title === 'WAP phone') ?? [];
    t.is(type, 'text/vnd.wap.wml');
    const deck = await get(String(href), { fields: CLIENTS.wap });
    t.is(size, `${(deck.body.byteLength / 1_000).toFixed(1)} kB`);
    const story = await get(`/${server.demoOrigin}/story.html`, { fields: CLIENTS.desktop });
    t.is(story.status, 200);
  }),
);

test(
  'the demo site works through the gateway: its form, its cookie and its search',
  inWorld(async (t, { get, server }) => {
    const book = `/${server.demoOrigin}/guest-book`;
    const written = await get(book, {
      method: 'POST',
      body: new URLSearchParams({ name: 'Ærø 村', text: 'I was <b>here</b>' }).toString(),
      fields: { ...CLIENTS.kaios, 'content-type': 'application/x-www-form-urlencoded' },
    });
    t.is(written.status, 303);
    t.is(written.fields.location, book);
    const cookie = written.fields['set-cookie']![0]!.split(';')[0]!;
    const { text } = await get(book, { fields: { ...CLIENTS.kaios, cookie } });
    t.true(text.includes('Good to see you again, <strong>Ærø 村</strong>'), text);
    t.true(text.includes('I was &lt;b&gt;here&lt;/b&gt;'));
    const found = await get(`/${server.demoOrigin}/search?q=lamp`, { fields: CLIENTS.lynx });
    t.true(found.text.includes(`href="/${server.demoOrigin}/story.html"`));
  }),
);

test(
  'no demo site runs beside a configured site',
  inWorld(
    async (t, { server, get }) => {
      t.is(server.demoOrigin, undefined);
      t.false((await get('/', { fields: CLIENTS.desktop })).text.includes('harbour'));
    },
    { environment: { SITES: SITES_FILE } },
  ),
);

test(
  'proxy.pac sends plain http to the name by which it was asked, and nothing else',
  inWorld(async (t, { get, server }) => {
    const { fields, text } = await get('/-/proxy.pac', { fields: CLIENTS.desktop });
    t.is(fields['content-type'], 'application/x-ns-proxy-autoconfig');
    const port = new URL(server.origin).port;
    const find = (url: string) =>
      runInNewContext(`${text};FindProxyForURL(${JSON.stringify(url)}, ${JSON.stringify(new URL(url).hostname)})`, {
        isPlainHostName: (host: string) => !host.includes('.'),
      });
    t.is(find('http://example.org/'), `PROXY 127.0.0.1:${port}; DIRECT`);
    for (const url of ['https://example.org/', 'http://printer/', 'http://192.168.1.1/', 'http://127.0.0.1:99/'])
      t.is(find(url), 'DIRECT', url);
    t.is(find('http://172.15.0.1/'), `PROXY 127.0.0.1:${port}; DIRECT`);
  }),
);

test(
  'without forward mode there is no proxy.pac, and the set-up page does not speak of one',
  inWorld(
    async (t, { get }) => {
      t.is((await get('/-/proxy.pac')).status, 404);
      const { text } = await get('/-/setup', { fields: CLIENTS.lynx });
      t.true(text.includes('Proxy mode is switched off here'));
      t.false(text.includes('proxy.pac'));
    },
    { environment: { MODES: 'prefix,reverse' } },
  ),
);

test(
  'the set-up page names the addresses by which this client came',
  inWorld(async (t, { get, server }) => {
    const { text } = await get('/-/setup', {
      fields: { ...CLIENTS.desktop, host: `localhost:${new URL(server.origin).port}` },
    });
    const origin = `http://localhost:${new URL(server.origin).port}`;
    t.true(text.includes(`${origin}/-/proxy.pac`));
    t.true(text.includes(`${origin}/-/go?url=%s`));
    t.true(text.includes(`href="javascript:location.href=&#34;${origin}/&#34;+location.href"`));
  }),
);

test(
  'settings for one site decide there and nowhere else, are shown, and can be removed',
  inWorld(async (t, { get, through, origin }) => {
    origin.on('/story', STORY);
    const page = await get('/-/settings', { fields: CLIENTS.desktop });
    const token = /name="token" value="([^"]+)"/.exec(page.text)![1]!;
    const post = (fields: Record<string, string>, cookie?: string) =>
      get('/-/settings', {
        method: 'POST',
        body: new URLSearchParams({ token, ...fields }).toString(),
        fields: {
          ...CLIENTS.desktop,
          'content-type': 'application/x-www-form-urlencoded',
          ...(cookie === undefined ? {} : { cookie }),
        },
      });
    t.is((await post({ do: 'save-site', site: 'http://', presentation: 'lite' })).status, 422);
    const saved = await post({ do: 'save-site', site: `${origin.url}/whatever`, presentation: 'lite', images: 'no' });
    t.is(saved.status, 303, saved.text);
    const cookie = saved.fields['set-cookie']![0]!.split(';')[0]!;
    const fields = { ...CLIENTS.desktop, cookie };
    const there = await through('/story', { fields });
    t.regex(String(there.fields['format-chain']), /^html-lite/);
    t.false(there.text.includes('<img'));
    const elsewhere = await get(`/${origin.url.replace('127.0.0.1', 'localhost')}/story`, { fields });
    t.notRegex(String(elsewhere.fields['format-chain']), /^html-lite/);
    const shown = await get('/-/settings', { fields });
    t.true(shown.text.includes('127.0.0.1: pages as lite, without pictures'), shown.text);
    await post({ do: 'drop-site', site: '127.0.0.1' }, cookie);
    t.regex(String((await through('/story', { fields })).fields['format-chain']), /^html-full/);
  }),
);

test(
  'an error says what to do next, in the format of whoever meets it',
  inWorld(async (t, { get }) => {
    const lost = '/http://127.0.0.1:1/page';
    const browser = await get(lost, { fields: CLIENTS.desktop });
    t.is(browser.status, 502);
    t.true(browser.text.includes(`<a href="${lost}">Try again</a>`), browser.text);
    t.true(browser.text.includes('<a href="http://127.0.0.1:1/page">Without the gateway</a>'));
    const phone = await get(lost, { fields: CLIENTS.wap });
    t.true(phone.text.includes(`<a href="${lost}">Try again</a>`));
    const terminal = await get('/http:///', { fields: CLIENTS.curl });
    t.true(terminal.text.includes('Write a whole address, such as https://example.org/page.'));
    const nowhere = await get('/http:///', { fields: CLIENTS.lynx });
    t.true(nowhere.text.includes('action="/-/go"'), 'an address box');
    const program = await get('/http:///', { fields: { accept: 'application/json' } });
    t.is(
      (JSON.parse(program.text) as { advice: string }).advice,
      'Write a whole address, such as https://example.org/page.',
    );
    const agent = await get(lost, { fields: { accept: 'text/markdown' } });
    t.true(agent.text.includes(`- Try again: <${lost}>`));
  }),
);

const LONG = `<!DOCTYPE html><html lang="en"><head><title>Long</title></head><body><main><h1>Long</h1>${Array.from(
  { length: 40 },
  (_, index) =>
    `<h2 id="s${index}">Section ${index}</h2>${`<p>Words of section ${index}, enough of them to make a paragraph that counts for something here.</p>`.repeat(18)}`,
).join(
  '',
)}<form action="/send" method="post"><textarea name="a">keep me whole</textarea><button>Send</button></form></main></body></html>`;

test(
  'a long page comes in parts that a phone can take, nothing lost and nothing twice, in every mode it asks',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/long?x=1', LONG);
    for (const fields of [CLIENTS.kaios, { ...CLIENTS.kaios, accept: 'application/vnd.wap.xhtml+xml' }]) {
      let { text, fields: reply } = await through('/long?x=1', { fields });
      const found: string[] = [];
      for (let part = 1; ; part++) {
        t.true(Buffer.byteLength(text) <= 40_000, `part ${part}: ${Buffer.byteLength(text)} bytes`);
        t.regex(String(reply['format-chain']), /page-parts/);
        found.push(...[...text.matchAll(/Section (\d+)</g)].map((match) => match[1]!));
        const next = /<a href="([^"]+)">Next part<\/a>/.exec(text)?.[1];
        if (next === undefined) break;
        t.is(next, `/-/as/lite;part=${part + 1}/${origin.url}/long?x=1`);
        ({ text, fields: reply } = await get(next, { fields }));
        t.true(text.includes(`<a href="/-/as/lite;part=${part}/`), 'a way back');
      }
      t.deepEqual(
        found,
        Array.from({ length: 40 }, (_, index) => String(index)),
      );
      t.true(text.includes('keep me whole') && text.includes('</form>'));
    }
    const whole = await get(`/-/as/full/${origin.url}/long?x=1`, { fields: CLIENTS.kaios });
    t.true(whole.body.byteLength > 40_000, 'who asks for the whole page gets it');
    const desktop = await get(`/-/as/lite/${origin.url}/long?x=1`, { fields: CLIENTS.desktop });
    t.false(desktop.text.includes('Next part'));
  }),
);

test(
  'a deck leads to the next deck until all is told, none larger than the phone takes',
  inWorld(async (t, { origin, through, get }) => {
    const story = Array.from(
      { length: 60 },
      (_, index) => `<p>Sentence number ${index} of the story, told to a very small phone.</p>`,
    );
    origin.on(
      '/story',
      `<!DOCTYPE html><title>Story</title><main><article><h1>Story</h1>${story.join('')}</article></main>`,
    );
    let { text } = await through('/story', { fields: CLIENTS.wap });
    const found: string[] = [];
    for (let deck = 1; deck < 30; deck++) {
      t.true(Buffer.byteLength(text) <= 1_400);
      found.push(...[...text.matchAll(/number (\d+) of/g)].map((match) => match[1]!));
      const next = /<a href="([^"]+)">More<\/a>/.exec(text)?.[1];
      if (next === undefined) break;
      t.is(next, `/-/as/wml;part=${deck + 1}/${origin.url}/story`);
      ({ text } = await get(next, { fields: CLIENTS.wap }));
    }
    t.deepEqual(
      found,
      story.map((_, index) => String(index)),
    );
  }),
);
