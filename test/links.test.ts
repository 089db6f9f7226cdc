/** core/links: where addresses are, and how they map. Tables of input and expected, with the rule each row stands for. */
import test from 'ava';
import fc from 'fast-check';
import { type LinkMap, readLinkMap, toClient, toTarget } from '../core/links/address-map.ts';
import { rewriteCssUrls } from '../core/links/css-urls.ts';
import { formatLinkField, parseLinkField, rewriteLinkField } from '../core/links/link-header.ts';
import { rewriteMarkdownLinks } from '../core/links/markdown-links.ts';
import { formatRefresh, readRefresh } from '../core/links/refresh.ts';
import { formatSrcset, parseSrcset } from '../core/links/srcset.ts';

const PREFIX: LinkMap = { mode: 'prefix', publicOrigin: 'http://127.0.0.1:8080' };
const REVERSE: LinkMap = {
  mode: 'reverse',
  siteOrigin: 'https://docs.example',
  upstreamOrigin: 'http://10.0.0.5:3000',
  gatewayPath: '/-/',
};
const BASE = 'https://site.example/dir/page?x=1';

const prefixed: readonly [why: string, href: string, expected: string | undefined][] = [
  ['relative', 'other', '/https://site.example/dir/other'],
  ['path-absolute with query and fragment', '/a?b=c#d', '/https://site.example/a?b=c#d'],
  ['query alone', '?y=2', '/https://site.example/dir/page?y=2'],
  ['up and up', '../../../up', '/https://site.example/up'],
  ['scheme-relative', '//h.example/p', '/https://h.example/p'],
  ['absolute http with a port', 'http://h.example:8081/', '/http://h.example:8081/'],
  ['default port goes', 'https://h.example:443/', '/https://h.example/'],
  ['backslashes are slashes', '\\\\h.example\\p', '/https://h.example/p'],
  ['spaces and letters are encoded once', 'a b/ä?q=ö', '/https://site.example/dir/a%20b/%C3%A4?q=%C3%B6'],
  ['what is encoded stays (S-6)', '/a%20b%2Fc?u=http%3A%2F%2Fx', '/https://site.example/a%20b%2Fc?u=http%3A%2F%2Fx'],
  ['other scripts become punycode', 'https://bücher.example/', '/https://xn--bcher-kva.example/'],
  ['names and passwords go (threat 8)', 'https://u:p@h.example/x', '/https://h.example/x'],
  ['fragment alone stays', '#top', '#top'],
  ['empty stays: the page itself', '', ''],
  ['around and within spaces', ' \n/a\tb\n ', '/https://site.example/ab'],
  ['mailto', 'mailto:a@b.example?subject=x', 'mailto:a@b.example?subject=x'],
  ['tel', 'tel:+12', 'tel:+12'],
  ['sms', 'sms:+12', 'sms:+12'],
  ['picture in a data URL', 'data:image/png;base64,AA==', 'data:image/png;base64,AA=='],
  ['font in a data URL', 'data:font/woff2;base64,AA==', 'data:font/woff2;base64,AA=='],
  ['drawing in a data URL', 'data:image/svg+xml,<svg onload=x>', undefined],
  ['document in a data URL', 'data:text/html,<script>', undefined],
  ['data URL without a type', 'data:,x', undefined],
  ['script', 'javascript:alert(1)', undefined],
  ['script, spelt with a tab and capitals', 'Java\tScript:alert(1)', undefined],
  ['script behind controls', '\u0001 javascript:alert(1)', undefined],
  ['vbscript', 'vbscript:x', undefined],
  ['blob', 'blob:https://site.example/1', undefined],
  ['file', 'file:///etc/passwd', undefined],
  ['view-source', 'view-source:https://x/', undefined],
  ['no address at all', 'http://[', undefined],
  ['inside already', '/https://h.example/p', '/https://h.example/p'],
  ['inside already, absolute', 'http://127.0.0.1:8080/https://h.example/p', '/https://h.example/p'],
];

for (const [why, href, expected] of prefixed)
  test(`prefix mode: ${why}`, (t) => {
    t.is(toClient(PREFIX, href, BASE), expected);
  });

