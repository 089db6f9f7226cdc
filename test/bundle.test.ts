/** Bundles: a component as it moves. Built alike everywhere, signed, refused by name, unpacked whole, run in its cage. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type ExecutionContext } from 'ava';
import { canonicalJson } from '../core/canonical-json.ts';
import type { ComponentEnv, Service } from '../core/component.ts';
import { parseSettings } from '../core/config.ts';
import { digestOfBytes } from '../core/digest.ts';
import type { PlacedComponent } from '../core/fleet.ts';
import { type BuiltBundle, buildBundle } from '../fleet/bundle/build-bundle.ts';
import {
  BUNDLE_MARK,
  BundleError,
  type BundleManifest,
  MAX_BUNDLE_BYTES,
  readBundle,
} from '../fleet/bundle/read-bundle.ts';
import { keyIdOf, makeSigningKeys, readSigningKey, readTrustedKeys, signText } from '../fleet/bundle/signing-keys.ts';
import { tryFormatter, tryService } from '../fleet/bundle/try-bundle.ts';
import { unpackBundle } from '../fleet/bundle/unpack-bundle.ts';
import { formatterSettings } from '../formatters/config.ts';
import { parseManifest } from '../formatters/descriptor.ts';
import { type OtherComponent, readPlugin } from '../formatters/plugins.ts';
import { openPool } from '../formatters/pool/pool.ts';
import { makeRegistry } from '../formatters/registry.ts';
import { bundleOf, type Files, formatterText, serviceText, writeFiles } from './support/components.ts';
import { ROOT } from './support/program.ts';

const home = mkdtempSync(join(tmpdir(), 'bundles-'));
test.after.always(() => rmSync(home, { recursive: true, force: true }));

const files = makeSigningKeys(join(home, 'keys'));
const key = readSigningKey(files.keyFile);
const trusted = readTrustedKeys(files.publicFile);
const foreign = makeSigningKeys(join(home, 'foreign'));
const foreignKey = readSigningKey(foreign.keyFile);

// Importing takes as long as it takes where much else runs.
const PATIENT = { timeoutMs: 60_000 };

const GREETING: Files = {
  'index.ts': serviceText('greeting', 'return new Response("hello " + (await env.data.path("names")));'),
  'examples/first/request.json': '{"path": "/"}',
  'examples/first/response.json': '{"bodyIncludes": "hello"}',
  'data/names': 'ada\ngrace\n',
};

let made: Promise<BuiltBundle> | undefined;
function greeting(): Promise<BuiltBundle> {
  made ??= bundleOf(GREETING, key);
  return made;
}

interface Envelope {
  manifest: string;
  key?: string;
  signature?: string;
  module: string;
  examples: Record<string, string>;
}

async function envelope(): Promise<Envelope> {
  return JSON.parse((await greeting()).bytes.subarray(BUNDLE_MARK.length).toString());
}

function asBundle(content: unknown): Buffer {
  return Buffer.from(BUNDLE_MARK + JSON.stringify(content));
}

/** The bundle with another manifest, signed by whoever. */
async function signedAs(change: (manifest: Record<string, unknown>) => void, signer = key): Promise<Buffer> {
  const held = await envelope();
  const manifest = JSON.parse(held.manifest) as Record<string, unknown>;
  change(manifest);
  const text = canonicalJson(manifest);
  return asBundle({ ...held, manifest: text, ...signText(text, signer) });
}

function refusalOf(bytes: Uint8Array): string {
  try {
    readBundle(bytes, trusted);
    return 'it is taken';
  } catch (error) {
    if (error instanceof BundleError) return error.code;
    throw error;
  }
}

function folder(): string {
  return mkdtempSync(join(home, 'f-'));
}

