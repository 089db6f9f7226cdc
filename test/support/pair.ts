/** A front-end and its back-end, each a server of its own, and a link between them that can be cut (S5). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Clock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { type RunningServer, startServer } from '../../main.ts';
import { type Answer, type Ask, ask } from './client.ts';
import { openWorld, testEnvironment, type World } from './gateway.ts';
import { openRelay, type Relay } from './relay.ts';

const SECRET = 'a secret of two';

export interface Pair {
  /** The back-end's world, with the origin. */
  readonly back: World;
  readonly front: RunningServer;
  /** The link between the two. */
  readonly link: Relay;
  /** Asks the front-end for a resource of the origin in prefix mode. */
  through(path: string, options?: Ask): Promise<Answer>;
  /** Ends the front-end and starts it again at the same address with the same data folder. */
  restart(): Promise<Pair>;
}

export interface PairOptions {
  /** Of the front-end. Default: the one that both share. */
  readonly secret?: string;
  /** Of the front-end. */
  readonly clock?: Clock;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function withPair(work: (pair: Pair) => Promise<void>, options: PairOptions = {}): Promise<void> {
  const { secret = SECRET, clock, environment = {} } = options;
  const { world: back, close } = await openWorld({ environment: { CHANNEL_SECRET: SECRET } });
  const link = await openRelay(back.server.origin);
  const dataDir = await mkdtemp(join(tmpdir(), 'front-end-'));
  const settings = { CHANNEL_SECRET: secret, BACK_END: link.origin, UPSTREAM_ALLOW: 'none', ...environment };
  let front: RunningServer | undefined;
  const open = async (port: string): Promise<Pair> => {
    const server = await startServer(testEnvironment(dataDir, { ...settings, PORT: port }), {
      log: silentLog,
      ...(clock === undefined ? {} : { clock }),
    });
    front = server;
    return {
      back,
      front: server,
      link,
      through: (path, asked) => ask(server.origin, `/${back.origin.url}${path}`, asked),
      async restart() {
        await server.close(0);
        front = undefined;
        return await open(new URL(server.origin).port);
      },
    };
  };
  try {
    await work(await open('0'));
  } finally {
    await front?.close(0);
    await link.close();
    await close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

export function inPair(work: (t: ExecutionContext, pair: Pair) => Promise<void>, options?: PairOptions) {
  return async (t: ExecutionContext): Promise<void> => {
    await withPair((pair) => work(t, pair), options);
  };
}
