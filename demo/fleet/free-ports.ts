/** Ports that nobody listens on, for programs that must keep theirs over a restart. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Free TCP ports on 127.0.0.1, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((each) => each.listening || once(each, 'listening')));
  const ports = servers.map((each) => (each.address() as AddressInfo).port);
  await Promise.all(servers.map((each) => once(each.close(), 'close')));
  return ports;
}
