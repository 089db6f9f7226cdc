/**
 * A link at the level of packets: two network namespaces joined by TUN devices, and between them a relay that delays,
 * throttles and loses. Needs Linux, root, /dev/net/tun, `ip` and `python3`; nothing is changed outside the namespaces.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const RELAY = fileURLToPath(new URL('./relay.py', import.meta.url));
const NEAR_ADDRESS = '10.91.7.1';
export const FAR_ADDRESS = '10.91.7.2';

/** What a link is like. */
export interface LinkKind {
  readonly name: string;
  /** There and back. */
  readonly roundTripMs: number;
  readonly bitsPerSecond: number;
  /** Share of packets, 0 to 1. */
  readonly loss: number;
}

export interface Carried {
  /** Bytes of packets, towards the far end and towards the near one. */
  readonly up: number;
  readonly down: number;
}

export interface Link {
  /** What a command begins with that runs on the near or far side. */
  readonly near: readonly string[];
  readonly far: readonly string[];
  set(kind: LinkKind, seed: number): Promise<void>;
  /** So far. */
  carried(): Promise<Carried>;
  close(): Promise<void>;
}

/** Bytes that wait for the link; more are dropped: half a second at least, as modems keep it. */
const QUEUE_MS = 500;
const MIN_QUEUE_BYTES = 30_000;

/** Why there can be no such link on this machine; `undefined` where there can. */
export function whyNoLink(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root: network namespaces and TUN devices';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  for (const [command, asked] of [
    ['ip', '-V'],
    ['python3', '--version'],
  ] as const)
    if (spawnSync(command, [asked]).status !== 0) return `there is no \`${command}\` (apt install iproute2 python3)`;
  return undefined;
}

/** @throws Error saying why where the machine has no such thing. */
export async function openLink(): Promise<Link> {
  const why = whyNoLink();
  if (why !== undefined) throw new Error(`There can be no link of packets here: ${why}.`);
  const [near, far] = [`gwn${process.pid}`, `gwf${process.pid}`];
  const relay = spawn('python3', [RELAY, near, far], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: relay.stdout! });
  const undo = () => {
    for (const name of [near, far]) spawnSync('ip', ['netns', 'del', name]);
    relay.kill('SIGKILL');
  };
  process.once('exit', undo);
  try {
    await answerOf(relay, lines);
    for (const [name, own, other] of [
      [near, NEAR_ADDRESS, FAR_ADDRESS],
      [far, FAR_ADDRESS, NEAR_ADDRESS],
    ] as const)
      joinNamespace(name, own, other);
  } catch (error) {
    undo();
    throw error;
  }
  const ask = async (line: string): Promise<Carried> => {
    relay.stdin!.write(`${line}\n`);
    return JSON.parse(await answerOf(relay, lines)) as Carried;
  };
  return {
    near: ['ip', 'netns', 'exec', near],
    far: ['ip', 'netns', 'exec', far],
    async set({ roundTripMs, bitsPerSecond, loss }, seed) {
      const queueBytes = Math.max(MIN_QUEUE_BYTES, (bitsPerSecond / 8_000) * QUEUE_MS);
      await ask(JSON.stringify({ delayMs: roundTripMs / 2, bitsPerSecond, loss, queueBytes, seed }));
    },
    carried: () => ask('count'),
    async close() {
      const ended = once(relay, 'exit');
      relay.stdin!.end();
      await ended;
      process.off('exit', undo);
      undo();
    },
  };
}

function joinNamespace(name: string, own: string, other: string): void {
  ip(['netns', 'add', name]);
  ip(['link', 'set', name, 'netns', name]);
  ip(['-n', name, 'link', 'set', 'lo', 'up']);
  ip(['-n', name, 'addr', 'add', own, 'peer', other, 'dev', name]);
  ip(['-n', name, 'link', 'set', name, 'up']);
}

function ip(args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}

async function answerOf(relay: ChildProcess, lines: Interface): Promise<string> {
  const gone = new AbortController();
  try {
    const [line] = await Promise.race([
      once(lines, 'line', { signal: gone.signal }),
      once(relay, 'exit', { signal: gone.signal }).then(() => {
        throw new Error('the relay has ended');
      }),
    ]);
    return line as string;
  } finally {
    gone.abort();
  }
}
