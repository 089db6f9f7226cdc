/** Textual formatters: Markdown by its specifications, pages to Markdown and back, text by what it takes on a screen, WML. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { CheerioAPI } from 'cheerio';
import { tests as commonmark } from 'commonmark-spec';
import { isTag } from 'domhandler';
import fc from 'fast-check';
import { shownShape } from '../bench/shown-shape.ts';
import type { FormatEnv, Formatter, PlainRecord } from '../core/component.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { serialiseDocument } from '../formatters/document/serialise.ts';
import { cutToWidth, displayWidth } from '../formatters/document/text/display-width.ts';
import toGemtext from '../formatters/html-to-gemtext/index.ts';
import toMarkdown from '../formatters/html-to-markdown/index.ts';
import toText from '../formatters/html-to-text/index.ts';
import toWml from '../formatters/html-to-wml/index.ts';
import { renderMarkdown } from '../formatters/markdown/render.ts';
import toHtml from '../formatters/markdown-to-html/index.ts';
import textToHtml from '../formatters/text-to-html/index.ts';
import textWrap from '../formatters/text-wrap/index.ts';
import { wmlFaults } from './support/wml-faults.ts';

const PAGE = 'https://site.example/dir/page.html';

interface Made {
  readonly text: string;
  readonly notes: Readonly<PlainRecord>;
  readonly remarks: readonly string[];
}

async function make(formatter: Formatter, body: string, demands: PlainRecord = {}, options?: unknown): Promise<Made> {
  const remarks: string[] = [];
  const env: FormatEnv = {
    signal: new AbortController().signal,
    limits: { maxInputBytes: 1e7, maxOutputBytes: 1e7, timeoutMs: 6000, maxPixels: 5e7 },
    note: (event) => remarks.push(event),
    cannot(reason): never {
      throw new Error(reason);
    },
    fetch: () => Promise.reject(new Error('no network in this test')),
    log() {},
  };
  const [edge] = formatter.edges;
  const input = { mediaType: edge!.from, charset: 'utf-8', body, url: PAGE, fields: {} };
  const given = formatter.reads === 'document' ? { ...input, document: parseDocument(body) } : input;
  const parsed = formatter.parseOptions === undefined ? (options ?? {}) : formatter.parseOptions(options);
  const result = await formatter.format(given, { mediaType: edge!.to, demands, options: parsed }, env);
  const text = result.document === undefined ? String(result.body) : serialiseDocument(result.document);
  return { text, notes: result.notes ?? {}, remarks };
}

const bare = { frontMatter: false };
const markdownOf = async (html: string): Promise<string> =>
  (await make(toMarkdown, `<!DOCTYPE html><body>${html}`, {}, bare)).text.trimEnd();
const textOf = async (html: string, width = 72, emphasis = 'none'): Promise<string> =>
  (await make(toText, `<!DOCTYPE html><body><h3>T</h3>${html}`, { wrap: { width, emphasis } })).text
    .replace(/^T\n\n?/, '')
    .trimEnd();

// CommonMark and GFM -----------------------------------------------------------------------------------------------

/** Examples that show a bare address which is no link: with GFM it is one. */
const BARE_ADDRESSES = [608, 611, 612];

test('CommonMark: all 652 examples, and with GFM all but those about bare addresses', (t) => {
  t.is(commonmark.length, 652);
  for (const gfm of [false, true])
    for (const { number, markdown, html } of commonmark) {
      const text = markdown.replaceAll('→', '\t');
      const made = renderMarkdown(text, { gfm, filtersTags: false, forPages: false }).html;
      const same = shownShape(made) === shownShape(html.replaceAll('→', '\t'));
      t.is(same, !(gfm && BARE_ADDRESSES.includes(number)), `example ${number}, gfm ${gfm}: ${made}`);
    }
});

/** GFM 0.29, examples of its extensions: number, Markdown, HTML. */
const GFM: readonly (readonly [number, string, string])[] = [
  [
    199,
    '| abc | defghi |\n:-: | -----------:\nbar | baz',
    '<table><thead><tr><th align="center">abc</th><th align="right">defghi</th></tr></thead><tbody><tr><td align="center">bar</td><td align="right">baz</td></tr></tbody></table>',
  ],
  [
    200,
    '| f\\|oo  |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |',
    '<table><thead><tr><th>f|oo</th></tr></thead><tbody><tr><td>b <code>|</code> az</td></tr><tr><td>b <strong>|</strong> im</td></tr></tbody></table>',
  ],
  [
    201,
    '| abc | def |\n| --- | --- |\n| bar | baz |\n> bar',
    '<table><thead><tr><th>abc</th><th>def</th></tr></thead><tbody><tr><td>bar</td><td>baz</td></tr></tbody></table><blockquote><p>bar</p></blockquote>',
  ],
  [203, '| abc | def |\n| --- |\n| bar |', '<p>| abc | def |\n| --- |\n| bar |</p>'],
  [
    204,
    '| abc | def |\n| --- | --- |\n| bar |\n| bar | baz | boo |',
    '<table><thead><tr><th>abc</th><th>def</th></tr></thead><tbody><tr><td>bar</td><td></td></tr><tr><td>bar</td><td>baz</td></tr></tbody></table>',
  ],
  [
    279,
    '- [ ] foo\n- [x] bar',
    '<ul><li><input disabled="" type="checkbox"> foo</li><li><input checked="" disabled="" type="checkbox"> bar</li></ul>',
  ],
  [491, '~~Hi~~ Hello, ~there~ world!', '<p><del>Hi</del> Hello, <del>there</del> world!</p>'],
  [492, 'This ~~has a\n\nnew paragraph~~.', '<p>This ~~has a</p><p>new paragraph~~.</p>'],
  [493, 'This will ~~~not~~~ strike.', '<p>This will ~~~not~~~ strike.</p>'],
  [624, 'Visit www.commonmark.org.', '<p>Visit <a href="http://www.commonmark.org">www.commonmark.org</a>.</p>'],
  [
    625,
    '(www.google.com/search?q=Markup+(business))',
    '<p>(<a href="http://www.google.com/search?q=Markup+(business)">www.google.com/search?q=Markup+(business)</a>)</p>',
  ],
  [
    627,
    'www.google.com/search?q=commonmark&hl;',
    '<p><a href="http://www.google.com/search?q=commonmark">www.google.com/search?q=commonmark</a>&amp;hl;</p>',
  ],
  [628, 'www.commonmark.org/he<lp', '<p><a href="http://www.commonmark.org/he">www.commonmark.org/he</a>&lt;lp</p>'],
  [629, 'http://commonmark.org', '<p><a href="http://commonmark.org">http://commonmark.org</a></p>'],
  [630, 'foo@bar.baz', '<p><a href="mailto:foo@bar.baz">foo@bar.baz</a></p>'],
  [631, "hello@mail+xyz.example isn't valid", "<p>hello@mail+xyz.example isn't valid</p>"],
  [632, 'a.b-c_d@a.b-', '<p>a.b-c_d@a.b-</p>'],
  [
    657,
    '<strong> <title> <style> <em>\n\n<blockquote>\n  <xmp> is disallowed.  <XMP> is also disallowed.\n</blockquote>',
    '<p><strong> &lt;title> &lt;style> <em></p>\n<blockquote>\n  &lt;xmp> is disallowed.  &lt;XMP> is also disallowed.\n</blockquote>',
  ],
];

