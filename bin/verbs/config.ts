/** `config check|print`. */
import type { Command } from 'commander';
import { defaultText, parseSettings, readEnvironment, type Setting } from '../../core/config.ts';
import { readSettings } from '../../server/read-settings.ts';
import { settingTable } from '../../settings.ts';
import { jsonOption } from './server-call.ts';

export function addConfigVerbs(program: Command): void {
  const config = program.command('config').description('The settings.');
  config
    .command('check')
    .description('Check the settings and the files they name; exit code 2 names every fault.')
    .addOption(jsonOption())
    .action(({ json }: { json?: boolean }) => {
      readSettings(readEnvironment());
      console.log(json ? JSON.stringify({ ok: true }) : 'The settings are in order.');
    });
  config
    .command('print')
    .description('Print every setting with the text it has now; secrets are not shown.')
    .addOption(jsonOption())
    .action(({ json }: { json?: boolean }) => {
      const environment = readEnvironment();
      parseSettings(settingTable, environment);
      const rows = Object.values(settingTable).map((setting: Setting<unknown>) => {
        const given = environment[setting.variable]?.trim() ?? '';
        const value = given === '' ? defaultText(setting) : setting.secret ? '…' : given;
        return { variable: setting.variable, value, isDefault: given === '' };
      });
      if (json) return console.log(JSON.stringify(rows, null, 2));
      for (const { variable, value, isDefault } of rows)
        console.log(`${variable}=${value}${isDefault ? '   # default' : ''}`);
    });
}
