/**
 * Threats 34 to 36 and 43: hostile Markdown, text and pages through every textual formatter. Inputs are grown from
 * generators and families, not listed.
 */
import test from 'ava';
import { isTag } from 'domhandler';
import fc from 'fast-check';
import type { FormatEnv, Formatter, PlainRecord } from '../core/component.ts';
import { FormatFailure } from '../core/executor.ts';
import { walkElements } from '../formatters/document/edit-tree.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { serialiseDocument } from '../formatters/document/serialise.ts';
import toMarkdown from '../formatters/html-to-markdown/index.ts';
import toText from '../formatters/html-to-text/index.ts';
import toWml from '../formatters/html-to-wml/index.ts';
import toHtml from '../formatters/markdown-to-html/index.ts';
import textToHtml from '../formatters/text-to-html/index.ts';
import textWrap from '../formatters/text-wrap/index.ts';
import { cpuMs } from './support/cpu-time.ts';
import { wmlFaults } from './support/wml-faults.ts';

/** Of the processor's time; what is quadratic takes ten times as long and more. */
const MAX_MS = 4000;

interface Made {
  readonly text: string;
  readonly remarks: readonly string[];
}

async function make(formatter: Formatter, body: string, demands: PlainRecord = {}): Promise<Made> {
  const remarks: string[] = [];
  const env: FormatEnv = {
    signal: new AbortController().signal,
    limits: { maxInputBytes: 1e8, maxOutputBytes: 1e8, timeoutMs: 6000, maxPixels: 5e7 },
    note: (event) => remarks.push(event),
    cannot(reason): never {
      throw new Error(reason);
    },
    fetch: () => Promise.reject(new Error('no network in this test')),
    log() {},
  };
  const [edge] = formatter.edges;
  const input = { mediaType: edge!.from, charset: 'utf-8', body, url: 'https://site.example/dir/page', fields: {} };
  const given = formatter.reads === 'document' ? { ...input, document: parseDocument(body) } : input;
  const options = formatter.parseOptions === undefined ? {} : formatter.parseOptions({});
  const result = await formatter.format(given, { mediaType: edge!.to, demands, options }, env);
  return { text: result.document === undefined ? String(result.body) : serialiseDocument(result.document), remarks };
}

const repeat = (text: string, count: number): string => text.repeat(count);
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