test('GFM: tables, tasks, deleted text, bare addresses and the tag filter', (t) => {
  for (const [number, markdown, html] of GFM)
    t.is(shownShape(renderMarkdown(markdown, { forPages: false }).html), shownShape(html), `example ${number}`);
});

test('Markdown to HTML: front matter is read and not shown; headings are named; each render is on its own', async (t) => {
  const cases: readonly [markdown: string, title: string, shown: RegExp][] = [
    ['---\ntitle: A\n---\ntext', 'A', /<body><p>text<\/p>/],
    ['---\r\ntitle: "A: \\"b\\""\r\n...\r\ntext', 'A: "b"', /<p>text<\/p>/],
    ["---\ntitle: 'it''s'\ntags:\n  - a\n  - b\n---\n", "it's", /<body><\/body>/],
    ['# H *e* `c` &amp;\n', 'H e c &', /<h1 id="h-e-c-">/],
    ['---\nno yaml here\n---\n', 'no yaml here', /<hr>/],
    ['text\n\n---\ntitle: A\n---\n', 'title: A', /<h2 id="title-a">title: A<\/h2>/],
    ['# A\n# A\n## A\n', 'A', /id="a".*id="a-1".*id="a-2"/s],
  ];
  for (const [markdown, title, shown] of cases) {
    const { text } = await make(toHtml, markdown);
    t.is(parseDocument(text)('title').text(), title, markdown);
    t.regex(text, shown, markdown);
  }
  t.is((await make(toHtml, '# A')).text, (await make(toHtml, '# A')).text);
});

test('Markdown to HTML: footnotes lead there and back; one without a text is text', async (t) => {
  const { text } = await make(toHtml, 'a[^x] b[^y] c[^x] d[^none]\n\n[^y]: Y\n[^x]: X [^x]\n\n    more\n');
  const $ = parseDocument(text);
  t.deepEqual(
    $('sup a')
      .map((_, each) => $(each).attr('href'))
      .get(),
    ['#fn-1', '#fn-2', '#fn-1', '#fn-1'],
  );
  t.deepEqual(
    $('li')
      .map((_, each) => $(each).attr('id'))
      .get(),
    ['fn-1', 'fn-2'],
  );
  t.is($('#fn-1 p').length, 2);
  for (const href of $('a')
    .map((_, each) => $(each).attr('href'))
    .get())
    t.is($(`[id="${href.slice(1)}"]`).length, 1, href);
  t.true(text.includes('d[^none]'));
});

