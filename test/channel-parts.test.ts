/** What a page will ask for: found by the back-end in the page and in its styles, and sent along (S5). */
import type { ServerResponse } from 'node:http';
import test from 'ava';
import sharp from 'sharp';
import { findParts } from '../gateway/channel/find-parts.ts';
import type { FoundPart } from '../gateway/channel/found-parts.ts';
import { findInStyle } from '../gateway/channel/style-parts.ts';
import { CLIENTS } from './support/client.ts';
import { cpuMs } from './support/cpu-time.ts';
import { inPair } from './support/pair.ts';

const BASE = new URL('https://site.example/docs/page');
const shown = ({ kind, url, instead }: FoundPart): string =>
  `${kind} ${url.pathname}${instead === undefined ? '' : `, else ${shown(instead)}`}`;
const inPage = (html: string) => findParts(html, BASE).parts.map(shown);
const inStyle = (css: string, ...names: string[]) => findInStyle(css, BASE, new Set(names)).map(shown);

test('styles come first, then what the page’s own rules show, then pictures; styles for paper or another dress come last', (t) => {
  t.deepEqual(
    inPage(`<link rel=stylesheet href="/a.css"><link media=print rel="stylesheet" href="/print.css">
      <link rel="alternate stylesheet" href="/other.css"><link rel=icon href="/icon.png">
      <style>h1 { background: url("/h1.png") } h2 { background: url("/h2.png") }</style>
      <h1 style="list-style: url(/dot.png)">x</h1><img src="b.png?a=1&amp;b=2"><img src="b.png?a=1&amp;b=2#part">
      <img src="data:image/png;base64,AA"><img src="javascript:1">`),
    ['style /a.css', 'image /h1.png', 'image /dot.png', 'image /docs/b.png', 'style /print.css', 'style /other.css'],
  );
});

test('a picture with several candidates is left to its client, who alone knows its screen', (t) => {
  t.deepEqual(inPage('<img src="/s.png" srcset="/m.png 2x, /l.png 3x"><img src="/one.png">'), ['image /one.png']);
});

test('pictures of rules are wanted where the page has all that the rule names', (t) => {
  const css = `
    .there { background: url("/there.png") } .gone { background: url("/gone.png") }
    #Top p.there > a[href^="x"]::before, .gone { content: url('/link.png') } #top { background: url(/case.png) }
    p:first-child:not(.gone) { background: image-set("/set.png" 1x) } a:hover { background: url(/hover.png) }
    /* } .there { background: url(/comment.png) } */ .there::after { content: "} .there { background: url(/text.png) }" }
    @supports (display: grid) { P { background: u\\72l( /escaped.png ) } }
    @media print { .there { background: url(/paper.png) } } @media (min-width: 60em) { p { background: url(/wide.png) } }
    @media screen { p { background: url(/screen.png), linear-gradient(red, blue) } }
    @keyframes turn { from { background: url(/frame.png) } }
    .there { color: red; & p { background: url(/nested.png) } } p { fill: url(#here) }`;
  t.deepEqual(inStyle(css, 'a', 'p', '.there', '#Top'), [
    'image /there.png',
    'image /link.png',
    'image /set.png',
    'image /escaped.png',
    'image /screen.png',
    'image /nested.png',
  ]);
});

test('what a style imports is wanted, but for paper', (t) => {
  t.deepEqual(
    inStyle(
      '@charset "utf-8"; @import "a.css"; @import url(b.css) screen; @import url("c.css") print; @import "d.css" layer(x);',
    ),
    ['style /docs/a.css', 'style /docs/b.css', 'style /docs/d.css'],
  );
});