test('equal sources and key make equal bytes, in whatever folder they lie; what is built is read back whole', async (t) => {
  const [one, two] = [await greeting(), await bundleOf(GREETING, key)];
  t.is(one.digest, two.digest);
  t.deepEqual(one.bytes, two.bytes);
  t.is(one.digest, digestOfBytes(one.bytes));
  const { manifest, examples, module } = readBundle(one.bytes, trusted);
  t.like(manifest, { name: 'greeting', version: '1.0.0', kind: 'service', peers: [] });
  t.deepEqual([...examples.keys()].sort(), ['first/request.json', 'first/response.json']);
  t.is(manifest.module.sha256, digestOfBytes(module));
  t.deepEqual(manifest.data, { names: digestOfBytes('ada\ngrace\n') });
  t.is(one.data.get('names')?.bytes.toString(), 'ada\ngrace\n');
});

test('another byte of a module, an example or a data set makes another digest; so does another key', async (t) => {
  const { digest } = await greeting();
  const others: Files[] = [
    { ...GREETING, 'index.ts': serviceText('greeting', 'return new Response("hello");') },
    { ...GREETING, 'examples/first/request.json': '{"path": "/other"}' },
    { ...GREETING, 'data/names': 'ada\n' },
  ];
  for (const other of others) t.not((await bundleOf(other, key)).digest, digest);
  t.not((await bundleOf(GREETING, foreignKey)).digest, digest);
});

