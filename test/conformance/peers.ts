/** Other proxies, as Debian packages them, with settings of the suite's own in a temporary folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePorts } from '../../demo/fleet/free-ports.ts';
import type { CaseMode } from './case.ts';
import type { CaseOrigin } from './origin.ts';
import type { Subject } from './run-case.ts';

/** Another proxy that can be started here. */
export interface Peer {
  readonly name: string;
  /** The Debian package. */
  readonly package: string;
  readonly modes: readonly CaseMode[];
  readonly command: string;
  /** Where a proxy that goes into the background leaves its number, in the folder. */
  readonly pidFile?: string;
  /** Arguments of the running proxy; settings are written into the folder. */
  readonly prepare: (place: PeerPlace) => Promise<readonly string[]>;
}

interface PeerPlace {
  readonly folder: string;
  readonly originPort: number;
  readonly port: number;
  /** Of a second listener, in front of the origin. */
  readonly reversePort: number;
}

export interface RunningPeer {
  readonly name: string;
  readonly version: string;
  readonly modes: readonly CaseMode[];
  as(mode: CaseMode): Subject;
  close(): Promise<void>;
}

const HOSTS = { plain: 'plain.test', personal: 'personal.test' };
const START_ATTEMPTS = 100;

/** In the order of the table. Everything each of them can do to pages and pictures is on. */
export const PEERS: readonly Peer[] = [
  {
    name: 'Ziproxy',
    package: 'ziproxy',
    modes: ['forward'],
    command: 'ziproxy',
    pidFile: 'ziproxy.pid',
    async prepare({ folder, port, originPort }) {
      const settings = `Port = ${port}
Address = "127.0.0.1"
PIDFile = "${folder}/ziproxy.pid"
ErrorLog = "${folder}/error.log"
RestrictOutPortHTTP = {80, ${originPort}}
MaxSize = 0
Gzip = true
ViaServer = "ziproxy"
ProcessHTML = true
ProcessCSS = true
ProcessJS = true
ProcessJPG = true
ProcessPNG = true
ProcessGIF = true
ImageQuality = {30,25,25,20}
`;
      await writeFile(join(folder, 'ziproxy.conf'), settings);
      return ['-d', '-c', join(folder, 'ziproxy.conf')];
    },
  },
  {
    name: 'Privoxy',
    package: 'privoxy',
    modes: ['forward'],
    command: '/usr/sbin/privoxy',
    async prepare({ folder, port }) {
      const settings = `confdir /etc/privoxy
logdir ${folder}
actionsfile match-all.action
actionsfile default.action
filterfile default.filter
listen-address 127.0.0.1:${port}
enable-compression 1
compression-level 6
keep-alive-timeout 5
`;
      await writeFile(join(folder, 'config'), settings);
      return ['--no-daemon', join(folder, 'config')];
    },
  },
  {
    name: 'Squid',
    package: 'squid',
    modes: ['forward', 'reverse'],
    command: '/usr/sbin/squid',
    async prepare({ folder, port, reversePort, originPort }) {
      const settings = `http_port 127.0.0.1:${port} name=forward
http_port 127.0.0.1:${reversePort} name=reverse accel defaultsite=${HOSTS.plain} no-vhost
cache_peer 127.0.0.1 parent ${originPort} 0 no-query originserver name=origin
acl reverse myportname reverse
acl private-to dst 10.0.0.0/8 169.254.0.0/16 192.168.0.0/16
cache_peer_access origin allow reverse
cache_peer_access origin deny all
always_direct allow !reverse
never_direct allow reverse
http_access deny private-to
http_access allow all
cache_mem 64 MB
access_log none
cache_log ${folder}/cache.log
cache_store_log none
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
visible_hostname squid.test
shutdown_lifetime 0 seconds
`;
      await writeFile(join(folder, 'squid.conf'), settings);
      return ['-N', '-f', join(folder, 'squid.conf')];
    },
  },
];

/** How to get those that are not installed; `undefined` when all are. */
export async function whatIsMissing(): Promise<string | undefined> {
  const found = await Promise.all(PEERS.map(versionOf));
  const missing = PEERS.filter((_, at) => found[at] === undefined).map((each) => each.package);
  return missing.length === 0 ? undefined : `apt-get install --no-install-recommends ${missing.join(' ')}`;
}

/** Starts a peer; it is ended with `close`. @throws Error when it does not listen within some seconds. */
export async function startPeer(peer: Peer, origin: CaseOrigin): Promise<RunningPeer> {
  const folder = await mkdtemp(join(tmpdir(), `conformance-${peer.package}-`));
  // Some give up their rights once started, and write here all the same.
  await chmod(folder, 0o777);
  const [port = 0, reversePort = 0] = await findFreePorts(2);
  const place = { folder, port, reversePort, originPort: Number(new URL(origin.url).port) };
  const child = spawn(peer.command, await peer.prepare(place), { stdio: 'ignore', cwd: folder });
  const close = async () => {
    await endChild(child);
    if (peer.pidFile !== undefined) await endBackground(join(folder, peer.pidFile), port);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(port, peer.pidFile === undefined ? child : undefined, peer.name);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: peer.name,
    version: (await versionOf(peer)) ?? 'unknown',
    modes: peer.modes,
    as: (mode) => ({
      proxy: new URL(`http://127.0.0.1:${mode === 'reverse' ? reversePort : port}`),
      hosts: HOSTS,
      mode,
    }),
    close,
  };
}

async function versionOf(peer: Peer): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('dpkg-query', ['-s', peer.package]);
    return /^Status: .* installed$/m.test(stdout) ? /^Version: (.+)$/m.exec(stdout)?.[1] : undefined;
  } catch {
    // dpkg knows no such package, or is not there at all.
    return undefined;
  }
}

async function waitFor(port: number, child: ChildProcess | undefined, name: string): Promise<void> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (typeof child?.exitCode === 'number') throw new Error(`${name} ended with ${child.exitCode}`);
    if (await isListening(port)) return;
    await setTimeout(100);
  }
  throw new Error(`${name} does not listen`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function endBackground(pidFile: string, port: number): Promise<void> {
  const pid = Number(await readFile(pidFile, 'latin1').catch(() => ''));
  if (pid > 1) process.kill(pid, 'SIGTERM');
  for (let attempt = 0; attempt < START_ATTEMPTS && (await isListening(port)); attempt++) await setTimeout(50);
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = AbortSignal.timeout(5_000);
  late.addEventListener('abort', () => child.kill('SIGKILL'));
  await ended;
}
