/** `serve`: one process, or as many workers as WORKERS says, until a signal ends them. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseSettings, readEnvironment } from '../../core/config.ts';
import { runWorkers } from '../../gateway/workers.ts';
import { type Settings, settingTable } from '../../settings.ts';

export function addServeVerb(program: Command): void {
  program
    .command('serve')
    .description('Serve until a signal ends it. Settings come from the environment and `.env`; see `config print`.')
    .action(runServer);
}

async function runServer(): Promise<void> {
  const environment = readEnvironment();
  const settings = parseSettings(settingTable, environment);
  if (cluster.isPrimary && settings.workers > 1)
    return await runWorkers({
      workers: settings.workers,
      drainMs: settings.drainMs,
      announce: (origins) => announce(origins, settings),
    });
  const share = cluster.isWorker ? { POOL: String(Math.max(1, Math.floor(settings.pool / settings.workers))) } : {};
  const isFirst = cluster.isPrimary || environment['FORMAT_GATEWAY_WORKER'] === '1';
  const { startServer } = await import('../../main.ts');
  const server = await startServer({ ...environment, ...share }, { withAdmin: isFirst });
  if (cluster.isWorker) process.send?.({ origin: server.origin, adminOrigin: server.adminOrigin });
  else announce(server, settings);
  const stop = once(process, 'SIGTERM').then(() => undefined);
  await Promise.race([stop, once(process, 'SIGINT'), once(process, 'disconnect')]);
  await server.close();
  process.exit(0);
}

function announce(
  { origin, adminOrigin }: { origin: string; adminOrigin: string | undefined },
  settings: Settings,
): void {
  const token = settings.adminToken === undefined ? `, token in ${join(settings.dataDir, 'admin.token')}` : '';
  console.log(`Format gateway: ${origin}/   (try ${origin}/https://example.org/)`);
  if (adminOrigin !== undefined) console.log(`Admin API:      ${adminOrigin}/api/${token}`);
}
