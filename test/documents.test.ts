/** HTML documents: parsing, writing and cleaning them, and the formatters from HTML to HTML, by their examples. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { FormatEnv, Formatter, PlainRecord } from '../core/component.ts';
import { findElement, walkElements } from '../formatters/document/edit-tree.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { sanitiseDocument } from '../formatters/document/sanitise.ts';
import { sanitiseCss } from '../formatters/document/sanitise-css.ts';
import { serialiseDocument } from '../formatters/document/serialise.ts';
import article from '../formatters/html-article/index.ts';
import full from '../formatters/html-full/index.ts';
import lite from '../formatters/html-lite/index.ts';
import toMarkdown from '../formatters/html-to-markdown/index.ts';
import links from '../formatters/links/index.ts';
import linksText from '../formatters/links-text/index.ts';

const ROOT = join(import.meta.dirname, '..', 'formatters');
const FORMATTERS: readonly Formatter[] = [full, lite, article, links, linksText];

interface Made {
  readonly text: string;
  readonly notes: Readonly<PlainRecord>;
  readonly remarks: readonly { event: string; fields: PlainRecord | undefined }[];
}

interface Job {
  readonly demands: PlainRecord;
  readonly url?: string;
  readonly charset?: string;
  readonly from?: string;
  readonly to?: string;
}

async function run(formatter: Formatter, body: string, job: Job): Promise<Made> {
  const { demands, url = 'https://site.example/', charset = 'utf-8', from = 'text/html', to = from } = job;
  const remarks: { event: string; fields: PlainRecord | undefined }[] = [];
  const env: FormatEnv = {
    signal: new AbortController().signal,
    limits: { maxInputBytes: 1e7, maxOutputBytes: 1e7, timeoutMs: 6000, maxPixels: 5e7 },
    note: (event, fields) => remarks.push({ event, fields }),
    cannot(reason): never {
      throw new Error(reason);
    },
    fetch: () => Promise.reject(new Error('no network in this test')),
    log() {},
  };
  const input = { mediaType: from, charset, body, url, fields: {} };
  const given = formatter.reads === 'document' ? { ...input, document: parseDocument(body) } : input;
  const result = await formatter.format(given, { mediaType: to, demands, options: {} }, env);
  const text = result.document === undefined ? String(result.body) : serialiseDocument(result.document);
  return { text, notes: result.notes ?? {}, remarks };
}

const lightly = (markup = 'html'): PlainRecord => ({ lite: { images: true, maxWidth: 240, styles: 'basic', markup } });

// Examples: documentation, fixtures and a server's self-test in one. UPDATE_EXAMPLES=1 writes what is expected.
for (const formatter of FORMATTERS) {
  const folder = join(ROOT, formatter.name, 'examples');
  const cases = readdirSync(folder);
  test(`${formatter.name} has at least three examples, one of them hostile`, (t) => {
    t.true(cases.length >= 3);
    t.true(cases.includes('hostile'));
  });
  for (const name of cases)
    test(`${formatter.name}: the example ${name}`, async (t) => {
      const file = readdirSync(join(folder, name)).find((each) => each.startsWith('input.'))!;
      const job = JSON.parse(readFileSync(join(folder, name, 'case.json'), 'utf8')) as Job & { notes?: PlainRecord };
      const made = await run(formatter, readFileSync(join(folder, name, file), 'utf8'), job);
      const extension = job.to?.includes('xhtml') ? '.xhtml' : file.slice('input'.length);
      const expected = join(folder, name, `expected${extension}`);
      if (process.env['UPDATE_EXAMPLES'] === '1' || !existsSync(expected)) writeFileSync(expected, made.text);
      t.is(made.text, readFileSync(expected, 'utf8'));
      if (job.notes !== undefined) t.deepEqual(made.notes, job.notes);
      t.is(
        (await run(formatter, readFileSync(join(folder, name, file), 'utf8'), job)).text,
        made.text,
        'same input, same bytes',
      );
    });
}

test('a document written is read back as the same document', (t) => {
  const pages = [
    '<!DOCTYPE html><html lang="en"><head><title>a &amp; b</title></head><body><p>x &lt; y &nbsp;z</p></body></html>',
    '<!DOCTYPE html><html><head></head><body><pre>\n\nx</pre><textarea>\n\ny</textarea></body></html>',
    '<html><head></head><body><a title="&quot;`<>&amp;">x</a><br><img alt=""></body></html>',
    '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd"><html><head></head><body></body></html>',
    '<!DOCTYPE html><html><head><noscript><img src="x"></noscript><style>a > b { content: "<" }</style></head><body><svg viewBox="0 0 1 1"><path d="M0"></path></svg></body></html>',
  ];
  for (const page of pages) {
    const once = serialiseDocument(parseDocument(page));
    t.is(serialiseDocument(parseDocument(once)), once);
  }
  t.is(serialiseDocument(parseDocument(pages[1]!)), pages[1]!);
});

test('a noscript in the head does not end the head', (t) => {
  const $ = parseDocument('<head><noscript><img src=x></noscript><meta name=a><title>t</title></head><body><p>b');
  t.is($('head > title').text(), 't');
  t.is($('body').children().length, 1);
});

test('attributes called __proto__ and constructor are attributes (threat 59)', (t) => {
  const $ = parseDocument('<p __proto__="x" constructor="y">');
  const { attribs } = $('p')[0]!;
  t.is(Object.getPrototypeOf(attribs), null);
  t.is(attribs['constructor'], 'y');
  t.is(({} as Record<string, unknown>)['x'], undefined);
});

const TOKENS =
  '<p>|</p>|<div>|</div>|<a href=x>|</a>|<b>|</b>|<i>|<table>|</table>|<tr>|<td>|</td>|<th>|<caption>|<col>|<ul>|<li>|</ul>|<dl>|<dd>|<dt>|<h1>|<h2>|</h1>|<form>|</form>|<input>|<select>|<option>|</select>|<button>|</button>|<svg>|</svg>|<math>|<mi>|<title>|</title>|<textarea>|</textarea>|<style>|</style>|<pre>|\n|x| |<br>|<img src=y>|<x-y>|</x-y>|<center>|<font>|<nobr>|<marquee>|<object>|<fieldset>|<legend>|<ruby>|<rt>|<template>|</template>|<frameset>|<body>|<head>'.split(
    '|',
  );

test('a sheet of icons stays hidden in a full page, and its style is cleaned (threat 35)', (t) => {
  const $ = parseDocument(
    '<!DOCTYPE html><svg style="display:none;background:url(javascript:x)"><symbol id="a"><path d="M0 0"/></symbol></svg><svg><use href="#a"/></svg>',
  );
  sanitiseDocument($, 'full');
  const style = $('svg').first().attr('style') ?? '';
  t.true(style.startsWith('display:none'), style);
  t.false(style.includes('javascript'), style);
});

test('threat 34: parts of a ruby that stand elsewhere in it are read back where they were', (t) => {
  const $ = parseDocument('<!DOCTYPE html><ruby><dd><math></math><br><rt>x</rt></dd><rt>y</rt></ruby>');
  for (const [element] of [$('dd')]) element?.children.push(...$('rt').toArray());
  sanitiseDocument($, 'fragment');
  const once = serialiseDocument($);
  t.is(serialiseDocument(parseDocument(once)), once);
});

test('threat 34: any soup of tags, sanitised, is read back as it was written', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }),
      fc.constantFrom('lite', 'full', 'fragment'),
      (tokens, policy) => {
        const $ = parseDocument(`<!DOCTYPE html>${tokens.join('')}`);
        sanitiseDocument($, policy as 'lite');
        const once = serialiseDocument($);
        t.is(serialiseDocument(parseDocument(once)), once);
      },
    ),
    { numRuns: 1500 },
  );
});

test('threat 34: any soup of tags through lite and full is read back as it was written', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }),
      fc.constantFrom(full, lite, article),
      async (tokens, formatter) => {
        const demands = { full: {}, ...lightly(), article: {} };
        const { text } = await run(formatter, `<!DOCTYPE html>${tokens.join('')}`, { demands });
        t.is(serialiseDocument(parseDocument(text)), text);
      },
    ),
    { numRuns: 400 },
  );
});

// Counts: what a lite page must keep ------------------------------------------------------------------------------

const COUNTED: Readonly<Record<string, (html: string) => number>> = Object.fromEntries(
  [
    'a',
    'input',
    'select',
    'option',
    'textarea',
    'button',
    'label',
    'form',
    'fieldset',
    'h1',
    'h2',
    'h3',
    'nav',
    'main',
  ].map((name) => [name, (html: string) => countOf(html, name)]),
);

function countOf(html: string, name: string): number {
  let count = 0;
  walkElements(parseDocument(html).root()[0]!, (element) => {
    if (element.name === name) count++;
  });
  return count;
}

/** A page as shops and papers make them, of any length. */
function busyPage(parts: number): string {
  const part = (i: number) => `
<section class="teaser teaser--large js-teaser" data-tracking='{"position":${i},"list":"home"}' onclick="open(${i})">
<div class="teaser__wrap"><div class="teaser__inner"><h2 class="teaser__title" id="t${i}"><a class="link link--block" href="/story/${i}?ref=home" data-id="${i}"><span class="label">Story ${i}</span></a></h2>
<picture><source type="image/avif" srcset="/i/${i}-400.avif 400w, /i/${i}-800.avif 800w"><img loading="lazy" class="img" src="/i/${i}-800.jpg" srcset="/i/${i}-200.jpg 200w, /i/${i}-400.jpg 400w, /i/${i}-800.jpg 800w" sizes="(min-width:60em) 33vw, 100vw" alt="Picture ${i}" width="800" height="450"></picture>
<p class="teaser__text">Text of story ${i}, which says something.</p></div></div></section>
<form class="mini" action="/vote/${i}" method="post"><fieldset><label for="v${i}">Vote</label><select id="v${i}" name="v"><option value="1">one<option value="2">two</select><input type="hidden" name="id" value="${i}"><button class="btn btn--primary">Send</button></fieldset></form>`;
  return `<!DOCTYPE html><html lang="en"><head><title>Busy</title><style>${'.a{color:red}'.repeat(3000)}</style><script>${'x();'.repeat(5000)}</script></head><body><nav><a href="/">Home</a></nav><main>${Array.from({ length: parts }, (_, i) => part(i)).join('')}</main><textarea name=t></textarea><h3>End</h3></body></html>`;
}