const reversed: readonly [why: string, href: string, expected: string | undefined][] = [
  ['absolute upstream address', 'http://10.0.0.5:3000/a?b#c', 'https://docs.example/a?b#c'],
  ['relative address', 'next', '/dir/next'],
  ['other origin', 'https://other.example/x', 'https://other.example/x'],
  ['scheme-relative other origin', '//cdn.example/x', '//cdn.example/x'],
  ['other port of the upstream host is another origin', 'http://10.0.0.5:3001/', 'http://10.0.0.5:3001/'],
  ['fragment', '#x', '#x'],
  ['script', 'javascript:x', undefined],
  ['a path that would name a host', '/.//evil.example/', '/.//evil.example/'],
];

for (const [why, href, expected] of reversed)
  test(`reverse mode: ${why}`, (t) => {
    t.is(toClient(REVERSE, href, 'http://10.0.0.5:3000/dir/page'), expected);
  });

test('without a map addresses stay as they are, but for those that run', (t) => {
  t.is(toClient({ mode: 'none' }, '../a b', BASE), '../a b');
  t.is(toClient({ mode: 'none' }, 'javascript:x', BASE), undefined);
});

test('S-6: mapping twice changes nothing, and the way back leads to the same target', (t) => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
      const once = toClient(PREFIX, url, BASE)!;
      t.is(toClient(PREFIX, once, BASE), once);
      const { hash } = new URL(url);
      const back = toTarget(hash === '' ? once : once.slice(0, -hash.length));
      t.true(back?.isCanonical);
      t.is(new URL(back!.href).href + hash, new URL(url).href);
    }),
  );
});

test('no address, however odd, maps to one that leaves the gateway or runs', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom('', 'java\tscript:', '//', '\\/\\', 'data:'),
      (text, lead) => {
        const mapped = toClient(PREFIX, lead + text, BASE);
        if (mapped === undefined || mapped.startsWith('#') || mapped === '') return;
        const url = URL.parse(mapped, 'http://127.0.0.1:8080/');
        t.false(/^(?:javascript|vbscript|file|blob):/.test(url?.protocol ?? ''), mapped);
        if (/^https?:/.test(url?.protocol ?? '')) t.is(url?.host, '127.0.0.1:8080', mapped);
      },
    ),
  );
});

const targets: readonly [path: string, href: string | undefined, isCanonical: boolean][] = [
  ['/https://e.org/a?b=c', 'https://e.org/a?b=c', true],
  ['/http://e.org', 'http://e.org', true],
  ['/https:/e.org/a', 'https://e.org/a', false],
  ['/HTTPS://e.org/', 'https://e.org/', false],
  ['/https%3A%2F%2Fe.org%2Fa%3Fb%3D1', 'https://e.org/a?b=1', false],
  ['/https%3a%2f%2fe.org%2fa%2520b', 'https://e.org/a%20b', false],
  ['/https%3A%2F%2Fe.org%2F%zz', undefined, false],
  ['/ftp://e.org/', undefined, false],
  ['/readme.md', undefined, false],
  ['/', undefined, false],
];

for (const [path, href, isCanonical] of targets)
  test(`the target in ${path}`, (t) => {
    t.deepEqual(toTarget(path), href === undefined ? undefined : { href, isCanonical });
  });

test('a link map is read from plain data, or not at all', (t) => {
  t.deepEqual(readLinkMap({ ...PREFIX, base: BASE }), PREFIX);
  t.deepEqual(readLinkMap({ ...REVERSE }), REVERSE);
  for (const bad of [undefined, null, 'prefix', [], {}, { mode: 'prefix' }, { mode: 'reverse', siteOrigin: 'x' }])
    t.is(readLinkMap(bad as never), undefined);
});

