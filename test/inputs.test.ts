/** Documents that are no HTML: what each client gets of them, and what they may not do (design part 3; threats 34, 42, 44). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { unzipSync, zipSync } from 'fflate';
import { format } from '../bench/run-formatter.ts';
import { readArchive } from '../formatters/archive/read-archive.ts';
import feedToHtml from '../formatters/feed-to-html/index.ts';
import { parseMessage, parseParameters } from '../formatters/mail-to-html/parse-message.ts';
import { parseXml, withoutDeclarations } from '../formatters/xml/parse-xml.ts';
import { type Ask, CLIENTS } from './support/client.ts';
import { inWorld, type World } from './support/gateway.ts';

const RSS = `<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour news</title><link>https://news.example/</link>
<item><title>The ferry is back</title><link>https://news.example/ferry</link><pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate>
<description>&lt;p&gt;It sails &lt;script&gt;alert(1)&lt;/script&gt;every hour.</description></item></channel></rss>`;
const ORDER = '<order><customer>Ann</customer><line sku="A1">Lamp</line></order>';

/** The input of a formatter's example. */
function exampleOf(formatter: string, name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '..', 'formatters', formatter, 'examples', name));
}

/** A client and what it is to get: a media type, and what its body holds. */
type Row = readonly [client: keyof typeof CLIENTS | Ask['fields'], mediaType: string, ...holds: RegExp[]];

async function getsAll(t: ExecutionContext, world: World, path: string, rows: readonly Row[]): Promise<void> {
  for (const [client, mediaType, ...holds] of rows) {
    const fields = typeof client === 'string' ? CLIENTS[client] : client!;
    const { status, fields: got, text } = await world.through(path, { fields });
    const who = `${path} for ${typeof client === 'string' ? client : JSON.stringify(client)}`;
    t.is(status, 200, who);
    t.is(got['content-type']?.split(';')[0], mediaType, `${who}: ${got['format-chain']}`);
    for (const each of holds) t.regex(text, each, who);
    if (mediaType === 'text/html') t.notRegex(text, /<script|onerror|javascript:/i, who);
  }
}

// The first document of a kind loads its reader: on a machine that is busy with other tests that takes long.
const PATIENT = { environment: { FORMAT_TIMEOUT_MS: '60000' } };

/** Serves these bodies; each path is asked for by many clients. */
function serving(world: World, bodies: Readonly<Record<string, readonly [type: string, body: string | Buffer]>>): void {
  for (const [path, [type, body]] of Object.entries(bodies))
    world.origin.on(path, (_, response) => {
      response.setHeader('content-type', type).end(body);
    });
}

test('an entry of a feed that has no title begins with what it says, once', async (t) => {
  const item = (text: string) => `<item><link>https://news.example/1</link><description>${text}</description></item>`;
  const body = `<rss version="2.0"><channel><title>Notes</title>${item('Fish &amp; chips')}${item('&lt;p&gt;A &lt;b&gt;bold&lt;/b&gt; word&lt;/p&gt;')}</channel></rss>`;
  await feedToHtml.open();
  const { document } = await format(feedToHtml, body, {});
  const $ = document!;
  t.deepEqual(
    $('article')
      .toArray()
      .map((each) => $(each).text().trim()),
    ['Fish & chips', 'A bold wordA bold word'],
  );
});