for (const markup of ['html', 'html-3.2', 'xhtml-mp'])
  test(`lite in ${markup} keeps every link, field, label and heading, and the alternative texts`, async (t) => {
    const page = busyPage(20);
    const { text } = await run(lite, page, { demands: lightly(markup) });
    const lost = new Set(
      markup === 'html'
        ? []
        : markup === 'html-3.2'
          ? ['label', 'fieldset', 'nav', 'main', 'button']
          : ['nav', 'main', 'button'],
    );
    for (const [name, count] of Object.entries(COUNTED)) {
      if (lost.has(name)) continue;
      const expected = name === 'input' && markup !== 'html' ? 40 : count(page);
      const extra = name === 'a' && markup === 'html-3.2' ? countOf(text, 'a') - text.match(/<a href=/g)!.length : 0;
      t.is(count(text) - extra, expected, name);
    }
    t.is(text.match(/alt="Picture \d+"/g)?.length, 20);
    t.is(text.match(/\/i\/\d+-400\.jpg/g)?.length, 20, 'the smallest candidate of at least 240 pixels');
  });

test('figures of part 3: a long article in lite is under 40 % of its bytes', async (t) => {
  const paragraph = `<p class="story__paragraph story__paragraph--body" data-block="text"><span class="t">${'Words of an article. '.repeat(12)}</span></p>`;
  const chrome = busyPage(12);
  const page = chrome.replace('<main>', `<main>${paragraph.repeat(20)}`);
  const { text } = await run(lite, page, { demands: lightly() });
  t.true(text.length < page.length * 0.4, `${text.length} of ${page.length}`);
});

