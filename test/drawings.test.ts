/** Drawings for browsers: made harmless, still drawn (threats 34, 35, 37 and 40), as Chromium sees them. */
import test from 'ava';
import { type Browser, chromium } from 'playwright-core';
import sharp from 'sharp';
import type { FormatFailure } from '../core/executor.ts';
import { CLIENTS } from './support/client.ts';
import { formatWith } from './support/format-with.ts';
import { inWorld } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';
import { photo } from './support/pictures.ts';

const { make } = await formatWith('svg-clean');
const SVG = 'image/svg+xml';
const NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
const BOX = '<rect width="60" height="80" fill="#c00"/>';

async function clean(svg: string, demands: Record<string, boolean> = {}): Promise<string> {
  const { body } = await make(Buffer.from(svg), { from: SVG, to: SVG, demands: { clean: true, ...demands } });
  return Buffer.from(body).toString();
}

const wrap = (content: string, attributes = '') =>
  `<svg ${NAMESPACES} width="120" height="80" ${attributes}>${content}</svg>`;

/** Each asks the origin for `/ran` when it runs or fetches. */
const RUN = "fetch('/ran')";
const PAYLOADS: readonly string[] = [
  `<script>${RUN}</script>`,
  `<script type="text/javascript"><![CDATA[${RUN}]]></script>`,
  `<script href="/ran"/>`,
  `<script xlink:href="/ran"/>`,
  `<s:script xmlns:s="http://www.w3.org/2000/svg">${RUN}</s:script>`,
  `<h:script xmlns:h="http://www.w3.org/1999/xhtml">${RUN}</h:script>`,
  `<script xmlns="http://www.w3.org/1999/xhtml">${RUN}</script>`,
  `<g onload="${RUN}"/>`,
  `<rect width="99" height="99" onclick="${RUN}" onmouseover="${RUN}" onfocus="${RUN}" tabindex="1"/>`,
  `<image href="/none" onerror="${RUN}"/>`,
  `<image href="data:image/png;base64,AAAA" onerror="${RUN}"/>`,
  `<style onload="${RUN}">a{}</style>`,
  `<animate onbegin="${RUN}" attributeName="x" dur="1s"/>`,
  `<set onbegin="${RUN}" attributeName="x" to="1"/>`,
  `<set attributeName="onclick" to="${RUN}"/>`,
  `<a id="l" href="#"><set attributeName="href" to="javascript:${RUN}"/>${BOX}</a>`,
  `<a><animate attributeName="xlink:href" values="javascript:${RUN}" begin="0s"/>${BOX}</a>`,
  `<a href="javascript:${RUN}">${BOX}</a>`,
  `<a xlink:href=" java&#10;script:${RUN}">${BOX}</a>`,
  `<a href="&#106;avascript&#58;${RUN}">${BOX}</a>`,
  `<a href="data:text/html,&lt;script>${RUN}&lt;/script>">${BOX}</a>`,
  `<foreignObject width="99" height="99"><iframe xmlns="http://www.w3.org/1999/xhtml" src="/ran"/></foreignObject>`,
  `<foreignObject width="99" height="99"><body xmlns="http://www.w3.org/1999/xhtml" onload="${RUN}"><img src="x" onerror="${RUN}"/></body></foreignObject>`,
  `<img xmlns="http://www.w3.org/1999/xhtml" src="/ran" onerror="${RUN}"/>`,
  `<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:parent.${RUN}"/>`,
  `<object xmlns="http://www.w3.org/1999/xhtml" data="/ran"/>`,
  `<embed xmlns="http://www.w3.org/1999/xhtml" src="/ran"/>`,
  `<link xmlns="http://www.w3.org/1999/xhtml" rel="stylesheet" href="/ran"/>`,
  `<meta xmlns="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=/ran"/>`,
  `<use href="/ran#x"/>`,
  `<use xlink:href="/ran#x"/>`,
  `<use href="data:image/svg+xml,&lt;svg id='x' xmlns='http://www.w3.org/2000/svg'>&lt;script>${RUN}&lt;/script>&lt;/svg>#x"/>`,
  `<image href="/ran" width="9" height="9"/>`,
  `<image xlink:href="/ran" width="9" height="9"/>`,
  `<q:image xmlns:q="http://www.w3.org/2000/svg" href="/ran" width="9" height="9"/>`,
  `<image xmlns:y="http://www.w3.org/1999/xlink" y:href="/ran" width="9" height="9"/>`,
  `<filter id="f"><feImage href="/ran"/></filter><rect width="9" height="9" filter="url(#f)"/>`,
  `<rect width="9" height="9" fill="url(/ran#x)"/>`,
  `<rect width="9" height="9" filter="url('/ran#x')" mask="url(&quot;/ran#y&quot;)"/>`,
  `<rect width="9" height="9" style="fill:url(/ran#x)"/>`,
  `<rect width="9" height="9" style="fill:u\\72l(/ran#x);cursor:url(/ran),auto"/>`,
  `<style>@import url(/ran);</style>`,
  `<style>@im\\70ort "/ran";</style>`,
  `<style>@font-face{font-family:f;src:url(/ran)}text{font-family:f}</style><text y="20">x</text>`,
  `<style><![CDATA[rect{background:image-set("/ran" 1x);fill:url(/ran)}svg{background:url(/ran)}]]></style>${BOX}`,
  `<style>svg[width^="1"]{background-image:url("/ran")}</style>`,
  `<?xml-stylesheet href="/ran"?>${BOX}`,
  `<text>&lt;/text>&lt;script>${RUN}&lt;/script></text>`,
  `<title>&lt;/title>&lt;img src=x onerror=${RUN}></title>`,
  `<desc><h:img xmlns:h="http://www.w3.org/1999/xhtml" src="/ran"/></desc>`,
  `<style>&lt;/style>&lt;img src=x onerror=${RUN}></style>`,
  `<svg onload="${RUN}"><script>${RUN}</script></svg>`,
  `<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">${RUN}</handler>`,
  `<audio xmlns="http://www.w3.org/1999/xhtml" src="/ran" onerror="${RUN}"/>`,
  `<g xml:base="http://127.0.0.1/"><use href="#x"/></g>`,
  `<discard onload="${RUN}"/>`,
];

