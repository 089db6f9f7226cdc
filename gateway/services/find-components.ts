/** The components of this server that are no formatters: those that ship with us, and those from PLUGINS_DIR. */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../core/log.ts';
import { isPlainData } from '../../formatters/descriptor.ts';
import type { OtherComponent } from '../../formatters/plugins.ts';

/** Where a service or an updater comes from. */
export interface ComponentSource extends OtherComponent {
  readonly thirdParty: boolean;
}

/** By name. One from PLUGINS_DIR takes the place of a built-in of its name; of two from there the first is used. */
export async function findComponents(
  builtIns: readonly URL[],
  plugins: readonly OtherComponent[],
  log: Log,
): Promise<ReadonlyMap<string, ComponentSource>> {
  const found = new Map<string, ComponentSource>();
  for (const module of builtIns) {
    const source = await readBuiltIn(module);
    found.set(source.name, source);
  }
  for (const plugin of plugins) {
    const held = found.get(plugin.name);
    if (held?.thirdParty)
      log.error('component cannot be used', { path: plugin.root, code: 'duplicate-name', message: plugin.name });
    else found.set(plugin.name, { ...plugin, thirdParty: true });
  }
  return found;
}

/** Folder of the data sets a component is shipped with; there need not be one. */
export function dataFolderOf({ root }: ComponentSource): readonly string[] {
  return statSync(root, { throwIfNoEntry: false })?.isDirectory() ? [join(root, 'data')] : [];
}

async function readBuiltIn(module: URL): Promise<ComponentSource> {
  const { default: exported } = (await import(module.href)) as {
    default: Pick<ComponentSource, 'kind' | 'name' | 'version'>;
  };
  const { kind, name, version } = exported;
  const plain = Object.fromEntries(Object.entries(exported).filter(([, value]) => isPlainData(value)));
  return { kind, name, version, plain, module: module.href, root: dirname(fileURLToPath(module)), thirdParty: false };
}
