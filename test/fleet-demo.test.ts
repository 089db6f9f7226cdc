/** The demo of the fleet, as a person runs it (design part 8, S6, S7). */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import test from 'ava';
import { ROOT } from './support/program.ts';

const DEMO = join(ROOT, 'demo/fleet/run.ts');
const run = promisify(execFile);

test('npm run demo:fleet shifts, upgrades and kills while a client loses nothing, tells it without colours and ends all it started', async (t) => {
  const child = spawn(process.execPath, [DEMO, '--short', '--keep'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === 'Ctrl-C ends it.') child.kill('SIGINT');
  }
  t.deepEqual(await exit, [0, null], lines.join('\n'));
  const text = lines.join('\n');
  t.notRegex(text, /\u001b/, 'no terminal, no colours');
  t.regex(text, /Nothing was lost/);
  t.regex(text, /96 rows of CSV, says: pier; set=landings; by=replay/);
  t.regex(text, /mole fetches that and draws a chart, image\/svg\+xml of \d{4,} bytes +\d+ ms/);
  const counted = [...text.matchAll(/^(shift|upgrade|second replica|kill -9|return) +(\d+) +(\d+) /gm)];
  t.deepEqual(
    counted.map(([, phase, , lost]) => [phase, lost]),
    ['shift', 'upgrade', 'second replica', 'kill -9', 'return'].map((phase) => [phase, '0']),
  );
  for (const [, phase, asked] of counted) t.true(Number(asked) > 0, phase);
  t.regex(text, /^shift .* pier \d+, mole \d+$/m, 'both have answered while it moved');
  for (const [, pid = ''] of text.matchAll(/process (\d+)$/gm)) t.false(existsSync(`/proc/${pid}`), `${pid} has ended`);
  t.false(existsSync(/keys and bundles are in (.*)$/m.exec(text)![1]!), 'its folder is gone');
});

test('without nats-server the demo says what to install', async (t) => {
  const failure = await t.throwsAsync<Error & { code: number; stderr: string }>(
    run(process.execPath, [DEMO], { env: { PATH: '/nowhere' } }),
  );
  t.is(failure?.code, 1);
  t.regex(failure!.stderr, /apt-get install nats-server/);
});