test('a component carries the modules beside it, and types of others leave nothing behind', async (t) => {
  const built = await bundleOf(
    {
      'index.ts': `import { word } from './word.ts'; import type { Nothing } from './types.ts';
        export default { contract: 1, kind: 'service', name: 'carrier', version: '1.0.0',
        async handle(): Promise<Response> { const n: Nothing = 1; return new Response(word + n); } };`,
      'word.ts': `export const word: string = 'carried';`,
      'types.ts': 'export type Nothing = number;',
    },
    key,
  );
  const { module } = readBundle(built.bytes, trusted);
  t.true(module.includes('carried'));
  t.notRegex(module, /from\s*["']\./);
});

for (const [why, content, message] of [
  ['has no index', { 'readme.md': 'x' }, /index/],
  ['does not parse', { 'index.ts': 'export default {' }, /bundled/],
  ['imports what no bundle has', { 'index.ts': `import x from 'left-pad'; export default x;` }, /left-pad/],
  ['is no component', { 'index.ts': 'export default { kind: "poem" };' }, /no component/],
  ['throws when it is imported', { 'index.ts': 'throw new Error("never");' }, /no component/],
  [
    'needs another contract',
    { 'index.ts': `export default { contract: 99, kind: 'service', name: 'x', version: '1', handle() {} };` },
    /contract/,
  ],
  [
    'has an example whose name leads nowhere good (threat 54)',
    { ...GREETING, 'examples/first/a b.json': '{}' },
    /a b\.json/,
  ],
  ['has a data set with a bad name', { ...GREETING, 'data/a b': 'x' }, /a b/],
] as const)
  test(`a folder that ${why} makes no bundle, and it is told why`, async (t) => {
    const error = await t.throwsAsync(bundleOf(content, key), { instanceOf: RangeError });
    t.regex(error.message, message);
  });

const refused: readonly (readonly [string, string, () => Promise<Uint8Array>])[] = [
  ['of no bytes', 'not-a-bundle', async () => Buffer.alloc(0)],
  ['that is something else', 'not-a-bundle', async () => Buffer.from('PK\u0003\u0004')],
  ['cut short', 'not-a-bundle', async () => (await greeting()).bytes.subarray(0, 200)],
  ['with a part that nobody knows', 'not-a-bundle', async () => asBundle({ ...(await envelope()), more: 1 })],
  ['of more than 32 MiB', 'too-large', async () => Buffer.alloc(MAX_BUNDLE_BYTES + 1, BUNDLE_MARK)],
  [
    'that nobody signed',
    'unsigned',
    async () => {
      const { key: _key, signature: _signature, ...rest } = await envelope();
      return asBundle(rest);
    },
  ],
  ['that somebody else signed', 'untrusted-key', async () => await signedAs(() => undefined, foreignKey)],
  [
    'that somebody else signed in the name of our key',
    'bad-signature',
    async () => {
      const held = await envelope();
      return asBundle({ ...held, signature: signText(held.manifest, foreignKey).signature });
    },
  ],
  [
    'whose manifest was changed',
    'bad-signature',
    async () => {
      const held = await envelope();
      return asBundle({ ...held, manifest: held.manifest.replace('greeting', 'greetinG') });
    },
  ],
  [
    'whose module was changed',
    'tampered',
    async () => {
      const held = await envelope();
      return asBundle({ ...held, module: held.module.replace('hello', 'hullo') });
    },
  ],
  [
    'whose example was changed',
    'tampered',
    async () => {
      const held = await envelope();
      const more = Buffer.from('{"path": "/x"}').toString('base64');
      return asBundle({ ...held, examples: { ...held.examples, 'first/request.json': more } });
    },
  ],
  [
    'with an example too many',
    'tampered',
    async () => {
      const held = await envelope();
      return asBundle({ ...held, examples: { ...held.examples, 'second/request.json': 'e30=' } });
    },
  ],
  [
    'with an example in place of another',
    'tampered',
    async () => {
      const held = await envelope();
      const { 'first/request.json': body, ...rest } = held.examples;
      return asBundle({ ...held, examples: { ...rest, '../../first/request.json': body } });
    },
  ],
  ['that misses an example', 'tampered', async () => asBundle({ ...(await envelope()), examples: {} })],
  [
    'for a later contract',
    'wrong-contract',
    async () =>
      await signedAs((manifest) => {
        manifest['contract'] = { from: 2, to: 3 };
      }),
  ],
  [
    'of a kind that nobody knows',
    'bad-manifest',
    async () =>
      await signedAs((manifest) => {
        manifest['kind'] = 'poem';
      }),
  ],
  [
    'whose version is a path',
    'bad-manifest',
    async () =>
      await signedAs((manifest) => {
        manifest['version'] = '../../1';
      }),
  ],
  [
    'with a peer that is none',
    'bad-manifest',
    async () =>
      await signedAs((manifest) => {
        manifest['peers'] = ['left-pad'];
      }),
  ],
];
for (const [what, code, bytes] of refused)
  test(`a bundle ${what} is refused as ${code}`, async (t) => {
    t.is(refusalOf(await bytes()), code);
  });

for (const name of [
  '../a/b',
  'a/../b',
  '/etc/passwd',
  'a\\b/c',
  'a/b/c',
  'a',
  '.a/b',
  'a/.b',
  'a/b\0',
  'a/\u0131',
  `a/${'b'.repeat(65)}`,
  'C:/x',
])
  test(`an example called ${JSON.stringify(name).slice(0, 24)} is refused though it is signed (threat 54)`, async (t) => {
    const body = Buffer.from('x');
    const held = await envelope();
    const manifest = JSON.parse(held.manifest) as BundleManifest;
    manifest.examples[name] = { sha256: digestOfBytes(body), size: 1 };
    const text = canonicalJson(manifest);
    const examples = { ...held.examples, [name]: body.toString('base64') };
    t.is(refusalOf(asBundle({ ...held, manifest: text, ...signText(text, key), examples })), 'bad-manifest');
  });

test('no change of a byte of a bundle goes unseen (threat 66)', async (t) => {
  const { bytes } = await greeting();
  const survivors: number[] = [];
  for (let at = 0; at < bytes.byteLength; at += 3) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ 0x01;
    if (refusalOf(changed) === 'it is taken') survivors.push(at);
  }
  t.deepEqual(survivors, []);
});

test('without trusted keys nothing is taken; of several any may have signed', async (t) => {
  const { bytes, digest } = await greeting();
  t.throws(() => readBundle(bytes, []), { message: /trusted/ });
  const both = join(folder(), 'keys.pem');
  writeFileSync(both, `# theirs\n${readFileSync(foreign.publicFile)}\n# ours\n${readFileSync(files.publicFile)}`);
  t.is(readBundle(bytes, readTrustedKeys(both)).digest, digest);
  t.is(
    (await bundleOf(GREETING, foreignKey)).digest,
    readBundle((await bundleOf(GREETING, foreignKey)).bytes, readTrustedKeys(both)).digest,
  );
});

test('a bundle is unpacked once, into a folder of its digest; nothing is left behind', async (t) => {
  const home = folder();
  const bundle = readBundle((await greeting()).bytes, trusted);
  const placed = unpackBundle(bundle, home);
  t.deepEqual(readdirSync(home), [bundle.digest.slice(7)]);
  t.like(placed, { kind: 'service', name: 'greeting', version: '1.0.0', bundle: bundle.digest });
  t.is(readFileSync(join(placed.root, 'index.mjs'), 'utf8'), bundle.module);
  const before = statSync(placed.root).ino;
  t.deepEqual(unpackBundle(bundle, home), placed);
  t.is(statSync(placed.root).ino, before, 'what is whole is left alone');
});

for (const [what, damage] of [
  ['a changed module', (root: string) => writeFileSync(join(root, 'index.mjs'), 'export default 1')],
  ['a module that is gone', (root: string) => rmSync(join(root, 'index.mjs'))],
  ['a changed example', (root: string) => writeFileSync(join(root, 'examples/first/request.json'), '{}')],
  [
    'a file where its folder was',
    (root: string) => {
      rmSync(root, { recursive: true });
      writeFileSync(root, 'x');
    },
  ],
] as const)
  test(`${what} is healed when the bundle is unpacked again (threat 66)`, async (t) => {
    const bundle = readBundle((await greeting()).bytes, trusted);
    const home = folder();
    const { root } = unpackBundle(bundle, home);
    damage(root);
    unpackBundle(bundle, home);
    t.is(readFileSync(join(root, 'index.mjs'), 'utf8'), bundle.module);
    t.is(readFileSync(join(root, 'examples/first/request.json'), 'utf8'), '{"path": "/"}');
    t.deepEqual(readdirSync(home), [basename(root)]);
  });

test('unpacking never writes through a link that somebody put in its place (threat 54)', async (t) => {
  const bundle = readBundle((await greeting()).bytes, trusted);
  const [home, elsewhere] = [folder(), folder()];
  symlinkSync(elsewhere, join(home, bundle.digest.slice(7)));
  const { root } = unpackBundle(bundle, home);
  t.true(statSync(root).isDirectory());
  t.deepEqual(readdirSync(elsewhere), []);
});

test('modules of the host that a component imports are found from where it was unpacked, in its cage', async (t) => {
  const built = await bundleOf(
    {
      'index.ts': `import { load } from 'cheerio'; import { marked } from 'marked';
        const title = load('<title>found</title>')('title').text() + (marked === undefined ? '' : ' both');
        export default { contract: 1, kind: 'service', name: 'peers', version: '1.0.0', title,
        async handle() { return new Response(title); } };`,
    },
    key,
  );
  const bundle = readBundle(built.bytes, trusted);
  t.deepEqual(bundle.manifest.peers, ['cheerio', 'marked']);
  t.true(bundle.module.length < 2_000, 'they are not carried');
  const { root } = unpackBundle(bundle, folder());
  const found = await readPlugin({ path: join(root, 'index.mjs'), root }, PATIENT);
  t.like(found, { plain: { title: 'found both' } }, JSON.stringify(found));
});

test('a formatter says its edges in its manifest, so that others plan with it without running it', async (t) => {
  const source = formatterText('rot13', 'text/x-rot13', 'return { mediaType: "text/x-rot13", body: input.body };');
  const { bytes } = await bundleOf({ 'index.mjs': source }, key);
  const { manifest } = readBundle(bytes, trusted);
  t.is(manifest.kind, 'formatter');
  t.like(manifest.plain, { name: 'rot13', version: '1.0.0' });
  t.like((manifest.plain['edges'] as object[])[0], { from: 'text/plain', to: 'text/x-rot13' });
});

test('the sql-data service becomes a bundle, its database a data set of it', async (t) => {
  const file = join(folder(), 'sales.db');
  const database = new DatabaseSync(file);
  database.exec("create table sales (month text, sum integer); insert into sales values ('May', 3)");
  database.close();
  const built = await buildBundle({ source: join(ROOT, 'services/sql-data'), key, data: { sales: file } });
  const { manifest, module } = readBundle(built.bytes, trusted);
  t.like(manifest, { name: 'sql-data', kind: 'service', data: { sales: digestOfBytes(readFileSync(file)) } });
  const { root } = unpackBundle({ ...readBundle(built.bytes, trusted), module }, folder());
  const found = (await readPlugin({ path: join(root, 'index.mjs'), root }, { timeoutMs: 60_000 })) as OtherComponent;
  t.is(found.name, 'sql-data');
});

test('a component may carry CommonJS, built-in modules by either name, parts of peers, and code that does without an absent module', async (t) => {
  const built = await bundleOf(
    {
      'index.mjs': `import { sep } from 'path';
        import { load } from 'cheerio/slim';
        import old from 'old-style';
        const canvas = await import('canvas-that-is-absent').catch(({ code }) => code);
        export default { contract: 1, kind: 'service', name: 'mixed', version: '1.0.0',
        title: [sep, old.join('a', 'b'), load('<p>c</p>')('p').text(), canvas].join(' '),
        async handle() { return new Response(''); } };`,
      'node_modules/old-style/package.json': '{"name": "old-style", "main": "main.js"}',
      'node_modules/old-style/main.js': `exports.join = (...parts) => require('path').posix.join(...parts);`,
    },
    key,
  );
  const { manifest, module } = readBundle(built.bytes, trusted);
  t.deepEqual(manifest.peers, ['cheerio']);
  t.is(manifest.plain['title'], '/ a/b c ERR_MODULE_NOT_FOUND');
  const imports = [...module.matchAll(/^import\s[^;]*?from\s*["']([^"']+)["']/gm)].map(([, name]) => name!);
  t.deepEqual([...new Set(imports.filter((name) => !isBuiltin(name)))], ['cheerio/slim']);
});

for (const [what, names] of [
  ['files of an example', ['case/input.txt', 'case/Input.txt']],
  ['examples', ['case/input.txt', 'Case/other.txt']],
] as const)
  test(`${what} whose names differ in case alone are refused though they are signed (threat 54)`, async (t) => {
    const bytes = await signedAs((manifest) => {
      const part = { sha256: digestOfBytes('x'), size: 1 };
      manifest['examples'] = Object.fromEntries(names.map((name) => [name, part]));
    });
    t.is(refusalOf(bytes), 'bad-manifest');
  });

test('data sets whose names differ in case alone, and more of them or of examples than a bundle may have, are refused (threat 54)', async (t) => {
  const part = { sha256: digestOfBytes('x'), size: 1 };
  const many = (count: number, name: string, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, value]));
  const changes = [
    { data: { sales: part.sha256, Sales: part.sha256 } },
    { data: many(101, 'data', part.sha256) },
    { examples: many(1_001, 'case/file', part) },
  ];
  for (const change of changes)
    t.is(refusalOf(await signedAs((manifest) => void Object.assign(manifest, change))), 'bad-manifest');
});

