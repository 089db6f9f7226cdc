/**
 * Bundles: a component as it moves. One file: a line that says so, then JSON with the manifest as signed, the module and
 * the examples. The manifest alone is signed; it holds the digest of all else.
 */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { CONTRACT, type PlainRecord } from '../../core/component.ts';
import { type Digest, digestOfBytes, isDigest } from '../../core/digest.ts';
import { keyIdOf, type Signature, verifyText } from './signing-keys.ts';

/** First line of a bundle. */
export const BUNDLE_MARK = 'format-gateway-bundle 1\n';
export const MAX_BUNDLE_BYTES = 32 * 1024 * 1024;
const MAX_EXAMPLES = 1_000;
const MAX_DATA_SETS = 100;
/** `CASE/FILE`: no way out of the folder, nothing that two file systems read differently (threat 54). */
export const EXAMPLE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Names of data sets. */
export const DATA_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export type BundleFault =
  | 'not-a-bundle'
  | 'too-large'
  | 'bad-manifest'
  | 'unsigned'
  | 'untrusted-key'
  | 'bad-signature'
  | 'tampered'
  | 'wrong-contract';

/** A bundle that is not taken. */
export class BundleError extends Error {
  readonly code: BundleFault;

  constructor(code: BundleFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BundleError';
    this.code = code;
  }
}

const digest = z.custom<Digest>(isDigest, 'must be `sha256:` and 64 hexadecimal digits');
const part = z.strictObject({ sha256: digest, size: z.int().min(0) });
const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,64}$/),
  // It becomes part of a file's name.
  version: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$/),
  kind: z.enum(['formatter', 'service', 'updater']),
  /** Contracts of the host that it works with, both ends included. */
  contract: z.strictObject({ from: z.int(), to: z.int() }),
  /** Its plain properties: edges or routes, `every`, title, … */
  plain: z.record(z.string(), z.any()),
  /** Modules of the host that it imports. */
  peers: z.array(z.enum(['sharp', 'cheerio', 'marked'])),
  module: part,
  examples: named(EXAMPLE_NAME, part, MAX_EXAMPLES),
  /** Data sets that it was built with. */
  data: named(DATA_NAME, digest, MAX_DATA_SETS),
});
const envelopeSchema = z.strictObject({
  manifest: z.string(),
  key: z.string().optional(),
  signature: z.string().optional(),
  module: z.string(),
  examples: z.record(z.string(), z.string()),
});

/** Things by file names that no two file systems take for one another. */
function named<T extends z.ZodType>(name: RegExp, value: T, most: number) {
  return z.record(z.string().regex(name), value).superRefine((found, check) => {
    const names = Object.keys(found);
    if (names.length > most)
      check.addIssue({ code: 'custom', message: `there may be ${most}, there are ${names.length}` });
    const twin = findTwin(names);
    if (twin !== undefined) check.addIssue({ code: 'custom', message: `${twin} is there twice but for its case` });
  });
}

/** A name that differs from another, or from a folder of another, in nothing but case (threat 54). */
export function findTwin(names: readonly string[]): string | undefined {
  const folded = new Map<string, string>();
  for (const name of names)
    for (const part of new Set([name.split('/')[0]!, name])) {
      const held = folded.get(part.toLowerCase());
      if (held !== undefined && held !== part) return name;
      folded.set(part.toLowerCase(), part);
    }
  return undefined;
}

export type BundleManifest = Omit<z.infer<typeof manifestSchema>, 'plain'> & { readonly plain: PlainRecord };

/** A bundle that was verified. */
export interface Bundle {
  readonly digest: Digest;
  readonly manifest: BundleManifest;
  /** Source of the module. */
  readonly module: string;
  /** By `CASE/FILE`. */
  readonly examples: ReadonlyMap<string, Buffer>;
}

export function isBundle(start: Uint8Array): boolean {
  return Buffer.from(start).subarray(0, BUNDLE_MARK.length).toString('latin1') === BUNDLE_MARK;
}

/**
 * Reads a bundle, believing nothing before its signature is right.
 *
 * @param trusted public keys, one of which must have signed it
 * @throws BundleError
 */
export function readBundle(bytes: Uint8Array, trusted: readonly KeyObject[]): Bundle {
  const { manifest: text, key, signature, module, examples } = openEnvelope(bytes);
  if (key === undefined || signature === undefined) throw new BundleError('unsigned', 'nobody has signed it');
  if (!verifyText(text, { key, signature }, trusted)) refuseSignature({ key, signature }, trusted);
  const manifest = readManifest(text);
  checkPart('the module', Buffer.from(module), manifest.module);
  const names = Object.keys(examples);
  if (names.length !== Object.keys(manifest.examples).length)
    throw new BundleError('tampered', 'its examples are not those that were signed');
  const files = names.map((name) => {
    const body = Buffer.from(examples[name]!, 'base64');
    checkPart(`the example ${name}`, body, manifest.examples[name]);
    // One spelling alone: what is signed once has one digest.
    if (body.toString('base64') !== examples[name])
      throw new BundleError('tampered', `the example ${name} is not base64 as it is written`);
    return [name, body] as const;
  });
  return { digest: digestOfBytes(bytes), manifest, module, examples: new Map(files) };
}

function openEnvelope(bytes: Uint8Array): z.infer<typeof envelopeSchema> {
  if (bytes.byteLength > MAX_BUNDLE_BYTES)
    throw new BundleError('too-large', `a bundle may have ${MAX_BUNDLE_BYTES} bytes, this has ${bytes.byteLength}`);
  if (!isBundle(bytes)) throw new BundleError('not-a-bundle', `it does not begin with \`${BUNDLE_MARK.trim()}\``);
  try {
    return envelopeSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8', BUNDLE_MARK.length)));
  } catch (cause) {
    throw new BundleError('not-a-bundle', 'what follows its first line is not as it should be', { cause });
  }
}

function refuseSignature({ key }: Signature, trusted: readonly KeyObject[]): never {
  if (trusted.some((each) => keyIdOf(each) === key))
    throw new BundleError('bad-signature', 'its manifest is not what the key signed');
  throw new BundleError('untrusted-key', `its key ${key} is none of the trusted keys`);
}

function readManifest(text: string): BundleManifest {
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const where = path.length === 0 ? '' : ` (at ${path.join('.')})`;
    throw new BundleError('bad-manifest', `its manifest is not as it should be${where}: ${message}`);
  }
  const manifest = parsed.data as BundleManifest;
  const { from, to } = manifest.contract;
  if (from <= CONTRACT && CONTRACT <= to) return manifest;
  const needs = from === to ? String(from) : `${from} to ${to}`;
  throw new BundleError('wrong-contract', `it needs contract ${needs}, this host speaks ${CONTRACT}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BundleError('bad-manifest', 'its manifest is no JSON', { cause });
  }
}

function checkPart(what: string, body: Buffer, signed: { sha256: Digest; size: number } | undefined): void {
  if (signed === undefined || body.byteLength !== signed.size || digestOfBytes(body) !== signed.sha256)
    throw new BundleError('tampered', `${what} is not what was signed`);
}