test(
  'a feed is a page to people, Markdown to agents, and itself to who reads feeds',
  inWorld(async (t, world) => {
    serving(world, { '/feed': ['application/rss+xml', RSS], '/index.xml': ['text/xml', RSS] });
    const page: Row[] = [
      ['kaios', 'text/html', /<h1>Harbour news<\/h1>/, /2024-01-01 10:00 UTC/, /href="[^"]*news\.example\/ferry"/],
      ['lynx', 'text/html', /every hour/],
      ['wap', 'text/vnd.wap.wml', /The ferry is back/],
      ['agent', 'text/markdown', /## \[The ferry is back\]\(.*news\.example\/ferry\)/],
      [{ 'format-profile': 'terminal' }, 'text/plain', /The ferry is back/],
    ];
    const itself: Row[] = [
      ['curl', '', /<rss/],
      [{ 'user-agent': 'newsboat/2.30', accept: 'application/rss+xml, text/xml;q=0.8, text/html;q=0.5' }, '', /<rss/],
      [{ ...CLIENTS.kaios, accept: 'application/atom+xml, text/html;q=0.9, */*;q=0.1' }, '', /<rss/],
    ];
    const of = (type: string) => itself.map(([client, , ...holds]): Row => [client, type, ...holds]);
    await getsAll(t, world, '/feed', [...page, ['desktop', 'text/html', /Harbour/], ...of('application/rss+xml')]);
    await getsAll(t, world, '/index.xml', [...page, ['desktop', 'text/xml', /<rss/], ...of('text/xml')]);
  }, PATIENT),
);

test(
  'XML is an outline to small clients, and itself to browsers and programs',
  inWorld(async (t, world) => {
    serving(world, { '/order': ['application/xml', ORDER] });
    await getsAll(t, world, '/order', [
      ['kaios', 'text/html', /<details open="">/, /<b>customer<\/b>: Ann/],
      ['kindle', 'text/html', /sku=A1/],
      ['lynx', 'text/html', /Lamp/],
      ['agent', 'text/markdown', /customer/],
      ['desktop', 'application/xml', /^<order>/],
      ['curl', 'application/xml', /^<order>/],
      [{ accept: 'application/xml' }, 'application/xml', /^<order>/],
    ]);
    const { fields } = await world.get(`/-/as/full/${world.origin.url}/order`, { fields: CLIENTS.kaios });
    t.is(fields['content-type'], 'application/xml', 'the full presentation of a file is the file');
  }, PATIENT),
);

test(
  'a PDF stays one where it is shown, flows where it is not, and stays what it is where it has no text',
  inWorld(async (t, world) => {
    const report = exampleOf('pdf-to-html', 'report/input.pdf');
    const scan = exampleOf('pdf-to-html', 'scan/input.pdf');
    serving(world, {
      '/report.pdf': ['application/pdf', report],
      '/scan.pdf': ['application/pdf', scan],
      '/broken.pdf': ['application/pdf', '%PDF-1.7 nothing more'],
    });
    await getsAll(t, world, '/report.pdf', [
      ['desktop', 'application/pdf', /^%PDF/],
      ['curl', 'application/pdf', /^%PDF/],
      [{ 'user-agent': CLIENTS.curl['user-agent'], accept: 'application/pdf, text/html;q=0.5' }, 'application/pdf'],
      [{ 'user-agent': CLIENTS.curl['user-agent'], accept: 'text/html' }, 'text/html', /<h2>Cargo<\/h2>/],
      ['kaios', 'text/html', /<td>4,200<\/td>/, /\/-\/as\/original\/[^"]*report\.pdf/, /id="page-2"/],
      ['kindle', 'text/html', /ask the <a href="#page-3">harbour master<\/a>/],
      ['lynx', 'text/html', /<h2>Signals<\/h2>/],
      ['wap', 'text/vnd.wap.wml', /Harbour report 2024/],
      ['agent', 'text/markdown', /title: "?Harbour report 2024/, /\| 2022 \| 110 \| 4,200 \|/, /^- pine$/m],
      [{ 'format-profile': 'terminal' }, 'text/plain', /Harbour report 2024/],
      [{ 'format-profile': 'archive' }, 'application/epub+zip', /^PK/],
    ]);
    const shown = await world.through('/report.pdf', { fields: CLIENTS.desktop });
    t.notRegex(String(shown.fields['content-security-policy']), /sandbox/, 'a PDF is not shown in a sandbox');
    const flows = await world.through('/report.pdf', { fields: CLIENTS.kaios });
    t.regex(String(flows.fields['content-security-policy']), /sandbox/, 'a page made of it is');
    t.regex(String(flows.fields['format-chain']), /^pdf-to-html;v="[\d.]+", html-lite;/);
    for (const path of ['/scan.pdf', '/broken.pdf']) {
      const { status, fields, body } = await world.through(path, { fields: CLIENTS.kaios });
      t.is(
        `${status} ${fields['content-type']} ${fields['format-chain']}`,
        '200 application/pdf none;reason=failed',
        path,
      );
      t.deepEqual(body, path === '/scan.pdf' ? scan : Buffer.from('%PDF-1.7 nothing more'));
    }
    const named = await world.get(`/-/as/full/${world.origin.url}/report.pdf`, { fields: CLIENTS.kaios });
    t.is(named.fields['content-type'], 'application/pdf');
  }, PATIENT),
);

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const ODT = 'application/vnd.oasis.opendocument.text';

test(
  'documents of word processors, books and mails are pages to those who cannot open them',
  inWorld(async (t, world) => {
    serving(world, {
      '/minutes.docx': [DOCX, exampleOf('docx-to-html', 'minutes/input.docx')],
      '/letter.odt': [ODT, exampleOf('odt-to-html', 'letter/input.odt')],
      '/tale.epub': ['application/epub+zip', exampleOf('epub-to-html', 'tale/input.epub')],
      '/parts.eml': ['message/rfc822', exampleOf('mail-to-html', 'parts/input.eml')],
    });
    await getsAll(t, world, '/minutes.docx', [
      ['desktop', DOCX, /^PK/],
      ['curl', DOCX, /^PK/],
      ['kaios', 'text/html', /<h2>Present<\/h2>/, /<th>Tons<\/th>/, /id="footnote-1"/],
      ['lynx', 'text/html', /<li>wheat<\/li>/],
      ['wap', 'text/vnd.wap.wml', /Minutes of the harbour board/],
      ['agent', 'text/markdown', /^author: "?Jo Field"?$/m, /^\| 2023 \| 5,100 \|$/m],
      [{ 'format-profile': 'terminal' }, 'text/plain', /More ships than ever/],
    ]);
    await getsAll(t, world, '/letter.odt', [
      ['desktop', ODT, /^PK/],
      ['kaios', 'text/html', /<h2>Cargo<\/h2>/],
      ['agent', 'text/markdown', /^1\. {1,2}wheat$/m, /^> More than ever\.$/m],
    ]);
    await getsAll(t, world, '/tale.epub', [
      ['desktop', 'application/epub+zip', /^PK/],
      ['curl', 'application/epub+zip', /^PK/],
      [{ 'format-profile': 'archive' }, 'application/epub+zip', /^PK/],
      ['kaios', 'text/html', /<a href="#c2-end">Arriving<\/a>/, /id="c2-end"/],
      ['agent', 'text/markdown', /## Leaving/, /ships\.example/],
      [{ 'format-profile': 'terminal' }, 'text/plain', /The end/],
    ]);
    await getsAll(t, world, '/parts.eml', [
      ['desktop', 'message/rfc822', /^MIME-Version/],
      ['curl', 'message/rfc822', /^MIME-Version/],
      ['kaios', 'text/html', /<h1>Plans<\/h1>/, /Pläne A\.pdf/],
      ['agent', 'text/markdown', /In HTML/],
      [{ 'format-profile': 'terminal' }, 'text/plain', /What was said before/],
    ]);
  }, PATIENT),
);

test(
  'archives that unpack to too much, and mails of too many parts, are refused before they are read (threats 41, 42)',
  inWorld(async (t, world) => {
    const docx = unzipSync(exampleOf('docx-to-html', 'minutes/input.docx'));
    const zeros = new Uint8Array(30_000_000);
    const bomb = Buffer.from(zipSync({ ...docx, 'word/document.xml': [zeros, { level: 9 }] }));
    const levels = Array.from({ length: 30 }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`);
    serving(world, {
      '/bomb.docx': [DOCX, bomb],
      '/deep.eml': ['message/rfc822', `From: a@b.example\n${levels.join('')}`],
      '/deep.xml': ['text/xml', '<a>'.repeat(50_000)],
      '/bomb.epub': ['application/epub+zip', Buffer.from(zipSync({ 'META-INF/container.xml': [zeros, { level: 9 }] }))],
      '/no.epub': ['application/epub+zip', 'PK nothing more'],
      '/still.docx': [DOCX, exampleOf('docx-to-html', 'plain/input.docx')],
    });
    for (const [path, status] of Object.entries({
      '/bomb.docx': 422,
      '/deep.eml': 422,
      '/deep.xml': 422,
      '/bomb.epub': 422,
      '/no.epub': 200,
      '/still.docx': 200,
    }))
      t.is((await world.through(path, { fields: CLIENTS.kaios })).status, status, path);
    t.is((await world.through('/bomb.docx', { fields: CLIENTS.curl })).body.byteLength, bomb.byteLength);
  }, PATIENT),
);

test(
  'who listens gets text that says what a layout would show',
  inWorld(async (t, world) => {
    serving(world, { '/report.pdf': ['application/pdf', exampleOf('pdf-to-html', 'report/input.pdf')] });
    const fields = { 'format-profile': 'screen-reader' };
    const page = await world.through('/report.pdf', { fields });
    t.regex(page.text, /<h2>Cargo<\/h2>/);
    const spoken = await world.get(`/-/as/text/${world.origin.url}/report.pdf`, { fields });
    t.regex(spoken.text, /^Heading level 2: Cargo\.$/m);
    t.regex(spoken.text, /^Year: 2022; Ships: 110; Tons: 4,200\.$/m);
    t.regex(spoken.text, /our site \(link\)/);
    const drawn = await world.get(`/-/as/text/${world.origin.url}/report.pdf`, { fields: CLIENTS.lynx });
    t.notRegex(drawn.text, /Heading level/);
  }, PATIENT),
);

test('an archive gives no more than it says, and only what is wanted (threats 41, 54)', (t) => {
  const zip = Buffer.from(zipSync({ a: [new Uint8Array(900_000), { level: 9 }], b: [Buffer.from('b'), {}] }));
  const bounds = { what: 'the book', maxBytes: 1_000_000 };
  t.deepEqual(
    [...readArchive(zip, bounds)].map(([name, part]) => [name, part.byteLength]),
    [
      ['a', 900_000],
      ['b', 1],
    ],
  );
  t.deepEqual([...readArchive(zip, { ...bounds, maxBytes: 10, wants: (name) => name === 'b' }).keys()], ['b']);
  t.throws(() => readArchive(zip, { ...bounds, maxBytes: 10 }), { message: /unpacks to over 10 bytes/ });
  zip.writeUInt32LE(1000, zip.indexOf('PK\u0001\u0002') + 24);
  t.is(readArchive(zip, bounds).get('a')?.byteLength, 1000, 'a size that is a lie is what is unpacked');
  t.throws(() => readArchive(Buffer.from('PK'), bounds), { message: /no archive/ });
  const many = Object.fromEntries(Array.from({ length: 5001 }, (_, i) => [`${i}`, new Uint8Array()]));
  t.throws(() => readArchive(zipSync(many, { level: 0 }), bounds), { message: /over 5000 parts/ });
});

test('fields of mails: folded, encoded, raw, in pieces', (t) => {
  const subjectOf = (text: string) => parseMessage(Buffer.from(`Subject: ${text}\n\n`)).fields.get('subject');
  t.is(subjectOf('=?utf-8?q?a_b?= =?utf-8?q?_c?= d'), 'a b c d');
  t.is(subjectOf('=?iso-8859-1?b?5PY=?='), 'äö');
  t.is(subjectOf('ä raw'), 'ä raw');
  t.is(subjectOf('one\n two'), 'one two');
  t.is(subjectOf('=?no-such?q?x?= =?broken'), 'x =?broken');
  t.is(parseParameters(`a; name*0="one "; name*1=two`).parameters.get('name'), 'one two');
  t.is(parseParameters(`a; filename*=iso-8859-1''%E4.txt`).parameters.get('filename'), 'ä.txt');
  t.throws(() => parseMessage(Buffer.from('no field at all')), { message: /no mail/ });
});

test('a document type is skipped with all it declares, quotes and comments in it included (threat 42)', (t) => {
  const bomb = `<!DOCTYPE a [<!-- don't ]> --><!ENTITY x "]>"><!ENTITY y '&x;&x;'>]><a b="&y;">&y;&#65;&lt;</a>`;
  t.is(
    withoutDeclarations(`<?xml?>${bomb}<!-- <!b> --><![CDATA[<!c>]]>`),
    '<?xml?><a b="&y;">&y;&#65;&lt;</a><!-- <!b> --><![CDATA[<!c>]]>',
  );
  const root = parseXml(bomb, 'the XML');
  t.deepEqual(root.children, ['&y;A<']);
  t.is(root.attributes.get('b'), '&y;');
  t.throws(() => parseXml('<a>'.repeat(500), 'the XML'), { message: /nested over 200 deep/ });
  t.throws(() => parseXml('<a/>'.repeat(300_000).padStart(1_200_003, '<a>'), 'the XML'), {
    message: /over 200000 elements/,
  });
  t.throws(() => parseXml('no element', 'the XML'), { message: /no element/ });
});
