/** A fleet on this machine: engines and servers in processes of their own, all in one folder. */
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '../../core/config.ts';
import { requestAsOperator } from '../../egress/operator-request.ts';
import type { FleetStatus } from '../../fleet/fleet-status.ts';
import { type Engines, makeEngines } from './engines.ts';
import { findFreePorts } from './free-ports.ts';
import { type GatewayProcess, makeGatewayProcess } from './gateway-process.ts';

export interface FleetOfProcesses {
  readonly folder: string;
  readonly engines: Engines;
  /** By name. */
  readonly servers: Readonly<Record<string, GatewayProcess>>;
  /** Token of every admin listener. */
  readonly token: string;
  /** What a server knows of the fleet. */
  status(server: string): Promise<FleetStatus>;
  /** Ends everything and removes the folder. */
  close(): Promise<void>;
}

export interface FleetOfProcessesOptions {
  /** Made by the caller; it holds what `keys new` made, below `keys`. */
  readonly folder: string;
  /** Each in a zone of its own. */
  readonly names: readonly string[];
  readonly engines: 1 | 3;
  /** More settings of every server. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Makes the fleet; nothing runs yet. */
export async function makeFleetOfProcesses(options: FleetOfProcessesOptions): Promise<FleetOfProcesses> {
  const { folder, names, environment = {} } = options;
  const token = crypto.randomUUID();
  const engineFolder = join(folder, 'engines');
  mkdirSync(engineFolder, { recursive: true });
  const engines = await makeEngines({ folder: engineFolder, count: options.engines });
  const ports = await findFreePorts(names.length * 2);
  const shared = {
    PATH: readEnvironment()['PATH'] ?? '',
    NATS_URL: engines.servers,
    FLEET_KEYS: join(folder, 'keys', 'signing.pub'),
    ADMIN_TOKEN: token,
    WORKERS: '1',
    POOL: '1',
    LOG_REQUESTS: '0',
    // Servers of the fleet read each other's data as any client would.
    UPSTREAM_ALLOW: '127.0.0.1',
    ...environment,
  };
  const servers = Object.fromEntries(
    names.map((name, index) => {
      const [port, adminPort] = [ports[index * 2]!, ports[index * 2 + 1]!];
      const own = { ...shared, ZONE: `${name}-side` };
      return [name, makeGatewayProcess({ name, folder, port, adminPort, environment: own })];
    }),
  );
  return {
    folder,
    engines,
    servers,
    token,
    async status(server) {
      const url = new URL('/api/fleet', servers[server]!.adminOrigin);
      const { status, text } = await requestAsOperator({ method: 'GET', url, token });
      if (status !== 200) throw new Error(`${server} answers ${status}: ${text}`);
      return JSON.parse(text) as FleetStatus;
    },
    async close() {
      await Promise.all(Object.values(servers).map((server) => server.kill()));
      await engines.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
