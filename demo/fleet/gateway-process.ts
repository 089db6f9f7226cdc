/** A server of the fleet, as an operator starts it: the program, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcess, endWithUs, untilSays } from './child-process.ts';

/** The command line of the program. */
export const PROGRAM = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));

/** Of its log, where it does not start. */
const LINES_OF_FAULT = 10;

export interface GatewayProcess {
  readonly name: string;
  /** Where clients reach it. */
  readonly origin: string;
  /** Where operators do. */
  readonly adminOrigin: string;
  /** Of its process; `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Ends it as a service manager would. */
  stop(): Promise<void>;
}

export interface GatewayProcessOptions {
  readonly name: string;
  /** Its data lies in `NAME`, its log in `NAME.log`. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  readonly environment: Readonly<Record<string, string>>;
}

export function makeGatewayProcess(options: GatewayProcessOptions): GatewayProcess {
  const { name, folder, port, adminPort, environment } = options;
  const logFile = join(folder, `${name}.log`);
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    await endProcess(child, signal);
    child = undefined;
  };
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    adminOrigin: `http://127.0.0.1:${adminPort}`,
    get pid() {
      return child?.pid;
    },
    async start() {
      if (child !== undefined) return;
      child = spawn(process.execPath, [PROGRAM, 'serve'], {
        // No `.env` of the checkout counts here.
        cwd: folder,
        env: {
          PORT: `${port}`,
          ADMIN_PORT: `${adminPort}`,
          DEMO_PORT: '0',
          NODE_NAME: name,
          DATA_DIR: name,
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      endWithUs(child);
      const log = createWriteStream(logFile, { flags: 'a' });
      child.stdout!.pipe(log, { end: false });
      child.stderr!.pipe(log, { end: false });
      child.once('exit', () => log.end());
      await untilSays(child.stdout!, (line) => line.startsWith('Admin:') || undefined).catch((cause: unknown) => {
        const said = readFileSync(logFile, 'utf8').trim().split('\n').slice(-LINES_OF_FAULT).join('\n');
        throw new Error(`${name} did not start: ${said}`, { cause });
      });
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