/** What a visitor might do to each element; run in the page. */
const DISTURB = `(async () => {
  for (const each of document.querySelectorAll('*'))
    for (const name of ['click', 'mouseover', 'focus']) each.dispatchEvent(new MouseEvent(name, { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 5)));
})()`;

test('no payload runs or fetches in Chromium once it is clean, as a drawing or read as HTML (threats 34, 35, 37)', async (t) => {
  t.timeout(60_000);
  const origin = await startOrigin();
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
    });
    const page = await browser.newPage();
    /** Payloads that ask for anything but the page itself. */
    const runWith = async (payloads: readonly string[], type: string): Promise<string[]> => {
      const ran: string[] = [];
      for (const body of payloads) {
        origin.on('/drawing', (_request, response) => {
          response.writeHead(200, { 'content-type': type });
          response.end(body);
        });
        const before = origin.requests.length;
        // A payload that navigates away has run: it has asked for another page.
        await page.goto(`${origin.url}/drawing`, { waitUntil: 'load' }).catch(() => undefined);
        await page.evaluate(DISTURB).catch(() => undefined);
        const asked = origin.requests
          .slice(before)
          .filter(({ path }) => path !== '/drawing' && path !== '/favicon.ico');
        if (asked.length > 0) ran.push(body);
      }
      return ran;
    };
    const raw = PAYLOADS.map((payload) => wrap(payload));
    const dangerous = await runWith(raw, SVG);
    t.true(dangerous.length > PAYLOADS.length * 0.5, `only ${dangerous.length} payloads work at all`);
    const cleaned = await Promise.all(raw.map((payload) => clean(payload)));
    t.deepEqual(await runWith(cleaned, SVG), []);
    t.deepEqual(await runWith(cleaned, 'text/html'), [], 'even read as HTML');
  } finally {
    await browser?.close();
    await origin.close();
  }
});

test('what is clean names nothing that runs, stays the same when cleaned again, and is well-formed (threat 34)', async (t) => {
  for (const payload of [...PAYLOADS, ...PAYLOADS.map((each) => `<g>${each}</g>`)]) {
    const once = await clean(wrap(payload, `onload="${RUN}"`));
    t.notRegex(
      once,
      /<(?:\w+:)?(?:script|foreignObject|iframe|object|embed|img|a|handler|link|meta)\b|<[^>]*\son\w+=/i,
      payload,
    );
    t.notRegex(once, /<[^>]*(?:javascript|data:text|\/ran)/i, payload);
    t.is(await clean(once), once, payload);
    t.true(once.startsWith('<svg xmlns="http://www.w3.org/2000/svg"'), payload);
  }
});

test('what a drawing is made of stays: shapes, text, styles, gradients, filters, copies, motion, small pictures', async (t) => {
  const dot = (await photo(8, 8).png().toBuffer()).toString('base64');
  const kept = [
    '<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>',
    '<rect width="60" height="80" rx="4" fill="url(#g)" transform="rotate(3)"/>',
    '<symbol id="s" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></symbol>',
    '<use xlink:href="#s" x="9"/>',
    '<use href="#s" width="4"/>',
    '<style>.a &gt; .b{fill:red;mask:url("#m")}@media (prefers-color-scheme: dark){.a{fill:#fff}}</style>',
    '<g class="a" style="opacity:.5" aria-label="x"><path class="b" d="M0 0h9"/></g>',
    '<filter id="f"><feGaussianBlur stdDeviation="2"/><feMerge><feMergeNode in="SourceGraphic"/></feMerge></filter>',
    '<text x="3" y="20" font-family="serif" xml:space="preserve">a &amp; b<tspan dy="9">c</tspan></text>',
    '<title>What it is</title>',
    `<image href="data:image/png;base64,${dot}" width="8" height="8"/>`,
    '<circle r="4"><animate attributeName="r" values="4;8;4" dur="1s" repeatCount="indefinite"/></circle>',
  ].join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 120 80">${kept}</svg>`;
  t.is(await clean(svg), svg);
  t.notRegex(await clean(svg, { still: true }), /<animate/);
  t.regex(await clean(wrap(`<a href="https://example.org/">${BOX}</a>`)), /<g><rect/, 'what a link holds is drawn');
});

