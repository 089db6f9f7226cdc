/** Builds bundles: one self-contained ES module, described in a cage, with its examples, its data sets beside it, signed. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { canonicalJson } from '../../core/canonical-json.ts';
import { CONTRACT } from '../../core/component.ts';
import { type Digest, digestOfBytes } from '../../core/digest.ts';
import type { FormatterDescriptor } from '../../formatters/descriptor.ts';
import { type OtherComponent, readPlugin } from '../../formatters/plugins.ts';
import { linkPeers } from './link-peers.ts';
import { BUNDLE_MARK, type BundleManifest, DATA_NAME, readBundle } from './read-bundle.ts';
import { signText } from './signing-keys.ts';

/** Modules of the host that a component may import instead of carrying them: they hold native code, or are many. */
const PEERS = ['sharp', 'cheerio', 'marked'] as const;
const INDEX = /^index\.(?:ts|mjs|js)$/;
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
  const path = resolve(source);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const index = isFolder ? readdirSync(path).find((name) => INDEX.test(name)) : '';
  if (index === undefined || !existsSync(path))
    throw new RangeError(`${source} holds no index.ts, index.mjs or index.js`);
  const { module, peers } = await bundleModule(join(path, index));
  const component = await describe(module, source);
  const sets = readData(isFolder ? join(path, 'data') : undefined, data);
  const examples = isFolder ? readExampleFiles(join(path, 'examples')) : new Map<string, Buffer>();
  const manifest: BundleManifest = {
    name: component.name,
    version: component.version,
    kind: component.kind,
    contract: CONTRACT,
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
  // What cannot be read back is not handed out.
  const { digest } = readBundle(bytes, [createPublicKey(key)]);
  return { name: component.name, version: component.version, digest, bytes, data: sets };
}

async function bundleModule(entry: string): Promise<{ module: string; peers: BundleManifest['peers'] }> {
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      external: [...PEERS],
      // Type imports alone may lead out of the folder.
      write: false,
      metafile: true,
      legalComments: 'inline',
      logLevel: 'silent',
    });
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
    const foreign = imports.filter((each) => !each.startsWith('node:') && !isPeer(each));
    if (foreign.length > 0) throw new RangeError(`it imports ${foreign.join(', ')}, which no bundle has`);
    return { module: outputFiles[0]!.text, peers: PEERS.filter((peer) => imports.includes(peer)) };
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new RangeError(`${entry} cannot be bundled: ${(cause as Error).message}`, { cause });
  }
}

function isPeer(name: string): boolean {
  return (PEERS as readonly string[]).includes(name);
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
    const found = await readPlugin({ path, root: folder });
    if ('code' in found) throw new RangeError(`${source} is no component: ${found.code}: ${found.message}`);
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
  if (folder !== undefined && existsSync(folder))
    for (const name of readdirSync(folder).sort()) if (!SIDE_FILE.test(name)) files.set(name, join(folder, name));
  for (const [name, file] of Object.entries(more)) files.set(name, file);
  const sets = new Map<string, { digest: Digest; bytes: Buffer }>();
  for (const [name, file] of files) {
    if (!DATA_NAME.test(name)) throw new RangeError(`\`${name}\` cannot be the name of a data set`);
    if (!existsSync(file) || !statSync(file).isFile()) throw new RangeError(`the data set ${file} is no file`);
    const bytes = readFileSync(file);
    sets.set(name, { digest: digestOfBytes(bytes), bytes });
  }
  return sets;
}

function readExampleFiles(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory()))
    for (const name of readdirSync(join(folder, entry.name)).sort())
      files.set(`${entry.name}/${name}`, readFileSync(join(folder, entry.name, basename(name))));
  return files;
}

function partOf(body: Buffer): { sha256: Digest; size: number } {
  return { sha256: digestOfBytes(body), size: body.byteLength };
}
