/** Which authorities are this gateway's own (design part 2, OWN_HOSTS). */
import { hostNameOf, isAddressLiteral, isLoopbackName, portOf } from './address.ts';
import type { Received } from './received.ts';

export interface OwnNames {
  /** Host name of PUBLIC_URL. */
  readonly publicHost: string;
  readonly ownHosts: readonly string[];
}

/** True when an authority names the gateway, whoever asks. */
export function isOwnName(authority: string, names: OwnNames): boolean {
  const name = hostNameOf(authority);
  return isLoopbackName(name) || isAddressLiteral(name) || name === names.publicHost || names.ownHosts.includes(name);
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
  const port = portOf(received.authority) ?? (received.absolute?.startsWith('https:') ? 443 : 80);
  if (port !== received.peer.localPort) return false;
  return (
    isLoopbackName(name) ||
    name === received.peer.localAddress ||
    name === names.publicHost ||
    names.ownHosts.includes(name)
  );
}