test('drawings of drawing programs are understood: plain entities, prefixes, other namespaces', async (t) => {
  const illustrator = `<?xml version="1.0"?><!-- Generator --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [
    <!ENTITY ns_svg "http://www.w3.org/2000/svg">
    <!ENTITY ns_ai 'http://ns.adobe.com/AdobeIllustrator/10.0/'>
  ]><svg xmlns="&ns_svg;" xmlns:i="&ns_ai;" width="9" height="9"><switch><foreignObject requiredExtensions="&ns_ai;"><i:pgf/></foreignObject><g i:extraneous="self"><rect width="9" height="9"/></g></switch><metadata>x</metadata></svg>`;
  t.is(
    await clean(illustrator),
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><switch><g><rect width="9" height="9"/></g></switch></svg>',
  );
  t.is(
    await clean('<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g><s:path d="M0 0"/></s:g><path d="M1 1"/></s:svg>'),
    '<svg xmlns="http://www.w3.org/2000/svg"><g><path d="M0 0"/></g></svg>',
  );
});

test('drawings that explode, or are none, are refused for browsers too (threats 38 and 40)', async (t) => {
  const group = (level: number) => `<g id="a${level}">${`<use href="#a${level - 1}"/>`.repeat(10)}</g>`;
  const bomb = `<g id="a0">${BOX}</g>${Array.from({ length: 9 }, (_, at) => group(at + 1)).join('')}<use href="#a9"/>`;
  for (const [name, hostile] of [
    ['copies of copies', wrap(bomb)],
    ['entities of entities', `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>${wrap('&b;')}`],
    ['an external entity', `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${wrap('<text>&x;</text>')}`],
    ['a parameter entity', `<!DOCTYPE svg [<!ENTITY % x "y">]>${wrap('')}`],
    ['an entity that holds markup', `<!DOCTYPE svg [<!ENTITY x "<script/>">]>${wrap('&x;')}`],
    ['an attribute twice', wrap('<rect width="1" width="2"/>')],
    ['nesting', wrap('<g>'.repeat(300) + '</g>'.repeat(300))],
    ['600,000 elements', wrap('<g/>'.repeat(600_000))],
    ['a page', '<!DOCTYPE html><html><script>alert(1)</script></html>'],
    ['a page in XML', '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'],
    ['another language', '<svg xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></svg>'],
    ['nothing', ''],
  ] as const) {
    const failure = await t.throwsAsync<FormatFailure>(clean(hostile), undefined, name);
    t.is(failure?.kind, 'hostile', `${name}: ${failure?.message}`);
    t.is(failure?.formatter, 'svg-clean');
  }
  await t.notThrowsAsync(clean(wrap('<path d="M0 0"/>'.repeat(20_000))), 'a large map');
});

test(
  'browsers get drawings, made harmless; a trusted site’s as they are; others get pictures (threat 37)',
  inWorld(async (t, world) => {
    const drawing = wrap(`<script>${RUN}</script>${BOX}`);
    world.origin.on('/drawing.svg', (_request, response) => {
      response.writeHead(200, { 'content-type': SVG });
      response.end(drawing);
    });
    for (const host of ['trusted.example', 'other.example']) {
      const site = { host, upstream: world.origin.url, trust: host === 'trusted.example' };
      const { status } = await world.admin('/api/sites', { method: 'PUT', json: [site] });
      t.is(status, 200);
      const { text } = await world.get('/drawing.svg', { fields: { ...CLIENTS.desktopImage, host } });
      t.is(text.includes('<script>'), site.trust, host);
      t.regex(text, /<rect/);
    }
    const chrome = {
      ...CLIENTS.desktopImage,
      accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    };
    const clean = await world.through('/drawing.svg', { fields: chrome });
    t.regex(clean.fields['content-type'] ?? '', /^image\/svg\+xml/);
    t.regex(String(clean.fields['format-chain']), /^svg-clean;/);
    t.notRegex(clean.text, /script/);
    // What `use` and style sheets send.
    const sprite = await world.through('/drawing.svg', { fields: { ...CLIENTS.desktopImage, accept: '*/*' } });
    t.notRegex(sprite.text, /script/);
    const phone = await world.through('/drawing.svg', { fields: CLIENTS.kaios });
    t.is((await sharp(phone.body).metadata()).width, 120);
    const lite = await world.through('/drawing.svg', { fields: { ...chrome, 'save-data': 'on' } });
    t.is(lite.fields['content-type'], 'image/avif', 'where bytes matter it is a picture');
  }),
);