test('a key is taken out of a file of keys by its comment signs; a file that holds none is told', (t) => {
  const [ours, theirs] = [readFileSync(files.publicFile, 'utf8'), readFileSync(foreign.publicFile, 'utf8')];
  const file = join(folder(), 'keys.pem');
  writeFileSync(file, `# theirs, no more\n${theirs.replace(/^/gm, '# ')}\n${ours}`);
  t.deepEqual(readTrustedKeys(file).map(keyIdOf), [files.id]);
  writeFileSync(file, theirs.replace(/^/gm, '# '));
  t.throws(() => readTrustedKeys(file, 'FLEET_KEYS'), {
    instanceOf: RangeError,
    message: /^FLEET_KEYS: .* holds no public key/,
  });
  writeFileSync(file, readFileSync(files.keyFile));
  t.throws(() => readTrustedKeys(file), { instanceOf: RangeError, message: /holds no public key/ }, 'a private one');
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  writeFileSync(file, `${ours}\n${publicKey.export({ type: 'spki', format: 'pem' })}`);
  t.throws(() => readTrustedKeys(file), { instanceOf: RangeError, message: /key 2 .* no ed25519 key/ });
});

test('where one file of a key pair lies nothing is made, so that no half of a pair is left', (t) => {
  const half = folder();
  copyFileSync(files.publicFile, join(half, 'signing.pub'));
  t.throws(() => makeSigningKeys(half), { instanceOf: RangeError, message: /not overwritten/ });
  t.deepEqual(readdirSync(half), ['signing.pub']);
});

