/** `profiles list|show|set|remove|import|export|match`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { callServer, jsonOption, serverOption, UnreachableError } from './server-call.ts';

interface Options {
  readonly server: string;
  readonly json?: boolean;
}

interface ListedProfile {
  readonly name: string;
  readonly title?: string;
  readonly preset: boolean;
}

export function addProfileVerbs(program: Command): void {
  const profiles = program.command('profiles').description('Client profiles of a running server.');
  const verb = (text: string, help: string) =>
    profiles.command(text).description(help).addOption(serverOption()).addOption(jsonOption());
  verb('list', 'List presets and stored profiles.').action(async ({ server, json }: Options) => {
    const { text } = await callServer({ server, path: '/api/profiles' });
    if (json) return console.log(text.trimEnd());
    for (const each of (JSON.parse(text) as { profiles: ListedProfile[] }).profiles)
      console.log(`${each.name.padEnd(20)} ${(each.preset ? 'preset' : 'stored').padEnd(8)} ${each.title ?? ''}`);
  });
  verb('show <name>', 'Print one profile as JSON.').action(async (name: string, { server }: Options) =>
    print(await callServer({ server, path: `/api/profiles/${encodeURIComponent(name)}` })),
  );
  verb('set <name> <file>', 'Create or replace a profile from a JSON file; `-` is standard input.').action(
    async (name: string, file: string, { server }: Options) =>
      print(
        await callServer({
          server,
          method: 'PUT',
          path: `/api/profiles/${encodeURIComponent(name)}`,
          json: readJson(file),
        }),
      ),
  );
  verb('remove <name>', 'Remove a stored profile; a changed preset becomes the preset again.').action(
    async (name: string, { server, json }: Options) => {
      await callServer({ server, method: 'DELETE', path: `/api/profiles/${encodeURIComponent(name)}` });
      if (json) console.log(JSON.stringify({ removed: name }));
    },
  );
  verb('export', 'Print all stored profiles as a JSON list.').action(async ({ server }: Options) => {
    const { text } = await callServer({ server, path: '/api/profiles' });
    const stored = (JSON.parse(text) as { profiles: ListedProfile[] }).profiles.filter((each) => !each.preset);
    console.log(
      JSON.stringify(
        stored.map(({ preset: _preset, ...profile }) => ({ ...profile, etag: undefined })),
        null,
        2,
      ),
    );
  });
  verb(
    'import <file>',
    'Create or replace profiles from a JSON list, bases before what extends them; `-` is standard input. Stops at the first that is refused and tells how many are in.',
  ).action(async (file: string, { server, json }: Options) => {
    const imported = await importAll(readList(file), server);
    console.log(json ? JSON.stringify({ imported }, null, 2) : `${imported.length} imported`);
  });
  verb('match', 'Tell which profile a request would get.')
    .option('--user-agent <text>', 'User-Agent of the request', '')
    .option('--address <address>', 'address of the client', '127.0.0.1')
    .action(async ({ server, userAgent, address }: Options & { userAgent: string; address: string }) =>
      print(await callServer({ server, method: 'POST', path: '/api/profiles/match', json: { userAgent, address } })),
    );
}

function print({ text }: { text: string }): void {
  console.log(text.trimEnd());
}

interface NamedProfile {
  readonly name: string;
  readonly extends?: unknown;
}

async function importAll(list: readonly NamedProfile[], server: string): Promise<string[]> {
  const imported: string[] = [];
  for (const profile of basesFirst(list)) {
    const path = `/api/profiles/${encodeURIComponent(profile.name)}`;
    try {
      await callServer({ server, method: 'PUT', path, json: profile });
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      const before = imported.length === 0 ? 'nothing was imported' : `imported before it: ${imported.join(', ')}`;
      throw new Error(`\`${profile.name}\` is refused: ${(error as Error).message} (${before})`, { cause: error });
    }
    imported.push(profile.name);
  }
  return imported;
}

// A profile is only taken when what it extends is there. A circle stays as it is: the server names it.
function basesFirst(list: readonly NamedProfile[]): NamedProfile[] {
  const left = new Map(list.map((each) => [each.name, each]));
  const ordered: NamedProfile[] = [];
  const take = (profile: NamedProfile) => {
    if (!left.delete(profile.name)) return;
    const base = left.get(String(profile.extends));
    if (base !== undefined) take(base);
    ordered.push(profile);
  };
  for (const profile of list) take(profile);
  return ordered;
}

function readList(file: string): NamedProfile[] {
  const list = readJson(file);
  const isNamed = (each: unknown): each is NamedProfile =>
    typeof each === 'object' && each !== null && typeof (each as { name?: unknown }).name === 'string';
  if (!Array.isArray(list) || !list.every(isNamed))
    throw new RangeError(`${file} must hold a JSON list of profiles, each with a \`name\``);
  return list;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (cause) {
    throw new RangeError(`${file} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
}
