/** Documents say what the program does: generated ones are compared, promises of names are counted. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { errorCatalogue } from '../core/errors.ts';
import { generatedDocuments } from '../scripts/generate-docs.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

test('generated documents are those of this program (`npm run docs` writes them)', (t) => {
  for (const [path, text] of generatedDocuments()) t.is(readFileSync(join(ROOT, path), 'utf8'), text, path);
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
  for (const folder of ['core', 'egress', 'formatters', 'profiles', 'gateway', 'admin']) walk(join(ROOT, folder));
  const all = sources.join('\n');
  for (const code of Object.keys(errorCatalogue)) t.true(all.includes(`'${code}'`), code);
});
