import test from 'ava';
import type { ChildNode, ParentNode } from 'domhandler';
import { parse } from 'parse5';
import type { PlainRecord } from '../core/component.ts';
import { findElement, textOf } from '../formatters/document/edit-tree.ts';
import { readPageFacts } from '../formatters/document/page-facts.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { serialiseDocument } from '../formatters/document/serialise.ts';
import { makeTreeAdapter } from '../formatters/document/tree-adapter.ts';
import article from '../formatters/html-article/index.ts';

/** A tree as text, every character and attribute of it. */
function tell(node: ParentNode | ChildNode): string {
  const shown = node as { name?: string; data?: string; attribs?: object; children?: ChildNode[] };
  const below = (shown.children ?? []).map(tell).join('');
  return `<${node.type} ${shown.name ?? ''} ${JSON.stringify(shown.data ?? '')} ${JSON.stringify(shown.attribs ?? {})}>${below}</>`;
}

/** Pieces that end a run of characters, or look as if they did. */
const PIECES = [
  'words and words',
  ' \t\n\f ',
  '\r\n',
  '\r',
  '\n',
  '\0',
  '&amp;',
  '&ampx',
  '&#x1F600;',
  '&',
  '\u{1F600}',
  '\ud83d',
  'ÄÖ\u00a0',
  '<p>',
  '<P CLASS=a\rid="b&quot;c\r\nd" DATA-long-attribute-name=\'e"&lt;f\0\'>',
  '<a href=\'x\u{1F600}y\' title="\r">',
  '</p',
  '>',
  '<',
  '<pre>\n\n a',
  '<pre>\r\nb</pre>',
  '<textarea>\n<b>&amp;</textarea>',
  '<title>\n &lt;</title>',
  '<script>\n if (a < b && "</scr") {\r\n}\0 <!-- <script> </script> --></script>',
  '<style> a > b { }\r </style>',
  '<svg><style>a</style><![CDATA[ <b> \r\n ]]></svg>',
  '<table> <tr>x<td> y\0</table>',
  '<select>\n<option>a\0<option> b</select>',
  '<!-- a\r\n--\u{1F600}> -->',
  '<custom-element-of-some-length attribute=unquoted&amp;value>',
  '="',
  '/',
];

test('reading in runs makes the tree that the standard makes, whatever is next to what', (t) => {
  let seed = 1;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const pages = PIECES.flatMap((first) => PIECES.map((second) => `${first}${second}`));
  for (let i = 0; i < 3000; i++)
    pages.push(Array.from({ length: 3 + next(9) }, () => PIECES[next(PIECES.length)]).join(''));
  // Longer than the part of the input that the tokenizer keeps.
  pages.push(...PIECES.map((piece) => `${'x '.repeat(40_000)}<p title="${'y'.repeat(70_000)}">${piece}`));
  for (const page of pages) {
    const html = `<!DOCTYPE html><body>${page}`;
    const standard = parse(html, { treeAdapter: makeTreeAdapter(), scriptingEnabled: false });
    if (tell(parseDocument(html).root()[0]!) !== tell(standard)) return t.fail(JSON.stringify(page.slice(-200)));
  }
  return t.pass();
});

// The ladder: article, main, page, data, description, address ----------------------------------------------------------

/** Paragraphs that differ: the same text twice is a copy for another width of screen. */
const prose = (what: string, times = 1) =>
  Array.from(
    { length: times },
    (_, i) =>
      `<p>${what}: sentence ${i} is of some length, with a comma or two, as articles have them, time and again.</p>`,
  ).join('');

async function extract(page: string, bar = false): Promise<{ text: string; html: string; leftOut: PlainRecord[] }> {
  const leftOut: PlainRecord[] = [];
  const document = parseDocument(page);
  const links = { full: 'https://gateway.example/-/as/full/https://site.example/a-page' };
  await article.format(
    { mediaType: 'text/html', charset: 'utf-8', body: '', document, url: 'https://site.example/a-page', fields: {} },
    { mediaType: 'text/html', demands: { article: bar ? { bar: { links } } : {} }, options: { bar: true } },
    {
      signal: new AbortController().signal,
      limits: { maxInputBytes: 1e7, maxOutputBytes: 1e7, timeoutMs: 6000, maxPixels: 5e7 },
      note: (event, fields) => event === 'left-out' && leftOut.push(fields ?? {}),
      cannot(reason): never {
        throw new Error(reason);
      },
      fetch: () => Promise.reject(new Error('no network in this test')),
      log: () => undefined,
    },
  );
  const body = findElement(document.root()[0]!, 'body')!;
  return { text: textOf(body).trim(), html: serialiseDocument(document), leftOut };
}