/** Those of security research 2.3, and what else a parser of Markdown might look at again and again. */
const GENERATORS: Readonly<Record<string, (n: number) => string>> = {
  'nested strong': (n) => repeat('**a ', n) + repeat(' a**', n),
  'nested emphasis': (n) => repeat('*a ', n) + repeat(' a*', n),
  'nested both': (n) => repeat('*a **b ', n) + repeat('** *', n),
  'nested deleted': (n) => repeat('~~a ', n) + repeat(' a~~', n),
  'open strong': (n) => repeat('**a ', n),
  'open emphasis': (n) => repeat('*a _b ', n),
  'stars around': (n) => `${repeat('*', n)}a${repeat('*', n)}`,
  'marks within words': (n) => repeat('a**b', n) + repeat('c*d', n),
  underscores: (n) => repeat('_a__b', n),
  'quotes in a line': (n) => `${repeat('> ', n)}x`,
  'bullets in a line': (n) => `${repeat('* ', n)}x`,
  'numbers in a line': (n) => `${repeat('1. ', n)}x`,
  'rules that are lists': (n) => `${repeat('- - ', n)}a`,
  'quotes and lists': (n) => `${repeat('> 1. * ', n)}x`,
  'deep quotes': (n) => lines(n, (i) => `${repeat('>', i % 100)}a\n`),
  'deep list': (n) => lines(Math.min(n, 1000), (i) => `${repeat('  ', i)}* a\n`),
  'a long item': (n) => `- a\n${repeat('b\n', n)}`,
  'a long indented item': (n) => `- a\n${repeat('  b\n', n)}`,
  'crossed marks and links': (n) => repeat('**x [a*b**c*](d)', n),
  'marks before links': (n) => repeat('**[a](b)', n),
  'open brackets': (n) => repeat('[', n),
  'nested brackets': (n) => repeat('[', n) + repeat(']', n),
  'nested links': (n) => `${repeat('[', n)}a${repeat('](b)', n)}`,
  'nested pictures': (n) => repeat('![', n) + repeat('](x)', n),
  'open links': (n) => repeat('[a](b', n),
  'open titles': (n) => repeat('[a](b "', n),
  parentheses: (n) => `[a](${repeat('(', n)}${repeat(')', n)})`,
  definitions: (n) => `${lines(n, (i) => `[r${i}]: /u${i}\n`)}\n[r1]`,
  'definitions and references': (n) => `${lines(n, (i) => `[r${i}]: /u${i}\n`)}\n${lines(n, (i) => `[r${i}] `)}`,
  'definitions and paragraphs': (n) => lines(n, (i) => `[r${i}]: /u${i}\n`) + repeat('\n*a*\n', n),
  footnotes: (n) => `${lines(n, (i) => `[^${i}] `)}\n\n${lines(n, (i) => `[^${i}]: a\n`)}`,
  'footnotes in a line': (n) => repeat('[^a]: ', n),
  'code of all lengths': (n) => lines(Math.ceil(Math.sqrt(n)), (i) => `${repeat('`', i + 1)} `),
  'open tags': (n) => repeat('<a ', n),
  'open attributes': (n) => repeat('<a b="', n),
  'open comments': (n) => repeat('<!--', n),
  'open autolinks': (n) => repeat('<http:', n),
  addresses: (n) => repeat('http://a.b ', n),
  'a word before a mail sign': (n) => `${repeat('a', n)}@`,
  'mail signs': (n) => repeat('a@', n),
  'a wide table': (n) => `|${repeat('a|', n)}\n|${repeat('-|', n)}\n${repeat('|x\n', n)}`,
  'a table of open marks': (n) => `|a|b|\n|-|-|\n${repeat('|**a|\n', n)}`,
  headings: (n) => repeat('# a\n', n),
  'one heading': (n) => repeat('# ', n),
  setext: (n) => `${repeat('a\n', n)}===`,
  escapes: (n) => repeat('\\*', n),
  entities: (n) => repeat('&amp', n),
  'signs of formulas': (n) => repeat('a $x ', n),
  'formulas in all': (n) => repeat('$x$ ', n),
  'open formulas': (n) => repeat('$$ a\n\n', n),
  'a long formula': (n) => `$${repeat('{', n)}${repeat('}', n)}$`,
  'formulas of macros': (n) => repeat('$\\def\\a{\\b\\b}\\def\\b{xxxx}\\a\\a$ ', n / 20),
  'front matter': (n) => `---\n${repeat('a: b\n', n)}---\n`,
};

test.serial('threat 43: whatever the Markdown, it is a page in about linear time', async (t) => {
  for (const [name, generate] of Object.entries(GENERATORS)) {
    const markdown = generate(20_000);
    const started = cpuMs();
    const { text } = await make(toHtml, markdown);
    const ms = cpuMs() - started;
    t.true(ms < MAX_MS, `${name}: ${Math.round(ms)} ms for ${markdown.length} characters`);
    t.true(text.endsWith('</html>'), name);
  }
});

test.serial('threat 43: depth and work beyond the bounds become text, and that is said', async (t) => {
  for (const name of [
    'nested strong',
    'quotes in a line',
    'bullets in a line',
    'a wide table',
    'crossed marks and links',
  ]) {
    const { text, remarks } = await make(toHtml, GENERATORS[name]!(5000));
    t.deepEqual(remarks, ['markdown.flattened'], name);
    t.true(parseDocument(text)('body').text().trim().length > 100, `${name}: the text is there`);
  }
  const { text, remarks } = await make(toHtml, '> > > * 1. > **a *b ~~c~~***\n');
  t.deepEqual(remarks, [], 'what people write is not flattened');
  t.regex(text, /<blockquote>\s*<p><strong>a <em>b <del>c<\/del><\/em><\/strong>/);
});

test.serial('threat 43: too much of it is refused as too large', async (t) => {
  const failure = await t.throwsAsync(make(toHtml, repeat('a\n', 2_200_000)), { instanceOf: FormatFailure });
  t.is(failure?.kind, 'too-large');
});

test.serial('threat 43: marks in any order are a page in no time', async (t) => {
  const marks = fc.constantFrom(
    ...'* ** _ ~~ ` [ ] ( ) ![ > - 1. # | < &'.split(' '),
    '\n',
    '\n\n',
    '    ',
    ' ',
    'a',
    '](b)',
    '[^1]:',
    '---\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(marks, { maxLength: 30 }), fc.integer({ min: 1, max: 400 }), async (parts, count) => {
      const markdown = repeat(parts.join(''), count);
      const started = cpuMs();
      const { text } = await make(toHtml, markdown);
      t.true(cpuMs() - started < MAX_MS, JSON.stringify(parts));
      t.is(serialiseDocument(parseDocument(text)), text, 'read back as it was written');
    }),
    { numRuns: 150 },
  );
});

