/** `health`: exit code 0 when the server is ready, 1 when it is not, 3 when it does not answer. */
import type { Command } from 'commander';
import { callServer, jsonOption, serverOption } from './server-call.ts';

export function addHealthVerb(program: Command): void {
  program
    .command('health')
    .description('Ask a running server whether it is ready.')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action(async ({ server, json }: { server: string; json?: boolean }) => {
      const { text, status } = await callServer({ server, path: '/readyz' });
      console.log(json ? JSON.stringify({ status, ready: true }) : text.trimEnd());
    });
}
