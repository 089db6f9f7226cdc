/** `bench`: the benchmarks, in a process of their own so that nothing of this one is measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError } from 'commander';
import { jsonOption } from './server-call.ts';

const RUN = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

interface Options {
  readonly short?: boolean;
  readonly rounds?: number;
  readonly json?: boolean;
}

export function addBenchVerb(program: Command): void {
  program
    .command('bench [scenario] [arguments...]')
    .description(
      'Run benchmarks: one scenario with its arguments, or all. Subjects take turns; compared is processor time. Exit code 2 for a scenario that is not there.',
    )
    .option('--short', 'one short round, to see that it works; writes no results')
    .option('--rounds <number>', 'rounds, 5 or more', parseRounds)
    .addOption(jsonOption())
    .action(runBench);
}

function parseRounds(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
  return Number(text);
}

async function runBench(scenario: string | undefined, rest: readonly string[], options: Options): Promise<void> {
  const { short, rounds, json } = options;
  const child = spawn(
    process.execPath,
    [
      RUN,
      ...(short ? ['--short'] : []),
      ...(rounds === undefined ? [] : ['--rounds', String(rounds)]),
      ...(json ? ['--json'] : []),
      ...(scenario === undefined ? [] : [scenario, ...rest]),
    ],
    { stdio: 'inherit' },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
