/** Verbs of the command line, as an operator types them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readEnvironment } from '../../core/config.ts';
import { PROGRAM } from './gateway-process.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 90_000;

/** Runs a verb with `--json` and gives what it printed. @throws Error with what it said. */
export async function runVerb<T>(
  args: readonly string[],
  { folder, token }: { folder: string; token: string },
): Promise<T> {
  try {
    const { stdout } = await run(process.execPath, [PROGRAM, ...args, '--json'], {
      cwd: folder,
      env: { PATH: readEnvironment()['PATH'] ?? '', ADMIN_TOKEN: token },
      timeout: TIMEOUT_MS,
    });
    return JSON.parse(stdout) as T;
  } catch (cause) {
    const { stderr = '', message } = cause as { stderr?: string; message: string };
    throw new Error(`${args.slice(0, 2).join(' ')}: ${stderr.trim() || message}`, { cause });
  }
}