test("what a link of the page opens stays, hidden or of a page's own element, and a list its first choice", async (t) => {
  const page = `<p><a href="#two">Second</a> <a href="#find">Search</a> <a href="#part">Part</a></p>
    <section id="two" role="tabpanel" hidden><p>inside the tab</p></section><div id="other" hidden>no link leads here</div>
    <site-search id="find" onclick="x()"></site-search><site-part id="part" dir="rtl" class="c"><p>of its own</p></site-part>
    <form><select name="s"><option hidden value="none">Choose</option><option>A</option></select></form>
    <picture><source srcset=""><div><img alt="a red car"></div></picture>`;
  const { text } = await run(lite, page, { demands: lightly() });
  const $ = parseDocument(text);
  t.is($('#two').text(), 'inside the tab');
  t.is($('#find').length, 1);
  t.deepEqual(
    [$('#part').text(), $('#part').attr('dir'), $('#part').attr('onclick')],
    ['of its own', 'rtl', undefined],
  );
  t.is($('option').first().attr('value'), 'none');
  t.false(text.includes('no link leads here'));
  t.true(text.includes('a red car'));
  // Threat 36: what reads without looking gets nothing of what is hidden.
  t.false((await run(article, page, { demands: { article: { styles: 'none' } } })).text.includes('inside the tab'));
});