test('a link into another installation is set right when the bundle is unpacked again', async (t) => {
  const bundle = readBundle((await greeting()).bytes, trusted);
  const home = folder();
  const { root } = unpackBundle(bundle, home);
  rmSync(join(root, 'node_modules'));
  symlinkSync('/nowhere/node_modules', join(root, 'node_modules'));
  const before = statSync(root).ino;
  unpackBundle(bundle, home);
  t.is(statSync(root).ino, before);
  t.is(readlinkSync(join(root, 'node_modules')), join(ROOT, 'node_modules'));
});

/** Asks the unpacked service itself, as a set does: by its name, which it does not see. */
async function askOf({ module, name }: PlacedComponent, data: Readonly<Record<string, string>> = {}) {
  const { default: service } = (await import(module)) as { default: Service };
  const env = {
    signal: new AbortController().signal,
    data: { names: () => Object.keys(data), path: (each: string) => data[each] },
  } as unknown as ComponentEnv;
  return async (request: Request) => {
    const prefix = `/-/services/${name}`;
    if (!new URL(request.url).pathname.startsWith(`${prefix}/`)) return new Response('another service');
    return await service.handle(new Request(request.url.replace(prefix, ''), request), env);
  };
}

const ECHO = serviceText(
  'echo',
  `return new Response(JSON.stringify([request.method, url.pathname + url.search, request.headers.get('x-word'), await request.text()]),
    { status: Number(url.searchParams.get('status') ?? 200), headers: { 'content-type': 'application/json' } });`,
);

