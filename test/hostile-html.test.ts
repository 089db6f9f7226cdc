/**
 * Threats 34, 35 and 42: hostile pages through every formatter that makes HTML. Payloads are grown from families, not
 * listed: each trick in each place it works in.
 */
import test from 'ava';
import { load } from 'cheerio';
import { type Element, isComment, isTag } from 'domhandler';
import type { FormatEnv, Formatter, PlainRecord } from '../core/component.ts';
import { FormatFailure } from '../core/executor.ts';
import { walkElements } from '../formatters/document/edit-tree.ts';
import { droppedTags, parseDocument } from '../formatters/document/parse.ts';
import { sanitiseDocument } from '../formatters/document/sanitise.ts';
import { serialiseDocument } from '../formatters/document/serialise.ts';
import article from '../formatters/html-article/index.ts';
import full from '../formatters/html-full/index.ts';
import lite from '../formatters/html-lite/index.ts';
import links from '../formatters/links/index.ts';

const PAGE = 'https://site.example/dir/page.html';
const PREFIX = { mode: 'prefix', publicOrigin: 'http://127.0.0.1:8080' };

const env: FormatEnv = {
  signal: new AbortController().signal,
  limits: { maxInputBytes: 1e8, maxOutputBytes: 1e8, timeoutMs: 6000, maxPixels: 5e7 },
  note() {},
  cannot(reason): never {
    throw new Error(reason);
  },
  fetch: () => Promise.reject(new Error('no network in this test')),
  log() {},
};

async function run(formatter: Formatter, html: string, demands: PlainRecord, mediaType = 'text/html'): Promise<string> {
  const document = parseDocument(html);
  const input = { mediaType: 'text/html', charset: 'utf-8', body: html, document, url: PAGE, fields: {} };
  const result = await formatter.format(input, { mediaType, demands, options: {} }, env);
  return result.document === undefined ? String(result.body) : serialiseDocument(result.document);
}

const PATHS: readonly { name: string; make: (html: string) => Promise<string> }[] = [
  { name: 'full', make: (html) => run(full, html, { full: {} }) },
  { name: 'lite', make: (html) => run(lite, html, { lite: { maxWidth: 240 } }) },
  { name: 'lite without pictures', make: (html) => run(lite, html, { lite: { images: false, styles: 'none' } }) },
  { name: 'lite in HTML 3.2', make: (html) => run(lite, html, { lite: { markup: 'html-3.2' } }) },
  { name: 'lite in XHTML', make: (html) => run(lite, html, { lite: {} }, 'application/vnd.wap.xhtml+xml') },
  { name: 'article', make: (html) => run(article, html, { article: {} }) },
  {
    name: 'full, then links',
    make: async (html) => run(links, await run(full, html, { full: {} }), { links: PREFIX }),
  },
  {
    name: 'links, then lite',
    make: async (html) => run(lite, await run(links, html, { links: PREFIX }), { lite: {} }),
  },
  {
    name: 'the fragment policy',
    make: async (html) => {
      const $ = parseDocument(html);
      sanitiseDocument($, 'fragment');
      return serialiseDocument($);
    },
  },
];

// Families --------------------------------------------------------------------------------------------------------

const SCHEMES = [
  'javascript',
  'vbscript',
  'data',
  'JaVaScRiPt',
  'livescript',
  'file',
  'blob',
  'view-source',
  'filesystem',
];
const BODIES: Readonly<Record<string, string>> = { data: 'text/html,<script>alert(1)</script>' };

/** One address spelt in the ways that browsers read alike. */
function spellings(scheme: string): string[] {
  const rest = BODIES[scheme.toLowerCase()] ?? 'alert(1)';
  const middle = Math.ceil(scheme.length / 2);
  const broken = (by: string) => `${scheme.slice(0, middle)}${by}${scheme.slice(middle)}:${rest}`;
  const entities = [...scheme].map((char) => `&#${char.charCodeAt(0)};`).join('');
  const hex = [...scheme].map((char) => `&#x${char.charCodeAt(0).toString(16)}`).join(';');
  const padded = [...scheme].map((char) => `&#0000${char.charCodeAt(0)}`).join(';');
  return [
    `${scheme}:${rest}`,
    broken('\t'),
    broken('\n'),
    broken('\r'),
    broken('&Tab;'),
    broken('&NewLine;'),
    broken('&#10;'),
    broken('&#x09;'),
    `${scheme}&colon;${rest}`,
    `${entities}:${rest}`,
    `${hex};:${rest}`,
    `${padded};:${rest}`,
    ` \u0001\u001f${scheme}:${rest}`,
    `&#1;${scheme}:${rest}`,
    `${scheme}:${rest}//https://fine.example/`,
    `${scheme}\t:${rest}`,
  ];
}

