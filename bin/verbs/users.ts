/** `users add|list|remove`: the USERS file. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { hashPassword, readUsers } from '../../gateway/users.ts';
import { settingTable } from '../../settings.ts';
import { jsonOption } from './server-call.ts';

export function addUserVerbs(program: Command): void {
  const users = program.command('users').description('The users of the USERS file.');
  users
    .command('add <name>')
    .description('Add a user, or change the password; the password is read from standard input.')
    .option('--profile <name>', 'profile of the user')
    .addOption(jsonOption())
    .action(async (name: string, { profile, json }: { profile?: string; json?: boolean }) => {
      const file = usersFile();
      const password = await readPassword();
      const line = `${name}:${await hashPassword(password)}${profile === undefined ? '' : `:${profile}`}`;
      writeLines(file, [...linesOf(file).filter((each) => !each.startsWith(`${name}:`)), line]);
      if (json) console.log(JSON.stringify({ name, profile: profile ?? null }));
    });
  users
    .command('list')
    .description('List users.')
    .addOption(jsonOption())
    .action(({ json }: { json?: boolean }) => {
      const lines = linesOf(usersFile()).filter((line) => !line.startsWith('#'));
      const all = lines.map((line) => ({
        name: line.split(':')[0]!,
        profile: line.split(':')[2] ?? null,
      }));
      if (json) return console.log(JSON.stringify(all));
      for (const each of all) console.log(`${each.name}${each.profile === null ? '' : `  ${each.profile}`}`);
    });
  users
    .command('remove <name>')
    .description('Remove a user. Exit code 1 when there is none of that name.')
    .addOption(jsonOption())
    .action((name: string, { json }: { json?: boolean }) => {
      const file = usersFile();
      const lines = linesOf(file);
      const left = lines.filter((each) => !each.startsWith(`${name}:`));
      if (left.length === lines.length) throw new Error(`there is no user ${name}`);
      writeLines(file, left);
      if (json) console.log(JSON.stringify({ removed: name }));
    });
}

function usersFile(): string {
  const { usersFile: file } = parseSettings(settingTable, readEnvironment());
  if (file === undefined) throw new RangeError('USERS: must name the file of users');
  return file;
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

// Written beside and moved into place: never half a file. What was written is read back before it counts.
function writeLines(file: string, lines: readonly string[]): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flush: true });
  readUsers(fresh);
  renameSync(fresh, file);
}

async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password: ');
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    if (line.length < 8) throw new RangeError('the password must have at least 8 characters');
    return line;
  }
  throw new RangeError('a password is wanted on standard input');
}