// What runs ------------------------------------------------------------------------------------------------------

const ADDRESSES = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  '&#106;avascript:alert(1)',
  'java&Tab;script:alert(1)',
  'java&NewLine;script&colon;alert(1)',
  'java\\script:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:image/svg+xml,<svg onload=alert(1)>',
  'vbscript:alert(1)',
  'file:///etc/passwd',
  'view-source:javascript:alert(1)',
];
const LINKS: readonly ((address: string) => string)[] = [
  (address) => `[a](${address})`,
  (address) => `[a](<${address}>)`,
  (address) => `![a](${address})`,
  (address) => `<${address}>`,
  (address) => `[a]\n\n[a]: ${address}`,
  (address) => `[a]: <${address}> "t"\n\n[x][a] ![y][a]`,
  (address) => `[^a]\n\n[^a]: [b](${address})`,
  (address) => `| [a](${address}) |\n|---|\n`,
  (address) => `<a href="${address}">a</a>`,
  (address) => `<a\nhref='${address}'\n>a</a>`,
  (address) => `<form action="${address}"><button formaction="${address}">a</button></form>`,
  (address) => `<svg><a xlink:href="${address}"><text>a</text></a><use href="${address}"/></svg>`,
  (address) => `<math href="${address}"><mi xlink:href="${address}">a</mi></math>`,
  (address) => `<iframe src="${address}"></iframe><object data="${address}"></object><embed src="${address}">`,
  (address) =>
    `<meta http-equiv="refresh" content="0;url=${address}"><base href="${address}"><link rel="stylesheet" href="${address}">`,
  (address) => `---\ntitle: "</title><a href='${address}'>"\nlang: '"><a href=${address}>'\n---\n`,
];
const MARKUP = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)><script>alert(1)</script></svg>',
  '<style>@import "//evil.example"</style>',
  '<p style="background:url(javascript:alert(1))" onclick=alert(1)>x',
  '<details open ontoggle=alert(1)>x</details>',
  '<template><script>alert(1)</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<textarea></textarea><img src=x onerror=alert(1)></textarea>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?php <img src=x onerror=alert(1)> ?>',
  '<a href="x"onmouseover="alert(1)">x</a>',
  '<input autofocus onfocus=alert(1)>',
  '<x onclick=alert(1)>x</x>',
  '</body></html><script>alert(1)</script>',
];
const WITHIN: readonly ((markup: string) => string)[] = [
  (markup) => markup,
  (markup) => `a ${markup} b`,
  (markup) => `> ${markup}`,
  (markup) => `- a\n\n  ${markup}`,
  (markup) => `# ${markup}`,
  (markup) => `**${markup}**`,
  (markup) => `[${markup}](x)`,
  (markup) => `![${markup}](x)`,
  (markup) => `[a](x "${markup.replaceAll('"', "'")}")`,
  (markup) => `| a |\n|---|\n| ${markup} |`,
  (markup) => `\`\`\`${markup.replaceAll('`', '')}\n${markup}\n\`\`\``,
  (markup) => `[^a]\n\n[^a]: ${markup}`,
  (markup) => `---\ntitle: ${markup}\nauthor: ${markup}\nlang: ${markup}\n---\n`,
];

