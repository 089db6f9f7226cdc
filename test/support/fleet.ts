/** A fleet of a test's own: an engine, servers on free loopback ports, keys and plans; closed whatever happens. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause, systemClock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import { silentLog } from '../../core/log.ts';
import type { BuiltBundle } from '../../fleet/bundle/build-bundle.ts';
import { makeSigningKeys, readSigningKey } from '../../fleet/bundle/signing-keys.ts';
import type { FleetStatus } from '../../fleet/fleet-status.ts';
import type { SignedPlan } from '../../fleet/plan/fleet-plan.ts';
import { signPlan } from '../../fleet/plan/sign-plan.ts';
import { startServer } from '../../main.ts';
import type { StartOptions } from '../../server/parts.ts';
import { type Answer, type Ask, ask } from './client.ts';
import { bundleOf, type Files } from './components.ts';
import { testEnvironment } from './gateway.ts';
import { type Engines, makeEngines } from './nats-server.ts';
import { endProgram, startProgram } from './program.ts';

const TOKEN = 'token-of-sixteen-or-more';

/** One server of a fleet. */
export interface Node {
  readonly name: string;
  readonly origin: string;
  readonly adminOrigin: string;
  readonly dataDir: string;
  get(path: string, options?: Ask): Promise<Answer>;
  admin(path: string, options?: Ask & { readonly json?: unknown }): Promise<Answer>;
  status(): Promise<FleetStatus>;
  /** Ends it as its operator does. */
  close(): Promise<void>;
  /** `kill -9`; only of those started in processes of their own. */
  kill(): Promise<void>;
}

export interface NodeOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** In place of the system's resolver; not of those in processes of their own. */
  readonly resolve?: StartOptions['resolve'];
  /** Started as its users start it, in processes of its own. */
  readonly isProgram?: boolean;
}

export type PlanJson = Readonly<Record<string, unknown>> & {
  readonly functionSets?: Readonly<
    Record<string, { bundles: readonly string[]; data?: Readonly<Record<string, string>> }>
  >;
};

export interface TestFleet {
  readonly engines: Engines;
  readonly key: KeyObject;
  /** File of trusted keys. */
  readonly publicFile: string;
  readonly folder: string;
  /** Those that run. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** Starts a server; one of a name that there was has its disk again. */
  start(name: string, options?: NodeOptions): Promise<Node>;
  build(files: Files): Promise<BuiltBundle>;
  /** Pushes a bundle and its data sets. */
  push(node: Node, built: BuiltBundle): Promise<Digest>;
  /** Signs a plan with the next serial, and applies it. */
  apply(node: Node, plan: PlanJson): Promise<SignedPlan>;
  /** Waits until all servers that run say that everything is as planned, by the plan applied last. */
  settled(): Promise<FleetStatus>;
  /** Waits until this holds of what a server says. */
  until(node: Node, isSo: (status: FleetStatus) => boolean): Promise<FleetStatus>;
}

/** Longest that a test waits for a state to come about. */
const WAIT_MS = 45_000;
const LOOK_MS = 20;

