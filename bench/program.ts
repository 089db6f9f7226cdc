/** The program as its users start it, in a process of its own, on free ports of loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../core/config.ts';

const COMMAND = fileURLToPath(new URL('../bin/cli.ts', import.meta.url));

export interface Program {
  readonly child: ChildProcess;
  /** Where it serves. */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Starts `serve` with one worker and waits until it listens.
 *
 * @param settings DATA_DIR, which is there, and more
 * @param log where its log goes
 */
export async function openProgram(
  settings: Readonly<Record<string, string>>,
  log: 'inherit' | 'ignore' = 'inherit',
): Promise<Program> {
  const child = spawn(process.execPath, [COMMAND, 'serve'], {
    env: {
      PATH: readEnvironment()['PATH'] ?? '',
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      WORKERS: '1',
      POOL: '1',
      LOG_LEVEL: 'warn',
      LOG_REQUESTS: '0',
      ...settings,
    },
    stdio: ['ignore', 'pipe', log],
  });
  // Whoever leaves early takes it along.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout! })) {
    const origin = /^Format gateway: (http:\/\/[^/]+)\//.exec(line)?.[1];
    if (origin === undefined) continue;
    child.stdout!.resume();
    return {
      child,
      origin,
      async close() {
        child.kill('SIGTERM');
        await exited;
        process.off('exit', end);
      },
    };
  }
  throw new Error('the program ended before it listened');
}