for (const [what, request, response, fault] of [
  [
    'status, fields and JSON',
    { path: '/a?b=1', fields: { 'x-word': 'w' } },
    { fields: { 'content-type': 'application/json' }, json: ['GET', '/a?b=1', 'w', ''] },
    undefined,
  ],
  ['method and body', { path: '/', method: 'POST', body: 'sent' }, { body: '["POST","/",null,"sent"]' }, undefined],
  [
    'the names of the web: an address, headers, JSON as a body',
    { url: 'https://echo.example/a?b=1', method: 'POST', headers: { 'x-word': 'w' }, body: { n: 1 } },
    { status: 200, headers: { 'content-type': 'application/json' }, body: ['POST', '/a?b=1', 'w', '{"n":1}'] },
    undefined,
  ],
  ['other JSON as a body', { url: '/' }, { body: ['GET'] }, /not the JSON that was expected: `\["GET","\/"/],
  ['one status of several', { path: '/?status=404' }, { status: [200, 404] }, undefined],
  ['another status', { path: '/?status=500' }, {}, /^example one: its status is 500, expected 200$/],
  ['none of several statuses', { path: '/?status=500' }, { status: [200, 404] }, /status is 500, expected 200 or 404/],
  [
    'another field',
    { path: '/' },
    { fields: { 'content-type': 'text/csv' } },
    /field content-type is application\/json, expected text\/csv/,
  ],
  ['another body', { path: '/' }, { body: 'x' }, /its body is another than expected/],
  ['a body without the words', { path: '/' }, { bodyIncludes: 'zebra' }, /does not hold `zebra`/],
  ['other JSON', { path: '/' }, { json: ['GET'] }, /not the JSON that was expected: `\["GET","\/"/],
  ['a request without a path', {}, {}, /request\.json is not as it should be \(at path\)/],
  [
    'an answer that asks for what nobody knows',
    { path: '/' },
    { colour: 'red' },
    /response\.json is not as it should be/,
  ],
] as const)
  test(`a service is tried by its examples: ${what}${fault === undefined ? '' : ' is told'}`, async (t) => {
    const { bytes } = await bundleOf(
      {
        'index.mjs': ECHO,
        'examples/one/request.json': JSON.stringify(request),
        'examples/one/response.json': JSON.stringify(response),
      },
      key,
    );
    const placed = unpackBundle(readBundle(bytes, trusted), folder());
    const faults = await tryService(placed, await askOf(placed));
    t.is(faults.length, fault === undefined ? 0 : 1, faults.join());
    if (fault !== undefined) t.regex(faults[0]!, fault);
  });

test('a service that throws, or whose example has no answer to compare with, is told by the name of the example', async (t) => {
  const { bytes } = await bundleOf(
    {
      'index.mjs': serviceText('thrower', 'throw new Error("broken inside");'),
      'examples/a/request.json': '{"path": "/"}',
      'examples/a/response.json': '{}',
      'examples/b/request.json': '{"path": "/"}',
    },
    key,
  );
  const placed = unpackBundle(readBundle(bytes, trusted), folder());
  const faults = await tryService(placed, await askOf(placed));
  t.deepEqual(
    faults.map((fault) => fault.slice(0, 44)),
    ['example a: broken inside', 'example b: response.json cannot be read: ENO'],
  );
});

test('the sql-data service passes its own examples with a database and without one', async (t) => {
  const { bytes } = await buildBundle({ source: join(ROOT, 'services/sql-data'), key });
  const placed = unpackBundle(readBundle(bytes, trusted), folder());
  t.true(readdirSync(join(placed.root, 'examples')).length > 1);
  const file = join(folder(), 'sales.db');
  const database = new DatabaseSync(file);
  database.exec('create table sales (month text, sum integer)');
  database.close();
  t.deepEqual(await tryService(placed, await askOf(placed, { sales: file })), []);
  t.deepEqual(await tryService(placed, await askOf(placed)), []);
  const closed = async () => new Response('', { status: 500 });
  t.is((await tryService(placed, closed)).length, 2, 'both can fail');
});

test('a formatter is tried by its examples, run in a process of its own; each that fails is told', async (t) => {
  t.timeout(60_000);
  const { bytes } = await bundleOf(
    {
      'index.mjs': formatterText(
        'shout',
        'text/x-shout',
        `if (input.body.includes('stop')) throw new Error('stopped');
        return { mediaType: 'text/x-shout', body: input.body.toUpperCase() };`,
      ),
      'examples/right/case.json': '{"why": "letters"}',
      'examples/right/input.txt': 'word',
      'examples/right/expected.txt': 'WORD',
      'examples/stops/case.json': '{"why": "it fails as told", "fails": "failed"}',
      'examples/stops/input.txt': 'stop',
      'examples/wrong/case.json': '{"why": "not so"}',
      'examples/wrong/input.txt': 'word',
      'examples/wrong/expected.txt': 'word',
      'examples/other/case.json': '{"why": "should fail", "fails": "failed"}',
      'examples/other/input.txt': 'word',
    },
    key,
  );
  const placed = unpackBundle(readBundle(bytes, trusted), folder());
  const source = { module: placed.module, root: placed.root, thirdParty: true };
  const registry = makeRegistry([{ ...parseManifest(placed.plain), source }]).freeze();
  const pool = openPool({ registry, pool: 1, limits: parseSettings(formatterSettings, {}) });
  try {
    const faults = await tryFormatter(placed, (job) => pool.run(job, new AbortController().signal));
    t.deepEqual(faults.toSorted(), [
      'example other: should have failed (failed)',
      'example wrong: line 1 is `WORD`, expected `word`',
    ]);
  } finally {
    await pool.close();
  }
  rmSync(join(placed.root, 'examples/right/input.txt'));
  const [fault] = await tryFormatter(placed, () => Promise.reject(new Error('not asked')));
  t.regex(fault!, /examples\/right has no file `input\.\*`/);
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(cwd: string, ...args: string[]): Promise<Ran> {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const child = spawn(process.execPath, [join(ROOT, 'bin/cli.ts'), ...args], { cwd, env: { PATH } });
  child.stdin.end();
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')),
  );
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode, out: out!, err: err! };
}

async function madeByCommands(t: ExecutionContext, home: string): Promise<{ readonly file: string }> {
  const keys = await run(home, 'keys', 'new', 'keys', '--json');
  t.is(keys.code, 0, keys.err);
  t.like(JSON.parse(keys.out), { key: 'keys/signing.key', public: 'keys/signing.pub' });
  t.is(statSync(join(home, 'keys/signing.key')).mode & 0o777, 0o600);
  t.is((await run(home, 'keys', 'new', 'keys')).code === 0, false, 'a key is not overwritten');
  writeFiles(join(home, 'greeting'), GREETING);
  const build = await run(home, 'bundle', 'build', 'greeting', '--key', 'keys/signing.key', '--out', 'out', '--json');
  t.is(build.code, 0, build.err);
  const built = JSON.parse(build.out) as { bundle: string; data: Record<string, string>; file: string };
  t.is(built.bundle, digestOfBytes(readFileSync(join(home, built.file))));
  t.deepEqual(built.data, { names: digestOfBytes('ada\ngrace\n') });
  const written = readdirSync(join(home, 'out')).map((name) => digestOfBytes(readFileSync(join(home, 'out', name))));
  t.deepEqual(written.sort(), [built.bundle, built.data['names']!].sort(), 'every file of the folder may be pushed');
  return built;
}

test('keys and bundles on the command line: made, told as JSON, verified, refused with exit code 1 (design part 8)', async (t) => {
  t.timeout(60_000);
  const home = folder();
  const { file } = await madeByCommands(t, home);
  const good = await run(home, 'bundle', 'verify', file, '--keys', 'keys/signing.pub', '--json');
  t.is(good.code, 0, good.err);
  t.like(JSON.parse(good.out), { ok: true, name: 'greeting', version: '1.0.0', kind: 'service' });
  const theirs = await run(home, 'bundle', 'verify', file, '--keys', foreign.publicFile, '--json');
  t.is(theirs.code, 1);
  t.like(JSON.parse(theirs.out), { ok: false, code: 'untrusted-key' });
  const changed = readFileSync(join(home, file), 'utf8').replace('hello', 'hullo');
  writeFileSync(join(home, 'changed.bundle'), changed);
  const tampered = await run(home, 'bundle', 'verify', 'changed.bundle', '--keys', 'keys/signing.pub');
  t.is(tampered.code, 1);
  t.regex(tampered.err, /tampered/);
  t.is(tampered.out, '');
  const missing = await run(home, 'bundle', 'build', 'nowhere', '--key', 'keys/signing.key', '--out', 'out');
  t.not(missing.code, 0);
  t.regex(missing.err, /nowhere/);
  copyFileSync(join(home, 'keys/signing.pub'), join(home, 'wrong.key'));
  chmodSync(join(home, 'wrong.key'), 0o600);
  const wrong = await run(home, 'bundle', 'build', 'greeting', '--key', 'wrong.key', '--out', 'never');
  t.not(wrong.code, 0);
  t.false(existsSync(join(home, 'never')));
  mkdirSync(join(home, 'empty'));
  t.not((await run(home, 'bundle', 'build', 'empty', '--key', 'keys/signing.key', '--out', 'never')).code, 0);
});

test('a bundle is the same from whatever folder it is built (design part 8)', async (t) => {
  t.timeout(60_000);
  const [here, there] = [folder(), mkdtempSync(join(folder(), 'deep-'))];
  const args = ['bundle', 'build', join(ROOT, 'services/sql-data'), '--key', files.keyFile, '--out', 'out', '--json'];
  const [one, two] = await Promise.all([run(here, ...args), run(there, ...args)]);
  t.is(one.code, 0, one.err);
  t.is(JSON.parse(one.out).bundle, JSON.parse(two.out).bundle);
  t.is(JSON.parse(one.out).bundle, (await buildBundle({ source: join(ROOT, 'services/sql-data'), key })).digest);
});
