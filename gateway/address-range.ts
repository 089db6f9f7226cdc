/** Ranges of client addresses, as settings and profile rules name them. */
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** True for the addresses of a range. */
export type AddressRange = (address: string) => boolean;

const WORDS: Readonly<Record<string, AddressRange>> = {
  any: () => true,
  loopback: (address) => kindOf(address) === 'loopback',
  private: (address) => ['private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'].includes(kindOf(address)),
};

/**
 * Reads `192.0.2.0/24`, `2001:db8::1`, `loopback`, `private` or `any`.
 *
 * @throws RangeError on anything else.
 */
export function parseAddressRange(text: string): AddressRange {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return word;
  const [network, bits] = readRange(text) ?? [];
  if (network === undefined || bits === undefined)
    throw new RangeError('must be an address, a CIDR range, loopback, private or any');
  return (address) => {
    const each = readAddress(address);
    return each !== undefined && each.kind() === network.kind() && each.match([network, bits] as never);
  };
}

/** True when one of the ranges holds the address. */
export function isWithin(ranges: readonly AddressRange[], address: string): boolean {
  return ranges.some((range) => range(address));
}

function readRange(text: string): [Address, number] | undefined {
  if (text.includes('/')) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
  const address = readAddress(text);
  return address && [address, address.kind() === 'ipv4' ? 32 : 128];
}

// The same clients come again and again, and each request asks several times.
const parsed = new LRUCache<string, { readonly address: Address | undefined }>({ max: 10_000 });

// A dual-stack listener reports IPv4 clients as ::ffff:192.0.2.1; `process` gives the IPv4 address.
function readAddress(text: string): Address | undefined {
  let held = parsed.get(text);
  if (held === undefined) {
    held = { address: ipaddr.isValid(text) ? ipaddr.process(text) : undefined };
    parsed.set(text, held);
  }
  return held.address;
}

function kindOf(address: string): string {
  return readAddress(address)?.range() ?? 'invalid';
}
