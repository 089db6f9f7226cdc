/** `serve`: one process, or as many workers as WORKERS says, until a signal ends them. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/config.ts';
import { openDemo } from '../../demo/open-demo.ts';
import { runWorkers, type WorkerAddresses } from '../../gateway/workers.ts';
import { readSettings } from '../../server/read-settings.ts';
import type { Settings } from '../../settings.ts';
import { jsonOption } from './server-call.ts';

export function addServeVerb(program: Command): void {
  program
    .command('serve')
    .description('Serve until a signal ends it. Settings come from the environment and `.env`; see `config print`.')
    .addOption(jsonOption())
    .action(runServer);
}

async function runServer({ json = false }: { json?: boolean }): Promise<void> {
  const environment = readEnvironment();
  const settings = readSettings(environment);
  // What comes with a page is for the next requests of its client: those of a front-end meet in one process.
  const isFrontEnd = settings.backEnd !== undefined;
  if (cluster.isPrimary && settings.workers > 1 && !isFrontEnd) return await runSeveral(settings, json);
  const share = cluster.isWorker ? { POOL: String(Math.max(1, Math.floor(settings.pool / settings.workers))) } : {};
  const isFirst = cluster.isPrimary || environment['FORMAT_GATEWAY_WORKER'] === '1';
  const { startServer } = await import('../../main.ts');
  const demoOrigin = environment['FORMAT_GATEWAY_DEMO'];
  const server = await startServer(
    { ...environment, ...share },
    { withAdmin: isFirst, withUpdaters: isFirst, demoOrigin },
  );
  // A log would keep the link for others to find: only who sits at a terminal is shown one.
  const isShown = process.stdout.isTTY && settings.adminToken === undefined;
  const signInLink = isShown ? server.makeSignInLink() : undefined;
  const { origin, secureOrigin, adminOrigin } = server;
  if (cluster.isWorker) process.send?.({ origin, secureOrigin, adminOrigin, signInLink } satisfies WorkerAddresses);
  else announce({ ...server, signInLink }, settings, json);
  const stop = once(process, 'SIGTERM').then(() => undefined);
  await Promise.race([stop, once(process, 'SIGINT'), once(process, 'disconnect')]);
  await server.close();
  process.exit(0);
}

// One demo site for all workers: what is written in its guest book must be read by the next request.
async function runSeveral(settings: Settings, json: boolean): Promise<void> {
  const { workers, drainMs, demoPort } = settings;
  const demo = settings.sitesFile === undefined ? await openDemo({ port: demoPort, clock: systemClock }) : undefined;
  await runWorkers({
    workers,
    drainMs,
    environment: demo === undefined ? {} : { FORMAT_GATEWAY_DEMO: demo.origin },
    announce: (origins) => announce({ ...origins, demoOrigin: demo?.origin }, settings, json),
  });
}

interface Origins extends WorkerAddresses {
  readonly demoOrigin: string | undefined;
}

function announce(origins: Origins, { adminToken, dataDir }: Settings, json: boolean): void {
  const { origin, secureOrigin, adminOrigin, demoOrigin, signInLink } = origins;
  const tokenFile = adminToken === undefined ? join(dataDir, 'admin.token') : undefined;
  if (json) {
    console.log(JSON.stringify({ origin, secureOrigin, demoOrigin, adminOrigin, tokenFile, signInLink }));
    return;
  }
  const token = tokenFile === undefined ? '' : `, token in ${tokenFile}`;
  console.log(
    `Format gateway: ${origin}/   (try ${origin}/${demoOrigin === undefined ? 'https://example.org' : demoOrigin}/)`,
  );
  if (secureOrigin !== undefined) console.log(`With HTTPS:     ${secureOrigin}/`);
  if (adminOrigin !== undefined) console.log(`Admin:          ${adminOrigin}/${token}`);
  if (signInLink !== undefined) console.log(`Sign in once:   ${signInLink}`);
}
