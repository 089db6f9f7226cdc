/**
 * `npm run demo:fleet`: an engine and three servers on loopback. A database and its component are shifted, upgraded and
 * killed while a client counts what it lost. `--keep` leaves all of it running until Ctrl-C, `--short` does not dwell.
 */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/config.ts';
import { makeAccount } from './account.ts';
import { EngineMissing } from './engines.ts';
import { makeFleetOfProcesses } from './fleet-of-processes.ts';
import { runVerb } from './run-verb.ts';
import { SERVERS, tellStory } from './story.ts';

/** That the client asks on after each happening. */
const CALM_MS = 1_500;
const INSTALL = `The engine of a fleet is nats-server 2.9 or newer, which is not on this machine. To install it:
  Debian, Ubuntu   apt-get install nats-server
  macOS            brew install nats-server
  others           https://nats.io/download/`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, short: { type: 'boolean' } } });
  const isStyled = process.stdout.isTTY === true && readEnvironment()['NO_COLOR'] === undefined;
  const account = makeAccount({ write: (line) => console.log(line), isStyled, clock: systemClock });
  const folder = mkdtempSync(join(tmpdir(), 'fleet-demo-'));
  const fleet = await makeFleetOfProcesses({ folder, names: SERVERS, engines: 1 });
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => true as const);
  try {
    await runVerb(['keys', 'new', join(folder, 'keys')], fleet);
    const isCutShort = await Promise.race([
      interrupted,
      tellStory({ fleet, account, calmMs: values.short === true ? 100 : CALM_MS, clock: systemClock }),
    ]);
    if (isCutShort === true || values.keep !== true) return;
    console.log(`\nIt all runs on. The token of the admin pages is ${fleet.token}`);
    for (const { name, origin, adminOrigin, pid } of Object.values(fleet.servers))
      console.log(`  ${name.padEnd(6)} ${origin}/   admin ${adminOrigin}/   process ${pid}`);
    console.log(`  NATS   ${fleet.engines.servers}\n  keys and bundles are in ${folder}\nCtrl-C ends it.`);
    await interrupted;
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof EngineMissing ? INSTALL : `The demo failed: ${(error as Error).message}`);
  } finally {
    await fleet.close();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
// Requests that were cut short hold sockets.
process.exit();
