/** Builds bundles: one self-contained ES module, described in a cage, with its examples, its data sets beside it, signed. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { canonicalJson } from '../../core/canonical-json.ts';
import { CONTRACT } from '../../core/component.ts';
import { type Digest, digestOfBytes } from '../../core/digest.ts';
import type { FormatterDescriptor } from '../../formatters/descriptor.ts';
import { type OtherComponent, readPlugin } from '../../formatters/plugins.ts';
import { linkPeers } from './link-peers.ts';
import {
  BUNDLE_MARK,
  BundleError,
  type BundleManifest,
  DATA_NAME,
  EXAMPLE_NAME,
  findTwin,
  readBundle,
} from './read-bundle.ts';
import { signText } from './signing-keys.ts';

/** Modules of the host that a component may import instead of carrying them: they hold native code, or are many. */
const PEERS = ['sharp', 'cheerio', 'marked'] as const;
const INDEXES = ['index.ts', 'index.mjs', 'index.js'];
/** Nobody waits for a page meanwhile, and the machine may be busy. */
const DESCRIBE_MS = 60_000;
const SIDE_FILE = /-(?:wal|shm|journal)$/;

export interface BuiltBundle {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
  /** Data sets by name. */
  readonly data: ReadonlyMap<string, { readonly digest: Digest; readonly bytes: Buffer }>;
}

export interface BuildOptions {
  /** Folder of a component, or a module. */
  readonly source: string;
  readonly key: KeyObject;
  /** Data sets kept elsewhere, by name; in place of those of the folder. */
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Builds a bundle: equal bytes for equal sources and key.
 *
 * @throws RangeError for what is no component, or cannot be bundled.
 */
export async function buildBundle({ source, key, data = {} }: BuildOptions): Promise<BuiltBundle> {
  const { entry, folder } = findEntry(source);
  const { module, peers } = await bundleModule(entry);
  const sets = readData(folder, data);
  const examples = folder === undefined ? new Map<string, Buffer>() : readExampleFiles(join(folder, 'examples'));
  const component = await describe(module, source);
  const manifest: BundleManifest = {
    name: component.name,
    version: component.version,
    kind: component.kind,
    contract: { from: CONTRACT, to: CONTRACT },
    plain: component.plain,
    peers,
    module: partOf(Buffer.from(module)),
    examples: Object.fromEntries([...examples].map(([name, body]) => [name, partOf(body)])),
    data: Object.fromEntries([...sets].map(([name, { digest }]) => [name, digest])),
  };
  const text = canonicalJson(manifest);
  const contents = [...examples].map(([name, body]) => [name, body.toString('base64')] as const);
  const envelope = { manifest: text, ...signText(text, key), module, examples: Object.fromEntries(contents) };
  const bytes = Buffer.from(BUNDLE_MARK + canonicalJson(envelope));
  return { name: component.name, version: component.version, digest: readBack(bytes, key), bytes, data: sets };
}

/** What cannot be read back is not handed out. */
function readBack(bytes: Buffer, key: KeyObject): Digest {
  try {
    return readBundle(bytes, [createPublicKey(key)]).digest;
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    throw new RangeError(`it makes no bundle (${cause.code}): ${cause.message}`, { cause });
  }
}

function findEntry(source: string): { readonly entry: string; readonly folder: string | undefined } {
  const path = resolve(source);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new RangeError(`there is no ${source}`);
  if (!found.isDirectory()) return { entry: path, folder: undefined };
  const names = readdirSync(path);
  const index = INDEXES.find((name) => names.includes(name));
  if (index === undefined) throw new RangeError(`${source} holds none of ${INDEXES.join(', ')}`);
  return { entry: join(path, index), folder: path };
}

/** For the CommonJS among what is bundled: an ES module has no `require` of its own. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

async function bundleModule(entry: string): Promise<{ module: string; peers: BundleManifest['peers'] }> {
  try {
    const first = await runBuild(entry, []);
    const absent = first.imports.filter((each) => !isBuiltin(each) && peerOf(each) === undefined);
    const { text, imports } = absent.length === 0 ? first : await runBuild(entry, absent);
    const module = text.includes('__require(') ? `${REQUIRE}\n${text}` : text;
    return { module, peers: PEERS.filter((peer) => imports.some((each) => peerOf(each) === peer)) };
  } catch (cause) {
    throw new RangeError(`${entry} cannot be bundled: ${(cause as Error).message}`, { cause });
  }
}

/** @param absent modules that are not installed, and whose lack is met by a `catch` (any other lack ends the build). */
async function runBuild(entry: string, absent: readonly string[]): Promise<{ text: string; imports: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The oldest that a server may run on.
    target: 'node24',
    external: [...PEERS],
    plugins: absent.length === 0 ? [] : [lackOf(absent)],
    // Equal bytes wherever the work is done: files are named from here, and no settings are found on the way.
    absWorkingDir: dirname(entry),
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    write: false,
    metafile: true,
    legalComments: 'inline',
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { text: outputFiles[0]!.text, imports };
}

/** Modules that are not there now stay so on the server: what they are is settled here, and signed. */
function lackOf(names: readonly string[]): Plugin {
  const namespace = 'absent';
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^./]/ }, ({ path }) => (names.includes(path) ? { path, namespace } : undefined));
      onLoad({ filter: /^/, namespace }, ({ path }) => {
        const message = JSON.stringify(`Cannot find package '${path}'`);
        return { contents: `throw Object.assign(new Error(${message}), { code: 'ERR_MODULE_NOT_FOUND' });` };
      });
    },
  };
}