test('of writing the faces are wanted that rules name, in Latin and usual weights, each with what is taken where it is not there', (t) => {
  const face = (rest: string, name = 'Body Sans') => `@font-face { font-family: "${name}"; ${rest} }`;
  const css = `
    ${face('src: url(old.eot); src: url("old.eot?#fix") format("embedded-opentype"), url(a.woff2), url(a.woff), local("x")')}
    ${face('font-weight: 300; src: url(light.woff2)')} ${face('font-weight: 700; src: url(bold.woff2)')}
    ${face('unicode-range: U+370-3FF; src: url(greek.woff2)')} ${face('unicode-range: U+0-FF, U+131; src: url(latin.woff2)')}
    ${face('unicode-range: u+4??; src: url(cyrillic.woff2)')} ${face('src: url(other.woff2)', 'Other')}
    body { font: 1em/1.5 "body sans" } .gone { font-family: Other }`;
  t.deepEqual(inStyle(css, 'body'), [
    'font /docs/a.woff2, else font /docs/a.woff',
    'font /docs/bold.woff2',
    'font /docs/latin.woff2',
  ]);
});

test('threat 46: pages and styles made to be read slowly are read in one pass', (t) => {
  const began = cpuMs();
  const many = 200_000;
  for (const html of ['<img ', '<img "', `<style>`, '<a style="url(', '<img src = ', '<', '<img src=x'])
    inPage(html.repeat(many));
  inPage(`<a title="${'<img '.repeat(many)}">`);
  inPage(`<img src${' '.repeat(many)}`);
  for (const css of ['{', 'p{', '/*', 'a{b:"', 'a{b:url(', '@import url(', '@media (', ':is(', '[', 'p ', 'p{font:x '])
    inStyle(css.repeat(many), 'p');
  inStyle(`p{font-family:${' '.repeat(many)}"}`, 'p');
  // Read again at each start they took minutes.
  t.true(cpuMs() - began < 20_000);
});

const file = (type: string, body: string | Buffer) => (_request: unknown, response: ServerResponse) => {
  response.writeHead(200, { 'content-type': type }).end(body);
};
const as = (dest: string, accept = '*/*') => ({ fields: { ...CLIENTS.desktop, accept, 'sec-fetch-dest': dest } });

test.serial(
  'what styles show comes along with their page, and what of their writing is not there is told; writing that is there waits to be asked for',
  inPair(async (t, { back, link, through }) => {
    const dot = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const { origin } = back;
    origin.on(
      '/a.css',
      file('text/css', '@import "b.css"; h1 { background: url(dot.png) } .no { background: url(no.png) }'),
    );
    origin.on(
      '/b.css',
      file(
        'text/css',
        `@font-face { font-family: Own; src: url(own.woff2), url(own.woff) }
      @font-face { font-family: Own; font-weight: bold; src: url(bold.woff2) } h1 { font-family: Own }`,
      ),
    );
    origin.on('/dot.png', file('image/png', dot));
    origin.on('/bold.woff2', file('font/woff2', Buffer.alloc(20_000, 7)));
    origin.on('/page', '<title>Bay</title><link rel="stylesheet" href="/a.css"><h1>Bay</h1><p>A bay.</p>');
    await through('/page', as('document', CLIENTS.desktop.accept));
    const asked = [
      await through('/a.css', as('style', 'text/css,*/*;q=0.1')),
      await through('/b.css', as('style', 'text/css,*/*;q=0.1')),
      await through('/dot.png', { fields: CLIENTS.desktopImage }),
      await through('/own.woff2', as('font')),
      await through('/own.woff', as('font')),
    ];
    t.deepEqual(
      asked.map(({ status }) => status),
      [200, 200, 200, 404, 404],
    );
    for (const { fields } of asked) t.is(fields['cache-status'], 'gw-channel; hit');
    const carried = link.bytes();
    const bold = await through('/bold.woff2', as('font'));
    t.is(bold.status, 200);
    t.is(bold.body.length, 20_000);
    t.notRegex(String(bold.fields['cache-status']), /gw-channel; hit/);
    t.true(link.bytes() > carried);
    t.is(origin.requests.filter(({ path }) => path === '/no.png').length, 0);
    for (const path of ['/dot.png', '/own.woff2', '/own.woff'])
      t.is(origin.requests.filter((each) => each.path === path).length, 1, path);
  }),
);
