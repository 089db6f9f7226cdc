/** Engines of a fleet for tests: nats-server with JetStream on free loopback ports, its stores in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Engines {
  /** As NATS_URL names them. */
  readonly servers: string;
  /** Names of the servers: `engine-1` and so on. */
  readonly names: readonly string[];
  /** Starts those that do not run, and waits until each listens. */
  start(...names: string[]): Promise<void>;
  /** `kill -9`, of all where none is named. */
  kill(...names: string[]): Promise<void>;
  /** Removes all they stored; none may run. */
  wipe(): Promise<void>;
  /** Kills all and removes their stores. */
  close(): Promise<void>;
}

interface Ports {
  readonly client: number;
  readonly cluster: number;
}

// A run that is cut short leaves none behind either.
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Makes the engines of one fleet; none runs before `start`. */
export async function makeEngines(count: 1 | 3): Promise<Engines> {
  const folder = await mkdtemp(join(tmpdir(), 'engines-'));
  const names = Array.from({ length: count }, (_, index) => `engine-${index + 1}`);
  const free = await freePorts(count * 2);
  const ports = new Map(names.map((name, i) => [name, { client: free[i * 2]!, cluster: free[i * 2 + 1]! }]));
  const children = new Map<string, ChildProcess>();

  const start = async (...chosen: string[]): Promise<void> => {
    const missing = (chosen.length > 0 ? chosen : names).filter((name) => !children.has(name));
    await Promise.all(
      missing.map(async (name) => {
        const child = spawn('nats-server', argumentsOf(name, ports, folder), { stdio: ['ignore', 'ignore', 'pipe'] });
        children.set(name, child);
        running.add(child);
        await untilListening(child);
      }),
    );
  };
  const kill = async (...chosen: string[]): Promise<void> => {
    await Promise.all(
      (chosen.length > 0 ? chosen : names).map(async (name) => {
        const child = children.get(name);
        children.delete(name);
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
        running.delete(child);
      }),
    );
  };
  const wipe = async (): Promise<void> => {
    for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
  };
  const close = async (): Promise<void> => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  const servers = names.map((name) => `nats://127.0.0.1:${ports.get(name)!.client}`).join(',');
  return { servers, names, start, kill, wipe, close };
}

function argumentsOf(name: string, ports: ReadonlyMap<string, Ports>, folder: string): string[] {
  const own = ports.get(name)!;
  const alone = ['-a', '127.0.0.1', '-p', `${own.client}`, '-n', name, '-js', '-sd', join(folder, name)];
  if (ports.size === 1) return alone;
  const routes = [...ports.values()].map(({ cluster }) => `nats://127.0.0.1:${cluster}`).join(',');
  const cluster = ['--cluster_name', 'tests', '--cluster', `nats://127.0.0.1:${own.cluster}`, '--routes', routes];
  return [...alone, ...cluster];
}

async function untilListening(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr! })) {
    said.push(line);
    if (line.includes('Server is ready')) {
      // Read on, or the server stands still when the pipe is full.
      child.stderr!.resume();
      return;
    }
  }
  throw new Error(`nats-server ended before it listened: ${said.join('\n')}`);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((each) => once(each, 'listening')));
  const ports = servers.map((each) => (each.address() as AddressInfo).port);
  await Promise.all(servers.map((each) => once(each.close(), 'close')));
  return ports;
}
