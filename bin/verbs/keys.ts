/** `keys new`: keys that sign bundles and plans. */
import type { Command } from 'commander';
import { makeSigningKeys } from '../../fleet/bundle/signing-keys.ts';
import { jsonOption } from './server-call.ts';

export function addKeyVerbs(program: Command): void {
  const keys = program.command('keys').description('Keys that sign bundles and fleet plans.');
  keys
    .command('new <dir>')
    .description('Make DIR/signing.key, for your eyes only, and DIR/signing.pub, for FLEET_KEYS of the servers.')
    .addOption(jsonOption())
    .action((dir: string, { json }: { json?: boolean }) => {
      const { keyFile, publicFile, id } = makeSigningKeys(dir);
      if (json) console.log(JSON.stringify({ key: keyFile, public: publicFile, id }));
      else console.log(`${keyFile}\n${publicFile}\nkey ${id}`);
    });
}
