/** Programs on one side of the link, each in a process of its own, asked by lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../../core/config.ts';

export interface Side {
  readonly pid: number;
  /** Writes a line, resolves to the next one that comes. */
  ask(line: string): Promise<string>;
  /** The first line that matches from now on. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  close(): Promise<void>;
}

export interface Command {
  /** What the command line begins with: a namespace. */
  readonly within: readonly string[];
  /** Of this repository's root. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function openSide({ within, program, args = [], environment = {} }: Command): Side {
  const line = [...within, process.execPath, `${ROOT}${program}`, ...args];
  const child = spawn(line[0]!, line.slice(1), {
    env: { PATH: readEnvironment()['PATH'] ?? '', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Whoever leaves early takes it along.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error(`${program} has ended`);
    return value as string;
  };
  return {
    pid: child.pid!,
    async ask(text) {
      child.stdin!.write(`${text}\n`);
      return await next();
    },
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(await next());
        if (match !== null) return match;
      }
    },
    async close() {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', end);
    },
  };
}

const SERVING = { PORT: '0', ADMIN_PORT: '0', WORKERS: '1', POOL: '2', LOG_LEVEL: 'warn', LOG_REQUESTS: '0' };

export interface Server extends Side {
  readonly origin: string;
}

/** The product, as its users start it. @param environment DATA_DIR, and more */
export async function openServer(
  within: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Server> {
  const side = openSide({
    within,
    program: 'bin/cli.ts',
    args: ['serve'],
    environment: { ...SERVING, ...environment },
  });
  const [, origin] = await side.until(/^Format gateway: (http:\/\/[^/]+)\//);
  return { ...side, origin: origin! };
}