/** What must not be in a page, whoever wrote it. */
function dangers(html: string): string[] {
  const found: string[] = [];
  walkElements(parseDocument(html).root()[0]!, ({ name, attribs }) => {
    if (/^(?:script|iframe|object|embed|base|form|frame|applet|noscript|template|textarea)$/.test(name))
      found.push(name);
    if (name === 'meta' && 'http-equiv' in attribs) found.push('meta http-equiv');
    if (name === 'link' && /stylesheet/.test(attribs['rel'] ?? '')) found.push('a style sheet');
    for (const [attribute, value] of Object.entries(attribs)) {
      if (/^on|^style$|^srcdoc$|^formaction$/.test(attribute)) found.push(`${name} ${attribute}`);
      const isAddress = /^(?:href|src|xlink:href|action|data|cite|background|poster)$/.test(attribute);
      const address = value.replace(/[\u0000-\u0020]/g, '');
      if (isAddress && /^(?:javascript|vbscript|data|file|view-source|blob):/i.test(address))
        found.push(`${name} ${value}`);
    }
  });
  return found;
}

test.serial('threats 34, 35: no Markdown makes what runs, wherever it stands', async (t) => {
  const all = [...LINKS.flatMap((link) => ADDRESSES.map(link)), ...WITHIN.flatMap((within) => MARKUP.map(within))];
  t.true(all.length > 400);
  for (const markdown of all) {
    const { text } = await make(toHtml, markdown);
    t.deepEqual(dangers(text), [], markdown);
    t.is(serialiseDocument(parseDocument(text)), text, `${markdown} is read back as it was written`);
  }
  t.true(dangers('<a href="java\tscript:x" onclick=x><iframe></iframe>').length === 3, 'the test can fail');
});

test.serial('threats 34, 35: no text makes anything but text and links', async (t) => {
  for (const text of [...MARKUP, ...ADDRESSES, 'http://x.example/"><script>', "http://x'onclick=y"]) {
    const { text: html } = await make(textToHtml, `${text}\n\n  ${text}`);
    t.deepEqual(dangers(html), [], text);
    const names = new Set<string>();
    walkElements(parseDocument(html)('body')[0]!, (element) => names.add(element.name));
    for (const name of names) t.true(['p', 'pre', 'a', 'br'].includes(name), `${name} from ${text}`);
  }
});

test.serial('threats 34 to 36: pages to Markdown and back are no more dangerous than they were', async (t) => {
  for (const markup of [
    ...MARKUP,
    ...LINKS.flatMap((link) => ADDRESSES.map((address) => link(address).replaceAll('\n', ' '))),
  ]) {
    const escaped = markup.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const page = `<!DOCTYPE html><title>${escaped}</title><body><p>${escaped}</p><p>${markup}</p><a href="/x" title="${escaped.replaceAll('"', '&quot;')}">${escaped}</a><img src="/i" alt="${escaped.replaceAll('"', '&quot;')}"><pre>${escaped}</pre>`;
    const { text: markdown } = await make(toMarkdown, page);
    const $ = parseDocument((await make(toHtml, markdown)).text);
    t.deepEqual(dangers(serialiseDocument($)), [], markdown);
    // Text that looked like a link is none.
    const first = $('p').first();
    t.is(first.find('a, img').filter((_, each) => isTag(each) && !/^https?:/.test($(each).text())).length, 0, markdown);
  }
});

// What is hidden -------------------------------------------------------------------------------------------------

const HIDING = [
  'hidden',
  'style="display:none"',
  'style="DISPLAY : NONE !important"',
  'style="color:red;display:none"',
  'style="dis\\70 lay:none"',
  'style="display:/**/none"',
  'style="visibility:hidden"',
  'style="visibility:collapse"',
  'style="opacity:0"',
  'style="opacity: 0.0;"',
  'style="font-size:0"',
  'style="font-size:0px;line-height:0"',
  'style="font-size: 1px"',
  'style="color:transparent"',
  'style="color:rgba(0,0,0,0)"',
  'style="color:#fff;background:#ffffff"',
  'style="color:white;background-color:#FFF"',
  'style="position:absolute;left:-9999px"',
  'style="position:fixed;top:-1000em"',
  'style="text-indent:-9999px"',
  'style="width:0;height:0;overflow:hidden"',
  'style="max-height:0;overflow-y:hidden"',
  'style="width:1px;height:1px;overflow:hidden;position:absolute"',
  'style="clip:rect(0,0,0,0)"',
  'style="clip: rect(1px, 1px, 1px, 1px)"',
  'style="clip-path:inset(50%)"',
  'style="transform:scale(0)"',
  'style="content-visibility:hidden"',
];
const SHOWN = [
  '',
  'hidden="until-found"',
  'style="display:block;color:#fff;background:#000"',
  'style="opacity:0.5"',
  'style="opacity:0;transform:translateY(20px)"',
  'style="font-size:10px"',
  'style="height:0"',
  'style="overflow:hidden;width:100px"',
  'style="margin-left:-10px"',
  'aria-hidden="true"',
];