test('Markdown to HTML: formulas are MathML with their TeX in it, and prices and shells are none', async (t) => {
  const texOf = async (markdown: string) => {
    const $ = parseDocument((await make(toHtml, markdown)).text);
    return $('math annotation')
      .map((_, each) => $(each).text())
      .get();
  };
  for (const [markdown, ...tex] of [
    ['$a_1 * b_2$ and $c*d = e$, **$n!$**, $f(x)$, $a, b$', 'a_1 * b_2', 'c*d = e', 'n!', 'f(x)', 'a, b'],
    ['$$\na\n- b\n$$', 'a\n- b'],
    ['Text:\n$$x$$\nmore', 'x'],
    ['```math\n\\sqrt{2}\n```', '\\sqrt{2}'],
    ['| a |\n|---|\n| $x^2$ |', 'x^2'],
    ['$5 and $10, US$5–US$10, 5 or 5$, from $20,000 to $30,000'],
    ['$HOME/$USER $PATH:$HOME `$x$` \\$x$ $ x$ $x $ $'],
  ] as const)
    t.deepEqual(await texOf(markdown), [...tex], markdown);
  const page = (await make(toHtml, '$$x$$\n\n$\\frac{1}{2}$')).text;
  t.regex(page, /<math display="block">/);
  t.regex(await markdownOf(page), /^\$\$x\$\$\n\n\$\\frac\{1\}\{2\}\$$/);
  t.regex(
    (await make(toHtml, '$\\bad{<b>$')).text,
    /<code class="math">\\bad\{&lt;b&gt;<\/code>/,
    'a mistake can be read',
  );
  const { text } = await make(toHtml, '$\\href{javascript:alert(1)}{x}$ $\\text{<img src=x onerror=alert(1)>}$');
  t.notRegex(text, /<img|href=/, 'threat 35');
  t.notRegex(renderMarkdown('$x^2$', { forPages: false }).html, /math/, 'CommonMark knows none');
});

// HTML to Markdown -------------------------------------------------------------------------------------------------

test('HTML to Markdown: what each element becomes', async (t) => {
  const cases: readonly [html: string, markdown: string][] = [
    ['<p>a<b> b </b>c</p>', 'a **b** c'],
    ['<p>a<b>b</b>c "<b>d</b>"</p>', 'a**b**c "**d**"'],
    ['<p>a<b>"b"</b>c</p>', 'a<strong>"b"</strong>c'],
    ['<p><b>a</b><b>b</b> <b><b>c</b></b></p>', '**ab** **c**'],
    ['<p><b>a</b><i>b</i></p>', '**a**<em>b</em>'],
    ['<p><b> </b>x<i></i></p>', 'x'],
    ['<p>a<br><br>b<br><br><br>c<br>d</p>', 'a\n\nb\n\nc\\\nd'],
    ['<p>www.x.y<br>b</p>', 'www.x.y  \nb'],
    ['<p><b>a<br><br>b</b></p>', '**a\\\n\\\nb**'],
    [
      '<p>http://x.y/_a <i>b</i> http://x.y/a_b www.x.y<i>c</i></p>',
      'http:/\\/x.y/\\_a *b* http://x.y/a_b www\\.x.y*c*',
    ],
    ['<p><b>a<br></b>b</p>', '**a**\\\nb'],
    ['<p><a href="/x">a<br></a>b</p>', '[a](https://site.example/x)\\\nb'],
    ['<p><a href="#y">in the page</a> <a name="z">place</a> <a href="">none</a></p>', '[in the page](#y) place none'],
    [
      '<p><a href="/x"><img src="/i.png" alt="t"></a></p>',
      '[![t](https://site.example/i.png)](https://site.example/x)',
    ],
    ['<p><a href="/x"></a><a href="/y" title="named"></a></p>', '[named](https://site.example/y)'],
    ['<a href="/x"><p>one</p><p>two</p></a>', '[one](https://site.example/x)\n\ntwo'],
    ['<p>a!<a href="/x">b</a></p>', 'a\\![b](https://site.example/x)'],
    ['<p><img src="data:image/png;base64,AA" alt="drawn"></p>', 'drawn'],
    ['<p><img src="/i.png" width="1" height="1"></p><p>x</p>', 'x'],
    ['<h2>a<br>b #</h2>', '## a b \\#'],
    ['<h2></h2><p>x</p>', 'x'],
    ['<h2 id="a"><a href="#a">A</a> <a href="#b">b</a></h2>', '## A [b](#b)'],
    ['<h3><button aria-expanded="false">Who?</button></h3><p>x</p>', '### Who?\n\nx'],
    [
      '<p><a href="#">Top</a> <a href="/x">SQL</a><a href="/y">data</a></p>',
      'Top [SQL](https://site.example/x) [data](https://site.example/y)',
    ],
    ['<p><a href="/x">b</a><a href="/x">acon</a></p>', '[b](https://site.example/x)[acon](https://site.example/x)'],
    [
      '<p><span>Full-time</span><span>Senior</span> <span>W</span><span>ord</span> <span>be</span><span>come</span></p>',
      'Full-time Senior Word become',
    ],
    [
      '<p><span>$</span><span>19</span><sup>99</sup><span>3 left</span> <code><span>a</span><span>Bc</span></code></p>',
      '$19<sup>99</sup>3 left `aBc`',
    ],
    ['<p><span>was $5</span><span>Now $4</span> <span>東京</span><span>大阪</span></p>', 'was $5 Now $4 東京大阪'],
    ['<dl><dt></dt><dd>a</dd><dt>b</dt><dd>c</dd></dl>', 'a\n\n**b**\n: c'],
    ['<video src="/v.mp4">No films here.</video>', '[Video](https://site.example/v.mp4)'],
    ['<ul><li>a</li></ul><ul><li>b</li></ul>', '- a\n\n* b'],
    ['<ol start="7"><li>a</li><li value="9">b</li></ol>', '7. a\n9. b'],
    ['<ul><li>a<ul><li>b</li></ul></li></ul>', '- a\n  - b'],
    ['<ul><li>a</li><ul><li>b</li></ul></ul>', '- a\n  - b'],
    ['<ul><li></li><li>a</li></ul>', '- a'],
    ['<li>a</li><li>b</li>', '- a\n- b'],
    ['<ul><li><hr></li><li># b</li></ul>', '- ___\n- \\# b'],
    ['<ul><li><pre>a\nb</pre></li></ul>', '- ```\n  a\n  b\n  ```'],
    ['<blockquote>a<pre>b\n\nc</pre></blockquote>', '> a\n>\n> ```\n> b\n>\n> c\n> ```'],
    ['<details><summary>s</summary>t</details>', '**s**\n\nt'],
    ['<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>', '漢(kan)'],
    ['<p><iframe src="https://v.example/x" title="Film"></iframe></p>', '[Film](https://v.example/x)'],
    [
      '<p>a<iframe src="https://v.example/x" title="Film"></iframe><a href="/y">b</a></p>',
      'a [Film](https://v.example/x) [b](https://site.example/y)',
    ],
    ['<video><source src="/v.mp4"></video>', '[Video](https://site.example/v.mp4)'],
    ['<p><code>a</code><code>b</code> <code> </code>c</p>', '`ab` c'],
    ['<script type="math/tex; mode=display">x^2</script>', '$$x^2$$'],
    ['<table><tr><td>only</td></tr></table>', 'only'],
    ['<table><thead><tr><th>h</th></tr></thead></table>', '| h |\n| --- |'],
  ];
  for (const [html, markdown] of cases) t.is(await markdownOf(html), markdown, html);
});

test('formulas that a page keeps as MathML alone become TeX', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>', 'E=mc^2'],
    [
      '<mfrac><mrow><mo>−</mo><mi>b</mi></mrow><mrow><mn>2</mn><mo>&#x2062;</mo><mi>a</mi></mrow></mfrac>',
      '\\frac{-b}{2a}',
    ],
    ['<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt><mroot><mi>x</mi><mn>3</mn></mroot>', '\\sqrt{x+1}\\sqrt[3]{x}'],
    [
      '<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><msub><mi>x</mi><mi>i</mi></msub>',
      '∑_{i=1}^nx_i',
    ],
    ['<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>12</mn></msup>', '{(a)}^{12}'],
    [
      '<mi>sin</mi><mo>&#x2061;</mo><mi>x</mi><mo>&lt;</mo><mi>speed</mi><mtext>50 %</mtext>',
      '\\sin x\\lt \\mathrm{speed}\\text{50 \\%}',
    ],
    ['<mover><mi>v</mi><mo>→</mo></mover><mfenced><mi>a</mi><mi>b</mi></mfenced>', '\\vec{v}(a,b)'],
    [
      '<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd></mtr></mtable>',
      '\\begin{matrix} 1 & 0 \\\\ 0 \\end{matrix}',
    ],
    [`${'<msup>'.repeat(200)}<mi>x</mi>`, 'x'],
  ];
  for (const [mathMl, tex] of cases) {
    const markdown = await markdownOf(`<p>So <math>${mathMl}</math>.</p>`);
    t.true(markdown.includes('$'), mathMl);
    if (!mathMl.startsWith('<msup><msup>')) t.is(markdown, `So $${tex}$.`, mathMl);
  }
  t.is(await markdownOf('<math display="block"><mi>x</mi></math>'), '$$x$$');
  t.is(await markdownOf('<p><math alttext="x^2"><mi>y</mi></math></p>'), '$x^2$');
});

