/** Ways to a port that are not quite as they should be. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Detour {
  readonly url: string;
  /** From now on nothing comes through, and nobody is told. */
  stop(): void;
  close(): Promise<void>;
}

/** A port of 127.0.0.1 that leads to another one. */
export async function openDetour(port: number, { byteByByte = false } = {}): Promise<Detour> {
  const sockets = new Set<Socket>();
  let stopped = false;
  const server = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
      from.on('data', (chunk: Buffer) => {
        if (stopped) return;
        if (byteByByte && from === near) for (const byte of chunk) to.write(Buffer.of(byte));
        else to.write(chunk);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      stopped = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends pieces one by one, each once the one before has left; resolves to all that came back. */
export async function sendPieces(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  const closed = once(socket, 'close');
  for (const piece of pieces)
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => setImmediate(resolve)));
  await closed;
  return Buffer.concat(parts).toString('latin1');
}