/** A fleet that a test file keeps open; it has an engine and no server yet. */
export async function openFleet(): Promise<TestFleet & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  const engines = await makeEngines(1);
  const nodes = new Map<string, Node>();
  await engines.start();
  return {
    ...makeFleet(folder, engines, nodes),
    async close() {
      // Without an engine nobody waits for another to take over.
      await engines.kill();
      await Promise.allSettled([...nodes.values()].map((node) => node.close()));
      await engines.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs `work` with a fleet, which is closed whatever happens. */
export async function withFleet(work: (fleet: TestFleet) => Promise<void>): Promise<void> {
  const fleet = await openFleet();
  try {
    await work(fleet);
  } finally {
    await fleet.close();
  }
}

function makeFleet(folder: string, engines: Engines, nodes: Map<string, Node>): TestFleet {
  const { keyFile, publicFile } = makeSigningKeys(join(folder, 'keys'));
  const key = readSigningKey(keyFile);
  let serial = 0;
  return {
    engines,
    key,
    publicFile,
    folder,
    nodes,
    async start(name, { environment = {}, resolve, isProgram = false } = {}) {
      const dataDir = join(folder, name);
      const settings = testEnvironment(dataDir, {
        ADMIN_TOKEN: TOKEN,
        NODE_NAME: name,
        NATS_URL: engines.servers,
        FLEET_KEYS: publicFile,
        ...environment,
      });
      const node = isProgram
        ? await startAsProgram(name, settings, nodes)
        : await startHere(name, { settings, resolve, nodes });
      nodes.set(name, node);
      return node;
    },
    build: (files) => bundleOf(files, key),
    async push(node, built) {
      for (const { bytes } of built.data.values()) await pushBytes(node, bytes);
      await pushBytes(node, built.bytes, '?kind=bundle');
      return built.digest;
    },
    async apply(node, plan) {
      serial = Math.max(serial, (await node.status()).serial) + 1;
      const signed = signPlan(plan, serial, key);
      const { status, text } = await node.admin('/api/fleet/apply', { method: 'POST', json: signed });
      if (status !== 200) throw new Error(`the plan is refused: ${text}`);
      return signed;
    },
    async settled() {
      let last: FleetStatus | undefined;
      for (const node of nodes.values())
        last = await until(
          node,
          (said) => said.isSettled && said.serial >= serial && said.servers.length === nodes.size,
        );
      return last!;
    },
    until,
  };
}

async function until(node: Node, isSo: (status: FleetStatus) => boolean): Promise<FleetStatus> {
  let said: FleetStatus | undefined;
  await eventually(
    async () => {
      said = await node.status();
      return isSo(said);
    },
    () => `${node.name} says ${JSON.stringify(said)}`,
  );
  return said!;
}

/** Looks again and again until it is so. */
export async function eventually(isSo: () => Promise<boolean>, tell: () => string = () => ''): Promise<void> {
  const began = systemClock.monotonic();
  while (!(await isSo())) {
    if (systemClock.monotonic() - began > WAIT_MS) throw new Error(`it never came about: ${tell()}`);
    await pause(LOOK_MS);
  }
}

async function pushBytes(node: Node, body: Buffer, query = ''): Promise<void> {
  const fields = { 'content-type': 'application/octet-stream' };
  const { status, text } = await node.admin(`/api/fleet/blobs${query}`, { method: 'POST', body, fields });
  if (status !== 201) throw new Error(`the blob is refused: ${text}`);
}

type Started = Pick<Node, 'origin' | 'adminOrigin' | 'dataDir' | 'close' | 'kill'>;

function makeNode(name: string, started: Started, nodes: Map<string, Node>): Node {
  const { origin, adminOrigin } = started;
  const admin: Node['admin'] = (path, { json, fields, ...asked } = {}) =>
    ask(adminOrigin, path, {
      ...asked,
      fields: {
        authorization: `Bearer ${TOKEN}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...fields,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const end = (how: () => Promise<void>) => async () => {
    nodes.delete(name);
    await how();
  };
  return {
    name,
    ...started,
    get: (path, asked) => ask(origin, path, asked),
    admin,
    async status() {
      const { status, text } = await admin('/api/fleet');
      if (status !== 200) throw new Error(`${name} tells no state: ${text}`);
      return JSON.parse(text) as FleetStatus;
    },
    close: end(started.close),
    kill: end(started.kill),
  };
}

interface Here extends Pick<NodeOptions, 'resolve'> {
  readonly settings: Record<string, string>;
  readonly nodes: Map<string, Node>;
}

async function startHere(name: string, { settings, resolve, nodes }: Here): Promise<Node> {
  const server = await startServer(settings, { log: silentLog, ...(resolve === undefined ? {} : { resolve }) });
  const started: Started = {
    origin: server.origin,
    adminOrigin: server.adminOrigin!,
    dataDir: settings['DATA_DIR']!,
    close: () => server.close(0),
    kill: () => Promise.reject(new Error(`${name} runs in the test's own process`)),
  };
  return makeNode(name, started, nodes);
}

async function startAsProgram(
  name: string,
  environment: Record<string, string>,
  nodes: Map<string, Node>,
): Promise<Node> {
  mkdirSync(environment['DATA_DIR']!, { recursive: true });
  const program = await startProgram({ LOG_LEVEL: 'silent', ...environment });
  const started: Started = {
    origin: program.origin,
    adminOrigin: program.adminOrigin,
    dataDir: environment['DATA_DIR']!,
    close: async () => void (await endProgram(program)),
    kill: async () => void (await endProgram(program, 'SIGKILL')),
  };
  return makeNode(name, started, nodes);
}

/**
 * Asks these servers for a path, one after the other in six loops, while `work` is under way and until `least` were asked;
 * each time with another query, so that no older reply stands in.
 */
export async function underLoad(
  nodes: readonly Node[],
  path: string,
  { work, least = 200 }: { readonly work: () => Promise<unknown>; readonly least?: number },
): Promise<readonly Pick<Answer, 'status' | 'text'>[]> {
  const answers: Pick<Answer, 'status' | 'text'>[] = [];
  let isOver = false;
  let asked = 0;
  const loop = async () => {
    while (!isOver || asked < least) {
      asked += 1;
      const node = nodes[asked % nodes.length]!;
      const failed = (error: Error) => ({ status: 0, text: `${node.name}: ${error.message}` });
      const { status, text } = await node.get(`${path}?n=${asked}`).catch(failed);
      answers.push({ status, text });
    }
  };
  const loops = Promise.all(Array.from({ length: 6 }, loop));
  try {
    await work();
  } finally {
    isOver = true;
    await loops;
  }
  return answers;
}
