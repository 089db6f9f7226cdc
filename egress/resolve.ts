/** Name look-up of the way out. */
import { lookup } from 'node:dns/promises';

/** All addresses of a name, in order of preference. Rejects with the system's error; an empty list is no address. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * The system's resolver, hosts file included, asked anew for each connection: what it says is checked and then used, so
 * that no second answer can slip in between (threat 2). IPv4 first, for that is what works where only one does.
 */
export const systemResolve: Resolve = async (host) => {
  const answers = await lookup(host, { all: true, order: 'ipv4first' });
  return answers.map(({ address }) => address);
};
