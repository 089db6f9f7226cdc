/** Documents say what the program does: generated ones are compared, promises of names are counted. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { errorCatalogue } from '../core/errors.ts';
import { DATA_PRESENTATIONS, PRESENTATIONS } from '../core/presentation.ts';
import { openDocuments } from '../gateway/documents.ts';
import { generatedDocuments } from '../scripts/generate-docs.ts';
import { CLIENTS } from './support/client.ts';
import { inWorld } from './support/gateway.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** A busy machine is not what is tested. */
const PATIENT = { FORMAT_TIMEOUT_MS: '60000' };
const SITES_FILE = join(mkdtempSync(join(tmpdir(), 'sites-')), 'sites.json');
writeFileSync(
  SITES_FILE,
  JSON.stringify([{ host: 'shop.example', upstream: 'http://127.0.0.1:9', gatewayPath: '/_help/' }]),
);

test('generated documents are those of this program (`npm run docs` writes them)', async (t) => {
  for (const [path, text] of await generatedDocuments()) t.is(readFileSync(join(ROOT, path), 'utf8'), text, path);
});

test('every setting that the design promises is in .env.example', (t) => {
  const text = readFileSync(join(ROOT, '.env.example'), 'utf8');
  const promised =
    'HOST PORT PUBLIC_URL OWN_HOSTS ADMIN_HOST ADMIN_PORT ADMIN_TLS_CERT ADMIN_TLS_KEY ADMIN_BEHIND_TLS ADMIN_TOKEN DATA_DIR MODES CLIENTS_ALLOW USERS TARGETS_ALLOW UPSTREAM_PORTS CONNECT_PORTS UPSTREAM_ALLOW SITES TRUSTED_PROXIES PLUGINS_DIR TLS_CERT TLS_KEY TLS_PORT SUBDOMAINS IMAGE_HOSTS LINK_KEYS WORKERS POOL FORMATS_OFF NATS_URL NATS_CREDS NODE_NAME ZONE FLEET_KEYS BACK_END CHANNEL_SECRET';
  for (const name of promised.split(' ')) t.regex(text, new RegExp(`^#${name}=$`, 'm'));
});

test('every error of the catalogue is thrown somewhere', (t) => {
  const sources: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name !== 'examples') walk(join(folder, entry.name));
      else if (entry.name.endsWith('.ts') && entry.name !== 'errors.ts')
        sources.push(readFileSync(join(folder, entry.name), 'utf8'));
    }
  };
  for (const folder of ['core', 'egress', 'formatters', 'profiles', 'gateway', 'fleet', 'admin'])
    walk(join(ROOT, folder));
  const all = sources.join('\n');
  for (const code of Object.keys(errorCatalogue)) t.true(all.includes(`'${code}'`), code);
});

test('links between the files of the tree lead to files that are there', (t) => {
  const files = ['docs', 'formatters']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .concat(readdirSync(ROOT))
    .filter((file) => file.endsWith('.md') && !file.includes('/examples/'));
  t.true(files.length > 20);
  for (const file of files)
    for (const [, path = ''] of readFileSync(join(ROOT, file), 'utf8')
      .replace(/^(`{3,})[^`\n]*\n[\s\S]*?^\1$|`[^`\n]*`/gm, '')
      .matchAll(/\]\(([^\s()#:]+)(?:#[^\s()]*)?\)/g))
      t.true(existsSync(join(ROOT, dirname(file), path)), `${file}: ${path}`);
});

test('every document can be reached from the table of contents', (t) => {
  const documents = openDocuments();
  const reached = new Set(['']);
  for (const name of reached) {
    const text = documents.find(name, '/-/')!.body.toString('utf8');
    for (const [, next = ''] of text.matchAll(/\]\(\/-\/docs\/?([^)#]*)/g)) reached.add(next);
  }
  t.deepEqual(
    documents.names.filter((name) => !reached.has(name)),
    [],
  );
});

test('the reference of addresses names every page that there is, and no other; all presentations', (t) => {
  const text = readFileSync(join(ROOT, 'docs/http-interface.md'), 'utf8');
  const route = readFileSync(join(ROOT, 'gateway/open-gateway.ts'), 'utf8');
  const served = /const entries = \{([\s\S]*?)\n {2}\};/.exec(route)![1]!;
  const pages = [...served.matchAll(/^ {4}'?([a-z][a-z.-]*)'?:/gm)].map(([, name]) => name!);
  t.true(pages.length >= 10, pages.join());
  for (const name of pages)
    t.true(text.includes({ home: '| `/` |', robots: '`/robots.txt`' }[name] ?? `\`/-/${name}`), name);
  for (const [, name = ''] of text.matchAll(/`\/-\/([a-z.-]+)/g))
    t.true(
      [...pages, 'as', 'explain', 'image', 'docs', 'views', 'waiting'].includes(name),
      `\`/-/${name}\` is not served`,
    );
  for (const presentation of PRESENTATIONS) t.true(text.includes(`\`${presentation}\``), presentation);
  for (const presentation of DATA_PRESENTATIONS) t.true(text.includes(`/-/as/${presentation}/`), presentation);
});

