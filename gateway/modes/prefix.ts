/** Prefix mode: the target URL rides in our path. */
import { parse as parseDomain } from 'tldts';
import { GatewayError } from '../../core/errors.ts';
import { parseTargetUrl } from '../../egress/target-url.ts';

/** What the rest of a path means as a target. */
export type PrefixTarget = { readonly url: URL } | { readonly proper: string } | undefined;

/**
 * Reads the part of a path after its slash, query included.
 *
 * `https://example.org/a?b` is a URL; `https:/example.org/a?b` (a proxy collapsed the slashes) and `example.org/a?b`
 * give the `proper` spelling to redirect to; anything else is `undefined`.
 *
 * @throws GatewayError BAD_TARGET for other schemes and malformed addresses.
 */
export function readPrefixTarget(rest: string): PrefixTarget {
  if (/^https?:\/\//i.test(rest)) return { url: parseTargetUrl(rest) };
  // Percent-encoded whole, as form fields and chart targets carry it: decoded once (S-6).
  if (/^https?%3a%2f%2f/i.test(rest)) return { url: parseTargetUrl(decodeOnce(rest)) };
  const collapsed = /^(https?):\/([^/].*)$/i.exec(rest);
  if (collapsed !== null) return { proper: `${collapsed[1]!.toLowerCase()}://${collapsed[2]}` };
  const firstSegment = /^[^/?]*/.exec(rest)![0];
  if (isPublicName(firstSegment.replace(/:\d{1,5}$/, ''))) return { proper: `https://${rest}` };
  if (/^[a-z][a-z0-9+.-]*:/i.test(rest)) return { url: parseTargetUrl(rest) };
  return undefined;
}

/**
 * The prefix page a Referer names, or `undefined` when it is none of ours.
 *
 * @param ownAuthority Authority the request came to.
 */
export function readPrefixReferer(referer: string | undefined, ownAuthority: string): URL | undefined {
  const url = referer === undefined ? null : URL.parse(referer);
  if (url === null || url.host !== ownAuthority) return undefined;
  const path = `${url.pathname}${url.search}`.replace(/^\/(?:-\/explain\/)?(?:-\/as\/[a-z]+(?:;part=\d+)?\/)?/, '');
  try {
    const target = readPrefixTarget(path);
    return target !== undefined && 'url' in target ? target.url : undefined;
  } catch {
    // A Referer is only a hint: a malformed one is the same as none.
    return undefined;
  }
}

function isPublicName(name: string): boolean {
  if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(name)) return false;
  const { domain, isIcann, isIp } = parseDomain(name, { allowPrivateDomains: false });
  return domain !== null && isIcann === true && isIp !== true;
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new GatewayError('BAD_TARGET', { target: text, why: 'its percent-encoding is malformed' }, { cause });
  }
}
