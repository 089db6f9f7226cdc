/** A back-end that has the secret and answers what it likes. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { makeChannelDoor } from '../../fleet/channel.ts';
import { makePeerServer } from '../../fleet/peers/peer-server.ts';
import { listen, makeShell, originOf } from '../../gateway/shell.ts';

export interface LyingBackEnd {
  readonly origin: string;
  close(): Promise<void>;
}

/** @param answer the bytes of a reply on the channel */
export async function openLyingBackEnd(secret: string, answer: () => Readable): Promise<LyingBackEnd> {
  const { identity, keys, routes } = makeChannelDoor(secret, () => Promise.resolve(answer()));
  const shell = makeShell({
    serve: () => Promise.reject(new Error('nobody else is answered')),
    tunnel: async (_message, socket) => void socket.destroy(),
    upgrade: async (_message, socket) => void socket.destroy(),
    trustedProxies: [],
    pseudonym: 'liar',
    clock: systemClock,
    log: silentLog,
    maxConnections: 100,
    logRequests: false,
    note: () => undefined,
    tls: undefined,
    peers: makePeerServer({
      self: identity,
      memberKey: (name) => keys[name],
      routes,
      limits: { maxBodyBytes: 1_000_000, maxStreams: 100 },
      log: silentLog,
    }),
  });
  const bound = await listen(shell.server, '127.0.0.1', 0);
  return {
    origin: originOf('http', bound),
    async close() {
      await shell.drain(0);
      if (!shell.server.listening) return;
      shell.server.close();
      await once(shell.server, 'close');
    },
  };
}
