import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A server that says exactly the bytes it is told to, and counts who comes. */
export interface RawOrigin {
  readonly port: number;
  readonly url: URL;
  /** Connections accepted so far. */
  connections: number;
  /** Request heads received so far. */
  readonly requests: string[];
  /** Sockets that are open. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** Answers each request head by `answer`, on a free port of 127.0.0.1. */
export async function openRawOrigin(answer: (socket: Socket, head: string, count: number) => void): Promise<RawOrigin> {
  const server: Server = createServer();
  const origin = {
    port: 0,
    url: new URL('http://127.0.0.1'),
    connections: 0,
    requests: [] as string[],
    sockets: new Set<Socket>(),
    close: () => close(),
  };
  server.on('connection', (socket) => {
    origin.connections++;
    origin.sockets.add(socket);
    socket.on('close', () => origin.sockets.delete(socket));
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end + 2);
        text = text.slice(end + 4);
        origin.requests.push(head);
        answer(socket, head, origin.requests.length);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin.port = (server.address() as AddressInfo).port;
  origin.url = new URL(`http://127.0.0.1:${origin.port}/`);
  async function close(): Promise<void> {
    for (const socket of origin.sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
  return origin;
}
