/** A server of a fleet on a free port of 127.0.0.1, its peers' door and its own way to others; nothing else of the product. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fields } from '../../core/fields.ts';
import { silentLog } from '../../core/log.ts';
import type { NodeKey } from '../../fleet/peers/node-key.ts';
import { readOrMakeNodeKey } from '../../fleet/peers/node-key.ts';
import { makePeers } from '../../fleet/peers/peer-client.ts';
import { makePeerServer, type PeerHandler } from '../../fleet/peers/peer-server.ts';
import type { PeerAddress, Peers } from '../../fleet/peers/peers.ts';
import type { Received } from '../../gateway/received.ts';
import type { Reply } from '../../gateway/reply.ts';
import { listen, makeShell, originOf, type Shell } from '../../gateway/shell.ts';
import { FakeClock } from './fake-clock.ts';
import { openTestEgress } from './open-egress.ts';

export interface PeerNode {
  readonly name: string;
  readonly key: NodeKey;
  readonly folder: string;
  readonly port: number;
  readonly address: PeerAddress;
  readonly peers: Peers;
  readonly shell: Shell;
  /** Moves the times of both sides. */
  readonly clock: FakeClock;
  /** Connections of others. */
  readonly sockets: Set<Socket>;
  /** Ends all connections as the system does for a process that was killed. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** All servers of a test see `members`, which it may change. */
export type Members = Map<string, PeerAddress>;

export interface PeerNodeOptions {
  readonly routes?: Readonly<Record<string, PeerHandler>>;
  /** What clients get. Default: a few words. */
  readonly serve?: (received: Received) => Promise<Reply>;
  /** Default: a free one. */
  readonly port?: number;
  /** Where its key is. Default: a new one. */
  readonly folder?: string;
  /** Certificate files: others reach it by https. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** PEM of authorities it trusts. */
  readonly authorities?: string;
}

/** Starts a server, a member of `members` at once. */
export async function startPeerNode(
  name: string,
  members: Members,
  { routes = {}, serve = serveWords, port = 0, tls, authorities, ...rest }: PeerNodeOptions = {},
): Promise<PeerNode> {
  const folder = rest.folder ?? mkdtempSync(join(tmpdir(), 'peer-'));
  const key = readOrMakeNodeKey(folder);
  const clock = new FakeClock();
  const self = { name, sign: key.sign };
  const shell = makeShell({
    serve,
    tunnel: async (_message, socket) => void socket.end('HTTP/1.1 200 Connection Established\r\n\r\n'),
    upgrade: async (_message, socket) => void socket.destroy(),
    trustedProxies: [],
    pseudonym: 'test',
    clock,
    log: silentLog,
    maxConnections: 100,
    logRequests: false,
    note: () => undefined,
    tls,
    peers: makePeerServer({
      self,
      memberKey: (other) => members.get(other)?.key,
      routes,
      limits: { maxBodyBytes: 1_000_000, maxStreams: 1_000 },
      isOwn: (authority) => authority.startsWith('127.0.0.1:'),
      log: silentLog,
    }),
  });
  const sockets = new Set<Socket>();
  shell.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const bound = await listen(shell.server, '127.0.0.1', port);
  const secure = shell.secure === undefined ? undefined : await listen(shell.secure.server, '127.0.0.1', 0);
  const egress = openTestEgress({}, { ownListeners: () => [bound], authorities });
  const peers = makePeers({ self, egress, members: () => [...members.values()], clock, log: silentLog });
  const url = secure === undefined ? originOf('http', bound) : originOf('https', secure);
  const address = { name, url, key: key.publicKey };
  members.set(name, address);
  const end = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
    await shell.secure?.drain(0);
    if (!shell.server.listening) return;
    shell.server.close();
    await once(shell.server, 'close');
  };
  return {
    name,
    key,
    folder,
    port: (shell.server.address() as AddressInfo).port,
    address,
    peers,
    shell,
    clock,
    sockets,
    kill: end,
    async close() {
      await peers.close();
      await egress.close();
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serveWords(): Promise<Reply> {
  const fields = Fields.from({ 'content-type': 'text/plain' });
  return { status: 200, fields, body: Buffer.from('for clients'), trace: {} as never };
}
