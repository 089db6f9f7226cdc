/** A link of a test's own between two servers: counts what it carries, and can be cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly origin: string;
  /** Bytes carried in both directions. */
  bytes(): number;
  /** Ends all connections, and every new one at once. */
  cut(): void;
  mend(): void;
  /** Ends all connections once, when it has carried this many bytes more. */
  breakAfter(bytes: number): void;
  /** Resolves when a connection has been refused. */
  refused(): Promise<void>;
  close(): Promise<void>;
}

export async function openRelay(to: string): Promise<Relay> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let bytes = 0;
  let isCut = false;
  let left = Number.POSITIVE_INFINITY;
  const end = () => {
    for (const socket of sockets) socket.destroySoon();
  };
  const waiting: (() => void)[] = [];
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      for (const tell of waiting.splice(0)) tell();
      return;
    }
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (part: Buffer) => {
        const carried = part.subarray(0, left);
        bytes += carried.length;
        left -= carried.length;
        into.write(carried);
        if (left > 0) return;
        left = Number.POSITIVE_INFINITY;
        end();
      });
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    breakAfter(more) {
      left = more;
    },
    refused: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
