/** Entries of UPSTREAM_ALLOW: what may be fetched although it is private. */
import { type AddressBlock, isWithin, readAddress, readBlock } from './ip-address.ts';

/** One entry. `port` undefined: every port, whatever UPSTREAM_PORTS says. */
export type AllowedUpstream =
  | { readonly host: string; readonly port: number | undefined }
  | { readonly block: AddressBlock; readonly port: number | undefined };

const EXPECTED = 'must be `host`, `host:port`, an address, or a range such as `10.0.0.0/8` or `[fd00::]/8`, by commas';

/**
 * @throws RangeError when malformed.
 * @example parseAllowedUpstream('10.0.0.5:3000') // { block: 10.0.0.5/32, port: 3000 }
 */
export function parseAllowedUpstream(text: string): AllowedUpstream {
  // A bracketed address followed by a port must not lose its brackets first: it would read as one longer address.
  const whole = /\]:\d+$/.test(text) ? undefined : readBlock(text.replace(/[[\]]/g, ''));
  if (whole !== undefined) return { block: whole, port: undefined };
  const match = /^(.+?)(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match === null || port === 0 || (port ?? 0) > 65_535) throw new RangeError(EXPECTED);
  const head = match[1]!;
  const block = readBlock(head.replace(/[[\]]/g, ''));
  if (block !== undefined) return { block, port };
  const url = URL.parse(`http://${head}/`);
  if (url === null || url.hostname === '' || /[\s/?#@\\:]/.test(head)) throw new RangeError(EXPECTED);
  return { host: canonicalHost(url.hostname), port };
}

/** A host name without its final dot, an IPv6 literal without brackets. */
export function canonicalHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[|\]$/g, '');
}

/** True when an entry lets this connection through. */
export function isAllowedBy(entry: AllowedUpstream, to: { host: string; address: string; port: number }): boolean {
  if (entry.port !== undefined && entry.port !== to.port) return false;
  if ('host' in entry) return entry.host === to.host;
  const address = readAddress(to.address);
  return address !== undefined && isWithin(address, entry.block);
}