test('links in a button are links; words that only styles part have a space; old markup keeps the titles of what folds', async (t) => {
  const page = `<a href="/c"><button type="button">Call</button></a><a href="/d">Apply</a><nav><a href="/a">SQL</a><a href="/b">Data</a></nav><button type="button"><b>Languages</b><ul><li><a href="/de">Deutsch</a></li></ul></button>
    <h2><button type="button">Where is it?</button></h2><p>There.</p><button type="button">How do I get there by train?</button><button type="button">Close</button>`;
  const { text } = await run(lite, page, { demands: lightly() });
  t.regex(text, /<a href="\/a">SQL<\/a> <a href="\/b">Data<\/a>/);
  t.regex(text, /<b>Languages<\/b><ul><li><a href="\/de">/);
  t.regex(text, /<h2><button type="button">Where is it\?<\/button><\/h2>/);
  const old = await run(lite, page, { demands: { lite: { markup: 'html-3.2' } } });
  t.regex(old.text, /<a href="\/c">Call<\/a> <a href="\/d">Apply<\/a>/);
  t.regex(old.text, /<a href="\/de">Deutsch<\/a>/);
  t.regex(old.text, /<h2>Where is it\?<\/h2>/);
  t.regex(old.text, /<b>How do I get there by train\?<\/b>/);
  t.notRegex(old.text, /Close/);
});

test('lite without pictures says what they show', async (t) => {
  const { text } = await run(lite, '<p>a<img src=x alt="red car">b<a href=y><img src=z alt="Cart"></a>', {
    demands: { lite: { images: false, styles: 'none' } },
  });
  t.regex(text, /a red car b<a href="y">\s?Cart\s?<\/a>/);
  t.notRegex(text, /<img/);
});

test('lite has no style but ours, under a kilobyte, and none where none is wanted', async (t) => {
  const page = '<style>p{color:red}</style><p style="color:red" class="x">x';
  const styled = (await run(lite, page, { demands: lightly() })).text;
  t.is(countOf(styled, 'style'), 1);
  t.true(/<style>(.*?)<\/style>/s.exec(styled)![1]!.length < 1024);
  const plain = (await run(lite, page, { demands: { lite: { styles: 'none' } } })).text;
  t.notRegex(plain, /style|color:red|class=/);
});

test('a table of one column arranges whatever its summary says; a summary of more columns names data', async (t) => {
  const tableOf = (row: string) => `<body><table summary="posts">${row.repeat(3)}</table>`;
  const shown = async (row: string) => (await run(lite, tableOf(row), { demands: lightly() })).text;
  t.notRegex(await shown('<tr><td>A post of a thread.'), /<table/);
  t.regex(await shown('<tr><td>Name<td>Value'), /<table/);
  t.regex(await shown('<tr><th>Name'), /<table/, 'nor one with a head');
});

