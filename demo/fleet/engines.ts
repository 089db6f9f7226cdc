/** Engines of a fleet: nats-server with JetStream on free loopback ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requestAsOperator } from '../../egress/operator-request.ts';
import { endProcess, endWithUs, untilSays } from './child-process.ts';
import { findFreePorts } from './free-ports.ts';

export interface Engines {
  /** As NATS_URL names them. */
  readonly servers: string;
  /** Names of the engines: `engine-1` and so on. */
  readonly names: readonly string[];
  /** Starts those that do not run, and waits until each listens. @throws EngineMissing */
  start(...names: string[]): Promise<void>;
  /** `kill -9`, of all where none is named. */
  kill(...names: string[]): Promise<void>;
  /** The one that leads the engines' own cluster; the only one where there is one; `undefined` while none does. */
  leader(): Promise<string | undefined>;
  /** Kills all and removes their stores. */
  close(): Promise<void>;
}

export interface EnginesOptions {
  /** Where they store. */
  readonly folder: string;
  readonly count: 1 | 3;
}

/** The program is not there. */
export class EngineMissing extends Error {}

interface Ports {
  readonly client: number;
  readonly cluster: number;
  readonly monitor: number;
}

/** Makes the engines of one fleet; none runs before `start`. */
export async function makeEngines({ folder, count }: EnginesOptions): Promise<Engines> {
  const names = Array.from({ length: count }, (_, index) => `engine-${index + 1}`);
  const free = await findFreePorts(count * 3);
  const ports = new Map(
    names.map((name, i) => [name, { client: free[i * 3]!, cluster: free[i * 3 + 1]!, monitor: free[i * 3 + 2]! }]),
  );
  const children = new Map<string, ChildProcess>();
  const start = async (...chosen: string[]): Promise<void> => {
    const missing = (chosen.length > 0 ? chosen : names).filter((name) => !children.has(name));
    await Promise.all(
      missing.map(async (name) => {
        const child = spawn('nats-server', argumentsOf(name, ports, folder), { stdio: ['ignore', 'ignore', 'pipe'] });
        const failed = new Promise<never>((_, reject) =>
          child.once('error', (cause) => reject(new EngineMissing('nats-server cannot be started', { cause }))),
        );
        children.set(name, child);
        endWithUs(child);
        await Promise.race([failed, untilSays(child.stderr!, (line) => line.includes('Server is ready') || undefined)]);
      }),
    );
  };
  const kill = async (...chosen: string[]): Promise<void> => {
    const doomed = chosen.length > 0 ? chosen : names;
    await Promise.all(doomed.map((name) => endProcess(children.get(name), 'SIGKILL')));
    for (const name of doomed) children.delete(name);
  };
  return {
    servers: names.map((name) => `nats://127.0.0.1:${ports.get(name)!.client}`).join(','),
    names,
    start,
    kill,
    async leader() {
      if (count === 1) return names[0];
      const one = [...children.keys()][0];
      if (one === undefined) return undefined;
      const url = new URL(`http://127.0.0.1:${ports.get(one)!.monitor}/jsz`);
      const said = JSON.parse((await requestAsOperator({ method: 'GET', url })).text) as Monitored;
      return said.meta_cluster?.leader || undefined;
    },
    async close() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Monitored {
  readonly meta_cluster?: { readonly leader?: string };
}

function argumentsOf(name: string, ports: ReadonlyMap<string, Ports>, folder: string): string[] {
  const { client, cluster, monitor } = ports.get(name)!;
  const alone = ['-a', '127.0.0.1', '-p', `${client}`, '-n', name, '-js', '-sd', join(folder, name)];
  if (ports.size === 1) return alone;
  const routes = [...ports.values()].map((each) => `nats://127.0.0.1:${each.cluster}`).join(',');
  const own = `nats://127.0.0.1:${cluster}`;
  return [...alone, '-m', `${monitor}`, '--cluster_name', 'fleet', '--cluster', own, '--routes', routes];
}
