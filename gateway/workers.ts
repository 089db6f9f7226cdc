/** Several processes that hold sockets: started, watched, replaced when they die, drained together (`WORKERS`). */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { systemClock } from '../core/clock.ts';

export interface WorkerAddresses {
  readonly origin: string;
  readonly secureOrigin: string | undefined;
  readonly adminOrigin: string | undefined;
  /** For a terminal: signs in to the admin UI once. */
  readonly signInLink: string | undefined;
}

export interface WorkersOptions {
  readonly workers: number;
  readonly drainMs: number;
  /** Variables for the workers alone. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called once, when every worker listens. */
  readonly announce: (addresses: WorkerAddresses) => void;
}

const RESTART_MS = 500;

/** Runs until SIGTERM or SIGINT; then drains all workers. The first worker also holds the admin listener. */
export async function runWorkers(options: WorkersOptions): Promise<void> {
  let stopping = false;
  const ready: WorkerAddresses[] = [];
  const start = (role: number) => {
    const worker = cluster.fork({ ...options.environment, FORMAT_GATEWAY_WORKER: String(role) });
    worker.on('message', (addresses: WorkerAddresses) => {
      ready.push(addresses);
      if (ready.length !== options.workers) return;
      const admin = ready.find((each) => each.adminOrigin !== undefined);
      options.announce({
        origin: addresses.origin,
        secureOrigin: addresses.secureOrigin,
        adminOrigin: admin?.adminOrigin,
        signInLink: admin?.signInLink,
      });
    });
    worker.on('exit', (code) => {
      if (stopping) return;
      // A worker that dies before all have started has a fault that a new start will not heal.
      if (code !== 0 && ready.length < options.workers) {
        stopping = true;
        void stopAll(options.drainMs).then(() => process.exit(code ?? 1));
        return;
      }
      systemClock.after(RESTART_MS, () => start(role));
    });
  };
  for (let role = 1; role <= options.workers; role++) start(role);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  stopping = true;
  await stopAll(options.drainMs);
  process.exit(0);
}

async function stopAll(drainMs: number): Promise<void> {
  const workers = Object.values(cluster.workers ?? {}).filter(
    (worker): worker is Worker => worker !== undefined && !worker.isDead(),
  );
  const gone = Promise.all(workers.map((worker) => once(worker, 'exit')));
  for (const worker of workers) worker.process.kill('SIGTERM');
  const timer = systemClock.after(drainMs + 5_000, () => {
    for (const worker of workers) worker.process.kill('SIGKILL');
  });
  await gone;
  timer.cancel();
}