const srcsets: readonly [why: string, value: string, expected: ReturnType<typeof parseSrcset>][] = [
  [
    'widths',
    'a.png 100w, b.png 200w',
    [
      { url: 'a.png', width: 100 },
      { url: 'b.png', width: 200 },
    ],
  ],
  ['densities', 'a.png, b.png 1.5x', [{ url: 'a.png' }, { url: 'b.png', density: 1.5 }]],
  [
    'commas within addresses',
    'a,b.png 1x,c.png 2x',
    [
      { url: 'a,b.png', density: 1 },
      { url: 'c.png', density: 2 },
    ],
  ],
  ['a comma that ends an address', 'a.png, b.png', [{ url: 'a.png' }, { url: 'b.png' }]],
  ['data URLs', 'data:image/png;base64,AA== 1x', [{ url: 'data:image/png;base64,AA==', density: 1 }]],
  [
    'parentheses hide commas; unknown descriptors drop a candidate',
    'a.png x(1,2), b.png 2x',
    [{ url: 'b.png', density: 2 }],
  ],
  ['width with height', 'a.png 100w 50h', [{ url: 'a.png', width: 100 }]],
  ['faulty descriptors', 'a.png 0w, b.png -1x, c.png 1w 2x, d.png 10q, e.png', [{ url: 'e.png' }]],
  ['only spaces and commas', ' ,, ', []],
];

for (const [why, value, expected] of srcsets)
  test(`srcset: ${why}`, (t) => {
    t.deepEqual(parseSrcset(value), expected);
    t.deepEqual(parseSrcset(formatSrcset(expected)), expected);
  });

const styles: readonly [why: string, css: string, expected: string][] = [
  ['bare', 'a{b:url( x.png )}', 'a{b:url("<x.png>")}'],
  ['quoted', `a{b:url('x y.png')}`, 'a{b:url("<x y.png>")}'],
  ['capitals and escapes in the name', 'a{b:U\\52 l(x)}', 'a{b:url("<x>")}'],
  ['escapes in the address', 'a{b:url("a\\"b\\\n c\\29 ")}', 'a{b:url("<a\\22 b c)>")}'],
  ['imports', '@import "a.css";@IMPORT url(b.css);', '@import "<a.css>";@IMPORT url("<b.css>");'],
  ['namespaces name, they do not fetch', '@namespace svg url(http://x/);', '@namespace svg url(http://x/);'],
  ['strings elsewhere', 'a::after{content:"url(x)"}', 'a::after{content:"url(x)"}'],
  ['comments', '/* url(x) */a{b:/*)*/url(y)}', '/* url(x) */a{b:/*)*/url("<y>")}'],
  [
    'image sets',
    'a{b:image-set("x" type("image/png"),url(y) 2x)}',
    'a{b:image-set("<x>" type("image/png"),url("<y>") 2x)}',
  ],
  ['fragments stay', 'a{b:url(#g)}', 'a{b:url(#g)}'],
  ['never closed', 'a{b:url(x', 'a{b:url("<x>")'],
  ['names that only end in url', 'a{b:curl(x);--url:y}', 'a{b:curl(x);--url:y}'],
];

for (const [why, css, expected] of styles)
  test(`CSS: ${why}`, (t) => {
    t.is(
      rewriteCssUrls(css, (url) => `<${url}>`)
        .replaceAll('\\3c ', '<')
        .replaceAll('\\3e ', '>'),
      expected,
    );
  });

test('CSS: a refused address becomes one that is invalid', (t) => {
  t.is(
    rewriteCssUrls('a{b:url(javascript:x)}', () => undefined),
    'a{b:url("about:invalid")}',
  );
});

test('CSS: any text is rewritten in linear time, and text without addresses is left byte for byte', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '"', "'", '(', ')', '\\', '/', '*', '@', '{', ';', '\n', ' ') }),
      (css) => {
        t.is(
          rewriteCssUrls(css, (url) => url),
          css,
        );
      },
    ),
  );
});

test('RFC 8288: Link fields are read, written and mapped', (t) => {
  const value =
    '</a>; rel=preload; as="style", <https://h.example/b,c>; rel="next prev"; title="say \\"hi\\""; crossorigin';
  const links = parseLinkField(value);
  t.deepEqual(links, [
    {
      target: '/a',
      parameters: [
        ['rel', 'preload'],
        ['as', 'style'],
      ],
    },
    {
      target: 'https://h.example/b,c',
      parameters: [
        ['rel', 'next prev'],
        ['title', 'say "hi"'],
        ['crossorigin', ''],
      ],
    },
  ]);
  t.deepEqual(parseLinkField(formatLinkField(links)), links);
  t.is(
    rewriteLinkField('</a>; rel=next, <javascript:x>; rel=prev', PREFIX, BASE),
    '</https://site.example/a>; rel="next"',
  );
  t.is(rewriteLinkField('<javascript:x>; rel=prev', PREFIX, BASE), undefined);
  t.deepEqual(parseLinkField('nonsense'), []);
});

