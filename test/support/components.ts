/** Small components that import nothing of ours, written into folders of a test's own, and bundles of them. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuiltBundle, buildBundle } from '../../fleet/bundle/build-bundle.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A service; `handle` is the body of `handle(request, env)`, in which `url` is the request's. */
export function serviceText(name: string, handle: string, version = '1.0.0', more = ''): string {
  return `export default { contract: 1, kind: 'service', name: '${name}', version: '${version}', ${more}
  async handle(request, env) { const url = new URL(request.url); ${handle} } };`;
}

/** An updater; `update` is the body of `update(env)`. */
export function updaterText(name: string, update: string, every = '1s'): string {
  return `export default { contract: 1, kind: 'updater', name: '${name}', version: '1.0.0', every: '${every}',
  async update(env) { ${update} } };`;
}

/** A formatter of plain text into a type of its own; `format` is the body of `format(input)`. */
export function formatterText(name: string, to: string, format: string, version = '1.0.0'): string {
  return `export default { contract: 1, kind: 'formatter', name: '${name}', version: '${version}', reads: 'text',
  edges: [{ from: 'text/plain', to: '${to}', keeps: 1, cost: 1 }],
  async format(input) { ${format} } };`;
}

/** Writes files below a folder. */
export function writeFiles(folder: string, files: Files): void {
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), body);
  }
}

/** Builds a bundle of a component's files; its `data/NAME` are its data sets. */
export async function bundleOf(files: Files, key: KeyObject): Promise<BuiltBundle> {
  const folder = mkdtempSync(join(tmpdir(), 'component-'));
  try {
    writeFiles(folder, files);
    return await buildBundle({ source: folder, key });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