const ADDRESS_PLACES = [
  (url: string) => `<a href="${url}">x</a>`,
  (url: string) => `<area href="${url}">`,
  (url: string) => `<form action="${url}"><input type=submit></form>`,
  (url: string) => `<form><button formaction="${url}">x</button><input type=image formaction="${url}" src=x></form>`,
  (url: string) => `<iframe src="${url}"></iframe><embed src="${url}"><object data="${url}"></object>`,
  (url: string) => `<frameset><frame src="${url}"></frameset>`,
  (url: string) => `<img src="${url}" srcset="${url} 2x, ok.png 1x" lowsrc="${url}" dynsrc="${url}" longdesc="${url}">`,
  (url: string) => `<img data-src="${url}"><img src="s.gif" data-srcset="${url} 300w">`,
  (url: string) => `<video src="${url}" poster="${url}"><source src="${url}"><track src="${url}"></video>`,
  (url: string) =>
    `<svg><a xlink:href="${url}" href="${url}"><text>x</text></a><use href="${url}"/><image href="${url}"/></svg>`,
  (url: string) =>
    `<svg><animate attributeName="href" to="${url}"/><set attributeName="xlink:href" to="${url}"/></svg>`,
  (url: string) =>
    `<math href="${url}"><mi xlink:href="${url}">x</mi></math><math><maction actiontype="statusline#${url}">x</maction></math>`,
  (url: string) => `<base href="${url}"><a href="relative">x</a>`,
  (url: string) => `<link rel=stylesheet href="${url}"><link rel=import href="${url}"><link rel="icon" href="${url}">`,
  (url: string) => `<meta http-equiv=refresh content="0;url=${url}">`,
  (url: string) =>
    `<a ping="${url}" href="ok">x</a><blockquote cite="${url}">q</blockquote><table background="${url}"><td>1<td>2</table>`,
  (url: string) => `<div style="background:url(${url})">x</div><style>a{b:url('${url}')}</style>`,
  (url: string) => `<isindex action="${url}"><input type="image" src="${url}">`,
  (url: string) => `<noscript><a href="${url}">x</a></noscript><template><a href="${url}">x</a></template>`,
];

const SCRIPT = '<script>alert(1)</script>';
const HANDLERS = [
  'onerror',
  'onload',
  'onclick',
  'ONMOUSEOVER',
  'onfocus',
  'onanimationstart',
  'onbegin',
  'ontoggle',
  'onpointerrawupdate',
];
const ELEMENTS = [
  'a',
  'b',
  'img src=x',
  'svg',
  'math',
  'body',
  'input autofocus',
  'video',
  'details open',
  'marquee',
  'table',
  'select',
  'x-custom',
  'form',
  'style',
  'iframe',
];

/** Handlers in all the ways that attributes may be set apart. */
function handlerPayloads(): string[] {
  const glue = [' ', '/', '\n', '\t', '\f', '"a"', ' x="y"'];
  return ELEMENTS.flatMap((element) =>
    HANDLERS.flatMap((handler) =>
      glue.map((each) => `<${element}${each}${handler}=alert(1)>x</${element.split(' ')[0]}>`),
    ),
  );
}

const RAW_TEXT = [
  'textarea',
  'title',
  'noscript',
  'style',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'plaintext',
  'script',
  'template',
  'option',
  'select',
];
const HOLDERS = [
  '',
  '<svg>',
  '<math>',
  '<svg><desc>',
  '<svg><title>',
  '<svg><foreignObject>',
  '<math><mtext>',
  '<math><annotation-xml encoding="text/html">',
  '<table>',
  '<table><tr>',
  '<select>',
  '<form>',
  '<p>',
  '<noscript>',
  '<template>',
  '<button>',
  '<a href=x>',
  '<frameset>',
  '<body><head>',
];

/** Text that leaves the element it was parsed in: mutation and parser differences. */
function breakoutPayloads(): string[] {
  return HOLDERS.flatMap((holder) =>
    RAW_TEXT.flatMap((name) => [
      `${holder}<${name}><img title="</${name}><img src=x onerror=alert(1)>"></${name}>`,
      `${holder}<${name}></${name}${SCRIPT}`,
      `${holder}<${name}><!--</${name}><img src=x onerror=alert(1)>-->`,
      `${holder}<${name}>&lt;img src=x onerror=alert(1)&gt;</${name}>`,
      `${holder}<${name}><![CDATA[</${name}>${SCRIPT}]]>`,
      `${holder}<${name}><style><!--</style><img src=x onerror=alert(1)>--></${name}>`,
    ]),
  );
}

