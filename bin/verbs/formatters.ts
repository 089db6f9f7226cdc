/** `formatters list|check`. */
import type { Command } from 'commander';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { readBuiltIns } from '../../formatters/built-ins.ts';
import { readPlugins } from '../../formatters/plugins.ts';
import { settingTable } from '../../settings.ts';
import { jsonOption } from './server-call.ts';

export function addFormatterVerbs(program: Command): void {
  const formatters = program.command('formatters').description('The formatters of this installation.');
  formatters
    .command('list')
    .description('List formatters, built in and from PLUGINS_DIR, with what they turn into what.')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { pluginsDir } = parseSettings(settingTable, readEnvironment());
      const plugins = pluginsDir === undefined ? { formatters: [], faults: [] } : await readPlugins(pluginsDir);
      const all = [
        ...(await readBuiltIns((await import('../../main.ts')).builtInFormatters)),
        ...plugins.formatters,
      ].sort((a, b) => (a.name < b.name ? -1 : 1));
      if (json)
        return console.log(
          JSON.stringify(
            all.map(({ source, ...rest }) => ({ ...rest, thirdParty: source.thirdParty })),
            null,
            2,
          ),
        );
      for (const { name, version, edges, source } of all) {
        console.log(`${name} ${version}${source.thirdParty ? ' (plugin)' : ''}`);
        for (const edge of edges)
          console.log(
            `    ${edge.from} → ${edge.to}${edge.meets.length === 0 ? '' : `  meets ${edge.meets.join(', ')}`}`,
          );
      }
      for (const fault of plugins.faults) console.error(`${fault.path}: ${fault.code}: ${fault.message}`);
    });
  formatters
    .command('check <folder>')
    .description(
      'Check the components of a folder as the gateway would at its start; exit code 1 when one has a fault.',
    )
    .addOption(jsonOption())
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const { formatters: found, others, faults } = await readPlugins(folder);
      if (json)
        console.log(
          JSON.stringify(
            { formatters: found.map((each) => each.name), others: others.map((each) => each.name), faults },
            null,
            2,
          ),
        );
      else {
        for (const each of [...found, ...others]) console.log(`ok ${each.name} ${each.version}`);
        for (const fault of faults) console.log(`not ok ${fault.path}: ${fault.code}: ${fault.message}`);
      }
      if (faults.length > 0) process.exitCode = 1;
    });
}
