/** Authorities (`host[:port]`) and whether they name this gateway. */
import { isIP } from 'node:net';

/** Host name without port or brackets, lower case. */
export function hostNameOf(authority: string): string {
  const bracket = /^\[([^\]]*)\]/.exec(authority);
  return (bracket?.[1] ?? authority.replace(/:\d*$/, '')).toLowerCase().replace(/\.$/, '');
}

/** Port of an authority, or `undefined` when it names none. */
export function portOf(authority: string): number | undefined {
  const port = /:(\d+)$/.exec(authority.replace(/^\[[^\]]*\]/, ''))?.[1];
  return port === undefined ? undefined : Number(port);
}

/** True for IPv4 and IPv6 literals. */
export function isAddressLiteral(hostName: string): boolean {
  return isIP(hostName) !== 0;
}

/** True for names and addresses that can only mean this machine. */
export function isLoopbackName(hostName: string): boolean {
  return hostName === 'localhost' || hostName.endsWith('.localhost') || /^127\./.test(hostName) || hostName === '::1';
}
