/** The program as its users start it, in processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Program {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly adminOrigin: string;
}

/** Starts `serve` and waits for the addresses it prints. */
export async function startProgram(environment: Record<string, string>): Promise<Program> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/cli.ts'), 'serve'], {
    cwd: environment['DATA_DIR'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  let origin = '';
  for await (const line of lines) {
    origin ||= /^Format gateway: (http:\/\/[^/]+)\//.exec(line)?.[1] ?? '';
    const adminOrigin = /^Admin: +(http:\/\/[^/]+)\//.exec(line)?.[1];
    if (adminOrigin !== undefined) return { child, origin, adminOrigin };
  }
  throw new Error('the program ended before it listened');
}

/** Ends it, and gives its exit code. */
export async function endProgram(
  program: Program | undefined,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  if (program === undefined || program.child.exitCode !== null || program.child.signalCode !== null)
    return program?.child.exitCode ?? null;
  const exit = once(program.child, 'exit');
  program.child.kill(signal);
  return (await exit)[0] as number | null;
}
