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

/** Starts a server, a member of `members` at once. */
export async function startPeerNode(
  name: string,
  members: Members,
  routes: Readonly<Record<string, PeerHandler>> = {},
): Promise<PeerNode> {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'));
  const key = readOrMakeNodeKey(folder);
  const clock = new FakeClock();
  const self = { name, sign: key.sign };
  const shell = makeShell({
    serve: async () => ({
      status: 200,
      fields: Fields.from({ 'content-type': 'text/plain' }),
      body: Buffer.from('for clients'),
      trace: {} as never,
    }),
    tunnel: async (_message, socket) => void socket.end('HTTP/1.1 200 Connection Established\r\n\r\n'),
    trustedProxies: [],
    pseudonym: 'test',
    clock,
    log: silentLog,
    maxConnections: 100,
    logRequests: false,
    note: () => undefined,
    tls: undefined,
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
  const bound = await listen(shell.server, '127.0.0.1', 0);
  const egress = openTestEgress({}, { ownListeners: () => [bound] });
  const peers = makePeers({ self, egress, members: () => [...members.values()], clock, log: silentLog });
  const address = { name, url: originOf('http', bound), key: key.publicKey };
  members.set(name, address);
  const end = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
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
