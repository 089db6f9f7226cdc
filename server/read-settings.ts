/** All settings of a start, with the files they name and how they fit together looked at before anything is opened. */
import { accessSync, constants, statSync } from 'node:fs';
import { adminTlsFilesOf } from '../admin/admin-tls-files.ts';
import { readValues, type SettingFault, SettingsError } from '../core/config.ts';
import { readTrustedKeys } from '../fleet/bundle/signing-keys.ts';
import { readSites } from '../gateway/sites.ts';
import { tlsFilesOf } from '../gateway/tls-files.ts';
import { readUsers } from '../gateway/users.ts';
import { type Settings, settingTable } from '../settings.ts';

/** Each throws `VARIABLE: what is wrong`, a line for each mistake. */
const CHECKS: readonly ((settings: Settings) => unknown)[] = [
  ({ usersFile }) => readUsers(usersFile),
  ({ sitesFile }) => readSites(sitesFile),
  ({ tlsCert, tlsKey }) => tlsFilesOf(tlsCert, tlsKey, ['TLS_CERT', 'TLS_KEY']),
  adminTlsFilesOf,
  ({ pluginsDir }) => checkFolder('PLUGINS_DIR', pluginsDir),
  ({ natsCreds }) => checkFile('NATS_CREDS', natsCreds),
  ({ fleetKeys }) => fleetKeys === undefined || readTrustedKeys(fleetKeys, 'FLEET_KEYS'),
  checkBackEnd,
];

/**
 * Values of all settings.
 *
 * @throws SettingsError naming every wrong one: what is written wrongly, files that cannot be read or hold what they should
 *   not, and settings that do not go together.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { values, faults } = readValues(settingTable, environment);
  const settings = values as Settings;
  const written = new Set(faults.map((fault) => fault.variable));
  const found = CHECKS.flatMap((check) => faultsOf(() => check(settings))).filter(
    (fault) => !written.has(fault.variable),
  );
  if (faults.length + found.length > 0) throw new SettingsError([...faults, ...found]);
  return settings;
}

function faultsOf(check: () => unknown): SettingFault[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message.split('\n').map((line) => {
      const [variable = '', ...message] = line.split(': ');
      return { variable, message: message.join(': ') };
    });
  }
}

function checkFolder(variable: string, path: string | undefined): void {
  if (path !== undefined && !statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new RangeError(`${variable}: there is no folder ${path}`);
}

function checkFile(variable: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    throw new RangeError(`${variable}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function checkBackEnd({ backEnd, channelSecret }: Settings): void {
  if (backEnd === undefined) return;
  const isAddress = /^https?:$/.test(URL.parse(backEnd)?.protocol ?? '');
  const faults = [
    ...(isAddress ? [] : [`BACK_END: must be an http or https URL, got \`${backEnd}\``]),
    ...(channelSecret === undefined ? ['CHANNEL_SECRET: is needed where BACK_END is set'] : []),
  ];
  if (faults.length > 0) throw new RangeError(faults.join('\n'));
}
