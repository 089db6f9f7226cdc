/** The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or wrong settings, 3 the server cannot be reached. */
import { Command, CommanderError } from 'commander';
import { SettingsError } from '../core/config.ts';
import { addConfigVerbs } from './verbs/config.ts';
import { addDoctorVerb } from './verbs/doctor.ts';
import { addFetchVerb } from './verbs/fetch.ts';
import { addFormatterVerbs } from './verbs/formatters.ts';
import { addHealthVerb } from './verbs/health.ts';
import { addProfileVerbs } from './verbs/profiles.ts';
import { addServeVerb } from './verbs/serve.ts';
import { UnreachableError } from './verbs/server-call.ts';
import { addStoreVerbs } from './verbs/store.ts';
import { addUserVerbs } from './verbs/users.ts';

const program = new Command('format-gateway')
  .description('A content-negotiating format gateway: every client gets each web resource in the form that fits it.')
  .version('0.1.0')
  .showHelpAfterError('(--help tells what there is)')
  .exitOverride();

for (const add of [
  addServeVerb,
  addFetchVerb,
  addProfileVerbs,
  addFormatterVerbs,
  addUserVerbs,
  addStoreVerbs,
  addConfigVerbs,
  addHealthVerb,
  addDoctorVerb,
])
  add(program);

try {
  await program.parseAsync();
} catch (error) {
  const code = exitCodeFor(error);
  // What a start had opened before it failed must not keep the process.
  if (code === 0) process.exitCode = 0;
  else process.exit(code);
}

function exitCodeFor(error: unknown): number {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isUsage = error instanceof SettingsError || error instanceof RangeError;
  console.error(isUsage ? `The settings are wrong:\n${error.message}` : `format-gateway: ${(error as Error).message}`);
  if (error instanceof UnreachableError) return 3;
  return isUsage ? 2 : 1;
}