const MUTATIONS = [
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<svg><p><style><a title="</style><img src onerror=alert(1)>">',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<table><caption><svg><title></caption><style><img src="</style><img src=x onerror=alert(1)>">',
  '<a href="1"><a href="2"><table><a href="3"><form><form><table></form><form><input name=a>',
  '<p><svg><foreignObject><p><table><p><b><i></b></i><select><option><svg><script>alert(1)</script>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<!--!--><script>alert(1)</script>-->',
  '<!doctype html SYSTEM "x\'><script>alert(1)</script>"><p>x',
  '<?xml version="1.0"?><?php <script>alert(1)</script> ?>',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<a\u0000href="javascript:alert(1)">x</a><scr\u0000ipt>alert(1)</scr\u0000ipt>',
  '<IMG SRC=`javascript:alert(1)`><img """><script>alert(1)</script>">',
  '<img src="x` `<script>alert(1)</script>"` `>',
  '<<script>alert(1)//<</script><scr<script>ipt>alert(1)</scr</script>ipt>',
  '<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload=alert(1)/>#x"/></svg>',
  '<svg><style>@import "//evil.example/x.css";</style><script href="data:,alert(1)"/></svg>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe><iframe srcdoc=&lt;script&gt;alert(1)&lt;/script&gt;>',
  '<math><annotation encoding="text/html"><script>alert(1)</script></annotation></math>',
  '<meta http-equiv="Set-Cookie" content="a=b"><meta http-equiv=Content-Security-Policy content="script-src *"><meta charset=utf-7>',
  '+ADw-script+AD4-alert(1)+ADw-/script+AD4-',
  '<div style="width:expression(alert(1))">x</div><div style="wi\\64th:e\\78pression(alert(1))">x</div>',
  '<style>@im\\70ort url(//evil.example/a.css);a{-moz-binding:url(//evil.example/x.xml#a);behavior:url(x.htc)}</style>',
  '<style>input[value^=a]{background:url(javascript:alert(1))}</style><p style="x:exp/**/ression(alert(1))">x',
  '<style>a{content:"</style><script>alert(1)</script>"}</style>',
  '<style>&lt;/style>&lt;script>alert(1)</style>',
  '<xmp><p title="</xmp><script>alert(1)</script>"></xmp><listing>&lt;script></listing>',
];

function clobberPayloads(): string[] {
  const names = [
    'body',
    'attributes',
    'getElementById',
    'cookie',
    'forms',
    '__proto__',
    'constructor',
    'location',
    'parentNode',
    'nodeName',
    'innerHTML',
  ];
  const shapes = [
    '<a id=N name=N href=x>x</a>',
    '<img name=N src=x>',
    '<form id=N name=N><input id=N name=ok></form>',
    '<p id=N>x</p><a href="#N">y</a>',
  ];
  return names.flatMap((name) => shapes.map((shape) => shape.replaceAll('N', name)));
}

function allPayloads(): string[] {
  const addresses = SCHEMES.flatMap((scheme) =>
    // Every spelling of the two that run; of the rest the plain one and some.
    spellings(scheme)
      .slice(0, /^(?:javascript|data)$/.test(scheme) ? undefined : 3)
      .flatMap((url) => ADDRESS_PLACES.map((place) => place(url))),
  );
  return [...addresses, ...handlerPayloads(), ...breakoutPayloads(), ...MUTATIONS, ...clobberPayloads()];
}

// The oracle ------------------------------------------------------------------------------------------------------

const FORBIDDEN = new Set(
  'script base embed iframe object applet frame frameset template noscript foreignobject animate set handler'.split(
    ' ',
  ),
);
const ADDRESSES = new Set(
  'href src action formaction xlink:href poster data background cite longdesc srcset lowsrc dynsrc codebase'.split(' '),
);
const CLOBBERED = new Set([
  'body',
  'attributes',
  'getElementById',
  'cookie',
  'forms',
  '__proto__',
  'constructor',
  'location',
  'parentNode',
  'nodeName',
  'innerHTML',
]);
const CONTROLS = new Set(['input', 'button', 'select', 'textarea']);

