/** Puts a verified bundle on disk, where its component is run from; atomically, and again where it was damaged (threat 66). */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { digestOfBytes } from '../../core/digest.ts';
import type { PlacedComponent } from '../../core/fleet.ts';
import { linkPeers } from './link-peers.ts';
import type { Bundle } from './read-bundle.ts';

/**
 * Unpacks a bundle; one that is there whole is left as it is.
 *
 * @param folder of all unpacked bundles
 */
export function unpackBundle(bundle: Bundle, folder: string): PlacedComponent {
  const { kind, name, version, plain } = bundle.manifest;
  const root = join(folder, bundle.digest.slice('sha256:'.length));
  if (isWhole(bundle, root)) linkPeers(root);
  else write(bundle, folder, root);
  return {
    bundle: bundle.digest,
    kind,
    name,
    version,
    module: pathToFileURL(join(root, 'index.mjs')).href,
    root,
    plain,
  };
}

function isWhole({ manifest, examples }: Bundle, root: string): boolean {
  const files: (readonly [string, { sha256: string }])[] = [
    ['index.mjs', manifest.module],
    ...[...examples.keys()].map((name) => [join('examples', name), manifest.examples[name]!] as const),
  ];
  try {
    return files.every(([name, { sha256 }]) => digestOfBytes(readFileSync(join(root, name))) === sha256);
  } catch {
    // What cannot be read is not whole, and is written anew.
    return false;
  }
}

function write({ module, examples }: Bundle, folder: string, root: string): void {
  const fresh = join(folder, `.new-${randomBytes(6).toString('hex')}`);
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(join(fresh, 'index.mjs'), module, { flush: true });
    linkPeers(fresh);
    for (const [name, body] of examples) {
      const path = join(fresh, 'examples', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, body);
    }
    rmSync(root, { recursive: true, force: true });
    renameSync(fresh, root);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
