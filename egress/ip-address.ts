/** IP addresses by their bytes: which are globally reachable, and which IPv4 address hides in an IPv6 one. */
import ipaddr from 'ipaddr.js';

/** A range of addresses. */
export interface AddressBlock {
  readonly bytes: readonly number[];
  readonly prefix: number;
}

/** The bytes of an address, 4 or 16; IPv4-mapped IPv6 as IPv4. `undefined` when it is no address. Zone ids are dropped. */
export function readAddress(text: string): readonly number[] | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  // Only canonical spellings: ipaddr.js would also take `127.1` or `0x7f.1`, which nobody hands to a connect call here.
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined;
  const bytes = ipaddr.process(bare).toByteArray();
  return bytes;
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address. `undefined` when malformed. */
export function readBlock(text: string): AddressBlock | undefined {
  const [address = '', length, more] = text.split('/');
  const bytes = readAddress(address);
  if (bytes === undefined || more !== undefined) return undefined;
  if (length === undefined) return { bytes, prefix: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bytes.length * 8) return undefined;
  return { bytes, prefix: Number(length) };
}

/** True when an address lies in a block of the same family. */
export function isWithin(address: readonly number[], { bytes, prefix }: AddressBlock): boolean {
  if (address.length !== bytes.length) return false;
  for (let bit = 0; bit < prefix; bit += 8) {
    const mask = prefix - bit >= 8 ? 0xff : (0xff00 >> (prefix - bit)) & 0xff;
    if (((address[bit >> 3]! ^ bytes[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

const blocks = (...texts: string[]): AddressBlock[] => texts.map((text) => readBlock(text)!);

// IANA special-purpose registries (RFC 6890 and updates): what is not globally reachable, plus multicast and reserved.
const SPECIAL_V4 = blocks(
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
);
// Positive for IPv6: global unicast space alone, less what of it is protocol assignments (Teredo and ORCHID among
// them), documentation and 6to4. `::/96`, `64:ff9b:1::/48`, `fc00::/7`, `fe80::/10`, `ff00::/8` never are in it.
const GLOBAL_V6 = blocks('2000::/3');
const SPECIAL_V6 = blocks('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20');
const NAT64 = readBlock('64:ff9b::/96')!;

/** True when an address is globally reachable unicast, whatever it carries inside (threat 1). */
export function isGloballyReachable(address: readonly number[]): boolean {
  if (address.length === 4) return !SPECIAL_V4.some((block) => isWithin(address, block));
  const hidden = embeddedAddress(address);
  if (hidden !== undefined && !isGloballyReachable(hidden)) return false;
  // DNS64 networks answer every IPv4-only name with this prefix, so it counts when what it wraps does.
  if (isWithin(address, NAT64)) return true;
  return GLOBAL_V6.some((block) => isWithin(address, block)) && !SPECIAL_V6.some((block) => isWithin(address, block));
}

const COMPATIBLE = readBlock('::/96')!;
const LOCAL_NAT64 = readBlock('64:ff9b:1::/48')!;
const SIX_TO_FOUR = readBlock('2002::/16')!;
const TEREDO = readBlock('2001::/32')!;

/** The IPv4 address that an IPv6 one stands for: compatible, NAT64, 6to4, Teredo, ISATAP; `undefined` for the rest. */
export function embeddedAddress(address: readonly number[]): readonly number[] | undefined {
  if (address.length === 4) return undefined;
  if (isWithin(address, SIX_TO_FOUR)) return address.slice(2, 6);
  // RFC 4380 4: the client's address, every bit inverted.
  if (isWithin(address, TEREDO)) return address.slice(12).map((byte) => byte ^ 0xff);
  const isatap = (address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe;
  if (isatap || [COMPATIBLE, NAT64, LOCAL_NAT64].some((block) => isWithin(address, block))) return address.slice(12);
  return undefined;
}

/** True for `0.0.0.0` and `::`. */
export function isUnspecified(address: readonly number[]): boolean {
  return address.every((byte) => byte === 0);
}

/** True for loopback addresses. */
export function isLoopback(address: readonly number[]): boolean {
  return address.length === 4 ? address[0] === 127 : address.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

export function isSameAddress(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
