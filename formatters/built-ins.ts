/** Formatters of our own tree: light modules, imported where they are described and again where they run. */
import { fileURLToPath } from 'node:url';
import type { FormatterDescriptor } from './descriptor.ts';
import { describeFormatter } from './descriptor.ts';

/**
 * Describes built-in formatters.
 *
 * @param modules `file:` URLs of modules whose default export is a formatter
 * @throws RegistrationError: a fault in our own tree stops the start
 */
export async function readBuiltIns(modules: readonly (URL | string)[]): Promise<FormatterDescriptor[]> {
  return await Promise.all(
    modules.map(async (each) => {
      const module = String(each);
      const { default: exported } = (await import(module)) as { default?: unknown };
      return { ...describeFormatter(exported), source: { module, thirdParty: false, root: fileURLToPath(module) } };
    }),
  );
}