/** @example peerOf('cheerio/slim') // 'cheerio' */
function peerOf(module: string): (typeof PEERS)[number] | undefined {
  return PEERS.find((peer) => module === peer || module.startsWith(`${peer}/`));
}

type Described = Pick<OtherComponent, 'kind' | 'name' | 'version' | 'plain'>;
type AnyDescribed = { readonly [K in keyof Described]: K extends 'kind' ? BundleManifest['kind'] : Described[K] };

/** What it says of itself, in a cage: building runs nobody's code with our rights. */
async function describe(module: string, source: string): Promise<AnyDescribed> {
  const folder = mkdtempSync(join(tmpdir(), 'format-gateway-bundle-'));
  try {
    const path = join(folder, 'index.mjs');
    writeFileSync(path, module);
    linkPeers(folder);
    const found = await readPlugin({ path, root: folder }, { timeoutMs: DESCRIBE_MS });
    if ('code' in found)
      throw new RangeError(`${source} is no component (${found.code}): ${found.message.split('\n')[0]}`);
    return found.kind === 'formatter' ? { ...plainOf(found) } : found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function plainOf({ source: _source, ...manifest }: FormatterDescriptor): AnyDescribed {
  const { kind, name, version } = manifest;
  return { kind, name, version, plain: JSON.parse(JSON.stringify(manifest)) };
}

function readData(folder: string | undefined, more: Readonly<Record<string, string>>): BuiltBundle['data'] {
  const files = new Map<string, string>();
  for (const name of folder === undefined ? [] : namesIn(join(folder, 'data')))
    if (!SIDE_FILE.test(name)) files.set(name, join(folder!, 'data', name));
  for (const [name, file] of Object.entries(more)) files.set(name, file);
  const sets = new Map<string, { digest: Digest; bytes: Buffer }>();
  for (const [name, file] of files) {
    if (!DATA_NAME.test(name)) throw new RangeError(`${name} cannot be the name of a data set`);
    const bytes = readPlainFile(file);
    sets.set(name, { digest: digestOfBytes(bytes), bytes });
  }
  return sets;
}

function readExampleFiles(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const example of namesIn(folder)) {
    if (!statSync(join(folder, example)).isDirectory()) continue;
    for (const file of namesIn(join(folder, example))) {
      const name = `${example}/${file}`;
      if (!EXAMPLE_NAME.test(name)) throw new RangeError(`${name} cannot be the name of an example's file`);
      files.set(name, readPlainFile(join(folder, name)));
    }
  }
  const twin = findTwin([...files.keys()]);
  if (twin !== undefined) throw new RangeError(`the example ${twin} is there twice but for its case`);
  return files;
}

/** In one order everywhere; without what file managers leave behind. */
function namesIn(folder: string): string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

function readPlainFile(file: string): Buffer {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new RangeError(`${file} is no file`);
  return readFileSync(file);
}

function partOf(body: Buffer): { sha256: Digest; size: number } {
  return { sha256: digestOfBytes(body), size: body.byteLength };
}