/** Each holds its own word; alone on a page, every one of them is what the page has to say. */
const PARTS: Readonly<Record<string, string>> = {
  navigation: '<nav><a href=/a>navigation</a> <a href=/b>b</a></nav>',
  consent: `<div id="onetrust-banner-sdk" role="dialog">${prose('consent', 4)}<button>OK</button></div>`,
  dialogue: `<dialog open aria-modal="true">${prose('dialogue', 9)}</dialog>`,
  aside: `<aside class="sidebar">${prose('aside', 3)}</aside>`,
  footer: `<footer>${prose('footer', 2)}</footer>`,
  form: `<form action=/s><p>form</p><input name=q><textarea name=t></textarea></form>`,
  choices: '<form><fieldset><legend>choices</legend><label>Red</label><label>Blue</label></fieldset></form>',
  cards: `<div>${'<div><a href=/x><img src=x.jpg alt=""></a><a href=/x>cards 12.00</a></div>'.repeat(5)}</div>`,
  comments: `<section id=comments class=comments><div class=comment>${prose('comments', 4)}</div></section>`,
  related: `<section><h2>Related articles</h2>${prose('related', 3)}</section>`,
  hero: '<div class="banner modal"><h2>hero</h2></div>',
  links: '<ul><li><a href=/1>links</a><li><a href=/2>two</a><li><a href=/3>three</a></ul>',
};
/** Heads that make it a page of another kind. */
const HEADS = [
  '',
  '<meta property="og:type" content="product">',
  '<meta name="generator" content="Discourse 3">',
  '<script type="application/ld+json">{"@type":"Product","name":"","description":{"a":[]},"offers":[null]}</script>',
  '<script type="application/ld+json">{"@type":"Product", not JSON</script>',
  `<script type="application/json">${'['.repeat(5000)}</script>`,
];

for (const [name, part] of Object.entries(PARTS).filter(([each]) => each !== 'consent'))
  test(`a page that is nothing but ${name} is that, whatever it says it is`, async (t) => {
    for (const head of HEADS) {
      const { text } = await extract(`<!DOCTYPE html><head>${head}</head><body>${part}`);
      t.true(text.includes(name), `${head}: ${text}`);
    }
  });

test('no two parts of a page without content make it empty, and an article among them is always kept', async (t) => {
  const parts = Object.values(PARTS);
  const content = `<article><h1>T</h1>${prose('content', 12)}</article>`;
  for (const head of HEADS)
    for (const first of parts)
      for (const second of parts) {
        const thin = await extract(`<!DOCTYPE html><head>${head}</head><body>${first}${second}`);
        t.true(thin.text.length > 3, first + second);
        const whole = await extract(`<!DOCTYPE html><head>${head}</head><body>${first}${content}${second}`);
        t.true(whole.text.split('content: sentence').length > 1, `${head}${first}${second}`);
      }
});

test('a page without a word has the name of its address', async (t) => {
  for (const page of [
    '',
    '<body>',
    '<p> </p>',
    '<script>x()</script>',
    '<div hidden>x</div>',
    '\0',
    '<table><tr><td>',
    PARTS['consent']!,
  ])
    t.is((await extract(page)).text, 'a-page', page);
});

test('what was left out is told, with the way to the whole page', async (t) => {
  const page = `<!DOCTYPE html><nav>${'<a href=/x>link</a> '.repeat(30)}</nav><article>${prose('content', 9)}</article><script>x()</script>`;
  const { html, leftOut } = await extract(page, true);
  t.like(leftOut[0], { found: 'article', wholePage: 'https://site.example/a-page' });
  t.regex(
    html,
    /<footer><p><small>Left out: \d+ % of the text, beside this, 1 script\. <a href="https:\/\/gateway\.example\/-\/as\/full\/[^"]+">Whole page<\/a>/,
  );
});

test('a dialogue over a page is never its content, however long', async (t) => {
  for (const [name, dialogue] of [
    ['role', `<div role=dialog>${prose('dialogue', 60)}</div>`],
    ['element', `<dialog open>${prose('dialogue', 60)}</dialog>`],
    ['vendor', `<div id="onetrust-consent-sdk">${prose('dialogue', 60)}</div>`],
  ]) {
    const { text } = await extract(
      `<!DOCTYPE html><body><main><h1>A list</h1>${prose('content', 3)}</main>${dialogue}`,
    );
    t.regex(text, /content/, name);
    t.notRegex(text, /dialogue/, name);
  }
});

