/** Bundles: a component as it moves. Built alike everywhere, signed, refused by name, unpacked whole, run in its cage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type ExecutionContext } from 'ava';
import { canonicalJson } from '../core/canonical-json.ts';
import { digestOfBytes } from '../core/digest.ts';
import { type BuiltBundle, buildBundle } from '../fleet/bundle/build-bundle.ts';
import {
  BUNDLE_MARK,
  BundleError,
  type BundleManifest,
  MAX_BUNDLE_BYTES,
  readBundle,
} from '../fleet/bundle/read-bundle.ts';
import { makeSigningKeys, readSigningKey, readTrustedKeys, signText } from '../fleet/bundle/signing-keys.ts';
import { unpackBundle } from '../fleet/bundle/unpack-bundle.ts';
import { type OtherComponent, readPlugin } from '../formatters/plugins.ts';
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