/** What is unsafe in a tree, told with names; written apart from the sanitiser on purpose. */
function faultsIn(root: Parameters<typeof walkElements>[0]): string[] {
  const faults: string[] = [];
  walkElements(root, (element) => {
    if (FORBIDDEN.has(element.name.toLowerCase())) faults.push(`<${element.name}>`);
    if (element.name === 'meta' && 'http-equiv' in element.attribs) faults.push('meta http-equiv');
    if (element.name === 'link' && !/^(?:stylesheet|canonical|icon|alternate)$/.test(element.attribs['rel'] ?? ''))
      faults.push('link');
    if (
      element.name === 'style' &&
      /@import|expression|-moz-binding|behavior|url\(\s*["']?\s*(?:java|vb)script:|<\//i.test(textIn(element))
    )
      faults.push('style');
    for (const [name, value] of Object.entries(element.attribs)) faults.push(...attributeFaults(element, name, value));
  });
  return faults;
}

function textIn(element: Element): string {
  return element.children.map((child) => ('data' in child ? child.data : '')).join('');
}

function attributeFaults(element: Element, name: string, value: string): string[] {
  const lower = name.toLowerCase();
  if (/^on/.test(lower) || ['srcdoc', 'ping', 'nonce', 'integrity', 'manifest'].includes(lower)) return [name];
  if (
    lower === 'style' &&
    /url\s*\(\s*["']?\s*(?:java|vb|data:text)|expression|@import|-moz-binding|behavior/i.test(value)
  )
    return ['style='];
  if (['id', 'name'].includes(lower) && CLOBBERED.has(value) && !CONTROLS.has(element.name))
    return [`${name}=${value}`];
  if (!ADDRESSES.has(lower)) return [];
  const urls = lower === 'srcset' ? value.split(',').map((each) => each.trim().split(' ')[0]!) : [value];
  return urls.flatMap((url) => {
    const scheme = URL.parse(url, PAGE)?.protocol ?? 'none:';
    return /^(?:https?|mailto|tel|sms|none):$/.test(scheme) ? [] : [`${name}=${scheme}`];
  });
}

test('the oracle sees what is unsafe: most payloads fail it as they are', (t) => {
  const payloads = allPayloads();
  const seen = payloads.filter((payload) => faultsIn(parseDocument(payload).root()[0]!).length > 0);
  t.true(seen.length > payloads.length * 0.6, `${seen.length} of ${payloads.length}`);
});

for (const { name, make } of PATHS)
  test(`threats 34 and 35: nothing unsafe comes out of ${name}, however the page is read`, async (t) => {
    const payloads = allPayloads();
    t.true(payloads.length > 3000, 'the families have grown their payloads');
    // Several payloads to a page keep this fast; each is fenced so that one cannot swallow the next.
    for (const payload of payloads) {
      const out = await make(`<!DOCTYPE html><title>t</title><p>before ${payload}`);
      const faults = [...faultsIn(parseDocument(out).root()[0]!), ...faultsIn(load(out, { xml: false }).root()[0]!)];
      if (faults.length > 0) t.fail(`${faults.join(', ')} in ${out.slice(-300)} from ${payload}`);
    }
  });

test('threat 34: what the sanitiser lets through is read back as it was written, and sanitising again changes nothing', async (t) => {
  for (const payload of [...breakoutPayloads(), ...MUTATIONS, ...handlerPayloads().filter((_, i) => i % 7 === 0)])
    for (const policy of ['lite', 'full', 'fragment'] as const) {
      const $ = parseDocument(`<!DOCTYPE html><p>before ${payload}`);
      sanitiseDocument($, policy);
      const once = serialiseDocument($);
      const again = parseDocument(once);
      t.is(serialiseDocument(again), once, payload);
      sanitiseDocument(again, policy);
      t.is(serialiseDocument(again), once, payload);
    }
});

test('threat 35: comments, processing instructions and conditional comments never come through', async (t) => {
  const html = '<!--[if IE]><script>1</script><![endif]--><!-- secret --><p>x<!-- y --></p><?pi z?>';
  for (const { make } of PATHS.filter(({ name }) => name !== 'lite in XHTML')) {
    const out = await make(html);
    let comments = 0;
    const count = (node: { children?: unknown[] }): void => {
      for (const child of (node.children ?? []) as Element[]) {
        if (isComment(child)) comments++;
        if (isTag(child)) count(child);
      }
    };
    count(parseDocument(out).root()[0]!);
    t.is(comments, 0, out);
    t.notRegex(out, /secret/);
  }
});

// Threat 42 -------------------------------------------------------------------------------------------------------

const BOMBS: Readonly<Record<string, string>> = {
  '10,000 nested div': `${'<div>'.repeat(1e4)}end`,
  '100,000 nested div': `${'<div>'.repeat(1e5)}end`,
  '5,000 nested b': `${'<b>'.repeat(5e3)}end`,
  '3,000 distinct b and 3,000 p': `${Array.from({ length: 3000 }, (_, i) => `<b id=b${i}>`).join('')}${'<p>x'.repeat(3000)}end`,
  'open formatting before 50,000 p': `${Array.from({ length: 90 }, (_, i) => `<i id=i${i}>`).join('')}${'<p>x'.repeat(5e4)}end`,
  'tables in tables': `${'<table><tr><td>'.repeat(2e4)}end`,
  'svg groups': `<svg>${'<g>'.repeat(2e4)}</svg>end`,
  'svg in foreignObject in svg': `${'<svg><foreignObject>'.repeat(2e4)}end`,
  '200,000 p': `${'<p>x</p>'.repeat(2e5)}end`,
  'a million <': `${'<'.repeat(1e6)} end`,
  '100,000 attributes': `<p ${Array.from({ length: 1e5 }, (_, i) => `a${i}`).join(' ')}>end`,
  'foster parenting': `<table>${'<i>x</i>'.repeat(1e5)}</table>end`,
  'foster parenting of text and elements': `<table>${'x<b></b>'.repeat(5e4)}</table>end`,
  'forms in table rows': `<table>${'<form><tr><td><input>'.repeat(3e4)}</table>end`,
  'misnested formatting': `${'<b><div>'.repeat(200)}${'</b><b>'.repeat(5e4)}end`,
  'unclosed links': `${'<a href=1>x'.repeat(5e4)}end`,
  'raw text in raw text': `${'<noframes>'.repeat(5e4)}</noframes>end`,
  'noscript in noscript': `<head>${'<noscript>'.repeat(5e4)}</noscript><body>end`,
  'a deep list': `${'<ul><li>'.repeat(5e4)}end`,
  templates: `${'<template>'.repeat(5e4)}end`,
  'selects and options': `${'<select><option>'.repeat(5e4)}</select>end`,
  'class names': `<p class="${'a '.repeat(2e5)}">end`,
  srcset: `<img srcset="${'a 1x,'.repeat(1e5)}">end`,
  'drawn formulas that nothing says': `<p>${'<span class=katex-html>x</span>'.repeat(5e4)}end`,
  'drawn formulas in one another': `${'<span class=katex-html>'.repeat(200)}${'<b>x</b>'.repeat(5e4)}end`,
  'columns of numbers in one another': `${'<div class=gutter>'.repeat(200)}${'1 '.repeat(1e6)}end`,
  'dialogues in one another': `${'<div class=modal style=position:fixed>'.repeat(200)}${'<b>x</b>'.repeat(5e4)}end`,
  'inline CSS': `<p style="${'a:url('.repeat(1e5)}">end`,
};

for (const [name, html] of Object.entries(BOMBS))
  test.serial(`threat 42: ${name} ends soon, without overflow, and keeps its text`, async (t) => {
    for (const { name: path, make } of PATHS.slice(0, 7)) {
      const before = process.cpuUsage();
      try {
        const out = await make(html);
        const holdsText =
          out.includes('end') || path === 'article' || /select|template|raw text|noscript|foreignObject/.test(name);
        t.true(holdsText || out.includes('x'), `${path}: the text is gone`);
      } catch (error) {
        // A refusal by size is an answer too; anything else is a fault.
        t.true(error instanceof FormatFailure && error.kind === 'too-large', `${path}: ${String(error)}`);
      }
      const { user, system } = process.cpuUsage(before);
      // Six seconds are the promise, for a machine that does nothing else; twice the load makes twice the time.
      t.true(user + system < 24e6, `${path} took ${(user + system) / 1000} ms of CPU`);
    }
  });

test('threat 42: a page over the size bound is refused as too large', (t) => {
  const error = t.throws(() => parseDocument('x'.repeat(9e6)), { instanceOf: FormatFailure });
  t.is(error.kind, 'too-large');
});

test('threat 42: excess nesting is flattened: the text behind it stays, end tags find their own start', (t) => {
  const $ = parseDocument(`${'<div>'.repeat(1000)}<p>deep</p>${'</div>'.repeat(1000)}<p id=after>after</p>`);
  t.true(droppedTags($) > 0);
  t.is($('body').children('#after').text(), 'after', 'what follows is where it belongs');
  t.true($('body').text().includes('deep'));
});