test('a form that starts between table rows keeps its fields, in every markup', async (t) => {
  const page =
    '<body><table><form action="/go" method="post"><tr><td>Name<td><input name="n"><tr><td><input type="submit"></form></table><p>after';
  for (const markup of ['html-3.2', 'xhtml-mp']) {
    const $ = parseDocument((await run(lite, page, { demands: lightly(markup) })).text);
    t.is($('form input').length, 2, `${markup}: around the fields`);
    t.is($('form p').length, 0, 'and no more than them');
  }
  for (const [formatter, demands] of [
    [full, { full: {} }],
    [lite, lightly()],
  ] as const) {
    const $ = parseDocument((await run(formatter, page, { demands })).text);
    const id = $('form').attr('id');
    t.truthy(id);
    t.deepEqual(
      $('input')
        .toArray()
        .map((each) => each.attribs['form']),
      [id, id],
    );
  }
});

test('forms name the charset their origin reads: the page is served in another', async (t) => {
  for (const [formatter, demands] of [
    [full, { full: {} }],
    [lite, lightly()],
    [links, { links: { mode: 'prefix', publicOrigin: 'http://g' } }],
  ] as const) {
    const { text } = await run(formatter, '<form action=a><input name=b></form>', { demands, charset: 'windows-1251' });
    t.regex(text, /accept-charset="windows-1251"/, formatter.name);
  }
  const own = await run(full, '<form accept-charset="koi8-r"></form>', {
    demands: { full: {} },
    charset: 'windows-1251',
  });
  t.regex(own.text, /accept-charset="koi8-r"/);
});

test('full with scripts leaves what is the site own, and drops comments alone', async (t) => {
  const page =
    '<!DOCTYPE html><html><head></head><body onload="go()"><!-- c --><script>x("</p>")</script><iframe src="f"></iframe><noscript>n</noscript></body></html>';
  const { text } = await run(full, page, { demands: { full: { scripts: true } } });
  t.is(text, page.replace('<!-- c -->', ''));
});

test('links and simplification may run in either order', async (t) => {
  const page =
    '<base href="/sub/"><a href="x">x</a><img data-src="lazy.png" src="data:image/gif;base64,AA" alt="p"><noscript><a href="n">n</a></noscript>';
  const map = { links: { mode: 'prefix', publicOrigin: 'http://g' } };
  const one = await run(lite, (await run(links, page, { demands: map })).text, { demands: lightly() });
  const other = await run(links, (await run(lite, page, { demands: lightly() })).text, { demands: map });
  for (const { text } of [one, other]) {
    t.regex(text, /href="\/https:\/\/site\.example\/sub\/x"/);
    t.regex(text, /src="\/https:\/\/site\.example\/sub\/lazy\.png"/);
    t.regex(text, /href="\/https:\/\/site\.example\/sub\/n"/);
  }
});

test('a frameset becomes a list of its frames, and what it said to browsers without', async (t) => {
  const page =
    '<html><frameset cols="*,*"><frame src="nav.html" title="Contents"><frame src="main.html"><noframes><body><p>No frames</p></body></noframes></frameset></html>';
  for (const [formatter, demands] of [
    [full, { full: {} }],
    [lite, lightly()],
  ] as const) {
    const { text } = await run(formatter, page, { demands });
    t.regex(text, /<a href="nav\.html">Contents<\/a>/, formatter.name);
    t.regex(text, /<a href="main\.html">/);
    t.regex(text, /No frames/);
  }
});

test('streamed parts stand in their places', async (t) => {
  const page = '<main><template id="B:0"></template><p>spinner</p></main><div hidden id="S:0"><h1>Streamed</h1></div>';
  const $ = parseDocument((await run(full, page, { demands: { full: {} } })).text);
  t.is($('main h1').text(), 'Streamed');
});

// Articles ---------------------------------------------------------------------------------------------------------

const prose = (what: string) =>
  `<p>${what}: a sentence of some length, with a comma or two, as articles have them, time and again.</p>`;

test('an article is kept, and what was left out is told with the way to the whole page', async (t) => {
  const page = `<head><title>T</title><link rel="canonical" href="https://site.example/c"></head><nav>${'<a href=x>link</a>'.repeat(20)}</nav><article><h1>T</h1>${Array.from({ length: 8 }, (_, i) => prose(`Part ${i}`)).join('')}</article><aside>${prose('Aside')}</aside>`;
  const { text, remarks } = await run(article, page, { demands: { article: {} } });
  t.regex(text, /Part 7/);
  t.notRegex(text, /Aside|>link</);
  const left = remarks.find((each) => each.event === 'left-out');
  t.is(left?.fields?.['wholePage'], 'https://site.example/c');
  t.is(left?.fields?.['found'], 'article');
});

