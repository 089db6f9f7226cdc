/** The tree of verbs: what the command line runs, what completion and the reference are made from. */
import { Command } from 'commander';
import { addBenchVerb } from './verbs/bench.ts';
import { addBundleVerbs } from './verbs/bundle.ts';
import { addCompletionVerb } from './verbs/completion.ts';
import { addConfigVerbs } from './verbs/config.ts';
import { addDoctorVerb } from './verbs/doctor.ts';
import { addFetchVerb } from './verbs/fetch.ts';
import { addFleetVerbs } from './verbs/fleet.ts';
import { addFormatterVerbs } from './verbs/formatters.ts';
import { addHealthVerb } from './verbs/health.ts';
import { addKeyVerbs } from './verbs/keys.ts';
import { addProfileVerbs } from './verbs/profiles.ts';
import { addServeVerb } from './verbs/serve.ts';
import { addStoreVerbs } from './verbs/store.ts';
import { addUserVerbs } from './verbs/users.ts';

/** What every verb's exit codes mean. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed, or a check found a fault',
  2: 'wrong usage or wrong settings',
  3: 'the server cannot be reached',
};

const VERBS = [
  addServeVerb,
  addFetchVerb,
  addProfileVerbs,
  addFormatterVerbs,
  addBundleVerbs,
  addKeyVerbs,
  addFleetVerbs,
  addUserVerbs,
  addStoreVerbs,
  addConfigVerbs,
  addHealthVerb,
  addDoctorVerb,
  addBenchVerb,
  addCompletionVerb,
];

/** A fresh tree; nothing runs before it is parsed. */
export function makeProgram(): Command {
  const program = new Command('format-gateway')
    .description('A content-negotiating format gateway: every client gets each web resource in the form that fits it.')
    .version('0.1.0')
    .showHelpAfterError('(--help tells what there is)')
    .addHelpText(
      'afterAll',
      `\nExit codes: ${Object.entries(EXIT_CODES)
        .map(([code, meaning]) => `${code} ${meaning}`)
        .join('; ')}.`,
    )
    .exitOverride();
  for (const add of VERBS) add(program);
  return program;
}