const refreshes: readonly [value: string, expected: ReturnType<typeof readRefresh>][] = [
  ['5', { seconds: 5 }],
  ['5; url=next', { seconds: 5, url: 'next' }],
  ["5;URL='a b'", { seconds: 5, url: 'a b' }],
  ['0,next', { seconds: 0, url: 'next' }],
  ['1.5 ; url = "x" y', { seconds: 1, url: 'x' }],
  ['5;url=', { seconds: 5 }],
  [' 3 next', { seconds: 3, url: 'next' }],
  ['url=x', undefined],
  ['', undefined],
  ['5x', undefined],
];

for (const [value, expected] of refreshes)
  test(`HTML standard, refresh: ${JSON.stringify(value)}`, (t) => {
    t.deepEqual(readRefresh(value), expected);
    if (expected !== undefined) t.deepEqual(readRefresh(formatRefresh(expected)), expected);
  });

const markdown: readonly [why: string, text: string, expected: string][] = [
  ['inline link with a title', '[a](b "t")', '[a](/x/b "t")'],
  ['picture in a link', '[![i](p.png)](l)', '[![i](/x/p.png)](/x/l)'],
  ['destination in brackets', '[a](<b c>)', '[a](/x/b%20c)'],
  ['balanced parentheses', '[a](b(c))', '[a](/x/b%28c%29)'],
  ['definition, also in a quotation', '> [r]: b "t"\n', '> [r]: /x/b "t"\n'],
  ['definition over two lines', '[r]:\n  b\n', '[r]:\n  /x/b\n'],
  ['code span', '`[a](b)` ``c ` [d](e)``', '`[a](b)` ``c ` [d](e)``'],
  ['lonely back-ticks', '`a [b](c)', '`a [b](/x/c)'],
  ['fenced code', '```\n[a](b)\n```\n[c](d)', '```\n[a](b)\n```\n[c](/x/d)'],
  ['fence in a list', '- ~~~\n  [a](b)\n  ~~~\n', '- ~~~\n  [a](b)\n  ~~~\n'],
  ['escaped brackets', '\\[a](b)', '\\[a](/x/b)'],
  ['autolink', '<https://h/a_b>', '[https://h/a\\_b](/x/https://h/a_b)'],
  ['bare address with a full stop', 'see https://h/a.', 'see [https://h/a](/x/https://h/a).'],
  ['bare address as link text', '[https://h](b)', '[https://h](/x/b)'],
  ['raw tag', '<a href="b" onclick="x">c</a>', '<a href="/x/b">c</a>'],
  ['definition in a list and a quote', '- [a]: b\n\n1. > [c]: d "t"', '- [a]: /x/b\n\n1. > [c]: /x/d "t"'],
  ['text like a definition', '[Note]: this is text\n\n[a]: b c', '[Note]: this is text\n\n[a]: b c'],
  [
    'footnote',
    '[^1]: The note, [a](b).\n[^2]: https://h/',
    '[^1]: The note, [a](/x/b).\n[^2]: [https://h/](/x/https://h/)',
  ],
  ['footnote for some, definition for others', ' [^1]: b\n[^2]: [c]: d', ' [^1]: /x/b\n[^2]: [c]: /x/d'],
  ['no link', 'a ] ( b and <b> c', 'a ] ( b and <b> c'],
];

for (const [why, text, expected] of markdown)
  test(`Markdown: ${why}`, (t) => {
    t.is(
      rewriteMarkdownLinks(text, (url) => `/x/${url}`),
      expected,
    );
  });

const LEADS: readonly string[] = [
  '](',
  '[a](',
  '`',
  '<a ',
  '<a b="',
  '![](<',
  'http://a',
  '&#',
  '\\',
  '> ',
  '[a]: ',
  '- ',
  '[^a]: ',
  '\n[^a]: ',
  '\n- [a]: ',
  '``` ',
];

test('threat 43: Markdown of repeated beginnings is rewritten in linear time', (t) => {
  for (const lead of LEADS) {
    const before = process.cpuUsage();
    rewriteMarkdownLinks(lead.repeat(Math.floor(100_000 / lead.length)), (url) => url);
    t.true(process.cpuUsage(before).user < 10e6, lead);
  }
});
