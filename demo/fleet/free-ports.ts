/** Ports that nobody listens on, for programs that must keep theirs over a restart. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the ports that systems take for outgoing connections (RFC 6335 8.1.2 and Linux, 32768): a port from among those may
 * be taken by any connection while the program that is to have it starts.
 */
const [FIRST, END] = [20_000, 32_000];

/** Free TCP ports on 127.0.0.1, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(FIRST, END);
    const server = held.has(port) ? undefined : await tryToListen(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((each) => once(each.close(), 'close')));
  return [...held.keys()];
}

async function tryToListen(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
