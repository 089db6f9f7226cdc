/** A gateway and an origin of a test's own, closed whatever happens. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { silentLog } from '../../core/log.ts';
import { type RunningServer, startServer } from '../../main.ts';
import type { StartOptions } from '../../server/parts.ts';
import { type Answer, type Ask, ask } from './client.ts';
import { type Origin, startOrigin } from './origin.ts';

export interface World {
  readonly origin: Origin;
  readonly server: RunningServer;
  readonly dataDir: string;
  /** Asks the gateway for a path. */
  get(path: string, options?: Ask): Promise<Answer>;
  /** Asks for a resource of the origin in prefix mode. */
  through(path: string, options?: Ask): Promise<Answer>;
  /** Calls the admin API with its token. */
  admin(path: string, options?: Ask & { json?: unknown }): Promise<Answer>;
}

export interface WorldOptions extends StartOptions {
  readonly environment?: Readonly<Record<string, string>>;
}

/** Environment of a gateway for tests: free ports, one process, loopback origins allowed. */
export function testEnvironment(dataDir: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PORT: '0',
    ADMIN_PORT: '0',
    WORKERS: '1',
    POOL: '1',
    DATA_DIR: dataDir,
    UPSTREAM_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'silent',
    ...more,
  };
}

/** A world that a test file keeps open. */
export interface OpenWorld {
  readonly world: World;
  close(): Promise<void>;
}

export async function openWorld(options: WorldOptions = {}): Promise<OpenWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gateway-'));
  const origin = await startOrigin();
  const closeRest = async () => {
    await origin.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const { environment = {}, ...start } = options;
    const server = await startServer(testEnvironment(dataDir, environment), { log: silentLog, ...start });
    const close = async () => {
      await server.close(0);
      await closeRest();
    };
    return { world: makeWorld(server, origin, dataDir), close };
  } catch (error) {
    await closeRest();
    throw error;
  }
}

function makeWorld(server: RunningServer, origin: Origin, dataDir: string): World {
  return {
    origin,
    server,
    dataDir,
    get: (path, asked) => ask(server.origin, path, asked),
    through: (path, asked) => ask(server.origin, `/${origin.url}${path}`, asked),
    admin: (path, { json, fields, ...asked } = {}) =>
      ask(server.adminOrigin!, path, {
        ...asked,
        fields: {
          authorization: `Bearer ${server.adminToken.secret}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...fields,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      }),
  };
}

// Each world has processes of its own: tests of one file run at the same time, worlds two by two.
const WORLDS_AT_ONCE = 2;
const waiting: (() => void)[] = [];
let open = 0;

/** Runs `work` in a world, which is closed whatever happens. */
export async function withWorld(options: WorldOptions, work: (world: World) => Promise<void>): Promise<void> {
  if (open >= WORLDS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  open += 1;
  try {
    const { world, close } = await openWorld(options);
    try {
      await work(world);
    } finally {
      await close();
    }
  } finally {
    open -= 1;
    waiting.shift()?.();
  }
}

/** An ava macro: a test with a world of its own. */
export function inWorld(work: (t: ExecutionContext, world: World) => Promise<void>, options: WorldOptions = {}) {
  return async (t: ExecutionContext): Promise<void> => {
    await withWorld(options, (world) => work(t, world));
  };
}