test('author and date that data, marks or the only time on a page tell are in its head for what comes after; the byline stands below the heading', async (t) => {
  const page = (mark: string, head = '') =>
    `<!DOCTYPE html><html><head>${head}</head><body><main><article><h1>Lamps</h1><p>${mark}</p>${prose('Lamp', 9)}</article></main>`;
  const linked =
    '<script type="application/ld+json">{"datePublished":"2024-03-04","author":{"name":"Ann \\u004cee"}}</script>';
  const both = await extract(page('By nobody', linked));
  t.regex(both.html, /<meta name="author" content="Ann Lee"><meta name="date" content="2024-03-04">/);
  t.regex(both.html, /<h1>Lamps<\/h1>\s*<p>Ann Lee, 2024-03-04<\/p>/);
  const cases: readonly (readonly [mark: string, author: string | undefined, date: string | undefined])[] = [
    ['By <a rel="author" href="/ann">Ann Lee</a>, <time datetime="2024-03-05">March</time>', 'Ann Lee', '2024-03-05'],
    ['<span itemprop="author">Ann Lee</span>', 'Ann Lee', undefined],
    ['<a rel="author" href="/a">Ann</a> <a rel="author" href="/b">Bob</a>', undefined, undefined],
    ['<time datetime="2024-03-05">a</time> <time datetime="2024-04-06">b</time>', undefined, undefined],
    [
      '<time datetime="2024-04-06">b</time> <time class="dt-published" datetime="2024-03-05">a</time>',
      undefined,
      '2024-03-05',
    ],
    ['<time class="updated" datetime="2024-03-05">a</time>', undefined, undefined],
    [
      '<time itemprop="datePublished" datetime="2024-03-05T10:00:00+01:00">a</time>',
      undefined,
      '2024-03-05T10:00:00+01:00',
    ],
    ['<time datetime="PT5M">five minutes</time>', undefined, undefined],
  ];
  for (const [mark, author, date] of cases) {
    const { html } = await extract(page(mark));
    const facts = readPageFacts(parseDocument(html));
    t.deepEqual([facts.author, facts.date], [author, date], mark);
  }
  const own = await extract(page('', '<meta name="author" content="Bob"><meta name="date" content="2020-01-01">'));
  t.is(own.html.split('name="author"').length, 2, 'told once');
});

const PRODUCT = (more: string) =>
  `<!DOCTYPE html><head><script type="application/ld+json">{"@graph":[{"@type":"Product","name":"Kettle","description":${JSON.stringify(
    `<b>Boils</b> water quickly${more}`,
  ).replaceAll(
    '</',
    '<\\/',
  )},"offers":{"price":"129.00","priceCurrency":"EUR"},"isRelatedTo":{"@type":"Product","description":"Other"}}]}</script></head>`;

test('description and price that only machines are told reach readers; what the page shows is not said twice', async (t) => {
  const shown = `<body><main><h1>Kettle</h1>${prose('Handle', 3)}</main>`;
  const { html } = await extract(`${PRODUCT('<script>alert(1)</script><img src=x onerror=alert(1)>')}${shown}`);
  t.regex(html, /<h1>Kettle<\/h1>.*<b>Boils<\/b> water quickly.*129\.00 EUR.*Handle/s);
  t.notRegex(html, /alert|onerror|Other/);
  const { text } = await extract(
    `${PRODUCT('')}<body><main><h1>Kettle</h1><p>Boils water quickly, for €129, and more of it. ${prose('Handle', 3)}</main>`,
  );
  t.is(text.split('quickly').length, 2);
  t.notRegex(text, /EUR/);
});

test('what is chosen from, other things and lists of links are not the thing for sale; on a list of things cards stay', async (t) => {
  const around = `${PARTS['choices']}${PARTS['cards']}${PARTS['links']}<section><h2>Compare models</h2><p>compared</p></section>`;
  const page = `<body><main><h1>Kettle</h1>${prose('Handle', 9)}${around}</main>`;
  const { text } = await extract(`<!DOCTYPE html><meta property="og:type" content="product">${page}`);
  t.regex(text, /Handle/);
  t.notRegex(text, /choices|cards|links|compared/);
  const list = await extract(
    `<!DOCTYPE html><meta property="og:type" content="product"><main>${PARTS['cards']}</main>`,
  );
  t.regex(list.text, /cards/);
});

test('sections of a front page stay, below an article the same ones go', async (t) => {
  const more = `<section><h2>Most read</h2>${'<a href=/s><h3>A story of the day</h3></a>'.repeat(6)}</section>`;
  const lists = Array.from(
    { length: 12 },
    (_, i) => `<section><h2>Section ${i}</h2>${`<a href=/${i}><h3>Story ${i} of today</h3></a>`.repeat(5)}</section>`,
  );
  t.regex((await extract(`<!DOCTYPE html><main>${lists.join('')}${more}</main>`)).text, /Most read/);
  t.notRegex((await extract(`<!DOCTYPE html><main>${prose('content', 20)}${more}</main>`)).text, /Most read/);
});