test(
  'the documents are served in every client’s own form by the ordinary steps: HTML, Markdown, a deck, text; 304, HEAD and 404 as for any page',
  inWorld(
    async (t, { get }) => {
      const asked = async (path: string, fields: Readonly<Record<string, string>>) => await get(path, { fields });
      const page = await asked('/-/docs/errors', CLIENTS.desktop);
      t.regex(String(page.fields['content-type']), /^text\/html/);
      t.regex(String(page.fields['format-chain']), /^markdown-to-html/);
      t.true(page.text.includes('<a href="/-/docs">'), 'the way back');
      for (const code of Object.keys(errorCatalogue)) t.true(page.text.includes(`id="${code.toLowerCase()}"`), code);
      const again = await asked('/-/docs/errors', { ...CLIENTS.desktop, 'if-none-match': String(page.fields.etag) });
      t.is(again.status, 304);
      t.regex(String(page.fields['cache-control']), /max-age=300/);

      const lite = await asked('/-/docs/errors', CLIENTS.kaios);
      t.regex(String(lite.fields['content-type']), /html/);
      t.true(lite.text.includes('bad_target'));
      const own = await asked('/-/docs/errors', CLIENTS.agent);
      t.regex(String(own.fields['content-type']), /^text\/markdown/);
      const deck = await asked('/-/docs/errors', CLIENTS.wap);
      t.regex(String(deck.fields['content-type']), /^text\/vnd\.wap\.wml/);
      const next = /href="([^"]*part=2[^"]*)"/.exec(deck.text)?.[1] ?? 'no next part';
      t.is((await asked(next, CLIENTS.wap)).status, 200, next);

      const head = await get('/-/docs', { method: 'HEAD', fields: CLIENTS.desktop });
      t.is(head.status, 200);
      t.is(head.body.byteLength, 0);
      t.is((await get('/-/docs', { method: 'POST', body: 'x=1' })).status, 405);
      for (const name of [
        'nothing',
        '..%2f..%2fpackage.json',
        '%2e%2e%2fpackage.json',
        'constructor',
        '__proto__',
        'errors/x',
      ])
        t.is((await get(`/-/docs/${name}`)).status, 404, `threat 54: ${name}`);
      t.not((await get('/-/docs/../../package.json')).status, 200);
    },
    { environment: PATIENT },
  ),
);

test(
  'every link between the documents leads to a page that is there, and its place to one on that page; other links name a scheme',
  inWorld(
    async (t, { get }) => {
      const documents = openDocuments();
      t.true(documents.names.length > 20);
      for (const name of documents.names.filter((each) => !each.endsWith('.webp'))) {
        const page = await get(`/-/docs/${name}`, { fields: CLIENTS.desktop });
        const text = page.text.replace(/<pre[\s\S]*?<\/pre>|<code>[\s\S]*?<\/code>/g, '');
        for (const [, href = ''] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
          const [path = '', place] = href.replaceAll('&amp;', '&').split('#');
          if (/^\/https?:|^mailto:/.test(path)) continue;
          const target = path === '' ? `/-/docs/${name}` : path;
          t.regex(target, /^\/(?:-\/|$)/, `${name}: ${href}`);
          const fields = target.endsWith('.webp') ? CLIENTS.desktopImage : CLIENTS.desktop;
          const answer = await get(target, { fields });
          t.is(answer.status, 200, `${name}: ${href}`);
          if (place !== undefined) t.true(answer.text.includes(`id="${place}"`), `${name}: ${href}`);
        }
      }
    },
    { environment: { ...PATIENT, MODES: 'reverse' } },
  ),
);

test(
  'a site in front shows the documents below its own gateway path, and its links stay there',
  inWorld(
    async (t, { get }) => {
      const fields = { ...CLIENTS.desktop, host: 'shop.example' };
      const page = await get('/_help/docs/gallery', { fields });
      t.is(page.status, 200);
      t.true(page.text.includes('src="/_help/docs/gallery/home.webp"'));
      const picture = await get('/_help/docs/gallery/home.webp', {
        fields: { ...CLIENTS.desktopImage, host: 'shop.example' },
      });
      t.regex(String(picture.fields['content-type']), /^image\//);
      t.is((await get('/_help/docs/nothing', { fields })).status, 404);
    },
    { environment: { ...PATIENT, SITES: SITES_FILE } },
  ),
);