test.serial('threat 36: what a page hides from people reaches no agent, terminal or phone', async (t) => {
  const wrappers: readonly ((attribute: string) => string)[] = [
    (attribute) => `<p ${attribute}>SECRET</p>`,
    (attribute) => `<p>a <span ${attribute}>SECRET <b>SECRET</b></span> b</p>`,
    // It calls itself what pages hide because a picture shows it.
    (attribute) => `<p>a <span class="katex-mathml" ${attribute}>SECRET <b>SECRET</b></span> b</p>`,
    (attribute) => `<div ${attribute}><h2>SECRET</h2><ul><li>SECRET</li></ul></div>`,
    (attribute) => `<ul><li ${attribute}>SECRET</li><li>b</li></ul>`,
    (attribute) =>
      `<table><tr><th>a</th></tr><tr ${attribute}><td>SECRET</td></tr><tr><td ${attribute}>SECRET</td></tr></table>`,
    (attribute) => `<a href="/x" ${attribute}>SECRET</a><img src="/i" alt="SECRET" ${attribute}>`,
    (attribute) =>
      `<dl><dt ${attribute}>SECRET</dt><dd ${attribute}>SECRET</dd></dl><pre>a<span ${attribute}>SECRET</span></pre>`,
  ];
  for (const formatter of [toMarkdown, toText, toWml])
    for (const wrap of wrappers) {
      for (const attribute of HIDING) {
        const page = `<p>shown</p>${wrap(attribute)}`;
        t.false((await make(formatter, page)).text.includes('SECRET'), `${formatter.name}: ${page}`);
      }
      for (const attribute of SHOWN)
        t.true(
          (await make(formatter, wrap(attribute))).text.includes('SECRET'),
          `${formatter.name}: ${wrap(attribute)}`,
        );
    }
  for (const page of [
    '<!-- SECRET -->',
    '<script>SECRET</script><style>SECRET</style><template>SECRET</template>',
    '<dialog>SECRET</dialog>',
    '<noscript><!-- SECRET --></noscript>',
    '<input type="hidden" value="SECRET"><input type="password" value="SECRET">',
    '<p>S\u{e0045}\u{e0043}</p><img width=1 height=1 src=/b alt=SECRET>',
    '<datalist><option>SECRET</datalist><object><param name=SECRET value=SECRET></object>',
  ])
    for (const formatter of [toMarkdown, toText]) {
      const { text } = await make(formatter, `<p>shown</p>${page}`);
      t.notRegex(text, /SECRET|[\u{e0000}-\u{e007f}]/u, `${formatter.name}: ${page}`);
    }
});

