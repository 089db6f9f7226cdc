/** `profiles list|show|set|remove|import|export|match`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { callServer, jsonOption, serverOption } from './server-call.ts';

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
    async (name: string, { server }: Options) => {
      await callServer({ server, method: 'DELETE', path: `/api/profiles/${encodeURIComponent(name)}` });
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
  verb('import <file>', 'Create or replace profiles from a JSON list.').action(
    async (file: string, { server }: Options) => {
      const list = readJson(file);
      if (!Array.isArray(list)) throw new RangeError(`${file} must hold a JSON list of profiles`);
      for (const profile of list as { name: string }[])
        await callServer({
          server,
          method: 'PUT',
          path: `/api/profiles/${encodeURIComponent(profile.name)}`,
          json: profile,
        });
      console.log(`${list.length} imported`);
    },
  );
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

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
}