test('a remark on each entry of a list is part of the list, a discussion below an article is none of it', async (t) => {
  const entries = Array.from(
    { length: 8 },
    (_, i) =>
      `<dt>Paper ${i}</dt><dd><p>Title ${i}, which is long enough to be read as one.</p><div class="list-comments">Comments: ${i} pages</div></dd>`,
  );
  t.regex(
    (await extract(`<!DOCTYPE html><main>${prose('Abstract', 6)}<dl>${entries.join('')}</dl></main>`)).text,
    /3 pages/,
  );
  t.notRegex(
    (await extract(`<!DOCTYPE html><main>${prose('content', 9)}</main>${PARTS['comments']}`)).text,
    /comments/,
  );
});

test('buttons that open a part are its title, also where they are no heading; the others go', async (t) => {
  const questions = ['Where is it?', 'When does it open?'].map(
    (each) => `<h3><button aria-expanded="false">${each}</button></h3>${prose(each, 2)}`,
  );
  const own = `<button aria-expanded="false">How do I get there by train?</button>${prose('train', 2)}`;
  const page = `<!DOCTYPE html><main><h1>Visit</h1>${prose('content', 4)}${questions.join('')}${own}<button aria-expanded="false">Menu</button><button>Share</button></main>`;
  const { html, text } = await extract(page);
  t.regex(html, /<h3>Where is it\?<\/h3>/);
  t.regex(text, /How do I get there by train/);
  t.notRegex(text, /Menu|Share/);
});

test('a title that is the first heading, the name of the site aside, is there once', async (t) => {
  const page = (title: string, heading: string) =>
    `<!DOCTYPE html><title>${title}</title><meta name="author" content="A. Author"><article><h2>${heading}</h2>${prose('content', 6)}<h2>More</h2>${prose('more', 4)}</article>`;
  const { html } = await extract(
    page('How to bake | An Introduction to the Art of Baking at Home Today', 'How to Bake'),
  );
  t.regex(html, /<h1>How to Bake<\/h1><p>A\. Author/);
  t.is(html.match(/<h1>/g)?.length, 1);
  t.regex(
    (await extract(page('How to bake bread', 'How to bake'))).html,
    /<h1>How to bake bread<\/h1>.*<h2>How to bake<\/h2>/s,
  );
});

test('a chorus is sung again; what is there for wide screens and for narrow ones is there once', async (t) => {
  const chorus = 'Row, row, row your boat gently down the stream, merrily';
  const verse = (i: number) => `<p>Verse ${i} tells of another stream, and of what floats on it.</p><p>${chorus}</p>`;
  const times = async (html: string) => (await extract(html)).text.split(chorus).length - 1;
  const song = [1, 2, 3, 4].map(verse).join('');
  t.is(await times(`<title>Song</title><main><h1>Song</h1>${song}</main>`), 4);
  const parts = [1, 2, 3, 4].map((i) => `<section id="v${i}" class="verse"><h2>${i}</h2><p>${chorus}</p></section>`);
  t.is(await times(`<title>Song</title><main><h1>Song</h1>${parts.join('')}</main>`), 4);
  const twice = ['wide', 'narrow'].map((width) => `<div class="for-${width}"><p>${chorus}</p></div>`).join('');
  t.is(await times(`<title>Song</title><main><h1>Song</h1>${twice}${verse(1).replace(chorus, '')}</main>`), 1);
});

test('a page that is there for its form keeps the words beside it', async (t) => {
  const { html, text } = await extract(
    `<title>Example</title><nav><a href="/about">About us</a></nav><h1>Sign in</h1><p>Ask the desk for a name.</p><form method="post" action="/in"><input name="name"><input type="password" name="word"><button>In</button></form><footer>© Example</footer>`,
  );
  t.regex(html, /<h1>Sign in<\/h1><p>Ask the desk for a name\.<\/p><form/);
  t.notRegex(text, /About us|©/);
});

test('a page that is there to search from is its form; one that scripts would fill is its data', async (t) => {
  const page = (data: string) =>
    `<!DOCTYPE html><title>Find</title>${data}<nav><a href="/about">About us</a></nav><form action="/search"><input name="q"><button>Go</button></form><footer>© Example</footer>`;
  const { html, leftOut } = await extract(page(''));
  t.regex(html, /<h1>Find<\/h1><form action="\/search"><input name="q"><button>Go<\/button><\/form>/);
  t.is(leftOut[0]?.['found'], 'form');
  const told = `<script type="application/ld+json">{"@type":"Article","articleBody":"${'A sentence that only machines are told. '.repeat(20)}"}</script>`;
  t.regex((await extract(page(told))).text, /only machines are told/);
});
