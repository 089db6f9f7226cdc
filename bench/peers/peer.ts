/** What a gateway's pictures are compared with: other programs that make pictures smaller, each started in a folder of its own. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../core/clock.ts';

/** A peer that runs. */
export interface Peer {
  readonly name: string;
  /** What it makes of the picture, for the report. */
  readonly makes: string;
  /** Asks for a picture of the origin, which is another at every number. */
  ask(count: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** What is asked of every peer. */
export interface PeerWish {
  readonly origin: string;
  /** Pixels. */
  readonly width: number;
  /** By the scale of the format's usual library, 1 to 100. */
  readonly quality: number;
  readonly agent: Agent;
}

/** A name, and how it is started. The start throws where the peer is not there, with a message for people. */
export interface PeerRecipe {
  readonly name: string;
  start(wish: PeerWish): Promise<Peer>;
}

export async function makeFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'peer-'));
}

/** Installs packages of the npm registry into a folder. @throws Error with what the client says */
export function installInto(folder: string, packages: readonly string[]): void {
  const { status, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${packages.join(', ')} cannot be installed: ${stderr.slice(-300)}`);
}

/** Ends a program and removes its folder. */
export async function endPeer(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    // One that takes leave of its connections first would wait for those that are kept alive.
    child.kill('SIGKILL');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}

/** A port of loopback that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const TRIES = 50;
const TRY_MS = 100;

/** What asks a program that is being started, and can ask once for nothing. */
interface StartedPeer extends Omit<Peer, 'close'> {
  ask(count: number | string): Promise<Buffer>;
}

/** The peer once it answers. @throws Error where it does not: its program is ended then */
export async function onceItAnswers(peer: StartedPeer, child: ChildProcess, folder: string): Promise<Peer> {
  try {
    await firstAnswer(() => peer.ask('first'), child);
  } catch (error) {
    await endPeer(child, folder);
    throw error;
  }
  return { ...peer, close: () => endPeer(child, folder) };
}

/** The first answer of a program that is being started. @throws Error of the last try */
async function firstAnswer(ask: () => Promise<Buffer>, child: ChildProcess): Promise<Buffer> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= TRIES || child.exitCode !== null) throw error;
      await pause(TRY_MS);
    }
  }
}