const RUNGS: readonly [why: string, page: string, expected: RegExp][] = [
  ['nothing but a title', '<title>Only a title</title>', /Only a title/],
  ['nothing but a description', '<title>T</title><meta name=description content="What it is">', /What it is/],
  ['nothing but navigation', '<nav><a href=a>Here</a><a href=b>There</a></nav>', /Here[\s\S]*There/],
  ['one word', 'Hello', /Hello/],
  ['all in a sidebar', `<div class="sidebar">${prose('Sidebar').repeat(3)}</div>`, /Sidebar/],
  ['all in a form, as some servers have it', `<form><div>${prose('Form').repeat(5)}</div></form>`, /Form/],
  [
    'data for a script',
    `<div id=app></div><script type="application/json">{"body":"<p>From data</p>"}</script>`,
    /From data/,
  ],
];

for (const [why, page, expected] of RUNGS)
  test(`article is never empty: ${why}`, async (t) => {
    const { text } = await run(article, `<!DOCTYPE html>${page}`, { demands: { article: {} } });
    t.regex(findBody(text), expected);
  });

function findBody(html: string): string {
  const body = findElement(parseDocument(html).root()[0]!, 'body')!;
  let text = '';
  const read = (node: { data?: string; children?: unknown[] }): void => {
    text += node.data ?? ' ';
    for (const child of node.children ?? []) read(child as typeof node);
  };
  read(body as never);
  return text;
}

test('below an article comments go; in a thread they are what it is', async (t) => {
  const comments = `<div class="comments">${Array.from({ length: 6 }, (_, i) => `<div class="comment">${prose(`Comment ${i}`)}</div>`).join('')}</div>`;
  const page = `<title>T</title><div class="post-body">${Array.from({ length: 8 }, (_, i) => prose(`Part ${i}`)).join('')}</div>${comments}`;
  const below = await run(article, page, { demands: { article: {} }, url: 'https://blog.example/2024/a-post' });
  t.notRegex(below.text, /Comment 3/);
  const thread = await run(article, page, { demands: { article: {} }, url: 'https://e.example/forum/threads/a.1/' });
  t.regex(thread.text, /Comment 3/);
  t.regex(thread.text, /Part 3/);
});

test('what lies over a page unasked is not in it, but where one signs in is', async (t) => {
  const laid = (attributes: string, inner: string) => `<div ${attributes}><p>${inner}</p></div>`;
  const page = `<main>${prose('Text').repeat(6)}</main>
${laid('class="newsletter-popup"', 'GONE1')}${laid('role="dialog" style="position: fixed; top: 0"', 'GONE2 <a href="/x">join</a>')}
${laid('id="promo-overlay" style="z-index:9;position:fixed"', 'GONE3')}${laid('class="cookie-banner"', 'GONE4')}${laid('class="ad-banner"', 'GONE5')}
${laid('class="modal" style="position:fixed"', 'KEPT1 <input type="password" name="p">')}${laid('class="modal"', 'KEPT2')}
<a href="#offer">Offer</a>${laid('id="offer" class="overlay" style="position:fixed"', 'KEPT3')}`;
  const { text } = await run(lite, page, { demands: { lite: {} } });
  t.notRegex(text, /GONE/);
  for (const kept of ['KEPT1', 'KEPT2', 'KEPT3', '<input']) t.true(text.includes(kept), kept);
});

test('threat 36: text that only machines would see is not in an article', async (t) => {
  const page = `<article>${prose('Shown').repeat(6)}<p style="display:none">HIDE1</p><p hidden>HIDE2</p><span class="katex-mathml" style="opacity:0">HIDE6</span><p style="visibility: hidden">HIDE3</p><!-- HIDE4 --><template>HIDE5</template></article>`;
  t.notRegex((await run(article, page, { demands: { article: {} } })).text, /HIDE/);
});

