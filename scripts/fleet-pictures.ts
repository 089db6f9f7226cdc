/** Pictures of the fleet screen: an engine and three servers on loopback hold two function sets while one of them is drained. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type FleetOfProcesses, makeFleetOfProcesses } from '../demo/fleet/fleet-of-processes.ts';
import { runVerb } from '../demo/fleet/run-verb.ts';
import { serviceText } from '../test/support/components.ts';

const SERVERS = ['quay', 'pier', 'mole'];
const SQL_DATA = fileURLToPath(new URL('../services/sql-data/', import.meta.url));
const DATABASE = fileURLToPath(new URL('../demo/data/harbour.db', import.meta.url));

export const FLEET_SHOTS = [
  { name: 'admin-fleet', about: 'Admin: a fleet of three, one being drained' },
  { name: 'admin-fleet-move', about: 'Admin: what it would change to move a set' },
];

/** Takes them in their order. @throws EngineMissing */
export async function takeFleetPictures(browser: Browser): Promise<readonly Buffer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gallery-fleet-'));
  const fleet = await makeFleetOfProcesses({ folder, names: SERVERS, engines: 1 });
  const context = await browser.newContext({ viewport: { width: 1_100, height: 900 } });
  try {
    await arrange(fleet);
    const page = await context.newPage();
    await page.goto(`${fleet.servers['quay']!.adminOrigin}/`);
    await page.fill('input[name=token]', fleet.token);
    await page.press('input[name=token]', 'Enter');
    await page.waitForSelector('nav.screens');
    return [await take(page, fleet, ''), await take(page, fleet, '/move?set=tides&server=quay&try=yes')];
  } finally {
    await context.close();
    await fleet.close();
  }
}

async function take(page: Page, { servers }: FleetOfProcesses, path: string): Promise<Buffer> {
  await page.goto(`${servers['quay']!.adminOrigin}/ui/fleet${path}`);
  return await page.screenshot({ fullPage: true });
}

async function arrange(fleet: FleetOfProcesses): Promise<void> {
  const { folder, servers } = fleet;
  const key = join('keys', 'signing.key');
  const ask = <T>(...args: string[]) => runVerb<T>(args, fleet);
  const server = ['--server', servers['quay']!.adminOrigin];
  await ask('keys', 'new', 'keys');
  await fleet.engines.start();
  await Promise.all(Object.values(servers).map((each) => each.start()));
  writeFileSync(join(folder, 'tides.ts'), serviceText('tides', "return new Response('High water at noon');"));
  const build = ['bundle', 'build', '--key', key, '--out', 'out'];
  const landings = await ask<Built>(...build, SQL_DATA, '--data', `harbour=${DATABASE}`);
  const tides = await ask<Built>(...build, 'tides.ts');
  const files = readdirSync(join(folder, 'out')).map((name) => join('out', name));
  await ask('fleet', 'push', ...files, ...server);
  const plan = {
    functionSets: {
      landings: { bundles: [landings.bundle], data: landings.data },
      tides: { bundles: [tides.bundle] },
    },
    placement: { landings: { replicas: 2, spread: 'zone' }, tides: { replicas: 1, servers: ['mole'] } },
    routes: [
      { match: '/data/*', strip: '/data', set: 'landings' },
      { match: '/tides', set: 'tides', mode: 'redirect' },
    ],
    sites: [{ host: 'harbour.example', content: { set: 'tides' }, functions: { '/landings/*': { set: 'landings' } } }],
    authority: { profiles: 'quay' },
  };
  writeFileSync(join(folder, 'PLAN.json'), JSON.stringify(plan));
  await ask('fleet', 'apply', 'PLAN.json', '--key', key, '--wait', ...server);
  await ask('fleet', 'drain', 'mole', '--wait', ...server);
}

interface Built {
  readonly bundle: string;
  readonly data: Readonly<Record<string, string>>;
}
