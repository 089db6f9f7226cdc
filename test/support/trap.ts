import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** A listener that must never see anybody. */
export async function openTrap(
  host = '127.0.0.1',
  port = 0,
): Promise<{ port: number; hits: () => number; server: Server }> {
  let hits = 0;
  const server = createServer((socket) => {
    hits++;
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, hits: () => hits, server };
}
