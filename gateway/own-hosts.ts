/** Which authorities are this gateway's own (design part 2, OWN_HOSTS). */
import { hostNameOf, isAddressLiteral, isLoopbackName, portOf } from './address.ts';
import type { Subdomains } from './modes/subdomains.ts';
import type { Received } from './received.ts';

export interface OwnNames {
  /** Host name of PUBLIC_URL. */
  readonly publicHost: string;
  readonly ownHosts: readonly string[];
  /** Names that stand for other origins; `undefined` without SUBDOMAINS. */
  readonly subdomains: Pick<Subdomains, 'isBelow' | 'name'> | undefined;
}

/** True when an authority names the gateway, whoever asks. */
export function isOwnName(authority: string, names: OwnNames): boolean {
  const name = hostNameOf(authority);
  if (isSubdomain(authority, names)) return false;
  return isLoopbackName(name) || isAddressLiteral(name) || isGiven(name, names);
}

/** True for a name that the operator has given the gateway. */
function isGiven(name: string, { publicHost, ownHosts, subdomains }: OwnNames): boolean {
  return name === publicHost || ownHosts.includes(name) || name === subdomains?.name;
}

/** True when an authority is below SUBDOMAINS, and not one of the gateway's own names all the same. */
export function isSubdomain(authority: string, names: OwnNames): boolean {
  return names.subdomains?.isBelow(authority) === true && !isGiven(hostNameOf(authority), names);
}

/** True when a request came to this very listener by its port; in absolute-form any other is somebody else's. */
export function isForOwnPort({ form, authority, absolute, peer }: Received): boolean {
  if (form === 'origin') return true;
  return (portOf(authority) ?? (absolute?.startsWith('https:') ? 443 : 80)) === peer.localPort;
}

/** True when the request is for the gateway itself. */
export function isOwnHost(received: Received, names: OwnNames): boolean {
  const name = hostNameOf(received.authority);
  if (received.form === 'origin') {
    // HTTP/1.0 clients without Host can only mean us.
    if (received.authority === '') return true;
    return isOwnName(received.authority, names);
  }
  // In absolute-form any literal may be a target; only what must be this very listener is ours.
  if (!isForOwnPort(received) || isSubdomain(received.authority, names)) return false;
  return isLoopbackName(name) || name === received.peer.localAddress || isGiven(name, names);
}