test('articles keep pictures, tables, code with its language, lists and formulas', async (t) => {
  const page = `<article>${prose('Text').repeat(6)}<img data-src="p.jpg" alt="P"><table><tr><th>A<th>B<tr><td>1<td>2</table><pre><code class="language-c">int
  x;</code></pre><ol start="3"><li>three</ol><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math></article>`;
  const { text } = await run(article, page, { demands: { article: {} } });
  for (const part of [
    /<img alt="P" src="p\.jpg">/,
    /<th>A<\/th>/,
    /class="language-c">int\n {2}x;</,
    /<ol start="3">/,
    /<code class="math">x\^2<\/code>/,
  ])
    t.regex(text, part);
});

test('articles tell formulas and the language of code, wherever their page keeps them, and no line numbers', async (t) => {
  const page = `<article>${prose('Text').repeat(6)}
<div class="highlight highlight-source-js"><pre>let a;</pre></div>
<div class="highlight-python notranslate"><div class="highlight"><pre><span class="linenos">1</span>pass</pre></div></div>
<div class="language-ruby"><div class="highlight"><table><tr><td class="gutter"><pre class="lineno">1\n2</pre><td><pre>puts 1\nputs 2</pre></table></div></div>
<pre class="line-numbers language-css"><code class="language-css">a{}</code></pre>
<p>In MathML <math><msup><mi>y</mi><mn>2</mn></msup></math>, KaTeX <span class="katex"><span class="katex-mathml"><math><semantics><mi>a</mi><annotation encoding="application/x-tex">a^2</annotation></semantics></math></span><span class="katex-html">DRAWN</span></span>,
a picture <span><span class="mwe-math-mathml-inline" style="display:none"><math alttext="HIDDEN"><mi>e</mi></math></span><img class="mwe-math-fallback-image-inline" src="/f.svg" alt="{\\displaystyle e=mc^2}"></span>,
MathJax <span class="MathJax_Preview">DRAWN</span><script type="math/tex; mode=display">\\frac12</script>.</p></article>`;
  const { text } = await run(article, page, { demands: { article: {} } });
  const markdown = (await run(toMarkdown, text, { demands: {}, to: 'text/markdown' })).text;
  for (const part of [
    '```js\nlet a;\n```',
    '```python\npass\n```',
    '```ruby\nputs 1\nputs 2\n```',
    '```css\na{}\n```',
    'MathML $y^2$, KaTeX $a^2$, a picture $e=mc^2$, MathJax $$\\frac12$$.',
  ])
    t.true(markdown.includes(part), `${part} in ${markdown}`);
  t.notRegex(text, /DRAWN|HIDDEN|<script/);
  t.regex(text, /<img[^>]* src="\/f\.svg"/, 'a page shows the picture');
});

// CSS ---------------------------------------------------------------------------------------------------------------

const STYLES: readonly [css: string, refused: RegExp][] = [
  ['a{width:expression(alert(1))}', /expression/],
  ['a{w\\69 dth:e\\78 pression(alert(1))}', /e\\78|expression/],
  ['a{behavior:url(x.htc)}', /behavior/],
  ['a{-moz-binding:url(x.xml#y)}', /-moz-binding/],
  ['@import "x.css";', /@import/],
  ['@\\69mport url(x)', /@\\69|@import/],
  ['a{background:url(javascript:x)}', /javascript/],
  ['a{background:url(data:text/html,x)}', /data:/],
  ['a{b:url(data:image/svg+xml,x)}', /svg/],
  ['a{/*x*/color:red}', /\/\*/],
  ['</style><script>', /<\/|<s/],
];

for (const [css, refused] of STYLES)
  test(`threat 35: ${css} is cleaned`, (t) => {
    t.notRegex(sanitiseCss(css), refused);
    t.is(sanitiseCss(sanitiseCss(css)), sanitiseCss(css), 'and cleaning it again changes nothing');
  });

test('styles that only style stay', (t) => {
  const css = '@media (width < 600px){.a>b::after{content:"x";background:url("i.png") no-repeat}}';
  t.is(sanitiseCss(css), css);
});
