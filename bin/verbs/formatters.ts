/** `formatters list|new|check`. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { readBuiltIns } from '../../formatters/built-ins.ts';
import { type ContractFinding, checkContract } from '../../formatters/check-contract.ts';
import type { FormatterDescriptor } from '../../formatters/descriptor.ts';
import { type OtherComponent, type PluginFault, readPlugin, readPlugins } from '../../formatters/plugins.ts';
import { settingTable } from '../../settings.ts';
import { writeScaffold } from './formatter-scaffold.ts';
import { callServer, jsonOption } from './server-call.ts';

export function addFormatterVerbs(program: Command): void {
  const formatters = program.command('formatters').description('The formatters of this installation.');
  formatters
    .command('list')
    .description(
      'List formatters, built in and from PLUGINS_DIR, with what they turn into what; with --server those of a running server, and how they do there.',
    )
    .option('--server <url>', 'admin address of a running server')
    .addOption(jsonOption())
    .action(list);
  formatters
    .command('new <name>')
    .description(
      'Write the folder of a new plugin, with an example and a test that pass. Exit code 2 for a bad name or one that is taken.',
    )
    .option('--dir <folder>', 'folder to write it into', 'plugins')
    .addOption(jsonOption())
    .action(create);
  formatters
    .command('check [paths...]')
    .description(
      'Run the contract suite on components, each in its caged process: description, examples, same bytes again, hostile inputs, limits. A path is a module, a folder of one component, or a folder of several; without one PLUGINS_DIR, else the built-in formatters. Exit code 1 when a check failed.',
    )
    .addOption(jsonOption())
    .action(check);
}

const readOwn = async () => await readBuiltIns((await import('../../server/built-ins.ts')).builtInFormatters);

async function list({ server, json }: { server?: string; json?: boolean }): Promise<void> {
  if (server !== undefined) return await listThere(server, json === true);
  const { pluginsDir } = parseSettings(settingTable, readEnvironment());
  const plugins = pluginsDir === undefined ? { formatters: [], faults: [] } : await readPlugins(pluginsDir);
  const all = [...(await readOwn()), ...plugins.formatters].sort((a, b) => (a.name < b.name ? -1 : 1));
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
      console.log(`    ${edge.from} → ${edge.to}${edge.meets.length === 0 ? '' : `  meets ${edge.meets.join(', ')}`}`);
  }
  for (const fault of plugins.faults) console.error(`${fault.path}: ${fault.code}: ${fault.message}`);
}

/** A formatter, as `GET /api/formatters` tells of it. */
interface InUse {
  readonly name: string;
  readonly version: string;
  /** In the last minute. */
  readonly faults: number;
  readonly suspended: boolean;
  readonly enabled: boolean;
}

async function listThere(server: string, json: boolean): Promise<void> {
  const { text } = await callServer({ server, path: '/api/formatters' });
  const { formatters } = JSON.parse(text) as { formatters: readonly InUse[] };
  if (json) return console.log(JSON.stringify(formatters, null, 2));
  for (const { name, version, faults, suspended, enabled } of formatters) {
    const state = [enabled ? '' : 'off', suspended ? 'suspended' : '', faults === 0 ? '' : `faults: ${faults}`];
    console.log([name, version, state.filter((each) => each !== '').join(', ')].join(' ').trimEnd());
  }
}

async function create(name: string, { dir, json }: { dir: string; json?: boolean }): Promise<void> {
  const own = await readOwn();
  const folder = writeScaffold(name, resolve(dir), {
    formatters: new Set(own.map((each) => each.name)),
    demands: new Set(own.flatMap(({ edges }) => edges.flatMap((edge) => edge.meets))),
  });
  if (json) return console.log(JSON.stringify({ name, folder }, null, 2));
  console.log(`${folder}
Next:
  format-gateway formatters check ${join(dir, name)}
  node --test ${join(dir, name, `${name}.test.mjs`)}
  PLUGINS_DIR=${dir} npm start`);
}

/** A component that was read, or the fault that kept it from being read. */
type Found = FormatterDescriptor | OtherComponent | PluginFault;

interface Checked {
  readonly path: string;
  readonly name: string;
  readonly findings: readonly ContractFinding[];
}

async function check(paths: readonly string[], { json }: { json?: boolean }): Promise<void> {
  const { pluginsDir } = parseSettings(settingTable, readEnvironment());
  const asked = paths.length === 0 && pluginsDir !== undefined ? [pluginsDir] : paths;
  const found: Found[] = asked.length === 0 ? await readOwn() : (await Promise.all(asked.map(readPath))).flat();
  if (found.length === 0) throw new RangeError(`there is no component in ${asked.join(', ')}`);
  const all: Checked[] = [];
  for (const each of found) {
    const checked = await checkOne(each);
    all.push(checked);
    if (!json) print(checked);
  }
  const hasFailed = all.some(({ findings }) => findings.some(({ state }) => state === 'failed'));
  if (json) console.log(JSON.stringify({ ok: !hasFailed, components: all }, null, 2));
  if (hasFailed) process.exitCode = 1;
}

async function readPath(text: string): Promise<Found[]> {
  const path = resolve(text);
  if (!existsSync(path)) throw new RangeError(`${text} is not there`);
  if (!statSync(path).isDirectory()) return [await readPlugin({ path, root: path })];
  const index = readdirSync(path).find((name) => /^index\.(?:ts|mjs|js)$/.test(name));
  if (index !== undefined) return [await readPlugin({ path: join(path, index), root: path })];
  const { formatters, others, faults } = await readPlugins(path);
  return [...formatters, ...others, ...faults];
}

async function checkOne(found: Found): Promise<Checked> {
  if ('code' in found) {
    const finding = { check: 'can be read', state: 'failed', text: `${found.code}: ${found.message}` } as const;
    return { path: found.path, name: nameOf(found.path), findings: [finding] };
  }
  if (found.kind !== 'formatter')
    return {
      path: found.root,
      name: found.name,
      findings: [{ check: `describes itself: a ${found.kind}, ${found.version}`, state: 'passed', text: '' }],
    };
  const module = fileURLToPath(found.source.module);
  // A single file has no examples of its own; the folder it lies in may hold those of others.
  const folder = /^index\.\w+$/.test(basename(module)) ? dirname(module) : module;
  return { path: folder, name: found.name, findings: await checkContract(found, folder) };
}

function nameOf(path: string): string {
  return /^index\.\w+$/.test(basename(path)) ? basename(dirname(path)) : basename(path);
}

const WORDS = { passed: 'ok', failed: 'not ok', advice: 'advice' } as const;

function print({ name, findings }: Checked): void {
  console.log(name);
  for (const { check: what, state, text } of findings)
    console.log(`  ${WORDS[state].padEnd(6)} ${what}${text === '' ? '' : `: ${text}`}`);
}