test('HTML to Markdown: front matter, tokens, never empty, addresses as the plan maps them', async (t) => {
  const page =
    '<title>T</title><link rel=canonical href="/https://site.example/c"><p><a href="/https://o.example/x">x</a>';
  const prefix = { links: { mode: 'prefix', publicOrigin: 'http://gw.example' } };
  const mapped = await make(toMarkdown, page, prefix);
  t.is(mapped.text, '---\ntitle: "T"\nurl: "https://site.example/c"\n---\n\n[x](/https://o.example/x)\n');
  t.is(mapped.notes['x-markdown-tokens'], Math.ceil(mapped.text.length / 4));
  const reverse = {
    links: {
      mode: 'reverse',
      siteOrigin: 'https://docs.example',
      upstreamOrigin: 'https://site.example',
      gatewayPath: '/-/',
    },
  };
  const inside = await make(toMarkdown, '<p><a href="/x">x</a>', reverse);
  t.regex(inside.text, /\(\/x\)/);
  t.notRegex(inside.text, /site\.example/, 'the upstream is nobody’s business');
  t.is((await make(toMarkdown, '<title>Only a title</title>', {}, bare)).text, '# Only a title\n');
  t.is((await make(toMarkdown, '', {}, bare)).text, '# page.html\n');
  for (const wrong of [{ frontMatter: 1 }, { other: true }, [], 'x'])
    t.throws(() => toMarkdown.parseOptions(wrong), { instanceOf: TypeError });
});

