/** The registry of a start: what ships with us and what the plugin folder holds, each plugin's fault its own. */
import type { Log } from '../core/log.ts';
import { readBuiltIns } from './built-ins.ts';
import { type Plugins, readPlugins } from './plugins.ts';
import { type FormatterRegistry, makeRegistry } from './registry.ts';

/**
 * Reads built-in formatters and plugins into a registry.
 *
 * @throws RegistrationError for a fault of a built-in one; a plugin's faults are logged and told in `plugins.faults`.
 */
export async function openRegistry(
  options: { readonly builtIns: readonly URL[]; readonly pluginsDir: string | undefined },
  log: Log,
): Promise<{ registry: FormatterRegistry; plugins: Plugins }> {
  const builder = makeRegistry(await readBuiltIns(options.builtIns));
  const plugins: Plugins =
    options.pluginsDir === undefined
      ? { formatters: [], others: [], faults: [] }
      : await readPlugins(options.pluginsDir, { log });
  const faults = [...plugins.faults];
  for (const plugin of plugins.formatters) {
    try {
      builder.register(plugin);
    } catch (error) {
      const fault = { path: plugin.source.root, code: 'duplicate-name', message: (error as Error).message };
      log.error('component cannot be used', fault);
      faults.push(fault);
    }
  }
  return { registry: builder.freeze(), plugins: { ...plugins, faults } };
}