test.serial('threats 36, 62: no escape sequence or control of a page or text reaches a terminal', async (t) => {
  const bits = fc.array(
    fc.constantFrom(
      '\u001b',
      '[',
      ']',
      '0;',
      '31m',
      'P',
      '\u0007',
      '\u009b',
      '\u009d',
      '\u0090',
      '\u009c',
      '\\',
      '\u0000',
      '\u0008',
      '\u007f',
      '\r',
      '\n',
      'a',
      '2J',
      '?25h',
      'c',
      '\u{e0041}',
      '\u{1f3f4}',
    ),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(bits, async (parts) => {
      const text = parts.join('');
      const quoted = text.replace(/["&<\u0000-\u001f\u007f-\u009f]/g, (char) => `&#${char.charCodeAt(0)};`);
      const page = `<title>${text}</title><p>${text}</p><p title="${quoted}">${quoted}<a href="/${quoted}">${text}</a><img src=x alt="${quoted}"><input value="${quoted}"></p><pre>${text}</pre>`;
      for (const made of [
        await make(textWrap, text, { wrap: { width: 20 } }),
        await make(toText, page, { wrap: { width: 40, emphasis: 'none' } }),
        await make(toMarkdown, page),
        await make(textToHtml, text),
      ])
        t.notRegex(made.text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      const { text: bold } = await make(toText, page, { wrap: { width: 40, emphasis: 'ansi' } });
      t.notRegex(bold.replace(/\u001b\[(?:1|4|22|24)m/g, ''), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 300 },
  );
});

// Pages that hurt ------------------------------------------------------------------------------------------------

const PAGES: Readonly<Record<string, string>> = {
  'nested boxes': repeat('<div>', 50_000),
  'nested lists': repeat('<ul><li>a', 20_000),
  'nested quotes': repeat('<blockquote>a', 20_000),
  'nested tables': repeat('<table><tr><td>a', 20_000),
  'nested marks': repeat('<b><i>a', 20_000),
  'many paragraphs': repeat('<p>x', 50_000),
  'many links': repeat('<a href="/x">x</a> ', 40_000),
  'many marks': repeat('<b>x</b><i>y</i> ', 30_000),
  'many notes': lines(5000, (i) => `<sup><a href="#n${i}">1</a></sup>`) + lines(5000, (i) => `<li id=n${i}>x`),
  'one note, many references': `${repeat('<sup><a href="#n">1</a></sup>', 30_000)}<ol><li id=n>x</ol>`,
  'a table of spans': `<table>${repeat('<tr><td colspan=1000 rowspan=65534>a', 2000)}</table>`,
  'a wide table': `<table><tr>${repeat('<td>a', 50_000)}<tr><td>b</table>`,
  'a ragged table': `<table><tr>${repeat('<th>a', 3000)}${repeat('<tr><td>b', 3000)}</table>`,
  'a long word': `<p>${repeat('x', 1_000_000)}`,
  'long words in links': `<p><a>${repeat('x', 500_000)}.</a><a>${repeat('y', 500_000)}.</a>`,
  'a long word of ideographs': `<p>${repeat('漢', 300_000)}`,
  'combining marks': `<p>a${repeat('\u0301', 300_000)}`,
  'unseen tags': `<p>${repeat('\u{e0041}', 200_000)}`,
  escapes: `<p>${repeat('&#27;]', 200_000)}`,
  'back-ticks': `<p><code>${repeat('`', 200_000)}</code><pre>${repeat('`\n', 100_000)}`,
  breaks: `<p>${repeat('<br>', 100_000)}`,
  'bare addresses': `<p>${repeat('http://www.', 100_000)}`,
  entities: `<p>${repeat('&amp;amp', 100_000)}`,
  'a form of radios': `<form>${repeat('<input type=radio name=r>x', 3000)}${lines(3000, (i) => `<input type=radio name=r${i}>`)}</form>`,
  choices: `<select>${repeat('<option>x', 50_000)}</select>`,
  styles: repeat('<p style="color:red;color:red;color:red;left:-1;left:-1;left:-1;clip:rect(">x', 20_000),
  'css comments': `<p style="${repeat('/*', 100_000)}">x`,
};

test.serial('threat 42: pages that hurt are Markdown, text and WML in about linear time', async (t) => {
  for (const [name, page] of Object.entries(PAGES))
    for (const [formatter, demands] of [
      [toMarkdown, {}],
      [toText, { wrap: { width: 40, emphasis: 'ansi' } }],
      [toWml, { deck: { maxBytes: 1400, images: false } }],
      [toWml, { deck: { maxBytes: 0, images: true } }],
    ] as const) {
      const started = cpuMs();
      const { text } = await make(formatter, page, demands);
      const ms = cpuMs() - started;
      t.true(ms < 2 * MAX_MS, `${name}, ${formatter.name}: ${Math.round(ms)} ms`);
      t.true(text.trim() !== '', `${name}, ${formatter.name}`);
      t.true(text.length < 30 * page.length + 2000, `${name}, ${formatter.name}: ${text.length} characters`);
      if (formatter === toWml && 'deck' in demands && demands.deck.maxBytes > 0) {
        t.true(Buffer.byteLength(text) <= 1400, name);
        t.deepEqual(wmlFaults(text), [], name);
      }
    }
});
