/** Runs the command line. Exit codes: 0 done, 1 failed, 2 wrong usage or wrong settings, 3 the server cannot be reached. */
import { CommanderError } from 'commander';
import { SettingsError } from '../core/config.ts';
import { makeProgram } from './make-program.ts';
import { UnreachableError } from './verbs/server-call.ts';

try {
  await makeProgram().parseAsync();
} catch (error) {
  const code = exitCodeFor(error);
  // What a start had opened before it failed must not keep the process.
  if (code === 0) process.exitCode = 0;
  else process.exit(code);
}

function exitCodeFor(error: unknown): number {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const lead = error instanceof SettingsError ? 'The settings are wrong:\n' : 'format-gateway: ';
  console.error(`${lead}${(error as Error).message}`);
  if (error instanceof UnreachableError) return 3;
  return error instanceof SettingsError || error instanceof RangeError ? 2 : 1;
}
