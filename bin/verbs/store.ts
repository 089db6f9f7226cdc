/** `store backup|restore|status`: what the data folder keeps, into one file and back. */
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Command } from 'commander';
import { openAudit } from '../../admin/audit/audit.ts';
import { type KeptFile, keptFiles, restoreBackup, writeBackup } from '../../core/backup.ts';
import { systemClock } from '../../core/clock.ts';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { holdFolder } from '../../core/folder-lock.ts';
import { openFleetStore } from '../../fleet/fleet-store.ts';
import { openLocalRegistry } from '../../fleet/registry/local-registry.ts';
import { openSwitches } from '../../formatters/switches.ts';
import { openSessionStore } from '../../gateway/session-store.ts';
import { openSites } from '../../gateway/sites-store.ts';
import { openTrafficStore } from '../../gateway/traffic/traffic-store.ts';
import { openViews } from '../../gateway/views-store.ts';
import { openClients } from '../../profiles/sqlite-clients.ts';
import { openProfiles } from '../../profiles/sqlite-profiles.ts';
import { settingTable } from '../../settings.ts';
import { jsonOption } from './server-call.ts';

interface Options {
  readonly json?: boolean;
}

const clock = systemClock;

/** How the program opens each database: it migrates an older one and refuses a newer one. */
const OPENERS: Readonly<Record<string, (file: string) => { close(): void | Promise<void> }>> = {
  'profiles.db': (file) => openProfiles({ file, clock }),
  'clients.db': (file) => openClients({ file, clock, key: '' }),
  'sessions.db': (file) =>
    openSessionStore({ file, clock, maxCookies: Number.MAX_SAFE_INTEGER, maxIdleMs: Number.MAX_SAFE_INTEGER }),
  'switches.db': (file) => openSwitches(file),
  'sites.db': (file) => openSites(file, { fromFile: [], clock }),
  'views.db': (file) => openViews(file, clock),
  'traffic.db': (file) => openTrafficStore(file),
  'audit.db': (file) => openAudit(file, clock),
  'fleet/fleet.db': (file) => openFleetStore(file, '', clock),
  'fleet/registry.db': (file) => openLocalRegistry({ file, clock }),
};

/** Names of the databases whose schema is checked before they are restored: all that a server writes. */
export const checkedStores: readonly string[] = Object.keys(OPENERS);

export function addStoreVerbs(program: Command): void {
  const store = program.command('store').description('What the data folder (DATA_DIR) keeps, caches apart.');
  const verb = (text: string, help: string) => store.command(text).description(help).addOption(jsonOption());
  verb(
    'backup <file>',
    'Write profiles, clients, sessions, cookies, switches, views, sites, the audit log and keys to one file, also while a server runs. The file holds secrets: it is readable by its owner alone.',
  ).action(async (file: string, { json }: Options) => {
    const files = await writeBackup(dataFolder(), resolve(file));
    print(json, { file: resolve(file), files }, `${files.length} files kept in ${resolve(file)}`);
  });
  verb(
    'restore <file>',
    'Put a backup in place of what the data folder keeps, which moves to `replaced` in it. No server may be using the folder.',
  ).action((file: string, { json }: Options) => {
    const folder = dataFolder();
    const letGo = holdFolder(folder, 'alone');
    try {
      const files = restoreBackup(resolve(file), folder, check);
      print(json, { folder, files }, `${files.length} files restored to ${folder}`);
    } finally {
      letGo();
    }
  });
  verb('status', 'Tell what the data folder keeps, how large its caches are, and whether a server is using it.').action(
    ({ json }: Options) => {
      const folder = dataFolder();
      const [files, caches, inUse] = [keptFiles(folder), cachesOf(folder), isInUse(folder)];
      const lines = [
        `${folder}: ${inUse ? 'in use by a server' : 'not in use'}`,
        ...files.map((each) => `  ${each.name.padEnd(24)} ${sizeOf(each)}`),
        ...caches.map(
          (each) => `  cache/${`${each.name}.db`.padEnd(18)} ${each.bytes} bytes in ${each.entries} entries`,
        ),
      ];
      print(json, { folder, inUse, files, caches }, lines.join('\n'));
    },
  );
}

function dataFolder(): string {
  return resolve(parseSettings(settingTable, readEnvironment()).dataDir);
}

function print(json: boolean | undefined, value: unknown, text: string): void {
  console.log(json ? JSON.stringify(value) : text);
}

function sizeOf({ bytes, schema }: KeptFile): string {
  return `${bytes} bytes${schema === undefined ? '' : `, schema ${schema}`}`;
}

/** Opens a database of a backup as the program would. @throws Error where it cannot be used. */
function check(name: string, file: string): void {
  const database = new DatabaseSync(file);
  try {
    const [fault] = database.prepare('PRAGMA integrity_check(1)').all();
    if (fault?.['integrity_check'] !== 'ok') throw new Error(`it is damaged: ${fault?.['integrity_check']}`);
  } finally {
    database.close();
  }
  void OPENERS[name]?.(file).close();
}

function isInUse(folder: string): boolean {
  try {
    holdFolder(folder, 'alone')();
    return false;
  } catch {
    // That it cannot be had alone is the answer.
    return true;
  }
}

function cachesOf(folder: string): { name: string; entries: number; bytes: number }[] {
  return ['origin', 'originals', 'variants'].flatMap((name) => {
    try {
      const database = new DatabaseSync(join(folder, 'cache', `${name}.db`), { readOnly: true });
      const row = database.prepare('SELECT (SELECT count(*) FROM entry) AS entries, bytes FROM tally').get() as {
        entries: number;
        bytes: number;
      };
      database.close();
      return [{ name, ...row }];
    } catch {
      // Not there yet, or damaged: the next server begins it anew.
      return [];
    }
  });
}