// What Markdown keeps of a page, by count; a heading's own anchor and links in code are no part of it.
const KEPT: Readonly<Record<string, ($: CheerioAPI) => number>> = {
  h: ($) => $('h1,h2,h3,h4,h5,h6').filter((_, each) => $(each).text().trim() !== '').length,
  a: ($) =>
    $('a[href]').filter((_, each) => {
      const link = $(each);
      const isAnchor = link.closest('h1,h2,h3,h4,h5,h6').length > 0 && /^[\s#¶§]*$/.test(link.text());
      const isEmpty = link.text().trim() === '' && link.find('img').length === 0;
      return !isAnchor && !isEmpty && link.closest('pre').length === 0 && (link.attr('href') ?? '') !== '';
    }).length,
  img: ($) => $('img').filter((_, each) => /^(?!data:)./.test($(each).attr('src') ?? '')).length,
  li: ($) => $('li').filter((_, each) => $(each).text().trim() !== '' || $(each).find('img').length > 0).length,
  table: ($) => $('table').length,
  pre: ($) => $('pre').length,
};

function countsOf(html: string): Record<string, number> {
  const $ = parseDocument(html);
  return Object.fromEntries(Object.entries(KEPT).map(([name, count]) => [name, count($)]));
}

/** Addresses that were text stay text: a bare one is no loss and no gain. */
async function backAgain(html: string): Promise<string> {
  const { text } = await make(toMarkdown, html, {}, bare);
  return `<!DOCTYPE html><body>${renderMarkdown(text, { filtersTags: false }).html}`;
}

const WHOLE = `<!DOCTYPE html><body><h1>a</h1><h2><a href="/1">b</a></h2><h6>c</h6>
<p><a href="/2"><img src="/i.png" alt="x"></a> <a href="/3">t</a> <img src="/j.png"></p>
<ul><li>1<ul><li>2<ol><li>3</li><li>4</li></ol></li></ul></li><li><p>5</p><p>6</p></li><li><pre>x</pre></li></ul>
<table><tr><th>h<th>i</tr><tr><td><ul><li>7<li>8</ul><td><pre>y
z</pre></tr></table><table><tr><td>n<td>o<tr><td>p<td><a href="/4">q</a></table>
<pre><code class=language-js>code</code></pre><pre>no code</pre><blockquote><ol><li>9</li></ol><table><tr><td>a<td>b<tr><td>c<td>d</table></blockquote>
<dl><dt>t<dd>d<dd><ul><li>10</ul></dl></body>`;

test('separators of lines within a heading do not end it on the way back', async (t) => {
  for (const separator of ['\u2028', '\u2029', ' \u2028 '])
    t.regex(
      await backAgain(`<h3>Need help?${separator}No problem.</h3><p>x</p>`),
      /<h3[^>]*>Need help\? No problem\.<\/h3>/,
    );
});

test('HTML to Markdown and back: headings, links, pictures, list items, tables and code by count', async (t) => {
  t.deepEqual(countsOf(await backAgain(WHOLE)), countsOf(WHOLE));
  t.deepEqual(countsOf(WHOLE), { h: 3, a: 4, img: 2, li: 10, table: 3, pre: 4 });
});

const WORDS = fc.array(
  fc.constantFrom(
    ...'a b1 * ** _ __ ` `` ``` ~ ~~ [ ] ( ) ![ ]( < > <b> </p> & &lt; &amp; # ## - + 1. 2) = == --- | |-| \\ \\\\ ! !! : [x]: [^1] [^1]: " \' $ $$ {} http://x.y www.x.y'.split(
      ' ',
    ),
    'é',
    '中',
    '\u00a0',
  ),
  { minLength: 1, maxLength: 12 },
);
const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

test('HTML to Markdown: a table that compares stays one though its cells have a few lines; one that holds pages is unfolded', async (t) => {
  const tableOf = (cell: string, rows = 3) =>
    `<!DOCTYPE html><body><table>${`<tr>${`<td>${cell}</td>`.repeat(3)}</tr>`.repeat(rows)}</table>`;
  const compared = await make(toMarkdown, tableOf('<div>Rating</div><div>4.8</div>'), {}, bare);
  t.regex(compared.text, /\| Rating<br>4\.8 \| Rating<br>4\.8 \|/);
  for (const page of [
    tableOf('<p>One</p>'.repeat(6)),
    tableOf('<h2>One</h2><p>Two</p>'),
    tableOf('<p>One</p><p>Two</p>', 2),
  ])
    t.notRegex((await make(toMarkdown, page, {}, bare)).text, /\|/);
});

test('HTML to Markdown: links in the text, listed at the end or left out; pictures, their words or nothing', async (t) => {
  const page =
    '<p><a href="/a" title="T">one</a> <a href="/b">two</a> <b><a href="/a" title="T">three</a></b> <img src="/i.png" alt="four"><a href="/c"><img src="/j.png" alt=""></a></p><table><tr><th>H<td><a href="/b">x</a></table>';
  const cases: readonly [options: object, expected: RegExp, absent: RegExp][] = [
    [{}, /\[one\]\(https:\/\/site\.example\/a "T"\).*!\[four\]/, /\]\[1\]/],
    [{ links: 'reference' }, /\[one\]\[1\] \[two\]\[2\] \*\*\[three\]\[1\]\*\*/, /\]\(https:\/\/site\.example\/a/],
    [
      { links: 'reference' },
      /\n\[1\]: https:\/\/site\.example\/a "T"\n\[2\]: https:\/\/site\.example\/b\n/,
      /\[1\]: [\s\S]*\[1\]: /,
    ],
    [{ links: 'none' }, /one two \*\*three\*\*/, /site\.example\/[ab]/],
    [{ images: 'alt' }, /\*\* four/, /!\[/],
    [{ images: 'none' }, /one/, /four|!\[|\/c/],
  ];
  for (const [options, expected, absent] of cases) {
    const { text } = await make(toMarkdown, `<!DOCTYPE html><body>${page}`, {}, { ...bare, ...options });
    t.regex(text, expected, JSON.stringify(options));
    t.notRegex(text, absent, JSON.stringify(options));
  }
  // What stands in the text as a list's number is none.
  const { text } = await make(
    toMarkdown,
    '<!DOCTYPE html><body><p>x][1] <a href=/a>y</a>',
    {},
    { ...bare, links: 'reference' },
  );
  t.is(toHtmlText((await make(toHtml, text)).text), 'x][1] y');
});

const toHtmlText = (html: string): string => parseDocument(html)('body').text().trim();

test('HTML to Markdown: a budget of tokens makes parts that hold everything once, in order, and lead to each other', async (t) => {
  const items = Array.from(
    { length: 60 },
    (_, i) => `<li>item ${i} of a long list that goes on in the next part</li>`,
  ).join('');
  const rows = Array.from({ length: 60 }, (_, i) => `<tr><td>row ${i}<td>with words</tr>`).join('');
  const page = `<h1>T</h1><p>note<sup id="r"><a href="#n">1</a></sup></p><ol>${items}</ol><h2>Table</h2><table><caption>C</caption><tr><th>A<th>B</tr>${rows}</table><pre>${'x '.repeat(2000)}</pre><h3>End</h3><p>last</p><ol><li id="n">the note <a href="#r">↩</a></li></ol>`;
  const parts: string[] = [];
  for (let part = 1, of = 1; part <= of; part++) {
    const demands = { parts: { part, before: '/-/as/markdown;part=', after: '/https://site.example/' } };
    const { text, notes } = await make(toMarkdown, `<!DOCTYPE html><body>${page}`, demands, { ...bare, tokens: 300 });
    of = Number(/\nPart \d+ of (\d+)\./.exec(text)?.[1]);
    t.true(of > 5);
    // Code is never cut.
    if (!text.includes('x x x')) t.true(Number(notes['x-markdown-tokens']) <= 300, `part ${part}`);
    t.is(text.includes(`;part=${part + 1}/https`), part < of);
    t.is(text.includes(`;part=${part - 1}/https`), part > 1);
    const content = text.slice(0, text.lastIndexOf('\n---\n')).trim();
    t.notRegex(content, /(?:^|\n)#+ [^\n]*$/, 'no heading at the end of a part');
    parts.push(content);
  }
  const whole = parts.join('\n');
  for (let i = 0; i < 60; i++) {
    t.is(whole.split(`${i + 1}. item ${i} of`).length, 2, `item ${i}`);
    t.is(whole.split(`| row ${i} |`).length, 2, `row ${i}`);
  }
  for (const part of parts.filter((each) => /\| row \d+ \|/.test(each)))
    t.regex(part, /\| A \| B \|\n\| --- \| --- \|/);
  t.regex(parts[0]!, /\[\^1\][\s\S]*\n\[\^1\]: the note/);
  t.is(whole.split('the note').length, 2);
  for (const tokens of [1, 199, 1.5, '300', -1])
    t.throws(() => toMarkdown.parseOptions!({ tokens }), { message: /`tokens` must be 0, or 200 to/ });
  t.throws(() => toMarkdown.parseOptions!({ links: 'all' }), {
    message: /`links` must be one of inline, reference, none/,
  });
});

test('threat 36: whatever a text is, in Markdown it is that text and nothing else', async (t) => {
  await fc.assert(
    fc.asyncProperty(WORDS, fc.constantFrom('', ' '), fc.constantFrom(...PLACES), async (words, glue, place) => {
      const text = words.join(glue);
      fc.pre(text.trim() !== '');
      const { text: markdown } = await make(
        toMarkdown,
        `<!DOCTYPE html><body>${place.html(escapeHtml(text))}`,
        {},
        bare,
      );
      const $ = parseDocument(`<!DOCTYPE html><body>${renderMarkdown(markdown, { forPages: false }).html}`);
      // A bare address is a link to itself, in any Markdown that knows them.
      $('a[href^="http://x.y"], a[href^="http://www.x.y"]').each((_, each) => void $(each).replaceWith($(each).text()));
      const plain = (shown: string): string => shown.replace(/[\s\u00a0]+/g, '');
      t.is(plain($('body').text()), plain(place.shown(text)), markdown);
      t.deepEqual(
        [
          ...new Set(
            $('body *')
              .map((_, each) => (isTag(each) ? each.name : ''))
              .get(),
          ),
        ].sort(),
        place.tags,
        markdown,
      );
    }),
    { numRuns: 2500 },
  );
});

interface TextPlace {
  readonly html: (text: string) => string;
  readonly shown: (text: string) => string;
  readonly tags: readonly string[];
}

const PLACES: readonly TextPlace[] = [
  { html: (text) => `<p>${text}</p>`, shown: (text) => text, tags: ['p'] },
  { html: (text) => `<p>x<br>${text}<br>y</p>`, shown: (text) => `x${text}y`, tags: ['br', 'p'] },
  { html: (text) => `<h2>x${text}</h2>`, shown: (text) => `x${text}`, tags: ['h2'] },
  { html: (text) => `<ul><li>${text}</li></ul>`, shown: (text) => text, tags: ['li', 'ul'] },
  { html: (text) => `<blockquote>${text}</blockquote>`, shown: (text) => text, tags: ['blockquote', 'p'] },
  { html: (text) => `<p><a href="/x">x${text}</a></p>`, shown: (text) => `x${text}`, tags: ['a', 'p'] },
  { html: (text) => `<p><code>x${text}</code></p>`, shown: (text) => `x${text}`, tags: ['code', 'p'] },
  { html: (text) => `<pre>x${text}</pre>`, shown: (text) => `x${text}`, tags: ['code', 'pre'] },
  {
    html: (text) => `<table><tr><th>x${text}</th></tr></table>`,
    shown: (text) => `x${text}`,
    tags: ['table', 'th', 'thead', 'tr'],
  },
];

// Text ------------------------------------------------------------------------------------------------------------

test('columns: ideographs two, marks none, joined emoji, flags and tones two, a tab to the next eighth', (t) => {
  const cases: readonly [text: string, width: number][] = [
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本語', 6],
    ['ｶﾅ', 2],
    ['ＡＢ', 4],
    ['한글', 4],
    ['\u1112\u1161\u11ab', 2],
    ['👍', 2],
    ['👍🏽', 2],
    ['👨‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['🇩🇪🇫🇷', 4],
    ['❤', 1],
    ['❤️', 2],
    ['\u200b\u200d\u2060', 0],
    ['a\tb', 9],
    ['—…①', 3],
  ];
  for (const [text, width] of cases) t.is(displayWidth(text), width, JSON.stringify(text));
  t.deepEqual(cutToWidth('a日👨‍👩‍👧b', 3), ['a日', '👨‍👩‍👧b']);
});

test('HTML to text: what each element becomes', async (t) => {
  const cases: readonly [html: string, text: string][] = [
    ['<p>a <b>b</b> <i>c</i><br>d</p>', 'a b c\nd'],
    ['<h1>日本</h1><h2>ab</h2><h3>c</h3>', '日本\n====\n\nab\n--\n\nc'],
    [
      '<p><a href="/x">x</a> <a href="/y">y</a> <a href="/x">z</a></p>',
      '[1]x [2]y [1]z\n\nReferences\n\n  1. https://site.example/x\n  2. https://site.example/y',
    ],
    [
      '<p><a href="https://o.example/">https://o.example/</a> <a href="#p">p</a> <a href="javascript:x">j</a></p>',
      'https://o.example/ p j',
    ],
    ['<ul><li>a<ul><li>b<ul><li>c</ul></ul></ul>', '  * a\n      + b\n          o c'],
    ['<ol start=9><li>a<li>b</ol>', '   9. a\n  10. b'],
    ['<ul><li><input type=checkbox checked>done</ul>', '  * [x] done'],
    ['<blockquote>a<blockquote>b</blockquote></blockquote>', '> a\n>\n> > b'],
    ['<pre>a\n  b\tc\n</pre>', 'a\n  b        c'],
    ['<dl><dt>t<dd>d</dl>', 't\n    d'],
    ['<p><img src=i alt="a picture"> <img src=j></p>', '[a picture]'],
    ['<p>10<sup>5</sup> H<sub>2</sub>O 1<sup>st</sup></p>', '10^5 H2O 1st'],
    ['<table><tr><th>a<th align=right>b<tr><td>日本<td>1</table>', 'a    | b\n-----+--\n日本 | 1'],
    ['<p>a&nbsp;b</p>', 'a b'],
    ['<hr>', '-'.repeat(72)],
  ];
  for (const [html, text] of cases) t.is(await textOf(html), text, html);
});

test('HTML to text: a column without a word is none; in gemtext no bullet stands before nothing', async (t) => {
  const table = '<table><tr><td>1.<td><img src=v.gif><td>One</tr><tr><td>2.<td><td>Two</tr></table>';
  t.is(await textOf(table), '1. | One\n2. | Two');
  t.is(await textOf('<table><tr><th>A<th>B</tr><tr><td>1<td></tr></table>'), 'A | B\n--+--\n1 |');
  t.is(
    await textOf(
      '<form>Name<input size=4><label><input type=checkbox checked>Stay</label><input type=radio>A.<button>Go</button></form>',
    ),
    'Name [____] [x] Stay ( ) A. [Go]',
    'fields have room around them',
  );
  const list =
    '<h1>T</h1><ul><li><h2><a href="/a"><img src="/a.png" alt="">One</a></h2></li><li>two</li></ul><ol><li><a href="/b">b</a></ol>';
  const { text } = await make(toGemtext, `<!DOCTYPE html><body>${list}`);
  t.notRegex(text, /^\*\s*$/m);
  t.regex(text, /^\* two$/m);
  t.notRegex(text, /a\.png/, 'what only adorns a link');
});

test('HTML to text: no line is wider than asked but for what must not be cut, at any width', async (t) => {
  const html = await Promise.resolve(
    readFileSync(join(import.meta.dirname, '../formatters/html-to-text/examples/tables-and-fields/input.html'), 'utf8'),
  );
  const more = `<p>日本語の長い文章。${'言葉'.repeat(60)}</p><ul><li>${'word '.repeat(60)}<ol><li>${'x'.repeat(200)}</ol></ul>`;
  for (const width of [20, 33, 40, 72, 132])
    for (const emphasis of ['none', 'ansi']) {
      const { text } = await make(toText, html + more, { wrap: { width, emphasis } });
      for (const line of text.split('\n')) {
        const shown = line.replace(/\u001b\[\d+m/g, '');
        t.true(displayWidth(shown) <= width, `${width}, ${emphasis}: ${shown}`);
        t.is(/\u001b/.test(line), emphasis === 'ansi' && /\u001b\[\d+m/.test(line));
      }
    }
});

test('HTML to text: emphasis by SGR closes where its line ends', async (t) => {
  t.is(
    await textOf('<p><b>aaaa bbbb cccc dddd eeee</b></p>', 20, 'ansi').then((text) => text.replaceAll('\u001b', '^')),
    '^[1mT^[22m\n\n^[1maaaa bbbb cccc dddd^[22m\n^[1meeee^[22m',
  );
});

test('text to lines: short ones stay, prefixes carry over, nothing is lost', async (t) => {
  const wrap = async (text: string, width: number) => (await make(textWrap, text, { wrap: { width } })).text;
  t.is(await wrap('short\n\n  as  it   is\n', 40), 'short\n\n  as  it   is\n');
  t.is(await wrap('> a bb ccc dddd eeeee ffffff', 20), '> a bb ccc dddd\n> eeeee ffffff');
  t.is(await wrap('  - a bb ccc dddd eeeee ff', 20), '  - a bb ccc dddd\n    eeeee ff');
  t.is(await wrap('a\r\nb\rc', 20), 'a\nb\nc');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'word', '日本', '、', '👍🏽', 'e\u0301', 'x'.repeat(50), '> ', '- '), {
        maxLength: 40,
      }),
      fc.integer({ min: 20, max: 60 }),
      async (words, width) => {
        const text = words.join(' ');
        const wrapped = await wrap(text, width);
        const squeeze = (each: string) => each.replace(/[\s>-]/g, '');
        t.is(squeeze(wrapped), squeeze(text));
        for (const line of wrapped.split('\n')) if (!/^[\s>-]{8}/.test(line)) t.true(displayWidth(line) <= width, line);
      },
    ),
    { numRuns: 300 },
  );
});

test('text to HTML: what was written as text is shown as that text', async (t) => {
  const shown = async (text: string) => parseDocument((await make(textToHtml, text)).text)('body').text();
  const squeeze = (text: string) => text.replace(/\s+/g, '');
  for (const text of ['<b>&amp;</b>', 'a\n\nb', '  pre\n    fix', 'x\ty', '"\'`', '</pre></body><script>', '\ufeffbom'])
    t.is(squeeze(await shown(text)), squeeze(text.replace('\ufeff', '')), text);
  const $ = parseDocument(
    (await make(textToHtml, 'http://a.example/?x=1&y=2. (www.b.example) c@d.example, x@y http:// ftp://z')).text,
  );
  t.deepEqual(
    $('a')
      .map((_, each) => $(each).attr('href'))
      .get(),
    ['http://a.example/?x=1&y=2', 'http://www.b.example', 'mailto:c@d.example'],
  );
});

// WML -------------------------------------------------------------------------------------------------------------

const SOUP = fc.array(
  fc.constantFrom(
    ...'<p>|</p>|<b>|</b>|<i>|<a href="/x?a=1&b=$c">|</a>|<ul>|<li>|</ul>|<ol>|<table>|<tr>|<td>|<th>|</table>|<form action="/f">|</form>|<input name=n value="$v">|<input type=radio name=r>|<input type=checkbox name=c>|<select name=s><option>o</select>|<textarea name=t>|</textarea>|<button name=b>|</button>|<img src="i.png" alt="$&quot;">|<h1>|</h1>|<pre>|</pre>|<br>|<hr>|<dl>|<dt>|<dd>|$|$$|$(x)|&amp;|&lt;|"|\'|word |日本|\u001b[1m|<blockquote>|<div>'.split(
      '|',
    ),
  ),
  { maxLength: 40 },
);

test('HTML to WML: decks keep their size in the charset that they go out in, and a part that fits none is no dead end', async (t) => {
  const sentence = 'Привет, мир! Это длинный текст о том, как живут люди. ';
  const page = `<title>Новости</title><h1>${sentence}</h1><p>${sentence.repeat(40)}</p><p><a href="/x">${sentence.repeat(4)}</a></p><p>The end.</p>`;
  const choices = Array.from(
    { length: 90 },
    (_, i) => `<option value="c${i}"${i === 7 ? ' selected' : ''}>Country ${i}</option>`,
  );
  const form = `<form action="/s"><p>From <select name="c">${choices.join('')}</select><input type=hidden name=h value="${'v'.repeat(3000)}"><input type=submit></p></form><p>The end.</p>`;
  for (const [html, charset] of [
    [page, 'iso-8859-1'],
    [page, 'utf-8'],
    [form, 'utf-8'],
  ] as const) {
    let all = '';
    for (let part = 1; part < 40; part++) {
      const deck = { maxBytes: 1400, images: false, charset, part, before: '/p', after: '' };
      const { text } = await make(toWml, html, { deck });
      t.deepEqual(wmlFaults(text), []);
      const size = [...text].reduce(
        (sum, each) => sum + (charset !== 'utf-8' && each > '\u00ff' ? 7 : Buffer.byteLength(each)),
        0,
      );
      t.true(size <= 1400, `${size} bytes in ${charset}`);
      all += text;
      if (!text.includes('>More<')) break;
    }
    t.regex(all, /The end\./);
    if (html !== form) continue;
    t.regex(all, /c89 = Country 89/);
    t.regex(all, /<input name="v1x1" value="c7" emptyok="true"\/>/);
  }
});

test('HTML to WML: any soup of tags is a well-formed deck by its document type (CT-18)', async (t) => {
  await fc.assert(
    fc.asyncProperty(SOUP, fc.boolean(), fc.constantFrom(0, 600, 1400, 4000), async (tokens, images, maxBytes) => {
      const { text } = await make(toWml, `<title>T $</title>${tokens.join('')}`, { deck: { maxBytes, images } });
      t.deepEqual(wmlFaults(text), [], text);
      if (maxBytes > 0) t.true(Buffer.byteLength(text) <= maxBytes, `${Buffer.byteLength(text)} of ${maxBytes}`);
    }),
    { numRuns: 400 },
  );
});

test('HTML to WML: decks keep their size, cards lead to each other, what is left out is said', async (t) => {
  const page = `<title>Long</title>${Array.from({ length: 200 }, (_, i) => `<p>Paragraph ${i} with <a href="/${i}">a link</a> – und Umlaute äöü.</p>`).join('')}`;
  for (const maxBytes of [600, 1000, 1400, 3000, 100_000]) {
    const { text, remarks } = await make(toWml, page, { deck: { maxBytes, images: false } });
    const size = Buffer.byteLength(text);
    t.true(size <= maxBytes, `${size} of ${maxBytes}`);
    const isCut = maxBytes < 100_000;
    if (isCut) t.true(size > maxBytes * 0.7, `${size} of ${maxBytes} are used`);
    t.is(text.includes('… (more)'), isCut);
    t.is(remarks.includes('deck.cut'), isCut);
    const cards = [...text.matchAll(/<card id="(c\d+)"/g)].map((match) => match[1]);
    const leads = [...text.matchAll(/<go href="#(c\d+)"/g)].map((match) => match[1]);
    t.deepEqual([...new Set(leads)].sort(), cards.length > 1 ? [...cards].sort() : []);
    t.deepEqual(wmlFaults(text), []);
  }
  await t.throwsAsync(make(toWml, page, { deck: { maxBytes: 300 } }), { message: /600 bytes/ });
  t.true((await make(toWml, '', {})).text.includes('page.html'));
});
