/** Where the gateway may connect to: decided for the target as named, and again for every address (threats 1 to 6). */
import { networkInterfaces } from 'node:os';
import { GatewayError } from '../core/errors.ts';
import { type AllowedUpstream, canonicalHost, isAllowedBy } from './allowed-upstream.ts';
import type { TargetRule } from './config.ts';
import {
  embeddedAddress,
  isGloballyReachable,
  isLoopback,
  isSameAddress,
  isUnspecified,
  readAddress,
} from './ip-address.ts';

/** Where something of ours listens. `0.0.0.0` and `::` stand for every address of this machine. */
export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** A target allowed by being named in a configuration, for one use only: any address it has, on this port. */
export interface Grant {
  readonly host: string;
  readonly port: number;
}

/** A connection that is asked for. */
export interface Destination {
  /** Host name, or address literal without brackets. */
  readonly host: string;
  readonly port: number;
  readonly grant?: Grant | undefined;
  /** Ports that need no entry in UPSTREAM_ALLOW. */
  readonly ports: readonly number[];
}

export interface AddressRules {
  readonly targetsAllow: 'any' | readonly TargetRule[];
  readonly upstreamAllow: readonly AllowedUpstream[];
  /** Own listeners, admin and fleet ports: never, whoever allows them. Asked anew for each connection. */
  readonly ownListeners: () => readonly Listener[];
  /** Addresses of this machine. Default: those of its network interfaces. */
  readonly localAddresses?: (() => readonly string[]) | undefined;
}

/** Decides on targets and addresses. Sends nothing. */
export interface AddressPolicy {
  /**
   * Decides what can be decided before a name is looked up: TARGETS_ALLOW, the port, an address literal.
   *
   * @throws GatewayError BLOCKED_TARGET.
   */
  checkTarget(to: Destination): void;
  /**
   * Decides on all addresses of a name; one bad address refuses the whole set, for a mixed answer is an attack or a
   * mistake (threat 2).
   *
   * @throws GatewayError BLOCKED_TARGET.
   */
  checkAddresses(to: Destination, addresses: readonly string[]): void;
}

export function makeAddressPolicy(rules: AddressRules): AddressPolicy {
  return {
    checkTarget(to) {
      const host = canonicalHost(to.host);
      if (isGranted(to)) return;
      if (!isTargetAllowed(rules.targetsAllow, host))
        throw blocked(to, 'it is not among the hosts this gateway serves');
      const address = readAddress(host);
      if (address !== undefined) {
        const why = findAddressFault(rules, to, host);
        if (why !== undefined) throw blocked(to, why);
      } else if (!mayUsePort(rules, to, host)) throw blocked(to, `port ${to.port} is not allowed`);
    },
    checkAddresses(to, addresses) {
      for (const address of addresses) {
        const why = findAddressFault(rules, to, address);
        if (why !== undefined) throw blocked(to, why);
      }
    },
  };
}

// The reason names no address: a client must not learn what lies inside (threats, preamble).
function blocked(to: Destination, why: string): GatewayError {
  return new GatewayError('BLOCKED_TARGET', { host: to.host, why });
}

function isGranted({ grant, host, port }: Destination): boolean {
  return grant !== undefined && grant.port === port && canonicalHost(grant.host) === canonicalHost(host);
}

function isTargetAllowed(rules: 'any' | readonly TargetRule[], host: string): boolean {
  if (rules === 'any') return true;
  return rules.some((rule) => host === rule.host || (rule.below && host.endsWith(`.${rule.host}`)));
}

// A range in UPSTREAM_ALLOW may open the port once the address is known; checkAddresses has the last word.
function mayUsePort(rules: AddressRules, to: Destination, host: string): boolean {
  if (to.ports.includes(to.port)) return true;
  return rules.upstreamAllow.some(
    (entry) => (entry.port ?? to.port) === to.port && ('block' in entry || entry.host === host),
  );
}

function findAddressFault(rules: AddressRules, to: Destination, text: string): string | undefined {
  const address = readAddress(text);
  if (address === undefined) return 'its address is malformed';
  if (isOwn(rules, address, to.port)) return 'it is this gateway itself';
  if (isGranted(to)) return undefined;
  const seeker = { host: canonicalHost(to.host), address: text, port: to.port };
  if (rules.upstreamAllow.some((entry) => isAllowedBy(entry, seeker))) return undefined;
  if (!isGloballyReachable(address)) return 'it is not on the public network';
  return to.ports.includes(to.port) ? undefined : `port ${to.port} is not allowed`;
}

// Threat 4. An address that wraps one of ours is taken for it; an unspecified one reaches every listener of the port.
function isOwn(rules: AddressRules, address: readonly number[], port: number): boolean {
  const candidates = [address, embeddedAddress(address)].filter((each) => each !== undefined);
  return rules.ownListeners().some((listener) => {
    if (listener.port !== port) return false;
    const own = readAddress(listener.address);
    // A listener given by name cannot be compared: its port is closed to every address of this machine.
    const everywhere = own === undefined || isUnspecified(own);
    return candidates.some((each) => {
      if (isUnspecified(each) || (own !== undefined && isSameAddress(each, own))) return true;
      return everywhere && isLocal(rules, each);
    });
  });
}

function isLocal(rules: AddressRules, address: readonly number[]): boolean {
  if (isLoopback(address)) return true;
  return (rules.localAddresses ?? interfaceAddresses)().some((text) => {
    const local = readAddress(text);
    return local !== undefined && isSameAddress(local, address);
  });
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}
